"""Calls that are JSON objects: ``{"name": …, "parameters": {…}}``, one, several, or a list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from typing import Any, NamedTuple

from specbench.core.types import ToolCall
from specbench.llm.parsing.partial_arguments import ArgumentReader
from specbench.traces.json_arguments import parse_arguments, too_deep

__all__ = ["ARGUMENTS", "BROKEN", "MEMBERS", "Object", "call_of", "named_call", "read_objects", "skip"]

ARGUMENTS = ("parameters", "arguments")
MEMBERS = frozenset({"name", "function", "type", "id", *ARGUMENTS})
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)
_WHITE = re.compile(r"\s*")
_DECODER = json.JSONDecoder(strict=False)

BROKEN: Any = object()
"""The value of an object whose brackets close, and which is no JSON."""


class Object(NamedTuple):
    """An object as it was written, and its value."""

    raw: str
    value: Any


def skip(text: str, at: int) -> int:
    """The place after white space."""
    found = _WHITE.match(text, at)
    return at if found is None else found.end()


def read_objects(text: str, at: int) -> tuple[list[Object], int] | None:
    """Read an object, or a list of objects, and tell where it ends; ``None`` where there is none, or not all of it.

    Examples
    --------
    >>> read_objects('[{"a": 1}, {"b": 2}] and more', 0)
    ([Object(raw='{"a": 1}', value={'a': 1}), Object(raw='{"b": 2}', value={'b': 2})], 20)
    >>> read_objects('{"a": ', 0) is None
    True
    """
    if not text.startswith("[", at):
        one = _object(text, at)
        return None if one is None else ([one[0]], one[1])
    found: list[Object] = []
    at = skip(text, at + 1)
    while (one := _object(text, at)) is not None:
        found.append(one[0])
        at = skip(text, one[1])
        if text.startswith("]", at):
            return found, at + 1
        if not text.startswith(",", at):
            break
        at = skip(text, at + 1)
    return None


def _object(text: str, at: int) -> tuple[Object, int] | None:
    if not text.startswith("{", at):
        return None
    try:
        value, end = _DECODER.raw_decode(text, at)
        return Object(text[at:end], value), end
    except (ValueError, RecursionError):
        closing = _closing(text, at)
        return None if closing is None else (Object(text[at:closing], BROKEN), closing)


def _closing(text: str, at: int) -> int | None:
    """Where the bracket at ``at`` is closed."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        if token[0] in ("{", "["):
            depth += 1
        elif token[0] in ("}", "]"):
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def call_of(one: Object, offered: Container[str] | None = None) -> tuple[ToolCall, dict[str, Any]] | None:
    """The call that an object is, and its members that no call has; ``None`` for one that is no call.

    Parameters
    ----------
    one
        The object. A name is enough; arguments that are no JSON object make the call one with ``invalid_arguments``.
    offered
        Where nothing but its looks says that it is a call: the tools on offer. The object must name one of them and
        have no further members.

    Examples
    --------
    >>> call_of(Object("", {"name": "now", "parameters": None}))[0].key
    'now({})'
    >>> call_of(Object("", {"name": "Anna", "parameters": {}}), offered={"now"}) is None
    True
    """
    value, torn = (one.value, False) if one.value is not BROKEN else _members(one.raw)
    inner = value.get("function")
    named = {**value, **inner} if isinstance(inner, dict) else value
    name = named.get("name", inner)
    if not isinstance(name, str) or not name:
        return None
    more = {key: each for key, each in named.items() if key not in MEMBERS}
    given = [named[key] for key in ARGUMENTS if key in named]
    if offered is not None and (name not in offered or more or torn):
        return None
    own = named.get("id")
    identifier = own if isinstance(own, str) and own else None
    if one.value is BROKEN or (more and not given) or too_deep(value):
        return ToolCall(name, {}, identifier, invalid_arguments=one.raw), {}
    return named_call(name, given[0] if given else None, identifier), more


def named_call(name: str, arguments: Any, identifier: str | None = None) -> ToolCall:
    """The call of a tool with arguments as they came: an object of no great depth, its JSON text, or nothing.

    Examples
    --------
    >>> named_call("now", "").arguments, named_call("now", [5]).invalid_arguments
    ({}, '[5]')
    """
    if arguments is None:
        return ToolCall(name, {}, identifier)
    if isinstance(arguments, dict):
        return ToolCall(name, arguments, identifier)
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    read, invalid = parse_arguments(text)
    return ToolCall(name, read, identifier, invalid)


def _members(raw: str) -> tuple[dict[str, Any], bool]:
    """The members of what is no JSON for Python, and whether it is none at all, not only too deep."""
    reader = ArgumentReader()
    return dict(reader.feed(raw)), reader.broken
