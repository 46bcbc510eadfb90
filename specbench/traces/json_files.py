"""Files of JSON: read with errors that say file, line and remedy; JSON lines are streamed, one line in memory.

Readers hand every :class:`~specbench.core.errors.TraceError` to a callback ``on_error``; it raises (the default) or
collects, and the reader goes on with the next record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from specbench.core.errors import TraceError
from specbench.core.types import Trace

__all__ = ["MAX_LINE_BYTES", "OnError", "convert_records", "json_lines", "json_list", "records"]

OnError: TypeAlias = Callable[[TraceError], None]

MAX_LINE_BYTES = 64 * 2**20
"""A longer line is not a trace: it is refused, and not held in memory."""

MAX_DOCUMENT_BYTES = 2**30
"""A longer file that is one JSON document is refused: it would have to be held in memory."""

_BOM = b"\xef\xbb\xbf"


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


def records(path: Path, on_error: OnError, *, whole: Callable[[Any], bool]) -> Iterator[tuple[int, Any]]:
    """Yield ``(number, record)`` of JSON Lines, of a JSON list of records, of a JSON document, or of several.

    Parameters
    ----------
    path, on_error
        The file, and what is told of what cannot be read.
    whole
        Tells of a file that is one JSON list whether it is one record (a list of messages), and not a list of them.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(MAX_LINE_BYTES + 1)
            while first and not first.removeprefix(_BOM).strip():
                first = file.readline(MAX_LINE_BYTES + 1)
            second = file.readline(MAX_LINE_BYTES + 1)
            while second and not second.strip():
                second = file.readline(MAX_LINE_BYTES + 1)
    except OSError as error:
        on_error(TraceError(f"the file cannot be opened ({error.strerror})", path=path))
        return
    if _lines_follow(first.removeprefix(_BOM), second):
        yield from json_lines(path, on_error)
        return
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise TraceError(
                f"the file is one JSON document of more than {MAX_DOCUMENT_BYTES // 2**20} MiB",
                remedy="write it as JSON Lines, one record a line: `jq -c '.[]' FILE`",
            )
        raw = path.read_bytes().removeprefix(_BOM)
        if not raw.strip():
            raise TraceError("the file is empty", remedy="give a file with traces, or leave it out")
        values = _one_after_another(raw)
        value = _decode(raw) if values is None else None
    except OSError as error:
        on_error(TraceError(f"the file cannot be opened ({error.strerror})", path=path))
    except TraceError as error:
        on_error(error.at(path=path))
    else:
        if values is not None:
            yield from enumerate(values, 1)
            return
        if isinstance(value, list) and not whole(value):
            yield from enumerate(value, 1)
        else:
            yield 1, value


def _one_after_another(raw: bytes) -> list[Any] | None:
    """Return the values of a file that has several, each over many lines (``jq .`` writes them); ``None`` otherwise."""
    values: list[Any] = []
    decoder, at = json.JSONDecoder(), 0
    try:
        text = raw.decode("utf-8").strip()
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            while at < len(text) and text[at].isspace():
                at += 1
    except (ValueError, RecursionError):
        return None
    return values if len(values) > 1 else None


def _lines_follow(first: bytes, second: bytes) -> bool:
    """Tell JSON Lines from one document, by the first two lines that are not blank."""
    if not second:
        return False
    try:
        json.loads(first)
    except json.JSONDecodeError as error:
        # A document over several lines ends its first line too early; a line that is broken elsewhere is a broken line.
        if error.pos < len(error.doc.rstrip()):
            return True
        try:
            return isinstance(json.loads(second), (dict, list)) and second.strip() not in (b"{}", b"[]")
        except (ValueError, RecursionError):
            return False
    except (ValueError, RecursionError):
        return True
    return True


def convert_records(
    path: Path,
    numbered: Iterable[tuple[int, Any]],
    convert: Callable[[int, Any], Trace | Iterable[Trace]],
    on_error: OnError,
) -> Iterator[Trace]:
    """Yield what ``convert(number, record)`` makes of each record; one that it refuses goes to ``on_error``."""
    for number, record in numbered:
        try:
            made = convert(number, record)
            traces = [made] if isinstance(made, Trace) else list(made)
        except TraceError as error:
            on_error(error.at(path=path, line=number))
        except RecursionError:
            on_error(_too_deep(path, number))
        else:
            yield from traces


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
