"""Anthropic Messages: ``{"system": ..., "messages": [...], "tools": [{name, input_schema}]}``, and their responses.

- **trace id**: ``trace_id`` or ``id``, else ``file-stem:line``
- **task id**: ``task_id`` or ``metadata.task_id``, else hash of the first user message
- **messages**: ``system``, ``messages`` (parts ``text``, ``tool_use``, ``tool_result``; thinking is left out), then
  ``response.content``
- **tools**: ``tools``
- **agent**: ``model``
- **times**: none

A log of requests repeats each conversation at every step: it is counted once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from specbench.core.types import Trace
from specbench.traces.sources.openai_chat import chat_trace
from specbench.traces.sources.records import RecordSource

__all__ = ["AnthropicMessages"]

_PARTS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"})


class AnthropicMessages(RecordSource):
    """Reads conversations in Anthropic's format."""

    name = "anthropic_messages"
    priority = 2

    def knows(self, record: Any) -> bool:
        """Messages with parts such as ``tool_use``, tools with ``input_schema``, or ``system`` beside ``messages``."""
        if isinstance(record, dict):
            for key in ("request", "body", "params"):
                if isinstance(record.get(key), dict) and "messages" in record[key]:
                    return self.knows(record[key])
            tools = record.get("tools")
            messages = record.get("messages")
            if not isinstance(messages, list):
                return False
            if isinstance(tools, list) and any(isinstance(each, dict) and "input_schema" in each for each in tools):
                return True
            if isinstance(record.get("system"), (str, list)) and "messages" in record:
                return True
        else:
            messages = record
        return isinstance(messages, list) and any(map(_has_parts, messages))

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the record's trace."""
        return chat_trace(self.name, path, number, record)


def _has_parts(message: Any) -> bool:
    content = message.get("content") if isinstance(message, dict) and "role" in message else None
    return isinstance(content, list) and any(
        isinstance(part, dict) and str(part.get("type")) in _PARTS for part in content
    )
