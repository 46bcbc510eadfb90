"""The trace schema, version 1: one trace as a JSON object, one object a line. Documented in ``data/README.md``.

Fields that have their default are left out when writing. Reading is strict: a field that is missing, unknown or of the
wrong type is an error that names it; nothing is dropped silently. ``null`` stands for an optional field that is absent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from specbench.core.errors import ConfigError, TraceError
from specbench.core.types import ROLES, Effect, Message, ToolCall, ToolSpec, Trace
from specbench.traces.json_arguments import MAX_DEPTH, too_deep
from specbench.traces.json_fields import (
    effect_field,
    flag_field,
    list_field,
    name_field,
    object_field,
    text_field,
    texts_field,
    timing_field,
)

__all__ = ["VERSION", "encode_trace", "trace_from_dict", "trace_to_dict"]

VERSION = 1

_T = TypeVar("_T")
_TRACE_KEYS = ("specbench", "trace_id", "task_id", "source", "agent", "metadata", "tools", "messages")
_TOOL_KEYS = ("name", "description", "parameters", "effect", "open_world", "hosts", "sources", "irrelevant", "where")
_MESSAGE_KEYS = ("role", "content", "tool_calls", "tool_call_id", "name", "error", "timing")
_CALL_KEYS = ("id", "name", "arguments", "invalid_arguments")
_PROSE = ("content", "description")
_ONLY_ON = {"tool_calls": "assistant", "tool_call_id": "tool", "name": "tool", "error": "tool"}


def trace_to_dict(trace: Trace) -> dict[str, Any]:
    """Return a trace as the JSON object that schema v1 writes; keys in a fixed order, defaults left out.

    Raises
    ------
    TraceError
        When the trace would not be readable again (a user message with tool calls, metadata that is no scalar).

    Examples
    --------
    >>> trace_to_dict(Trace("t", "task", "doc", (Message("user", "hi"), Message("assistant", "hello"))))
    {'specbench': 1, 'trace_id': 't', 'task_id': 'task', 'source': 'doc',
     'messages': [{'role': 'user', 'content': 'hi'}, {'role': 'assistant', 'content': 'hello'}]}
    """
    for name, spec in trace.tools.items():
        if name != spec.name:
            raise TraceError(
                "a tool is listed under another name",
                field=f"tools.{name}",
                got=spec.name,
                remedy="use the tool's name",
            )
    record = _without_defaults(
        {
            "specbench": VERSION,
            "trace_id": trace.trace_id,
            "task_id": trace.task_id,
            "source": trace.source,
            "agent": trace.agent,
            "metadata": dict(trace.metadata),
            "tools": [_tool_to_dict(spec) for spec in trace.tools.values()],
        }
    )
    record["messages"] = [_message_to_dict(message) for message in trace.messages]
    trace_from_dict(record)
    return record


def encode_trace(trace: Trace, part: int | None = None) -> bytes:
    """Return the line that schema v1 writes for a trace: UTF-8, newline at the end, the same bytes for the same trace.

    ``part`` says that it is a part of a conversation, counted from 0: the messages that are new in it.

    Examples
    --------
    >>> encode_trace(Trace("t", "task", "doc", (Message("user", "¿qué?"),))).decode()
    '{"specbench":1,"trace_id":"t","task_id":"task","source":"doc","messages":[{"role":"user","content":"¿qué?"}]}\\n'
    """
    record = trace_to_dict(trace)
    if part is not None:
        record = {"specbench": record.pop("specbench"), "part": part, **record}
    try:
        try:
            line = _dumps(record, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            # Half a surrogate pair, as JSON may carry it, has no UTF-8 form; its escape is lossless.
            line = _dumps(record, ensure_ascii=True).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise TraceError(
            f"the trace {trace.trace_id} cannot be written as JSON ({error})",
            remedy="keep arguments, parameters and metadata to JSON values with string keys",
        ) from error
    return line + b"\n"


def trace_from_dict(record: Any) -> Trace:
    """Return the trace that a JSON object of schema v1 describes.

    Parameters
    ----------
    record
        The parsed JSON.

    Raises
    ------
    TraceError
        When the object is not of schema v1; names the field, what came and what to do.

    Examples
    --------
    >>> trace_from_dict({"specbench": 1, "trace_id": "t", "task_id": "a", "source": "s", "messages": []}).task_id
    'a'
    >>> trace_from_dict({"specbench": 2})
    Traceback (most recent call last):
    ...
    specbench.core.errors.TraceError: field specbench: the trace was written by a newer specbench; got 2...
    """
    _check_version(record)
    _check_keys(record, "", _TRACE_KEYS, required=("trace_id", "task_id", "source", "messages"))
    tools: dict[str, ToolSpec] = {}
    declared: list[Any] = _field(record, "", "tools", list_field, [])
    for index, raw in enumerate(declared):
        spec = _tool_from_dict(raw, f"tools[{index}]")
        if spec.name in tools:
            raise TraceError(
                "a tool is declared twice", field=f"tools[{index}].name", got=spec.name, remedy="declare it once"
            )
        tools[spec.name] = spec
    metadata: dict[str, Any] = _field(record, "", "metadata", object_field, {})
    for key, value in metadata.items():
        if value is not None and not isinstance(value, (str, int, float, bool)):
            raise TraceError(
                "metadata holds JSON scalars only", field=f"metadata.{key}", got=value, remedy="flatten or drop it"
            )
    messages = list_field(record["messages"], "messages")
    return Trace(
        trace_id=name_field(record["trace_id"], "trace_id"),
        task_id=name_field(record["task_id"], "task_id"),
        source=text_field(record["source"], "source"),
        messages=tuple(_message_from_dict(raw, f"messages[{index}]") for index, raw in enumerate(messages)),
        tools=tools,
        agent=_field(record, "", "agent", text_field, None),
        metadata=metadata,
    )


def _without_defaults(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a reader fills in by itself. An empty name differs from none, so only prose is left out empty."""
    return {
        key: value
        for key, value in record.items()
        if not (value is None or value is False or value in ([], {}) or (value == "" and key in _PROSE))
    }


