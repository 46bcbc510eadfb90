"""Our messages and tool specs as the dictionaries that chat templates and OpenAI-compatible servers take.

Servers want each call with an id of its own and with a result: :func:`with_ids`, :func:`answered`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from specbench.core.types import Message, ToolCall, ToolSpec
from specbench.traces.call_results import OpenCalls

__all__ = ["NOT_RUN", "answered", "chat_messages", "chat_tools", "with_ids"]

NOT_RUN = "Error: this call was not run"
"""The result of a call that nobody has answered before the conversation went on."""


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


def answered(messages: Iterable[Message]) -> list[Message]:
    """The messages, with a result for each call that the conversation has gone on without; those at its end are open.

    Examples
    --------
    >>> talk = [Message("assistant", "", (ToolCall("pay", {}, "c1"),)), Message("user", "wait!")]
    >>> [(each.role, each.content) for each in answered(talk)][1]
    ('tool', 'Error: this call was not run')
    """
    found: list[Message] = []
    open_calls = OpenCalls()
    for message in messages:
        if message.role == "tool":
            open_calls.answer(message.tool_call_id, message.name)
        else:
            while (left := open_calls.answer(None, None)) is not None:
                found.append(Message("tool", NOT_RUN, (), left.id, left.call.name, error=True))
            open_calls.ask(len(found), message.tool_calls)
        found.append(message)
    return found


def with_ids(calls: Sequence[ToolCall], messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """The calls of a message after ``messages``, each with an id that no other call of the conversation has.

    Examples
    --------
    >>> before = [Message("assistant", "", (ToolCall("now", {}, "c1"),))]
    >>> [call.id for call in with_ids([ToolCall("now", {}, "c1"), ToolCall("now", {}, "c2")], before)]
    ['call_1_0', 'c2']
    """
    used = {call.id for message in messages for call in message.tool_calls}
    turn = sum(message.role == "assistant" for message in messages)
    made: list[ToolCall] = []
    for at, call in enumerate(calls):
        own, more = call.id, 0
        while not own or own in used:
            own, more = f"call_{turn}_{at}" + (f"_{more}" if more else ""), more + 1
        used.add(own)
        made.append(call if own == call.id else ToolCall(call.name, call.arguments, own, call.invalid_arguments))
    return tuple(made)
