"""OpenAI chat messages → :class:`~specbench.core.types.Message`; shared by the readers whose files hold them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Message, Role, ToolCall
from specbench.traces.call_results import OpenCalls
from specbench.traces.json_arguments import parse_arguments, too_deep

__all__ = ["chat_messages"]

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_CALL_PARTS = frozenset({"tool_use", "tool_result", "server_tool_use", "tool-call", "tool-result"})
"""Of other providers: they hold calls and results, which must not be lost."""
_TEXT_PARTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}


def chat_messages(
    raw: Any,
    *,
    field: str = "messages",
    python_literals: bool = False,
    is_error: Callable[[str], bool] = lambda content: False,
) -> tuple[Message, ...]:
    """Convert a list of OpenAI chat messages.

    ``developer`` becomes ``system``, ``function`` becomes ``tool``, and the legacy ``function_call`` one tool call.
    Text parts are joined by newlines; another part leaves its type in brackets (``[image_url]``). A refusal is a text.
    Every call has an id of its own within the conversation: where the source gives none, or the same one again, it is
    ``call-1``, ``call-2``, ... (an empty id is none). Each result is linked to the call that it answers
    (:mod:`specbench.traces.call_results`): by its id, else to the first open call of the same name, else to the first
    open call. Further keys of the provider are not kept.

    Parameters
    ----------
    raw
        The list as it was parsed from JSON.
    field
        Its name in error messages.
    python_literals
        Repair arguments that are Python dict literals; see :func:`~specbench.traces.json_arguments.parse_arguments`.
    is_error
        Tells from a result's content that the tool reported an error. A key ``error`` or ``is_error`` that is true, or
        ``"status": "error"``, on the result says so too; nothing else is taken for an error.

    Raises
    ------
    TraceError
        When a message is malformed; names the field.

    Examples
    --------
    >>> chat_messages([{"role": "assistant", "content": None, "tool_calls": [
    ...     {"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": '{"id": 7}'}}]},
    ...     {"role": "tool", "tool_call_id": "c1", "content": "shipped"}])[1]
    Message(role='tool', content='shipped', tool_calls=(), tool_call_id='c1', name='get_order', ...)
    """
    if not isinstance(raw, list):
        raise TraceError("the messages are not a list", field=field, got=raw, remedy="give a list of chat messages")
    messages: list[Message] = []
    linker = _Linker()
    for index, item in enumerate(raw):
        place = f"{field}[{index}]"
        if not isinstance(item, dict):
            raise TraceError("a message is not an object", field=place, got=item, remedy="give {role, content, ...}")
        role = _ROLES.get(item["role"]) if isinstance(item.get("role"), str) else None
        if role is None:
            raise TraceError(
                "the role is not known", field=f"{place}.role", got=item.get("role"), remedy=f"use {', '.join(_ROLES)}"
            )
        content = _content(item, place)
        if role != "assistant":
            _refuse_calls(item, place)
        if role == "assistant":
            calls = linker.open(_calls(item, place, python_literals))
            messages.append(Message(role, content, calls))
        elif role == "tool":
            given, name = _text(item, "tool_call_id", place) or None, _text(item, "name", place)
            call_id, name = linker.answer(given, name)
            failed = item.get("error") is True or item.get("is_error") is True or item.get("status") == "error"
            error = failed or is_error(content)
            messages.append(Message(role, content, tool_call_id=call_id, name=name, error=error))
        else:
            messages.append(Message(role, content))
    return tuple(messages)


class _Linker:
    """Gives each call an id of its own, and each result the call that it answers."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._count = 0
        self._messages = 0
        self._open = OpenCalls()

    def open(self, calls: list[ToolCall]) -> tuple[ToolCall, ...]:
        given = {call.id for call in calls}
        opened: list[ToolCall] = []
        for call in calls:
            identifier = call.id
            while identifier is None or identifier in self._used:
                self._count += 1
                identifier = f"call-{self._count}"
                if identifier in given:
                    identifier = None
            self._used.add(identifier)
            opened.append(ToolCall(call.name, call.arguments, identifier, call.invalid_arguments))
        self._messages += 1
        self._open.ask(self._messages, opened, [call.id for call in calls])
        return tuple(opened)

    def answer(self, given: str | None, name: str | None) -> tuple[str | None, str | None]:
        asked = self._open.answer(given, name)
        if asked is None:
            return given, name
        return asked.call.id, name if name is not None else asked.call.name


