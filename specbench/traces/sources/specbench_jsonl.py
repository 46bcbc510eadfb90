"""specbench's own format: JSON Lines, schema v1 (:mod:`specbench.traces.schema`).

A conversation that is written while it goes on has several lines, its *parts*: each with the messages that are new, and
with its number (``part``). They are put together again. A line that was cut off at the end of such a file, because the
process was killed amid it, is passed over with a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Message, ToolSpec, Trace
from specbench.traces.json_files import OnError, convert_records, json_lines
from specbench.traces.json_heads import peek
from specbench.traces.schema import trace_from_dict
from specbench.traces.sources.base import Source

__all__ = ["SpecbenchJsonl"]

_log = logging.getLogger("specbench.traces")


@dataclass
class _Growing:
    """A conversation whose parts have been read so far."""

    first: Trace
    parts: int = 0
    messages: list[Message] = field(default_factory=list)
    tools: dict[str, ToolSpec] = field(default_factory=dict)

    def add(self, part: Trace) -> None:
        self.parts += 1
        self.messages += part.messages
        self.tools.update(part.tools)

    def trace(self) -> Trace:
        return replace(self.first, messages=tuple(self.messages), tools=self.tools)


class SpecbenchJsonl(Source):
    """Reads specbench's own JSON Lines; whole traces are streamed, those in parts come at the end of their file."""

    name = "specbench_jsonl"

    def detect(self, path: Path, head: str) -> bool:
        """A first line that is an object with the key ``specbench``."""
        first = peek(head)
        return not first.listed and "specbench" in first.keys

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a line, and one for all parts of a conversation."""
        growing: dict[str, _Growing] = {}

        def convert(line: int, record: Any) -> Trace | Iterable[Trace]:
            if not isinstance(record, dict) or "part" not in record:
                return trace_from_dict(record)
            number = record["part"]
            part = trace_from_dict({name: value for name, value in record.items() if name != "part"})
            known = growing.setdefault(part.trace_id, _Growing(part))
            if type(number) is not int or number != known.parts:
                raise TraceError(
                    f"part {known.parts} of trace {part.trace_id!r} is missing", field="part", got=number,
                    remedy="keep all lines of a recording, in order",
                )  # fmt: skip
            known.add(part)
            return ()

        def told(error: TraceError) -> None:
            if growing and error.line is not None and _is_cut_off(path, error.line):
                _log.warning(
                    "%s, line %d: the last line was cut off while it was written; it is left out", path, error.line
                )
            else:
                on_error(error)

        yield from convert_records(path, json_lines(path, told, unique_keys=True), convert, told)
        for each in growing.values():
            if each.parts:
                yield each.trace()


def _is_cut_off(path: Path, line: int) -> bool:
    """Whether this is the last line of a file, without an end."""
    with path.open("rb") as file:
        ends = 0
        last = b""
        while block := file.read(1 << 20):
            ends, last = ends + block.count(b"\n"), block
    return not last.endswith(b"\n") and line == ends + 1
