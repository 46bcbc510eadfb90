"""OpenAI Responses: ``{"input": [...], "output": [...]}``, response objects, or a bare list of items.

- **trace id**: ``trace_id`` or ``id``, else ``file-stem:line``
- **task id**: ``task_id``, else hash of the first user message
- **messages**: ``instructions``, ``input``, ``output``: messages, ``function_call`` and ``function_call_output``, the
  calls of OpenAI's own tools. What stands between two results is one LLM invocation
- **tools**: ``tools``
- **agent**: ``model``
- **thinking time**: ``created_at`` to ``completed_at``, where a response has both
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, items_in
from specbench.traces.sources.records import RecordSource, add_all, new_trace, record_id

__all__ = ["OpenAIResponses"]

_ITEMS = ("function_call", "function_call_output", "reasoning", "custom_tool_call", "custom_tool_call_output")


class OpenAIResponses(RecordSource):
    """Reads conversations in the format of OpenAI's Responses API."""

    name = "openai_responses"
    priority = 3

    def knows(self, record: Any) -> bool:
        """An object of kind ``response``, one with ``input`` and ``output`` items, or a list of such items."""
        if isinstance(record, list):
            return any(map(_is_item, record))
        if not isinstance(record, dict) or "payload" in record:
            return False
        if record.get("object") == "response" and isinstance(record.get("output"), list):
            return True
        inner = [record.get(key) for key in ("response", "body") if isinstance(record.get(key), dict)]
        if any(self.knows(each) for each in inner):
            return True
        lists = [record.get(key) for key in ("input", "output") if isinstance(record.get(key), list)]
        return any(map(_is_item, (item for each in lists for item in each or ()))) or (
            "input" in record and isinstance(record.get("output"), list) and any(map(_is_message, record["output"]))
        )

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the record's trace."""
        record = {"input": record} if isinstance(record, list) else record if isinstance(record, dict) else {}
        request = next((record[key] for key in ("request", "body") if isinstance(record.get(key), dict)), record)
        answer = record["response"] if isinstance(record.get("response"), dict) else record
        answer = answer["body"] if isinstance(answer.get("body"), dict) else answer
        talk = Conversation(tags=False)
        if request.get("input"):
            add_all(talk, items_in({key: request[key] for key in ("instructions", "input") if key in request}), "input")
        elif isinstance(answer.get("instructions"), str):
            talk.add({"role": "system", "content": answer["instructions"]}, "instructions")
        started, ended = seconds(answer.get("created_at")), seconds(answer.get("completed_at"))
        for index, item in enumerate(answer_items(answer.get("output")) if answer.get("output") else ()):
            talk.add(item, f"output[{index}]", started=started, ended=ended)
        return new_trace(
            self.name,
            path,
            number,
            talk.messages(),
            trace_id=record_id(record, ("trace_id", "id")) or record_id(answer, ("id",)),
            task_id=record_id(record, ("task_id",)),
            tools=read_tools(request.get("tools") or answer.get("tools"), strict=False),
            agent=record_id(answer, ("model",)) or record_id(request, ("model",)),
            metadata=record.get("metadata"),
        )


def _is_item(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") in _ITEMS and "role" not in item


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and item.get("type") == "message" and "role" in item
