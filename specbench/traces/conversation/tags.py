"""Calls that stand in the text itself: ``<tool_call>`` tags (Hermes, Qwen), and a text that is a JSON list of calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from specbench.core.errors import TraceError
from specbench.traces.conversation.calls import as_text, read_call
from specbench.traces.conversation.events import Asked, Event, Result, Text

__all__ = ["holds_tags", "listed_calls", "tagged_events"]

_TAG = re.compile(r"<(tool_call|function_call|tool_response)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_XML = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\s]+)>\n?(.*?)\n?(?:</parameter>|\Z)", re.DOTALL)
_NAME = re.compile(r"[\"']name[\"']\s*:\s*[\"']([^\"']+)[\"']")


def holds_tags(text: str) -> bool:
    """Tell whether a text may hold such tags; cheap."""
    return "<tool_call>" in text or "<function_call>" in text or "<tool_response>" in text


def tagged_events(text: str, place: str) -> Iterator[Event]:
    """Split a text at its tags; a tag that holds no JSON object and no ``<function=...>`` stays text.

    Examples
    --------
    >>> list(tagged_events('So: <tool_call>{"name": "f", "arguments": {"x": 1}}</tool_call>', "content"))
    [Text(text='So:', role=None), Asked(name='f', arguments={'x': 1}, id=None, invalid=None)]
    """
    start = 0
    for match in _TAG.finditer(text):
        found: list[Event] = []
        found += _results(match[2]) if match[1] == "tool_response" else _calls(match[2].strip(), place)
        if found:
            if before := text[start : match.start()].strip():
                yield Text(before)
            yield from found
            start = match.end()
    if after := text[start:].strip() if start else text:
        yield Text(after)


def _results(body: str) -> Iterator[Result]:
    text = body.strip()
    value = _json(text)
    if isinstance(value, dict) and isinstance(value.get("name"), str) and "content" in value:
        yield Result(as_text(value["content"]), name=value["name"])
    else:
        yield Result(text)


def _calls(body: str, place: str) -> Iterator[Asked]:
    xml = _XML.search(body)
    if xml is not None:
        yield Asked(xml[1], {name: _scalar(value) for name, value in _PARAMETER.findall(xml[2])})
        return
    if not body.startswith(("{", "[")):
        return
    value = _json(body)
    if value is None:
        name = _NAME.search(body)
        if name is None:
            raise TraceError(
                "a <tool_call> in the text is no JSON", field=place, got=body,
                remedy='write <tool_call>{"name": ..., "arguments": {...}}</tool_call>',
            )  # fmt: skip
        yield Asked(name[1], {}, invalid=body)
        return
    for each in value if isinstance(value, list) else [value]:
        yield read_call(each, place, literals=True)


def _scalar(text: str) -> Any:
    value = _json(text)
    return text if value is None else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def listed_calls(text: str, place: str) -> list[Asked]:
    """Return the calls of a text that is nothing but a JSON list of them, as some exporters write it; else ``[]``.

    Examples
    --------
    >>> listed_calls('[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]', "content")
    [Asked(name='f', arguments={}, id='c', invalid=None)]
    >>> listed_calls('["f"]', "content")
    []
    """
    if not text.lstrip().startswith("[") or '"function"' not in text:
        return []
    value = _json(text)
    if not isinstance(value, list) or not value or not all(map(_is_call, value)):
        return []
    return [read_call(each, place) for each in value]


def _is_call(value: Any) -> bool:
    function = value.get("function") if isinstance(value, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str) and "arguments" in function