def _content(item: dict[str, Any], place: str) -> str:
    content = item.get("content")
    if content is None:
        refusal = item.get("refusal")
        return refusal if isinstance(refusal, str) else ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TraceError(
            "the content is neither text nor a list of parts",
            field=f"{place}.content",
            got=content,
            remedy="give a string, null, or parts such as {type: text, text: ...}",
        )
    return "\n".join(_part(part, f"{place}.content[{index}]") for index, part in enumerate(content))


def _part(part: Any, place: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        raise TraceError("a content part has no type", field=place, got=part, remedy="give {type: text, text: ...}")
    kind = part["type"]
    if kind in _CALL_PARTS:
        raise TraceError(
            f"a part of type {kind} is not of OpenAI's chat format",
            field=place,
            got=part,
            remedy="convert it: a call belongs into the assistant message's tool_calls (id, function: {name, "
            "arguments}), a result into a message of role tool with its tool_call_id",
        )
    if kind not in _TEXT_PARTS:
        return f"[{kind}]"
    text = part.get(_TEXT_PARTS[kind])
    if not isinstance(text, str):
        raise TraceError("a text part has no text", field=f"{place}.{_TEXT_PARTS[kind]}", got=text, remedy="give text")
    return text


def _calls(item: dict[str, Any], place: str, python_literals: bool) -> list[ToolCall]:
    raw = item.get("tool_calls")
    if raw is None or raw == []:
        legacy = item.get("function_call")
        return [] if legacy is None else [_call(None, legacy, f"{place}.function_call", python_literals)]
    if not isinstance(raw, list):
        raise TraceError(
            "tool_calls is not a list", field=f"{place}.tool_calls", got=raw, remedy="give a list of calls"
        )
    calls = []
    for index, entry in enumerate(raw):
        where = f"{place}.tool_calls[{index}]"
        if not isinstance(entry, dict):
            raise TraceError(
                "a tool call is not an object", field=where, got=entry, remedy="give {id, function: {...}}"
            )
        identifier = _text(entry, "id", where) or None
        custom = entry.get("custom")
        if entry.get("type") == "custom" and isinstance(custom, dict):
            # A custom tool takes free text, not a JSON object.
            function = {"name": custom.get("name"), "arguments": str(custom.get("input", ""))}
            calls.append(_call(identifier, function, f"{where}.custom", python_literals))
        else:
            calls.append(_call(identifier, entry.get("function"), f"{where}.function", python_literals))
    return calls


def _refuse_calls(item: dict[str, Any], place: str) -> None:
    for key in ("tool_calls", "function_call"):
        if item.get(key):
            raise TraceError(
                f"only a message of role assistant has {key}",
                field=f"{place}.{key}",
                got=item[key],
                remedy="give the message its role, or drop the field",
            )


def _call(identifier: str | None, function: Any, place: str, python_literals: bool) -> ToolCall:
    if not isinstance(function, dict):
        raise TraceError("a tool call has no function", field=place, got=function, remedy="give {name, arguments}")
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str) or not name:
        raise TraceError("a tool call has no tool name", field=f"{place}.name", got=name, remedy="give the tool's name")
    if arguments is None:
        return ToolCall(name, {}, identifier)
    if isinstance(arguments, dict) and not too_deep(arguments):
        return ToolCall(name, arguments, identifier)
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    parsed, invalid = parse_arguments(text, python_literals=python_literals)
    return ToolCall(name, parsed, identifier, invalid)


def _text(item: dict[str, Any], key: str, place: str) -> str | None:
    value = item.get(key)
    if value is not None and not isinstance(value, str):
        raise TraceError(
            f"{key} is not text", field=f"{place}.{key}", got=value, remedy="give a string or leave it out"
        )
    return value
