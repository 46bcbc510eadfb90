"""The beginning of a file, by which readers recognise it: its first records, even where the text is cut off."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError

__all__ = ["Peek", "first_records", "peek", "read_head"]

HEAD_BYTES = 256 * 2**10
_BOM = b"\xef\xbb\xbf"
# A text that the head cuts off is one token too; without backtracking, so that junk costs no more than its length.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\],:]', re.DOTALL)


def read_head(path: Path) -> str:
    """Return the first 256 KiB of a file as text; bytes that are not UTF-8 are replaced."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES).removeprefix(_BOM).decode("utf-8", errors="replace")
    except OSError as error:
        raise TraceError(f"the file cannot be opened ({error.strerror})", path=path) from error


@dataclass(frozen=True)
class Peek:
    """What the first record of a JSON file looks like.

    Parameters
    ----------
    listed
        The file (or its first line) is a list; the record is the list's first item.
    keys
        The record's own keys as far as the head shows them; empty when it is no object.
    """

    listed: bool
    keys: frozenset[str]


def peek(head: str) -> Peek:
    """Look at the first record of a JSON file that may be cut off anywhere.

    Examples
    --------
    >>> peek('[{"task_id": 1, "info": {"traj": 0}, "traj": [{"role": "us')
    Peek(listed=True, keys=frozenset({...}))
    >>> sorted(peek('{"messages": [{"role": "user"}]}').keys)
    ['messages']
    """
    text = head.lstrip()
    listed = text.startswith("[")
    opening = text[1:].lstrip() if listed else text
    if not opening.startswith("{"):
        return Peek(listed, frozenset())
    keys, depth, last = set(), 0, ""
    for match in _TOKEN.finditer(opening):
        token = match.group()
        if token in "{[":
            depth += 1
        elif token in "}]":
            depth -= 1
            if depth == 0:
                break
        elif token == ":" and depth == 1:
            keys.add(last.strip('"'))
        last = token
    return Peek(listed, frozenset(keys))


@lru_cache(maxsize=4)
def first_records(head: str) -> tuple[Any, ...]:
    """Return the records that a file begins with, as far as its head shows them: whole ones, and the cut one closed.

    A file that is one JSON list gives its items; any other document itself.

    Examples
    --------
    >>> first_records('{"a": 1}\\n{"b": [2, 3')
    ({'a': 1}, {'b': [2]})
    >>> first_records('[{"a": {"b": "c"}}, {"a": ')
    ({'a': {'b': 'c'}}, {})
    """
    found: list[Any] = []
    lines = head.lstrip().split("\n")
    for line in lines:
        try:
            found.append(json.loads(line) if line.strip() else None)
        except (ValueError, RecursionError):
            if not found:
                break
            found.append(_closed(line) if line is lines[-1] else None)
    else:
        records_found = [each for each in found if each is not None]
        if len(records_found) != 1 or not isinstance(records_found[0], list):
            return tuple(records_found)
        return tuple(records_found[0])
    value = _closed(head.lstrip())
    return tuple(value) if isinstance(value, list) else () if value is None else (value,)


def _closed(text: str) -> Any:
    """Return the value of a JSON text that may be cut off anywhere: without its last, incomplete part."""
    stack: tuple[Any, ...] = ()
    end, open_there = 0, stack
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            stack = ("}" if token == "{" else "]", stack)
            end, open_there = match.end(), stack
        elif token in "}]":
            if not stack or stack[0] != token:
                break
            stack = stack[1]
            end, open_there = match.end(), stack
            if not stack:
                break
        elif token == ",":
            end, open_there = match.start(), stack
    closers = []
    while open_there:
        closers.append(open_there[0])
        open_there = open_there[1]
    try:
        return json.loads(text[:end] + "".join(closers))
    except (ValueError, RecursionError):
        return None
