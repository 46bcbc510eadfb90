"""Content parts by their type: text, calls, results; what is harmless is left out, what is unknown is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from specbench.core.errors import TraceError
from specbench.traces.conversation.calls import RESULT_KEYS, as_text, failed, first_of, identifier, read_call
from specbench.traces.conversation.events import Asked, Event, Result, Step, Text

__all__ = ["content_events", "joined_result", "result_event"]

_TEXTS = ("text", "content", "refusal", "value", "markdown")
_TEXT = frozenset({
    "text", "input_text", "output_text", "refusal", "plain_text", "text_delta", "markdown", "message", "paragraph",
})  # fmt: skip
_UNSEEN = frozenset({
    "thinking", "redacted_thinking", "reasoning", "reasoning_summary", "thought", "thoughts",
    "summary_text", "reasoning_text", "signature", "step_finish", "citation", "citations", "source", "source_url",
    "source_document", "cache_point", "cachepoint", "encrypted", "usage", "finish", "fallback", "guard",
    "thought_signature", "video_metadata", "safety_identifier", "custom_metadata", "grounding_metadata",
})  # fmt: skip
"""Not part of what a later step sees: left out."""
_MEDIA = frozenset({
    "image", "image_url", "image_file", "input_image", "output_image", "audio", "input_audio", "output_audio", "video",
    "video_url", "input_video", "file", "input_file", "file_data", "inline_data", "document", "document_url", "media",
    "blob", "uri", "resource", "resource_link", "search_result", "image_generation", "container_upload", "audio_url",
    "data", "binary", "attachment", "tool_reference",
})  # fmt: skip
"""Seen, but nothing to read: their type stands in brackets."""
_CALLS = frozenset({
    "tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "function_call", "tool_invocation", "dynamic_tool",
    "custom_tool_call", "server_tool_call", "mcp_call", "invalid_tool_call", "tooluse", "toolcall", "function",
    "functioncall", "builtin_tool_call", "tool_call_chunk", "builtin_tool_use", "tool_request", "tool",
})  # fmt: skip
_RESULT = re.compile(r"(tool|function|call|code_execution)[a-z_]*(result|response|output|return)|retry_prompt")
_THOUGHT = re.compile("thinking|thought|reasoning")
_SPEAKERS = {"system_prompt": "system", "user_prompt": "user"}
_UNTYPED = {
    "text": "text", "functionCall": "function_call", "function_call": "function_call", "toolUse": "tool_use",
    "functionResponse": "function_response", "function_response": "function_response", "toolResult": "tool_result",
    "executableCode": "executable_code", "executable_code": "executable_code", "inlineData": "inline_data",
    "codeExecutionResult": "code_execution_result", "code_execution_result": "code_execution_result",
    "fileData": "file_data", "inline_data": "inline_data", "file_data": "file_data", "image": "image",
    "document": "document", "video": "video", "reasoningContent": "reasoning", "cachePoint": "cache_point",
    "thought": "thought", "thoughtSignature": "thought_signature", "thought_signature": "thought_signature",
    "videoMetadata": "video_metadata", "video_metadata": "video_metadata", "guardContent": "guard_content",
    "json": "json", "mediaResolution": "video_metadata", "media_resolution": "video_metadata", "audio": "audio",
    "tool_call": "tool_call", "toolCall": "tool_call", "refusal": "refusal", "partMetadata": "video_metadata",
    "part_metadata": "video_metadata", "citationsContent": "citations",
}  # fmt: skip
"""Gemini's and Bedrock's parts have no type: what they are stands in their one key."""


def content_events(content: Any, place: str, literals: bool = False) -> Iterator[Event]:
    """Yield what a message's content holds: text, parts of any provider, or nothing.

    Raises
    ------
    TraceError
        When a part's type is not known: it may hold a call, so it is not passed over.

    Examples
    --------
    >>> list(content_events([{"type": "text", "text": "hi"}, {"type": "thinking", "thinking": "?"},
    ...     {"type": "tool_use", "id": "t", "name": "f", "input": {}}], "content"))
    [Text(text='hi', role=None), Asked(name='f', arguments={}, id='t', invalid=None)]
    """
    if content is None:
        return
    if isinstance(content, str):
        if content:
            yield Text(content)
    elif isinstance(content, list):
        for index, part in enumerate(content):
            yield from _part(part, f"{place}[{index}]", literals)
    elif isinstance(content, dict) and isinstance(content.get("parts"), list):
        yield from content_events(content["parts"], f"{place}.parts", literals)
    elif isinstance(content, dict) and content:
        yield from _part(content, place, literals)
    else:
        raise TraceError(
            "the content is neither text nor a list of parts",
            field=place,
            got=content,
            remedy="give a string, null, or parts such as {type: text, text: ...}",
        )


def _part(part: Any, place: str, literals: bool) -> Iterator[Event]:
    if isinstance(part, str):
        yield Text(part)
        return
    if not isinstance(part, dict):
        raise TraceError("a content part is not an object", field=place, got=part, remedy="give {type: text, text: ..}")
    kind = first_of(part, ("type", "part_kind", "kind"))
    if isinstance(kind, str) and kind:
        yield from _typed(kind, part, place, literals)
        return
    wrapped = part.get("message_content")  # OpenInference
    if isinstance(wrapped, dict):
        yield from _part(wrapped, f"{place}.message_content", literals)
        return
    known = [key for key in part if key in _UNTYPED and part[key] is not None]
    if part.get("thought") is True:  # Gemini: the text beside it is a thought
        known = [key for key in known if key not in ("text", "thought")] or ["thought"]
    unknown = [key for key, value in part.items() if isinstance(value, (dict, list)) and value and key not in _UNTYPED]
    if unknown or not known:
        raise TraceError(
            "a content part has no type that is known",
            field=place,
            got=part,
            remedy="give {type: text, text: ...}; calls and results are of type tool_use, tool_call, tool_result ...",
        )
    for key in known:
        inner = part[key] if isinstance(part[key], dict) else part
        yield from _typed(_UNTYPED[key], inner, f"{place}.{key}", literals)


def _typed(kind: str, part: Mapping[str, Any], place: str, literals: bool) -> Iterator[Event]:
    name = _snake(kind)
    if name in _TEXT:
        text = first_of(part, _TEXTS)
        if isinstance(text, dict):
            text = first_of(text, _TEXTS)
        if not isinstance(text, str):
            raise TraceError("a text part has no text", field=f"{place}.text", got=text, remedy="give text")
        if text:
            yield Text(text)
    elif name in _SPEAKERS:  # Pydantic AI
        role = _SPEAKERS[name]
        for event in content_events(part.get("content"), f"{place}.content", literals):
            yield Text(event.text, "system" if role == "system" else "user") if isinstance(event, Text) else event
    elif name == "executable_code":  # Gemini
        yield Asked("code_execution", {key: part[key] for key in ("language", "code") if key in part})
    elif _RESULT.search(name):
        yield result_event(part, place)
    elif name in _CALLS or (name.startswith("tool_") and "toolCallId" in part):  # the latter: Vercel's tool-NAME
        unnamed = None if name in _CALLS else kind.removeprefix("tool-")
        asked = read_call(part, place, name=unnamed, literals=literals)
        yield asked
        yield from joined_result(part, asked, place)
    elif name == "step_start":
        yield Step()
    elif name == "json":
        yield Text(json.dumps(part.get("json", part), ensure_ascii=False))
    elif name in _MEDIA:
        yield Text(f"[{kind}]")
    elif name not in _UNSEEN and not name.startswith("data_") and not _THOUGHT.search(name):
        raise TraceError(
            f"a content part of type {kind} is not known, and may hold a call",
            field=place,
            got=part,
            remedy="leave it out if it holds neither a call nor a result; else rewrite it as a part of type tool_call "
            "(id, name, arguments) or tool_result (tool_call_id, content), or read the file with record_to_trace=",
        )


def _snake(kind: str) -> str:
    """Return a type's name as most write it: ``Microsoft.Extensions.AI.FunctionCallContent`` → ``function_call``."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.rpartition(".")[2]).replace("-", "_").lower()
    return name.removesuffix("_content") or name


