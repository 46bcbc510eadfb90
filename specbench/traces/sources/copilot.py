"""GitHub Copilot CLI session events (``events.jsonl``): ``{type, data, id, timestamp, parentId}`` a line.

- **trace id**: ``session.start``'s ``data.sessionId``
- **task id**: hash of the first user message
- **messages**: ``system.message``, ``user.message``, ``assistant.message`` with ``toolRequests``,
  ``tool.execution_complete``
- **agent**: the ``model`` of the first assistant message
- **thinking time**: from the event before (``assistant.turn_start``, the last result) to the ``assistant.message``
- **tool time**: from ``tool.execution_start`` to ``tool.execution_complete``

Left out: what sub-agents did (``parentToolCallId``), hooks, the session's own events.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import as_text, failed, identifier
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.events import Result
from specbench.traces.json_files import OnError, json_lines
from specbench.traces.json_heads import first_records
from specbench.traces.sources.base import Source
from specbench.traces.sources.records import new_trace

__all__ = ["Copilot"]

_SPOKEN = {"system.message": "system", "user.message": "user", "assistant.message": "assistant"}


class Copilot(Source):
    """Reads sessions of GitHub Copilot CLI, with measured times."""

    name = "copilot"
    counted_once = True

    def detect(self, path: Path, head: str) -> bool:
        """Lines with ``data`` and a type such as ``assistant.message`` or ``tool.execution_start``."""
        return any(
            isinstance(record, dict)
            and isinstance(record.get("data"), dict)
            and str(record.get("type")).startswith(("session.", "assistant.", "tool.execution", "user.message"))
            for record in first_records(head)[:50]
        )

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the file's session."""
        talk = Conversation(tags=False)
        began: dict[str, float | None] = {}
        about: dict[str, Any] = {}
        for number, row in json_lines(path, on_error):
            data = row.get("data") if isinstance(row, dict) else None
            if not isinstance(data, dict) or data.get("parentToolCallId"):
                continue
            try:
                _add(talk, str(row.get("type")), data, seconds(row.get("timestamp")), f"line {number}", began)
            except TraceError as error:
                on_error(error.at(path=path, line=number))
            for key, name in (("sessionId", "id"), ("model", "model"), ("selectedModel", "model")):
                if isinstance(data.get(key), str):
                    about.setdefault(name, data[key])
        try:
            yield new_trace(self.name, path, None, talk.messages(), trace_id=about.get("id"), agent=about.get("model"))
        except TraceError as error:
            on_error(error.at(path=path))


def _add(
    talk: Conversation, kind: str, data: dict[str, Any], at: float | None, place: str, began: dict[str, float | None]
) -> None:
    if kind == "assistant.turn_start":
        talk.note(at)
    elif kind in _SPOKEN:
        calls = data.get("toolRequests") if kind == "assistant.message" else None
        message = {"role": _SPOKEN[kind], "content": data.get("content"), "tool_calls": calls or []}
        talk.add(message, f"{place}: data", at=at)
    elif kind == "tool.execution_start":
        began[str(data.get("toolCallId"))] = at
    elif kind == "tool.execution_complete":
        result = data.get("result")
        content = result.get("content", result) if isinstance(result, dict) else result
        call = identifier(data.get("toolCallId"), f"{place}: data.toolCallId")
        started = began.get(call or "")
        talk.add_events("tool", [Result(as_text(content), call, None, failed(data))], place, at=at, started=started)
