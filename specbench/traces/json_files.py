"""Files of JSON: read with errors that say file, line and remedy; JSON lines are streamed, one line in memory.

Readers hand every :class:`~specbench.core.errors.TraceError` to a callback ``on_error``; it raises (the default) or
collects, and the reader goes on with the next record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from specbench.core.errors import TraceError
from specbench.core.types import Trace

__all__ = ["MAX_LINE_BYTES", "OnError", "Peek", "convert_records", "json_lines", "json_list", "peek", "read_head"]

OnError: TypeAlias = Callable[[TraceError], None]

MAX_LINE_BYTES = 64 * 2**20
"""A longer line is not a trace: it is refused, and not held in memory."""

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


def json_lines(path: Path, on_error: OnError, *, unique_keys: bool = False) -> Iterator[tuple[int, Any]]:
    """Yield ``(line number, value)`` of a JSON Lines file, holding one line in memory. Blank lines are passed over.

    With ``unique_keys``, a key that occurs twice in an object is an error: JSON readers keep the last one silently.
    A line that cannot be read goes to ``on_error``, with what to do; so does a file without any line.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        on_error(TraceError(f"the file cannot be opened ({error.strerror})", path=path))
        return
    empty = True
    with file:
        number = 0
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1:
                raw = raw.removeprefix(_BOM)
            if len(raw) > MAX_LINE_BYTES:
                _drop_rest_of_line(file)
                on_error(_too_long(path, number))
                empty = False
                continue
            if raw.isspace() or not raw:
                continue
            empty = False
            try:
                value = _decode(raw, line=True, hook=_unique if unique_keys else None)
            except TraceError as error:
                # JSON Lines has one record a line, whatever line the parser counted within it.
                error.line = number
                on_error(error.at(path=path))
                continue
            yield number, value
    if empty:
        on_error(TraceError("the file is empty", path=path, remedy="give a file with traces, or leave it out"))


def json_list(path: Path, on_error: OnError) -> list[Any]:
    """Return the items of a file that is one JSON list; an unreadable file goes to ``on_error`` and gives ``[]``."""
    try:
        raw = path.read_bytes().removeprefix(_BOM)
        if not raw.strip():
            raise TraceError("the file is empty", remedy="give a file with traces, or leave it out")
        value = _decode(raw)
        if not isinstance(value, list):
            raise TraceError(
                "the file is not a JSON list",
                got=type(value).__name__,
                remedy="give the file as its source wrote it, one list of records",
            )
    except OSError as error:
        on_error(TraceError(f"the file cannot be opened ({error.strerror})", path=path))
        return []
    except TraceError as error:
        on_error(error.at(path=path))
        return []
    return value


def convert_records(
    path: Path, records: Iterable[tuple[int, Any]], convert: Callable[[int, Any], Trace], on_error: OnError
) -> Iterator[Trace]:
    """Yield ``convert(number, record)`` of each numbered record; a record that it refuses goes to ``on_error``."""
    for number, record in records:
        try:
            trace = convert(number, record)
        except TraceError as error:
            on_error(error.at(path=path, line=number))
        except RecursionError:
            on_error(_too_deep(path, number))
        else:
            yield trace


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise TraceError("a key occurs twice in an object", field=twice, remedy="give each field once")
    return found


def _decode(raw: bytes, *, line: bool = False, hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=hook)
    except TraceError:  # a ValueError too: of the hook
        raise
    except UnicodeDecodeError as error:
        raise TraceError(
            f"the text is not UTF-8 (byte {error.start} of it)",
            line=raw.count(b"\n", 0, error.start) + 1,
            got=raw[error.start : error.start + 8],
            remedy="save the file as UTF-8; is it a text file at all?",
        ) from error
    except json.JSONDecodeError as error:
        remedy = "repair this place, or skip invalid records (skip_invalid=True, --skip-invalid)"
        if error.pos >= len(error.doc.rstrip()):
            remedy = "the text ends too early: was the file cut off while it was written?"
            if line and raw.endswith(b"\n"):
                remedy = "the line ends too early: JSON Lines has one record a line; `jq -c . FILE` puts it on one"
        raise TraceError(
            f"the text is not JSON ({error.msg}, column {error.colno})",
            line=error.lineno,
            got=error.doc[max(0, error.pos - 20) : error.pos + 20],
            remedy=remedy,
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise TraceError(f"the text is not usable JSON ({error})", remedy="repair or skip this record") from error


def _too_deep(path: Path | None = None, line: int | None = None) -> TraceError:
    return TraceError(
        "the JSON is nested too deeply to be read", path=path, line=line, remedy="flatten or skip this record"
    )


def _drop_rest_of_line(file: BinaryIO) -> None:
    while chunk := file.readline(2**20):
        if chunk.endswith(b"\n"):
            return


def _too_long(path: Path, number: int) -> TraceError:
    return TraceError(
        f"the line is longer than {MAX_LINE_BYTES // 2**20} MiB",
        path=path,
        line=number,
        remedy="JSON Lines has one trace a line; a file that is one JSON value needs another format",
    )
