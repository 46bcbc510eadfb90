"""Gemini: requests with ``contents``, chat histories, and the session files of Gemini CLI.

- **trace id**: ``sessionId`` or ``id``, else ``file-stem:line``
- **task id**: ``task_id``, else hash of the first user message
- **messages**: ``contents`` or ``history`` (``role``, ``parts``), then the first of ``candidates``; in Gemini CLI's
  files ``messages[]`` of type ``user`` and ``gemini`` with ``toolCalls`` and their results
- **tools**: ``tools[].functionDeclarations``
- **agent**: ``model``
- **times**: of Gemini CLI: thinking from the message before to ``timestamp``; a tool from its message to the call's
  ``timestamp``
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import first_of, read_call
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.events import Event, Text
from specbench.traces.conversation.parts import content_events, joined_result
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, is_conversation, items_in
from specbench.traces.json_files import OnError, convert_records, records
from specbench.traces.json_heads import first_records
from specbench.traces.sources.records import RecordSource, add_all, new_trace, record_id

__all__ = ["Gemini"]

_CLI_TYPES = frozenset({"user", "gemini", "model"})


class Gemini(RecordSource):
    """Reads Gemini conversations; those of Gemini CLI with measured times."""

    name = "gemini"
    priority = 1

    def knows(self, record: Any) -> bool:
        """An object with ``contents``, a ``history`` of parts, a Gemini CLI session, or a list of such messages."""
        if isinstance(record, list):
            return bool(record) and all(isinstance(each, dict) and "parts" in each for each in record[:5])
        if not isinstance(record, dict):
            return False
        history = record.get("history")
        parts = isinstance(history, list) and any(isinstance(each, dict) and "parts" in each for each in history)
        return (
            parts or _is_cli(record) or (isinstance(record.get("contents"), (list, str)) and "messages" not in record)
        )

    def detect(self, path: Path, head: str) -> bool:
        """Also the lines of a Gemini CLI session."""
        return super().detect(path, head) or _cli_lines(first_records(head))

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the traces; the lines of a Gemini CLI session are one."""
        found = list(records(path, on_error, whole=is_conversation))
        if len(found) > 1 and _cli_lines([record for _, record in found]):
            about = {
                key: value
                for _, record in found
                if isinstance(record, dict) and "type" not in record
                for key, value in record.items()
                if key != "$set"
            }
            lines = [
                record for _, record in found if isinstance(record, dict) and str(record.get("type")) in _CLI_TYPES
            ]
            found = [(1, {**about, "messages": lines})]
        yield from convert_records(path, found, lambda number, record: self.convert(path, number, record), on_error)

    def convert(self, path: Path, number: int, record: Any) -> Trace | Iterable[Trace]:
        """Return the record's trace."""
        if isinstance(record, list):
            record = {"contents": record}
        record = record if isinstance(record, dict) else {}
        talk = Conversation()
        if _is_cli(record):
            for index, message in enumerate(record["messages"]):
                _add_cli(talk, message, f"messages[{index}]")
        else:
            add_all(talk, items_in(record), "contents")
            answer = first_of(record, ("response", "candidates"))
            if answer is not None:
                add_all(talk, answer_items({"candidates": answer} if isinstance(answer, list) else answer), "response")
        config, meta = record.get("config"), record.get("meta")
        tools = record.get("tools") or (config.get("tools") if isinstance(config, dict) else None)
        models = [message.get("model") for message in _objects(record.get("messages"))]
        return new_trace(
            self.name,
            path,
            number,
            talk.messages(),
            trace_id=record_id(record, ("trace_id", "sessionId", "id")),
            task_id=record_id(record, ("task_id",)),
            tools=read_tools(tools),
            agent=record.get("model")
            or next((each for each in models if each), None)
            or (meta.get("model") if isinstance(meta, dict) else None),
        )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is_cli(record: dict[str, Any]) -> bool:
    session = "sessionId" in record and isinstance(record.get("messages"), list)
    return session and any(str(message.get("type")) in _CLI_TYPES for message in _objects(record["messages"])[:20])


def _cli_lines(found: Iterable[Any]) -> bool:
    kinds = {str(each.get("type")) for each in list(found)[:50] if isinstance(each, dict) and "uuid" not in each}
    begun = any(isinstance(each, dict) and {"sessionId", "projectHash"} <= each.keys() for each in list(found)[:5])
    return "gemini" in kinds or (begun and "user" in kinds)


def _add_cli(talk: Conversation, message: Any, place: str) -> None:
    """Add one of Gemini CLI's messages, its calls with their results and times."""
    if not isinstance(message, dict) or str(message.get("type")) not in _CLI_TYPES:
        return
    at = seconds(message.get("timestamp"))
    content = first_of(message, ("content", "parts"))
    said: list[Event] = list(content_events(content, f"{place}.content"))
    if message["type"] == "user":
        talk.add_events("user", said, place, at=at)
        return
    calls = _objects(message.get("toolCalls"))
    asked = [read_call(call, f"{place}.toolCalls[{index}]") for index, call in enumerate(calls)]
    talk.add_events("assistant", [each for each in said if isinstance(each, Text)] + list(asked), place, at=at)
    for call, each in zip(calls, asked, strict=True):
        for result in joined_result(call, each, place):
            ended = seconds(call.get("timestamp"))
            talk.add_events("tool", [result._replace(joined=False)], place, at=ended)
