"""Copies of what is handed from one owner to another: agent, tools, predictor, caches.

Whoever changes what it was given changes nobody else's. What cannot be copied is not kept for a second one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from specbench.core.canonical import NOTHING, schema_in
from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall, ToolSpec

__all__ = [
    "MAX_DEPTH",
    "copied",
    "own_arguments",
    "own_call",
    "own_message",
    "own_point",
    "own_predictions",
    "own_result",
]

MAX_DEPTH = 500
"""Levels of lists and objects within each other. Python itself gives up at about a thousand, wherever it is then."""

ATOMS = frozenset({str, int, float, bool, type(None), bytes})


def copied(value: Any, levels: int = MAX_DEPTH, other: Callable[[Any], Any] = copy.deepcopy) -> Any:
    """Return a copy that shares nothing which can be changed.

    Parameters
    ----------
    value
        JSON values and tuples of them are copied quickly.
    levels
        How deep lists and objects may be nested.
    other
        Copies all else.

    Raises
    ------
    ValueError
        When it is nested deeper.
    Exception
        Whatever the value raises that cannot be copied.

    Examples
    --------
    >>> first = {"ids": [1, 2]}
    >>> second = copied(first)
    >>> second["ids"].append(3)
    >>> first
    {'ids': [1, 2]}
    """
    kind = type(value)
    if kind in ATOMS:
        return value
    if kind is not dict and kind is not list and kind is not tuple:
        return other(value)
    if not levels:
        raise ValueError(f"lists and objects are nested deeper than {MAX_DEPTH} levels; use fewer")
    if kind is dict:
        members = {}
        for name, each in value.items():
            own_name = name if type(name) is str else other(name)
            members[own_name] = each if type(each) in ATOMS else copied(each, levels - 1, other)
        return members
    items = []
    for each in value:
        items.append(each if type(each) in ATOMS else copied(each, levels - 1, other))
    return items if kind is list else tuple(items)


def own_result(value: Any) -> Any:
    """Return what a tool has returned as it is now: the tool may go on to change it.

    What is not made of JSON values and tuples (a file, an object with an identity) stays what it is.

    Examples
    --------
    >>> rows, thing = [("a", 1)], object()
    >>> own_result(rows) is rows, own_result(thing) is thing
    (False, True)
    """
    try:
        return copied(value, other=_refuse)
    except (TypeError, ValueError):
        return value


def _refuse(value: Any) -> Any:
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def own_arguments(call: ToolCall) -> dict[str, Any]:
    """Return a copy of the arguments of a call."""
    given = call.arguments
    own: dict[str, Any] = copied(given if type(given) is dict else dict(given))
    return own


def own_call(call: ToolCall) -> ToolCall:
    """Return a call with arguments of its own; with ``invalid_arguments`` where they are no JSON or nested too deep.

    Examples
    --------
    >>> own_call(ToolCall("book", {"when": {1, 2}})).invalid_arguments[:23]
    'not a JSON value: {1, 2'
    """
    try:
        own = replace(call, arguments=own_arguments(call))
        own.key  # noqa: B018  # it is known from here on, and cannot fail later
    except (TypeError, ValueError, RecursionError) as error:
        return ToolCall(call.name, {}, call.id, invalid_arguments=str(error))
    except Exception as error:
        return ToolCall(call.name, {}, call.id, invalid_arguments=f"they raised {type(error).__name__}")
    return own


def own_message(message: Message) -> Message:
    """Return a message whose calls have arguments of their own; the very message where there are none."""
    if not message.tool_calls:
        return message
    calls = tuple(own_call(call) for call in message.tool_calls)
    return Message(
        message.role, message.content, calls, message.tool_call_id, message.name, message.error, message.timing
    )


def own_point(point: DecisionPoint) -> DecisionPoint:
    """Return a decision point with messages of its own."""
    messages = tuple(map(own_message, point.messages))
    return DecisionPoint(point.trace_id, point.index, messages, point.tools, point.agent)


def own_predictions(found: Iterable[Prediction], tools: Mapping[str, ToolSpec]) -> list[Prediction]:
    """Return predictions with calls of their own, spelt as an LLM spells them that keeps to the schema.

    ``3.0`` is ``3`` where the schema says ``integer``. What cannot be copied has ``invalid_arguments``.

    Examples
    --------
    >>> look = ToolSpec("look", parameters={"properties": {"x": {"type": "integer"}, "y": {"type": "number"}}})
    >>> (guess,) = own_predictions([Prediction(ToolCall("look", {"x": 3.0, "y": 3.0}), 0.9)], {"look": look})
    >>> guess.call.spelling
    'look({"x":3,"y":3.0})'
    """
    return [Prediction(None if call is None else _own_guess(call, tools), p) for call, p in found]


def _own_guess(call: ToolCall, tools: Mapping[str, ToolSpec]) -> ToolCall:
    spec = tools.get(call.name)
    try:
        arguments = _spelt(dict(call.arguments), NOTHING if spec is None else spec.parameters)
        own = replace(call, arguments=arguments)
        own.key  # noqa: B018  # it is known from here on
    except Exception:  # it will not be launched
        return own_call(call)
    return own


def _spelt(value: Any, schema: Mapping[str, Any]) -> Any:
    kind = type(value)
    if kind is dict:
        properties = schema.get("properties")
        return {name: _spelt(each, schema_in(properties, name)) for name, each in value.items()}
    if kind is list:
        items = schema_in(schema, "items")
        return [_spelt(each, items) for each in value]
    if isinstance(value, float):  # numpy's too
        return int(value) if schema.get("type") == "integer" and value.is_integer() else float(value)
    return copied(value)
