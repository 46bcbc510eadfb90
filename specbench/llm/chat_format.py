"""Our messages and tool specs as the dictionaries that chat templates and OpenAI-compatible servers take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from specbench.core.types import Message, ToolSpec

__all__ = ["chat_messages", "chat_tools"]


def chat_messages(messages: Iterable[Message], *, arguments_as_text: bool) -> list[dict[str, Any]]:
    """The messages as dictionaries.

    Parameters
    ----------
    messages
        The conversation.
    arguments_as_text
        Arguments of calls as JSON text, as the OpenAI interface has them; chat templates take objects.

    Examples
    --------
    >>> from specbench.core.types import ToolCall
    >>> call = Message("assistant", tool_calls=(ToolCall("get_order", {"id": 7}, id="call_1"),))
    >>> chat_messages([call], arguments_as_text=True)[0]["tool_calls"][0]["function"]
    {'name': 'get_order', 'arguments': '{"id": 7}'}
    """
    rows: list[dict[str, Any]] = []
    for message in messages:
        row: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            row["tool_calls"] = []
            for at, call in enumerate(message.tool_calls):
                arguments: Any = dict(call.arguments)
                if call.invalid_arguments is not None:
                    arguments = call.invalid_arguments
                elif arguments_as_text:
                    arguments = json.dumps(arguments, ensure_ascii=False)
                function = {"name": call.name, "arguments": arguments}
                row["tool_calls"].append({"id": call.id or f"call_{at}", "type": "function", "function": function})
        if message.role == "tool":
            row |= {"tool_call_id": message.tool_call_id or "call_0", "name": message.name or ""}
        rows.append(row)
    return rows


def chat_tools(tools: Mapping[str, ToolSpec]) -> list[dict[str, Any]]:
    """The tool specs as dictionaries.

    Examples
    --------
    >>> chat_tools({"now": ToolSpec("now", "The time.")})[0]["function"]
    {'name': 'now', 'description': 'The time.', 'parameters': {'type': 'object', 'properties': {}}}
    """
    empty = {"type": "object", "properties": {}}
    return [
        {
            "type": "function",
            "function": {
                "name": spec.name,
                "description": spec.description,
                "parameters": dict(spec.parameters) or empty,
            },
        }
        for spec in tools.values()
    ]
