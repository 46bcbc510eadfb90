"""LangChain: message lists (``type: human``), serialised messages, and states that hold them.

- **trace id**: ``trace_id`` or ``id``, else ``file-stem:line``
- **task id**: ``task_id``, else hash of the first user message
- **messages**: the list itself, ``messages``, ``values.messages`` or ``channel_values.messages``; calls in
  ``tool_calls``, ``additional_kwargs`` or content parts
- **agent**: ``response_metadata.model_name`` of the first answer
- **times**: none: messages carry none

Snapshots that name their thread: see :mod:`specbench.traces.sources.langgraph`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.items import plain
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import items_in
from specbench.traces.sources.records import RecordSource, add_all, new_trace, record_id

__all__ = ["LangChain"]

_TYPES = frozenset({
    "human", "ai", "HumanMessage", "AIMessage", "AIMessageChunk", "ToolMessage", "SystemMessage", "constructor",
})  # fmt: skip
_STATES = ("channel_values", "values", "checkpoint", "state", "kwargs", "output", "input", "outputs", "inputs")


class LangChain(RecordSource):
    """Reads LangChain messages and LangGraph states."""

    name = "langchain"
    priority = 4

    def knows(self, record: Any) -> bool:
        """Messages whose ``type`` is ``human`` or ``ai``, or serialised by LangChain; also inside a state."""
        if isinstance(record, list):
            return any(isinstance(each, dict) and _is_message(each) for each in record)
        if not isinstance(record, dict):
            return False
        if isinstance(record.get("messages"), list) and self.knows(record["messages"]):
            return True
        return any(isinstance(record.get(key), (dict, list)) and self.knows(record[key]) for key in _STATES)

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the record's trace."""
        state = record
        while isinstance(state, dict) and "messages" not in state:
            state = next((state[key] for key in _STATES if isinstance(state.get(key), (dict, list))), None)
        items = items_in(state)
        about = record if isinstance(record, dict) else {}
        talk = add_all(Conversation(), items)
        return new_trace(
            self.name,
            path,
            number,
            talk.messages(),
            trace_id=record_id(about, ("trace_id", "id")),
            task_id=record_id(about, ("task_id",)),
            tools=read_tools(about.get("tools"), strict=False),
            agent=next((name for item in items if (name := _model(item))), None),
        )


def _is_message(item: dict[str, Any]) -> bool:
    if item.get("type") == "constructor":
        return isinstance(item.get("kwargs"), dict) and "Message" in str(item.get("id"))
    content = item.get("data", item)
    return str(item.get("type")) in _TYPES and isinstance(content, dict) and "content" in content and "role" not in item


def _model(item: Any) -> Any:
    metadata = plain(item).get("response_metadata") if isinstance(item, dict) else None
    return metadata.get("model_name") if isinstance(metadata, dict) else None
