"""OpenHands trajectories: a list of events (``action``, ``observation``), or ``{instance_id, history}`` a line.

- **trace id**: ``instance_id``, else the file's stem
- **task id**: ``instance_id``, else hash of the first user message
- **messages**: ``message`` actions of user and agent, and ``system``; every other action of the agent is a call (of
  ``tool_call_metadata.function_name``, else of the action) with its ``args``, the observation that it causes its result
- **tools**: of the ``system`` action
- **thinking time**, **tool time**: from the event before to the action; from the action to its observation

Left out: changes of state, recalled knowledge, actions of the environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import as_text, read_call
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.events import Event, Result, Text
from specbench.traces.conversation.tools import read_tools
from specbench.traces.json_files import OnError, convert_records, records
from specbench.traces.sources.records import RecordSource, new_trace

__all__ = ["OpenHands"]

_UNSEEN = frozenset({"recall", "change_agent_state", "agent_state_changed", "null", "condensation", "error_ignored"})
_ASIDE = frozenset({"thought", "content", "is_input", "blocking", "hidden", "confirmation_state", "security_risk"})


class OpenHands(RecordSource):
    """Reads OpenHands trajectories, with measured times."""

    name = "openhands"
    counted_once = False

    def knows(self, record: Any) -> bool:
        """An event with ``source``, and ``action`` or ``observation``; or a ``history`` of them."""
        if not isinstance(record, dict):
            return False
        history = record.get("history")
        return _is_event(record) or (isinstance(history, list) and any(map(_is_event, history[:20])))

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a record; the events of a file are one."""
        found = list(records(path, on_error, whole=lambda value: any(map(_is_event, value[:20]))))
        if len(found) > 1 and all(_is_event(record) for _, record in found):
            found = [(1, [record for _, record in found])]
        return convert_records(path, found, lambda number, record: self.convert(path, number, record), on_error)

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the trajectory's trace."""
        about = record if isinstance(record, dict) and not _is_event(record) else {}
        events = about.get("history") if about else record if isinstance(record, list) else [record]
        if not isinstance(events, list):
            raise TraceError("the history is not a list", field="history", got=events, remedy="give a list of events")
        talk = Conversation(tags=False)
        tools: Any = None
        for index, event in enumerate(events):
            if not isinstance(event, dict):
                raise TraceError(
                    "an event is not an object", field=f"[{index}]", got=event, remedy="give OpenHands' own"
                )
            arguments = event.get("args")
            if event.get("action") == "system" and isinstance(arguments, dict):
                tools = arguments.get("tools")
            _add(talk, event, f"[{index}]")
        instance = about.get("instance_id")
        return new_trace(
            self.name, path, None if number == 1 else number, talk.messages(),
            trace_id=instance, task_id=instance, tools=read_tools(tools, "args.tools", strict=False),
        )  # fmt: skip


def _is_event(record: Any) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("source"), str)
        and ("action" in record or "observation" in record)
        and ("args" in record or "content" in record)
    )


def _add(talk: Conversation, event: dict[str, Any], place: str) -> None:
    at, source = seconds(event.get("timestamp")), event.get("source")
    arguments = event["args"] if isinstance(event.get("args"), dict) else {}
    said = arguments.get("content")
    words: list[Event] = [Text(said)] if isinstance(said, str) and said else []
    if "observation" in event:
        if str(event["observation"]) not in _UNSEEN and event.get("cause") is not None:
            extras = event.get("extras")
            failed = isinstance(extras, dict) and extras.get("exit_code") not in (None, 0)
            result = Result(
                as_text(event.get("content")), _call_id(event), None, failed or event["observation"] == "error"
            )
            talk.add_events("tool", [result], place, at=at)
        return
    kind = str(event.get("action"))
    if kind in _UNSEEN or (source not in ("user", "agent") and kind != "system"):
        return
    if kind in ("message", "system"):
        talk.add_events(
            "system" if kind == "system" else "user" if source == "user" else "assistant", words, place, at=at
        )
        return
    if source != "agent":
        return
    thought = arguments.get("thought")
    metadata = event.get("tool_call_metadata")
    named = metadata.get("function_name") if isinstance(metadata, dict) else None
    given = {key: value for key, value in arguments.items() if key not in _ASIDE and value is not None}
    asked = read_call({"id": _call_id(event), "name": named or kind, "arguments": given}, place)
    talk.close()
    talk.add_events(
        "assistant", [*([Text(thought)] if isinstance(thought, str) and thought else []), asked], place, at=at
    )


def _call_id(event: dict[str, Any]) -> str:
    """Return the id that links an action to its observation: the LLM's, else the event's."""
    metadata = event.get("tool_call_metadata")
    given = metadata.get("tool_call_id") if isinstance(metadata, dict) else None
    return str(given or event.get("cause", event.get("id")))
