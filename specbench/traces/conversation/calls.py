"""A call and a result, in all the ways that providers and frameworks spell them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from specbench.core.errors import TraceError
from specbench.traces.conversation.events import Asked
from specbench.traces.json_arguments import parse_arguments, too_deep

__all__ = ["RESULT_KEYS", "as_text", "failed", "first_of", "identifier", "read_call"]

_INNER = (
    "function", "functionCall", "function_call", "tool_call", "toolCall", "toolUse", "tool_use", "custom",
    "toolInvocation", "state", "value",
)  # fmt: skip
_NAMES = ("name", "toolName", "tool_name", "function_name", "functionName", "function", "tool", "recipient_name")
_ARGUMENTS = (
    "arguments", "args", "input", "parameters", "params", "kwargs", "tool_input", "toolInput", "action", "queries",
    "code",
)  # fmt: skip
_CALL_IDS = (
    "call_id", "tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "toolUseID", "callId", "callID", "id",
)  # fmt: skip
RESULT_KEYS = (
    "content", "output", "result", "response", "outputs", "results", "resultForLlm", "value", "text", "errorText",
    "observation", "tools",
)  # fmt: skip
"""Where a result's content may stand, the likeliest first."""


def first_of(holder: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """Return the first value that is there and is not ``None``.

    Examples
    --------
    >>> first_of({"args": None, "input": 0}, ("args", "input"))
    0
    """
    return next((holder[key] for key in keys if holder.get(key) is not None), None)


def identifier(value: Any, place: str) -> str | None:
    """Return an id as text; ``None`` for none and for an empty one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise TraceError("an id is not text", field=place, got=value, remedy="give a string or leave it out")
    return value or None


def read_call(
    raw: Any, place: str, *, name: str | None = None, literals: bool = False, within: Mapping[str, Any] | None = None
) -> Asked:
    """Read one call in whatever spelling.

    Parameters
    ----------
    raw
        ``{id, function: {name, arguments}}``, ``{name, args}``, ``{function: "name", arguments: {}}``,
        ``{toolCallId, toolName, input}``, ``{functionCall: {name, args}}`` and their like. Arguments are an object or
        the text of one; a custom tool's free text counts as arguments that are no JSON object.
    place
        The field, for errors.
    name
        The tool, where the spelling has no place for it.
    literals
        Repair arguments that are Python literals.
    within
        The object that holds ``raw``, where it may hold the id.

    Examples
    --------
    >>> read_call({"id": "c", "function": "bash", "arguments": {"cmd": "ls"}}, "calls[0]")
    Asked(name='bash', arguments={'cmd': 'ls'}, id='c', invalid=None)
    >>> read_call({"toolUse": {"toolUseId": "t", "name": "look", "input": {"x": 1}}}, "calls[0]")
    Asked(name='look', arguments={'x': 1}, id='t', invalid=None)
    """
    if not isinstance(raw, dict):
        raise TraceError("a tool call is not an object", field=place, got=raw, remedy="give {id, function: {...}}")
    holders: list[Mapping[str, Any]] = [raw]
    place_of_name = f"{place}.name"
    while (key := next((key for key in _INNER if isinstance(holders[0].get(key), dict)), None)) and len(holders) < 4:
        holders.insert(0, holders[0][key])
        place_of_name = f"{place_of_name.removesuffix('.name')}.{key}.name"
    if within is not None:
        holders.append(within)
    named = name or next(
        (holder[key] for holder in holders for key in _NAMES if isinstance(holder.get(key), str) and holder[key]), None
    )
    if named is None:
        raise TraceError(
            "a tool call has no tool name",
            field=place_of_name,
            got=first_of(holders[0], _NAMES),
            remedy="give the tool's name: {id, function: {name, arguments}}",
        )
    ids = [first_of(holder, _CALL_IDS) for holder in holders]
    given = next((each for each in ids if each is not None), None)
    arguments = next((found for holder in holders if (found := first_of(holder, _ARGUMENTS)) is not None), None)
    parsed, invalid = _arguments(arguments, literals, free="custom" in raw)
    return Asked(named, parsed, identifier(given, f"{place}.id"), invalid)


def _arguments(value: Any, literals: bool, free: bool) -> tuple[Mapping[str, Any], str | None]:
    if value is None:
        return {}, None
    if isinstance(value, dict) and not too_deep(value):
        return value, None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return ({}, text) if free else parse_arguments(text, python_literals=literals)


def failed(raw: Mapping[str, Any]) -> bool:
    """Tell whether a result says that its tool failed: ``error``, ``is_error``, ``status: error`` and their like.

    Examples
    --------
    >>> failed({"error": None, "status": "success"}), failed({"error": {"type": "timeout"}}), failed({"isError": True})
    (False, True, True)
    """
    error = raw.get("error")
    return (
        error is True
        or (isinstance(error, (str, dict)) and bool(error))
        or raw.get("is_error") is True
        or raw.get("isError") is True
        or raw.get("success") is False
        or raw.get("status") in ("error", "failure", "failed")
        or bool(raw.get("errorText"))
    )


def as_text(value: Any) -> str:
    """Return a result's content as the text that the LLM sees: texts as they are, everything else as JSON.

    Examples
    --------
    >>> as_text([{"type": "text", "text": "a"}, {"type": "image", "data": "..."}]), as_text({"n": 1}), as_text(None)
    ('a\\n[image]', '{"n": 1}', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in ("functionResponse", "function_response"):
            if isinstance(value.get(key), dict):
                return as_text(value[key].get("response", value[key]))
        kind = value.get("type")
        if isinstance(kind, str) and "value" in value and kind.removeprefix("error-") in ("text", "json", "content"):
            return as_text(value["value"])  # Vercel
        if len(value) == 1 and isinstance(only := first_of(value, ("output", "result", "content", "text")), str):
            return only
    if isinstance(value, list) and value and all(map(_is_part, value)):
        return "\n".join(map(_part_text, value))
    return json.dumps(value, ensure_ascii=False)


def _is_part(item: Any) -> bool:
    if not isinstance(item, dict):
        return isinstance(item, str)
    if "functionResponse" in item or "function_response" in item:
        return True
    kind = item.get("type")
    if kind in ("text", "input_text", "output_text"):
        return isinstance(first_of(item, ("text", "content")), str)
    return (isinstance(kind, str) and len(item) > 1 and kind in _MEDIA) or (item.keys() == {"text"})


def _part_text(item: Any) -> str:
    if isinstance(item, str) or "functionResponse" in item or "function_response" in item:
        return as_text(item)
    text = first_of(item, ("text", "content"))
    return text if isinstance(text, str) else f"[{item.get('type')}]"


_MEDIA = frozenset({
    "image", "image_url", "input_image", "audio", "input_audio", "video", "file", "input_file", "document", "resource",
    "resource_link", "tool_reference", "media",
})  # fmt: skip