def _tool_to_dict(spec: ToolSpec) -> dict[str, Any]:
    effect = None if spec.effect is Effect.UNKNOWN else spec.effect.value
    record = {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters), "effect": effect}
    sources = {name: list(each) for name, each in spec.sources.items()}
    more: dict[str, Any] = {"hosts": list(spec.hosts), "sources": sources, "irrelevant": list(spec.irrelevant)}
    more["where"] = [rule.to_dict() for rule in spec.where]
    open_world = {} if spec.open_world is None else {"open_world": spec.open_world}
    return {**_without_defaults({**record, **more}), **open_world}


def _message_to_dict(message: Message) -> dict[str, Any]:
    return _without_defaults(
        {
            "role": message.role,
            "content": message.content,
            "tool_calls": [_call_to_dict(call) for call in message.tool_calls],
            "tool_call_id": message.tool_call_id,
            "name": message.name,
            "error": message.error,
            "timing": None if message.timing is None else list(message.timing),
        }
    )


def _call_to_dict(call: ToolCall) -> dict[str, Any]:
    record: dict[str, Any] = {} if call.id is None else {"id": call.id}
    record["name"] = call.name
    if call.invalid_arguments is not None:
        record["invalid_arguments"] = call.invalid_arguments
    elif call.arguments:
        record["arguments"] = dict(call.arguments)
    return record


def _dumps(record: dict[str, Any], *, ensure_ascii: bool) -> str:
    return json.dumps(record, ensure_ascii=ensure_ascii, separators=(",", ":"), default=_mapping)


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _check_version(record: Any) -> None:
    if not isinstance(record, dict):
        raise TraceError("the trace is not an object", got=record, remedy='give {"specbench": 1, "trace_id": ...}')
    version = record.get("specbench")
    if version is None:
        raise TraceError("the version is missing", field="specbench", remedy=f'add "specbench": {VERSION}')
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise TraceError("the version is not known", field="specbench", got=version, remedy=f"use {VERSION}")
    if version > VERSION:
        raise TraceError(
            "the trace was written by a newer specbench",
            field="specbench",
            got=version,
            remedy=f"upgrade specbench (this one reads version {VERSION})",
        )