def result_event(part: Mapping[str, Any], place: str) -> Result:
    """Return the result that a part, or an item of its own, holds.

    Examples
    --------
    >>> result_event({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "ok"}]}, "x")
    Result(content='ok', id='t', name=None, error=False, joined=False)
    """
    holder = part
    for key in ("functionResponse", "function_response", "toolResult"):
        if isinstance(part.get(key), dict):
            holder = part[key]
    name = first_of(holder, ("name", "toolName", "tool_name"))
    keys = ("tool_use_id", "tool_call_id", "toolCallId", "toolUseId", "source_call_id", "call_id", "callId", "id")
    given = first_of(holder, keys) if holder is part else first_of(holder, keys) or first_of(part, keys)
    content = next((holder[key] for key in RESULT_KEYS if holder.get(key) is not None), None)
    error = failed(holder) or str(holder.get("type", "")).endswith("error") or holder.get("part_kind") == "retry-prompt"
    if content in (None, "") and isinstance(holder.get("error"), (str, dict)):
        content = holder["error"]
    if isinstance(content, dict) and str(content.get("type", "")).startswith("error"):
        error = True
    return Result(
        as_text(content),
        identifier(given, f"{place}.id"),
        name if isinstance(name, str) and name else None,
        error,
    )


def joined_result(part: Mapping[str, Any], asked: Asked, place: str) -> Iterator[Result]:
    """Yield the result that stands in one object with its call, where there is one (Vercel, Gemini CLI, MCP calls)."""
    holder = part
    for key in ("toolInvocation", "tool_invocation", "state"):
        if isinstance(part.get(key), dict):
            holder = part[key]
    keys = ("result", "output", "outputs", "errorText", "response")
    if any(holder.get(key) is not None for key in keys):
        found = result_event({key: value for key, value in holder.items() if key not in ("content", "text")}, place)
        yield found._replace(id=asked.id, name=asked.name, joined=True)
