"""A model's message of any text: the same calls whole and in pieces, and nothing is raised."""

from __future__ import annotations

import json

from fuzz.oracle import allowed
from specbench.core.types import ToolSpec
from specbench.llm.base import TextDelta
from specbench.llm.parsing import ArgumentReader, StreamParser, parse

SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}, "q": {"type": "string"}}}
TOOLS = {name: ToolSpec(name, parameters=SCHEMA) for name in ("look", "f", "get_order")}
LONG = 20_000


def check(data: bytes) -> None:
    """Read a message; the first byte says how long the pieces are."""
    piece, text = (data[0] % 16 + 1) if data else 1, data[1:].decode("utf-8", "replace")
    with allowed(2 * len(data)):
        whole = parse(text, TOOLS)
        for call in whole.calls:
            hash(call)
            json.dumps(dict(call.arguments))
        parser = StreamParser(TOOLS)
        events = [event for at in range(0, len(text), piece) for event in parser.feed(text[at : at + piece])]
        last, parsed = parser.close()
        assert parsed == whole, (parsed, whole)
        told = "".join(event.text for event in [*events, *last] if isinstance(event, TextDelta))
        assert told.strip() == whole.text, (told, whole.text)
        _check_arguments(text, piece)
    if text:
        with allowed(0):
            parse((text * (LONG // len(text) + 1))[:LONG], TOOLS)


def _check_arguments(text: str, piece: int) -> None:
    reader, found = ArgumentReader(), []
    for at in range(0, len(text), piece):
        found += reader.feed(text[at : at + piece])
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict) and not reader.broken:
        assert all(json.dumps(each) == json.dumps(value[name]) for name, each in dict(found).items())
