"""Where the messages are: lists of them inside requests, responses, states and batches of all kinds."""

from __future__ import annotations

import json
from typing import Any

from specbench.traces.conversation.items import is_item, plain

__all__ = ["answer_items", "is_conversation", "items_in", "parsed"]

_LISTS = (
    "messages", "conversations", "conversation", "contents", "history", "input", "inputs", "prompt", "body", "request",
    "kwargs", "channel_values", "values", "chat_history", "llm_request", "args", "prompts", "steps", "events", "turns",
    "transcript", "trajectory", "dialogue", "entries", "items", "chat", "log", "session", "data", "payload", "result",
)  # fmt: skip
_ANSWERS = (
    "choices", "candidates", "generations", "output", "outputs", "message", "response", "content", "completion",
    "messages", "text", "output_text", "toolCalls", "tool_calls", "result", "body", "llm_response", "answer",
)  # fmt: skip
_CHOICES = frozenset({"choices", "candidates", "generations"})
"""Alternatives: the first one counts."""
_SYSTEMS = ("system", "instructions", "systemInstruction", "system_instruction", "system_prompt", "systemPrompt")


def parsed(value: Any) -> Any:
    """Return what a text that is JSON says; every other value as it is.

    Examples
    --------
    >>> parsed('[1]'), parsed("[oops"), parsed(3)
    ([1], '[oops', 3)
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"'):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def is_conversation(value: Any) -> bool:
    """Tell whether a value is a list of messages: most of its items look like them.

    Examples
    --------
    >>> is_conversation([{"role": "user", "content": "hi"}]), is_conversation([{"messages": []}]), is_conversation([])
    (True, False, False)
    """
    if not isinstance(value, list) or not value:
        return False
    shown = value[:20]
    return sum(map(is_item, shown)) * 2 > len(shown)


def items_in(value: Any, depth: int = 0) -> list[Any]:
    """Return the messages of a request (or of anything that holds a list of them), its system prompt first.

    Examples
    --------
    >>> items_in({"system": "be kind", "messages": [{"role": "user", "content": "hi"}], "model": "m"})
    [{'role': 'system', 'content': 'be kind'}, {'role': 'user', 'content': 'hi'}]
    >>> items_in({"input": "hi"})
    [{'role': 'user', 'content': 'hi'}]
    """
    value = parsed(value)
    if is_conversation(value):
        return list(value)
    if depth > 6:
        return []
    if isinstance(value, str):
        return [{"role": "user", "content": value}] if value else []
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):  # LangChain's batch of one
        return items_in(value[0], depth + 1)
    if isinstance(value, dict):
        if is_item(value):
            return [value]
        for key in _LISTS:
            if value.get(key):
                found = items_in(value[key], depth + 1)
                if found:
                    return [*_system(value, found), *found]
    return []


def _system(holder: dict[str, Any], found: list[Any]) -> list[Any]:
    config = holder.get("config")
    for place in (holder, config if isinstance(config, dict) else {}):
        for key in _SYSTEMS:
            value = place.get(key)
            if isinstance(value, (str, list, dict)) and value:
                first = plain(found[0]) if isinstance(found[0], dict) else {}
                return [] if first.get("role") == "system" else [{"role": "system", "content": value}]
    return []


def answer_items(value: Any, depth: int = 0) -> list[Any]:
    """Return what an LLM answered, from a provider's response of any kind; plain text is an answer too.

    Examples
    --------
    >>> answer_items({"choices": [{"message": {"role": "assistant", "content": "hi"}}]})
    [{'role': 'assistant', 'content': 'hi'}]
    >>> answer_items({"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}}]})
    [{'role': 'model', 'parts': [{'text': 'hi'}]}]
    """
    value = parsed(value)
    if isinstance(value, str):
        return [{"role": "assistant", "content": value}] if value else []
    if depth > 8:
        return []
    if is_conversation(value):
        return list(value)
    if isinstance(value, list) and value:
        first = value[0]
        if isinstance(first, dict) and ("toolCallId" in first or ("name" in first and "function" in str(first.keys()))):
            return [{"role": "assistant", "content": None, "tool_calls": value}]
        if isinstance(first, dict) and isinstance(first.get("type"), str) and "message" not in first:
            return [{"role": "assistant", "content": value}]  # content parts
        return answer_items(first, depth + 1)  # of several choices the first
    if isinstance(value, dict):
        if is_item(value):
            return [plain(value)] if "message" in value else [value]
        calls = value.get("toolCalls") or value.get("tool_calls")
        if calls:
            text = value.get("text") or value.get("content")
            calls = parsed(calls)
            return [{"role": "assistant", "content": text if isinstance(text, str) else None, "tool_calls": calls}]
        for key in _ANSWERS:
            if value.get(key):
                several = key in _CHOICES and isinstance(value[key], list)
                found = answer_items(value[key][0] if several else value[key], depth + 1)
                if found:
                    return found
    return []
