"""Documents in texts: JSON, the literals of Python, and records of ``key: value`` lines (YAML, headers, logs)."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["document_in"]

MAX_JSON_CHARS = 2_000_000
MAX_RECORD_LINES = 5000
KEYED = 0.7
"""Share of the lines of a text of records that have a key."""
_LITERAL = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|\b(?:True|False|None)\b")
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}
_ENTRY = re.compile(r"( *)(- +)?([^\W\d][\w -]{0,40}):(?: +(.*))?$")


def document_in(text: str) -> Any:
    """Return what a text holds as JSON has it, or the text itself if it is prose.

    Examples
    --------
    >>> document_in('{"id": 7}'), document_in("{'id': 7, 'open': True}"), document_in("Done.")
    ({'id': 7}, {'id': 7, 'open': True}, 'Done.')
    >>> document_in("- rank: 1\\n  url: https://a.b/c\\n- rank: 2\\n  url: https://a.b/d")
    [{'rank': 1, 'url': 'https://a.b/c'}, {'rank': 2, 'url': 'https://a.b/d'}]
    """
    if len(text) > MAX_JSON_CHARS:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if text.lstrip()[:1] in ("{", "[") and "'" in text:
        try:
            return json.loads(_LITERAL.sub(_as_json, text))
        except (ValueError, RecursionError):
            return text
    return _records(text)


def _as_json(token: re.Match[str]) -> str:
    """Return a token of a Python literal as JSON has it; what is no literal is found out by the parser."""
    text = token[0]
    if text[0] == "'":
        inner = text[1:-1].replace("\\'", "'").replace('"', '\\"')
        return f'"{inner}"'
    return _CONSTANTS.get(text, text)


def _records(text: str) -> Any:
    """Return the records of ``key: value`` lines: one object, or a list where keys come again."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not 2 <= len(lines) <= MAX_RECORD_LINES:
        return text
    entries = [_ENTRY.match(line) for line in lines]
    if sum(each is not None for each in entries) < KEYED * len(lines):
        return text
    records: list[dict[str, Any]] = [{}]
    last = ""
    for line, entry in zip(lines, entries, strict=True):
        if entry is None:
            # A line without a key goes on with the value before it, or is an entry of its list.
            value, said = records[-1].get(last), line.strip().removeprefix("- ")
            if isinstance(value, str) and len(value) < MAX_RECORD_LINES:
                records[-1][last] = f"{value} {line.strip()}".strip()
            elif isinstance(value, list):
                value.append(_scalar(said))
            elif last and value is None and line.lstrip().startswith("- "):
                records[-1][last] = [_scalar(said)]
            continue
        last = entry[3].strip().replace(" ", "_")
        if last in records[-1]:
            records.append({})
        records[-1][last] = _scalar((entry[4] or "").strip())
    return records[0] if len(records) == 1 else records


def _scalar(text: str) -> Any:
    """Return a value as it is written behind a key."""
    if text in ("", "null", "~"):
        return None
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text) if len(text) < 16 and str(int(text)) == text else text
    except ValueError:
        return text
