"""Codex rollouts (``~/.codex/sessions/**/rollout-*.jsonl``): items of OpenAI's Responses API, one a line.

- **trace id**: ``session_meta.payload.id`` (before that was written: the first line's ``id``)
- **task id**: hash of the first user message
- **messages**: ``response_item.payload``; in the oldest logs the lines themselves; where a log has only events, its
  messages
- **agent**: ``turn_context.payload.model``
- **metadata**: ``cwd``, ``cli_version``
- **thinking time**: from the line before to the invocation's last line
- **tool time**: from the call (or from ``exec_command_begin``, after any approval) to its output; a duration counts
  first

Left out: events beside the items, reasoning, what a compaction writes over (its lines stand there already).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.items import is_item
from specbench.traces.conversation.wrappers import parsed
from specbench.traces.json_files import OnError, json_lines
from specbench.traces.json_heads import first_records
from specbench.traces.sources.base import Source
from specbench.traces.sources.records import new_trace

__all__ = ["Codex"]

_ENVELOPES = frozenset({"session_meta", "response_item", "event_msg", "turn_context", "compacted", "world_state"})
_SPOKEN = {"user_message": "user", "agent_message": "assistant"}


class Codex(Source):
    """Reads Codex rollouts, with measured times."""

    name = "codex"
    counted_once = True

    def detect(self, path: Path, head: str) -> bool:
        """Lines ``{timestamp, type: response_item, payload}``, or bare items after a line with ``instructions``."""
        found = [record for record in first_records(head)[:50] if isinstance(record, dict)]
        if any(str(record.get("type")) in _ENVELOPES and isinstance(record.get("payload"), dict) for record in found):
            return True
        old = any("record_type" in record for record in found) or (
            bool(found) and {"id", "timestamp", "instructions"} <= found[0].keys()
        )
        return old and any("type" in record or "record_type" in record for record in found)

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the file's session."""
        talk, events = Conversation(tags=False), Conversation(tags=False)
        about: dict[str, Any] = {}
        ran: dict[str, tuple[float | None, float | None]] = {}
        for number, row in json_lines(path, on_error):
            if not isinstance(row, dict):
                continue
            payload = row.get("payload") if str(row.get("type")) in _ENVELOPES else row
            payload = payload if isinstance(payload, dict) else {}
            at = seconds(row.get("timestamp"))
            try:
                if row.get("type") == "response_item" or (payload is row and is_item(row)):
                    started, ended = _ran(payload, at, ran)
                    talk.add(payload, f"line {number}", at=at, started=started, ended=ended)
                elif row.get("type") == "event_msg":
                    _note(payload, at, ran)
                    spoken = _SPOKEN.get(str(payload.get("type")))
                    if spoken and isinstance(payload.get("message"), str):
                        events.add({"role": spoken, "content": payload["message"]}, f"line {number}", at=at)
                else:
                    about = {**payload, **about}
            except TraceError as error:
                on_error(error.at(path=path, line=number))
        try:
            talk = talk if len(talk) else events
            keep = {key: about[key] for key in ("cwd", "cli_version") if key in about}
            yield new_trace(
                self.name, path, None, talk.messages(),
                trace_id=about.get("id"), agent=about.get("model"), metadata=keep,
            )  # fmt: skip
        except TraceError as error:
            on_error(error.at(path=path))


def _note(event: dict[str, Any], at: float | None, ran: dict[str, tuple[float | None, float | None]]) -> None:
    """Note when a call's command began and how long it ran."""
    call, kind = event.get("call_id"), str(event.get("type"))
    if not isinstance(call, str):
        return
    began, lasted = ran.get(call, (None, None))
    if kind.endswith("_begin"):
        began = at
    duration = event.get("duration")
    if isinstance(duration, dict) and all(isinstance(duration.get(key), int) for key in ("secs", "nanos")):
        lasted = duration["secs"] + duration["nanos"] / 1e9
    ran[call] = began, lasted


def _ran(
    item: dict[str, Any], at: float | None, ran: dict[str, tuple[float | None, float | None]]
) -> tuple[float | None, float | None]:
    """Return when a call's tool began and ended, where the log says more than the lines' times."""
    call = item.get("call_id")
    if at is None or not isinstance(call, str) or not str(item.get("type")).endswith("_output"):
        return None, None
    began, lasted = ran.get(call, (None, None))
    output = parsed(item.get("output"))
    told = output.get("metadata") if isinstance(output, dict) else None
    if lasted is None and isinstance(told, dict) and isinstance(told.get("duration_seconds"), (int, float)):
        lasted = float(told["duration_seconds"])
    if lasted is not None and 0 <= lasted < 1e6:
        return at - lasted, at
    return began, at
