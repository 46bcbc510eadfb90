"""Session logs with one message a line, in any dialect, bare or wrapped: ``{"timestamp": ..., "message": {...}}``.

What many agents write that have no reader of their own here.

- **trace id**: ``sessionId`` or ``session_id`` of the lines (each has a trace), else the file's stem
- **task id**: hash of the first user message
- **messages**: each line that is a message, or holds one (under ``message``, ``payload``, ``data``, ``item``, ...)
- **agent**: the first ``model``
- **thinking time**, **tool time**: from the lines' ``timestamp``, where they have one
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.items import is_item
from specbench.traces.json_files import OnError, json_lines
from specbench.traces.json_heads import first_records
from specbench.traces.sources.base import Source
from specbench.traces.sources.records import new_trace

__all__ = ["MessageLines"]

_WRAPPINGS = ("message", "payload", "data", "item", "event", "params", "update")
_TIMES = ("timestamp", "ts", "time", "created_at", "createdAt", "created", "at", "date")


class MessageLines(Source):
    """Reads lines that are messages, or hold one; with measured times where they have any."""

    name = "message_lines"
    priority = -1
    counted_once = True

    def detect(self, path: Path, head: str) -> bool:
        """JSON Lines, of which at least a third are messages or hold one."""
        found = [record for record in first_records(head)[:100] if isinstance(record, dict)]
        spoken = sum(_message(record) is not None for record in found)
        return not head.lstrip().startswith("[") and spoken >= 2 and spoken * 3 >= len(found)

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a session."""
        sessions: dict[str, tuple[Conversation, dict[str, Any]]] = {}
        last = path.stem
        for number, row in json_lines(path, on_error):
            message = _message(row)
            if not isinstance(row, dict) or (message is None and "model" not in row):
                continue
            name = first_of(row, ("sessionId", "session_id", "conversation_id", "thread_id"))
            last = str(name) if isinstance(name, (str, int)) else last
            talk, about = sessions.setdefault(last, (Conversation(), {}))
            for holder in (row, message or {}):
                if isinstance(holder.get("model"), str):
                    about.setdefault("model", holder["model"])
            at = seconds(first_of(row, _TIMES)) or seconds(first_of(message or {}, _TIMES))
            try:
                if message is not None:
                    talk.add(message, f"line {number}", at=at)
            except TraceError as error:
                on_error(error.at(path=path, line=number))
        for name, (talk, about) in sessions.items():
            try:
                if len(talk):
                    yield new_trace(self.name, path, None, talk.messages(), trace_id=name, agent=about.get("model"))
            except TraceError as error:
                on_error(error.at(path=path))


def _message(row: Any) -> dict[str, Any] | None:
    """Return the message that a line is or holds."""
    if not isinstance(row, dict):
        return None
    for key in _WRAPPINGS:
        inner = row.get(key)
        if isinstance(inner, dict) and is_item(inner):
            return inner
        if isinstance(inner, dict) and isinstance(inner.get("message"), dict) and is_item(inner["message"]):
            found: dict[str, Any] = inner["message"]
            return found
    return row if is_item(row) else None
