"""A row of a lake: the trace as one line of schema v1, and beside it what is asked for without reading that line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.schema import encode_trace, trace_from_dict
from specbench.traces.siblings import without_names

if TYPE_CHECKING:
    import pyarrow

__all__ = ["DAY_KEYS", "MANIFEST", "TRACE", "UNKNOWN_DAY", "day_of", "row_of", "schema", "source_of", "trace_of"]

MANIFEST = "_lake.json"
"""The file that says which shards a lake has."""
TRACE = "specbench_trace"
"""The column with the trace itself."""
DAY_KEYS = ("day", "date", "started", "started_at", "start_time", "created", "created_at", "timestamp")
"""Where in a trace's metadata its day is looked for."""
UNKNOWN_DAY = "unknown"


def schema() -> pyarrow.Schema:
    """Return the columns of a shard; ``source`` and ``day`` stand in the names of its folders."""
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    return pa.schema(
        [("trace_id", text), ("task_id", text), ("agent", text), ("messages", number), ("decisions", number),
         ("calls", number), ("called", text), ("copy", text), (TRACE, pa.large_string())]
    )  # fmt: skip


def row_of(trace: Trace) -> dict[str, Any]:
    """Return a trace as a row; ``copy`` is equal for conversations that differ in names and numbers alone."""
    names = [call.name for message in trace.messages for call in message.tool_calls]
    return {
        "trace_id": trace.trace_id,
        "task_id": trace.task_id,
        "agent": trace.agent,
        "messages": len(trace.messages),
        "decisions": sum(message.role == "assistant" for message in trace.messages),
        "calls": len(names),
        "called": "".join(f"|{name}" for name in sorted(set(names))) + "|",
        "copy": hashlib.blake2b(without_names(trace).encode("utf-8", "backslashreplace"), digest_size=12).hexdigest(),
        TRACE: encode_trace(trace).decode("utf-8").rstrip("\n"),
    }


def trace_of(text: Any) -> Trace:
    """Return the trace of a row.

    Raises
    ------
    TraceError
        When the text is no trace of schema v1.
    """
    try:
        return trace_from_dict(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, TraceError):
            raise
        raise TraceError(
            "the row holds no JSON", field=TRACE, got=text, remedy="write the lake again from its traces"
        ) from error


def source_of(trace: Trace) -> str:
    """Return what a trace is filed under: the format in its ``source``, without the file's name."""
    return trace.source.partition(":")[0].strip() or "unknown"


def day_of(trace: Trace, key: str | None = None) -> str:
    """Return the day (UTC) that a trace's metadata names, as ``2026-11-30``, or ``unknown``.

    Parameters
    ----------
    trace
        The trace.
    key
        Where to look; the usual names when not given. A date, a time of ISO 8601, or seconds (milliseconds) since 1970.

    Examples
    --------
    >>> day_of(Trace("t", "task", "doc", (), metadata={"started_at": "2026-11-30T23:30:00-05:00"}))
    '2026-12-01'
    >>> day_of(Trace("t", "task", "doc", ()))
    'unknown'
    """
    for value in _days(trace.metadata, (key,) if key is not None else DAY_KEYS):
        try:
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC).date().isoformat()
            if re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
                return str(value)
            at = datetime.fromisoformat(str(value))
            return (at if at.tzinfo is None else at.astimezone(UTC)).date().isoformat()
        except (ValueError, OverflowError, OSError):
            continue
    return UNKNOWN_DAY


def _days(metadata: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[Any]:
    return (metadata[key] for key in keys if key in metadata)
