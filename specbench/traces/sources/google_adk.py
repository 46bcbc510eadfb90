"""Google ADK: sessions (``events[].content``), evaluation sets (``eval_cases``) and the older test files.

- **trace id**: session ``id`` or ``eval_id``; of a test file its name
- **task id**: hash of the first user message
- **messages**: ``events[].content`` in Gemini's parts. Of an evaluation case: ``user_content``, each of ``tool_uses``
  as a call, ``final_response``; it has no results
- **metadata**: ``app_name``, ``user_id``
- **times**: none: an event's ``timestamp`` is the beginning of an LLM's step and the end of a tool's, so that
  thinking and tool cannot be told apart
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.wrappers import is_conversation
from specbench.traces.json_files import OnError, convert_records, records
from specbench.traces.sources.records import RecordSource, new_trace

__all__ = ["GoogleADK"]

_CASES = ("eval_cases", "evalCases")


class GoogleADK(RecordSource):
    """Reads Google ADK sessions, evaluation sets and test files."""

    name = "google_adk"

    def knows(self, record: Any) -> bool:
        """An object with ``events`` that have ``author`` and ``invocation_id``, ``eval_cases``, or a test's turn."""
        if not isinstance(record, dict):
            return False
        events = record.get("events")
        if isinstance(events, list) and any(isinstance(event, dict) and _is_event(event) for event in events[:20]):
            return True
        turn = {"query", "reference"} <= record.keys() and (
            "expected_tool_use" in record or "expectedToolUse" in record
        )
        return turn or first_of(record, _CASES) is not None or _is_event(record)

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the traces; the turns of a test file are one, and so are events one a line."""
        found = list(records(path, on_error, whole=is_conversation))
        whole = bool(found) and all(
            isinstance(record, dict) and ("query" in record or _is_event(record)) for _, record in found
        )
        numbered = [(1, {"turns": [record for _, record in found]})] if whole else found
        yield from convert_records(path, numbered, lambda number, record: self.convert(path, number, record), on_error)

    def convert(self, path: Path, number: int, record: Any) -> Iterable[Trace]:
        """Return the traces of a session, of an evaluation set, or of a test's turns."""
        record = record if isinstance(record, dict) else {}
        cases = first_of(record, _CASES)
        for case in cases if isinstance(cases, list) else [record]:
            case = case if isinstance(case, dict) else {}
            talk = Conversation(tags=False)
            for place, item in _items(case):
                talk.add(item, place)
            yield new_trace(
                self.name,
                path,
                None if case is record and number == 1 else number,
                talk.messages(),
                trace_id=first_of(case, ("eval_id", "evalId", "id")),
                metadata={key: case.get(key) for key in ("app_name", "appName", "user_id") if case.get(key)},
            )


def _is_event(record: dict[str, Any]) -> bool:
    return "author" in record and ("invocation_id" in record or "invocationId" in record)


def _items(case: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for index, event in enumerate(_list(case.get("events"))):
        yield from _event(event, f"events[{index}]")
    for index, turn in enumerate(_list(case.get("turns"))):
        if isinstance(turn, dict) and "query" not in turn:
            yield from _event(turn, f"[{index}]")
        elif isinstance(turn, dict):
            yield f"[{index}].query", {"role": "user", "content": turn.get("query")}
            yield from _calls(first_of(turn, ("expected_tool_use", "expectedToolUse")), f"[{index}].expected_tool_use")
            yield f"[{index}].reference", {"role": "assistant", "content": turn.get("reference")}
    for index, turn in enumerate(_list(case.get("conversation"))):
        place = f"conversation[{index}]"
        turn = turn if isinstance(turn, dict) else {}
        yield f"{place}.user_content", _content(first_of(turn, ("user_content", "userContent")), "user")
        between = first_of(turn, ("intermediate_data", "intermediateData"))
        between = between if isinstance(between, dict) else {}
        for number, event in enumerate(_list(first_of(between, ("invocation_events", "invocationEvents")))):
            yield from _event(event, f"{place}.invocation_events[{number}]")
        yield from _calls(first_of(between, ("tool_uses", "toolUses")), f"{place}.tool_uses")
        final = first_of(turn, ("final_response", "finalResponse"))
        if final is not None:
            yield f"{place}.final_response", _content(final, "model")


def _event(event: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(event, dict) and event.get("content") and event.get("partial") is not True:
        yield f"{place}.content", _content(event["content"], "user" if event.get("author") == "user" else "model")


def _content(content: Any, role: str) -> Any:
    return {"role": role, **content} if isinstance(content, dict) else {"role": role, "content": content}


def _calls(uses: Any, place: str) -> Iterator[tuple[str, Any]]:
    for index, use in enumerate(_list(uses)):
        yield f"{place}[{index}]", {"role": "assistant", "content": None, "tool_calls": [use]}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