def _check_keys(record: Any, place: str, known: tuple[str, ...], required: tuple[str, ...]) -> None:
    if not isinstance(record, dict):
        raise TraceError("not an object", field=place, got=record, remedy=f"give an object with {', '.join(known)}")
    dot = f"{place}." if place else ""
    for key in record:
        if key not in known:
            raise TraceError("the field is not known", field=f"{dot}{key}", remedy=f"use {', '.join(known)}")
    for key in required:
        if key not in record:
            raise TraceError("the field is missing", field=f"{dot}{key}", remedy="add it")


def _field(record: dict[str, Any], place: str, key: str, check: Callable[[Any, str], _T], default: _T) -> _T:
    if record.get(key) is None:
        return default
    return check(record[key], f"{place}.{key}" if place else key)


def _tool_from_dict(record: Any, place: str) -> ToolSpec:
    _check_keys(record, place, _TOOL_KEYS, required=("name",))
    sources: dict[str, Any] = _field(record, place, "sources", object_field, {})
    try:
        return ToolSpec(
            name_field(record["name"], f"{place}.name"),
            _field(record, place, "description", text_field, ""),
            _field(record, place, "parameters", object_field, {}),
            _field(record, place, "effect", effect_field, Effect.UNKNOWN),
            _field(record, place, "open_world", flag_field, None),
            _field(record, place, "hosts", texts_field, ()),
            {name: texts_field(each, f"{place}.sources.{name}") for name, each in sources.items()},
            _field(record, place, "irrelevant", texts_field, ()),
            _field(record, place, "where", list_field, ()),
        )
    except ConfigError as error:
        raise TraceError(f"{error}", field=place) from None


def _message_from_dict(record: Any, place: str) -> Message:
    _check_keys(record, place, _MESSAGE_KEYS, required=("role",))
    role = record["role"]
    if role not in ROLES:
        raise TraceError("the role is not known", field=f"{place}.role", got=role, remedy=f"use {', '.join(ROLES)}")
    for key, only in _ONLY_ON.items():
        if record.get(key) is not None and role != only:
            raise TraceError(
                f"only a message of role {only} has {key}", field=f"{place}.{key}", got=record[key], remedy="drop it"
            )
    calls: list[Any] = _field(record, place, "tool_calls", list_field, [])
    return Message(
        role,
        _field(record, place, "content", text_field, ""),
        tuple(_call_from_dict(raw, f"{place}.tool_calls[{index}]") for index, raw in enumerate(calls)),
        _field(record, place, "tool_call_id", text_field, None),
        _field(record, place, "name", text_field, None),
        _field(record, place, "error", flag_field, False),
        _field(record, place, "timing", timing_field, None),
    )


def _call_from_dict(record: Any, place: str) -> ToolCall:
    _check_keys(record, place, _CALL_KEYS, required=("name",))
    if record.get("arguments") is not None and record.get("invalid_arguments") is not None:
        raise TraceError(
            "a call has either arguments or invalid_arguments",
            field=f"{place}.invalid_arguments",
            got=record["invalid_arguments"],
            remedy="keep invalid_arguments only where the model's text was not a JSON object",
        )
    arguments: dict[str, Any] = _field(record, place, "arguments", object_field, {})
    if too_deep(arguments):
        raise TraceError(
            f"the arguments are nested deeper than {MAX_DEPTH}",
            field=f"{place}.arguments",
            remedy="write them as text in invalid_arguments",
        )
    return ToolCall(
        name_field(record["name"], f"{place}.name"),
        arguments,
        _field(record, place, "id", text_field, None),
        _field(record, place, "invalid_arguments", text_field, None),
    )
