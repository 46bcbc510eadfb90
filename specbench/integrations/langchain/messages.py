"""Messages and tools between LangChain and specbench."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.types import Message, Role, ToolCall, ToolSpec

with named_extras():
    from langchain_core.messages import (
        AIMessage,
        BaseMessage,
        ChatMessage,
        FunctionMessage,
        HumanMessage,
        SystemMessage,
        ToolMessage,
    )

__all__ = ["ai_message", "call_of", "from_langchain", "specs_of", "to_langchain"]

_ROLES: dict[str, Role] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "system": "system",
    "developer": "system",
}


def from_langchain(messages: Iterable[BaseMessage]) -> tuple[Message, ...]:
    """LangChain's messages as ours; a part that is no text leaves its type in brackets.

    Raises
    ------
    ConfigError
        When one of them has no place in a chat.

    Examples
    --------
    >>> from_langchain([HumanMessage(["see ", {"type": "image_url", "image_url": {"url": "…"}}])])[0]
    Message(role='user', content='see [image_url]', ...)
    """
    return tuple(_ours(message) for message in messages)


def call_of(call: Any) -> ToolCall:
    """One of LangChain's tool calls, or invalid ones, as ours."""
    args = call["args"]
    if isinstance(args, dict):
        return ToolCall(call["name"], args, call["id"])
    return ToolCall(call["name"] or "", {}, call["id"], invalid_arguments=args or "")


def _ours(message: BaseMessage) -> Message:
    if isinstance(message, AIMessage):
        calls = tuple(map(call_of, (*message.tool_calls, *message.invalid_tool_calls)))
        return Message("assistant", str(message.text), calls)
    if isinstance(message, ToolMessage):
        failed = message.status == "error"
        return Message("tool", _text(message), (), message.tool_call_id, message.name, failed)
    if isinstance(message, FunctionMessage):
        return Message("tool", _text(message), (), None, message.name)
    if isinstance(message, HumanMessage):
        return Message("user", _text(message))
    if isinstance(message, SystemMessage):
        return Message("system", _text(message))
    role = _ROLES.get(message.role.lower()) if isinstance(message, ChatMessage) else None
    if role is not None:
        return Message(role, _text(message))
    kind = f"ChatMessage of role {message.role!r}" if isinstance(message, ChatMessage) else type(message).__name__
    raise ConfigError(
        f"a {kind} has no place in a chat; use system, human, AI and tool messages, or roles {', '.join(_ROLES)}"
    )


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    said = ""
    for part in message.content:
        if isinstance(part, str):
            said += part
        elif isinstance(part.get("text"), str):
            said += part["text"]
        else:
            said += f"[{part.get('type', 'part')}]"
    return said


def to_langchain(messages: Iterable[Message]) -> list[BaseMessage]:
    """Our messages as LangChain's.

    Examples
    --------
    >>> to_langchain([Message("assistant", "", (ToolCall("now", {}, "call_1"),))])[0].tool_calls[0]["name"]
    'now'
    """
    return [_theirs(message) for message in messages]


def _theirs(message: Message) -> BaseMessage:
    if message.role == "assistant":
        return ai_message(message.content, message.tool_calls)
    if message.role == "tool":
        status: Any = "error" if message.error else "success"
        return ToolMessage(message.content, tool_call_id=message.tool_call_id or "", name=message.name, status=status)
    return HumanMessage(message.content) if message.role == "user" else SystemMessage(message.content)


def ai_message(text: str, calls: Sequence[ToolCall]) -> AIMessage:
    """An AI message; calls without an id are numbered, so give them ids where there are several turns."""
    good, bad = [], []
    for at, call in enumerate(calls):
        own = call.id or f"call_{at}"
        if call.invalid_arguments is None:
            good.append({"name": call.name, "args": dict(call.arguments), "id": own})
        else:
            told = "the arguments are no JSON object"
            bad.append({"name": call.name, "args": call.invalid_arguments, "id": own, "error": told})
    return AIMessage(content=text, tool_calls=good, invalid_tool_calls=bad)


def specs_of(tools: Iterable[Any]) -> dict[str, ToolSpec]:
    """Tool specs of whatever ``bind_tools`` takes: our specs, dictionaries, functions, pydantic classes, tools.

    Examples
    --------
    >>> list(specs_of([ToolSpec("now")]))
    ['now']
    """
    from langchain_core.utils.function_calling import convert_to_openai_tool

    specs = {}
    for tool in tools:
        if isinstance(tool, ToolSpec):
            specs[tool.name] = tool
            continue
        function: Mapping[str, Any] = convert_to_openai_tool(tool)["function"]
        spec = ToolSpec(function["name"], function.get("description", ""), function.get("parameters", {}))
        specs[spec.name] = spec
    return specs
