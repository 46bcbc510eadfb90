"""OpenAI chat conversations as JSON Lines (the fine-tuning format).

Each line is ``{"messages": [...], "tools": [...]}`` or a bare list of messages. Messages: see
:func:`specbench.traces.sources.openai_messages.chat_messages`.

- **trace id**: the record's ``trace_id`` or ``id``, else ``file-stem:line``.
- **task id**: the record's ``task_id`` or ``metadata.task_id``. Without one, ``text-`` and a hash of the first user
  message: conversations that open with the same words count as one task, so that they never fall on both sides of a
  split. Give task ids when your users open with "hello".
- **agent**: the record's ``agent``, else its ``model``.
- **effects**: a declaration, never a guess. ``x-effect`` or ``effect`` (``read``, ``write``, ``local``, ``staged``,
  ``unknown``) in the tool or its function, or MCP's ``annotations.readOnlyHint: true`` (``read``); else ``unknown``. A
  side file (``effects=``) overrides both.
- **tools**: ``tools``, or the legacy ``functions``. Scalars of ``metadata`` are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Effect, Message, ToolSpec, Trace
from specbench.traces.json_files import OnError, convert_records, json_lines, peek
from specbench.traces.sources.base import Source
from specbench.traces.sources.openai_messages import chat_messages

__all__ = ["OpenAIChat", "derived_task"]


class OpenAIChat(Source):
    """Reads OpenAI chat conversations, one a line; streamed."""

    name = "openai_chat"
    priority = 0

    def detect(self, path: Path, head: str) -> bool:
        """A first line with ``messages`` (and no ``specbench``), or a list of objects with ``role``."""
        first = peek(head)
        if first.listed:
            return "role" in first.keys
        return "messages" in first.keys and "specbench" not in first.keys

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a line."""

        def convert(line: int, record: Any) -> Trace:
            return _trace(path, line, record)

        return convert_records(path, json_lines(path, on_error), convert, on_error)


def _trace(path: Path, line: int, record: Any) -> Trace:
    if isinstance(record, list):
        record = {"messages": record}
    if not isinstance(record, dict) or "messages" not in record:
        raise TraceError(
            "the line is not a conversation",
            field="messages",
            got=record,
            remedy='give {"messages": [...], "tools": [...]} or a list of messages',
        )
    messages = chat_messages(record["messages"])
    metadata = record.get("metadata")
    scalars = {}
    if isinstance(metadata, dict):
        scalars = {key: value for key, value in metadata.items() if value is None or isinstance(value, _SCALARS)}
    return Trace(
        trace_id=_identifier(record, ("trace_id", "id")) or f"{path.stem}:{line}",
        task_id=_identifier(record, ("task_id",)) or _identifier(scalars, ("task_id",)) or derived_task(messages),
        source=f"openai_chat:{path.name}",
        messages=messages,
        tools=_tools(record),
        agent=_identifier(record, ("agent", "model")),
        metadata={key: value for key, value in scalars.items() if key != "task_id"},
    )


_SCALARS = (str, int, float, bool)


def _identifier(record: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = record.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise TraceError(f"{key} is neither text nor a number", field=key, got=value, remedy="give a string")
        return value
    return None


def derived_task(messages: Sequence[Message]) -> str:
    """Return the task id of a conversation that declares none: ``text-`` and a hash of the first user message.

    Examples
    --------
    >>> derived_task([Message("user", "hello")])
    'text-2cf24dba5fb0a30e'
    """
    opening = next((message.content for message in messages if message.role == "user"), "")
    return f"text-{hashlib.sha256(opening.encode('utf-8', errors='surrogatepass')).hexdigest()[:16]}"


def _tools(record: dict[str, Any]) -> dict[str, ToolSpec]:
    key = "tools" if record.get("tools") is not None else "functions"
    raw = record.get(key)
    if raw is None:
        return {}
    if not isinstance(raw, list):
        raise TraceError(f"{key} is not a list", field=key, got=raw, remedy="give a list of tools")
    tools: dict[str, ToolSpec] = {}
    for index, entry in enumerate(raw):
        spec = _spec(entry, f"{key}[{index}]")
        if spec.name in tools:
            raise TraceError(
                "a tool is declared twice", field=f"{key}[{index}]", got=spec.name, remedy="declare it once"
            )
        tools[spec.name] = spec
    return tools


def _spec(entry: Any, place: str) -> ToolSpec:
    if not isinstance(entry, dict):
        raise TraceError(
            "a tool is not an object", field=place, got=entry, remedy="give {type: function, function: {}}"
        )
    function = entry.get("function", entry.get("custom", entry))
    if not isinstance(function, dict):
        raise TraceError("a tool has no function", field=f"{place}.function", got=function, remedy="give {name, ...}")
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise TraceError("a tool has no name", field=f"{place}.function.name", got=name, remedy="give the tool's name")
    description = "" if function.get("description") is None else function["description"]
    parameters = {} if function.get("parameters") is None else function["parameters"]
    if not isinstance(description, str):
        raise TraceError(
            "the description is not text", field=f"{place}.description", got=description, remedy="give text"
        )
    if not isinstance(parameters, dict):
        raise TraceError(
            "the parameters are not a JSON schema", field=f"{place}.parameters", got=parameters, remedy="give an object"
        )
    return ToolSpec(name, description, parameters, _effect(entry, function, place))


def _effect(entry: dict[str, Any], function: dict[str, Any], place: str) -> Effect:
    for holder in (entry, function):
        for key in ("x-effect", "effect"):
            if key in holder:
                try:
                    return Effect(holder[key])
                except ValueError as error:
                    allowed = ", ".join(Effect)
                    raise TraceError(
                        "the effect is not known", field=f"{place}.{key}", got=holder[key], remedy=f"use {allowed}"
                    ) from error
    for holder in (entry, function):
        annotations = holder.get("annotations")
        if isinstance(annotations, dict) and annotations.get("readOnlyHint") is True:
            return Effect.READ
    return Effect.UNKNOWN
