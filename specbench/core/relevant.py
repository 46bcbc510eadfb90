"""Conversations without the parameters that do not count, for those who learn arguments; and guesses made whole again.

A parameter that a tool declares irrelevant (:attr:`~specbench.core.types.ToolSpec.irrelevant`) says why a call is made:
nobody can predict it, and nobody needs to. Predictors that learn arguments one by one see conversations without it.
Where the tool's schema requires it, a guess gets a value that says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from specbench.core.tools import ToolCall, ToolSpec
from specbench.core.types import Message, Prediction, Trace

__all__ = ["relevant_call", "relevant_message", "relevant_tools", "relevant_traces", "whole_predictions"]


def relevant_tools(tools: Mapping[str, ToolSpec]) -> Mapping[str, ToolSpec]:
    """Return the tools without their irrelevant parameters; the very same where there are none.

    Examples
    --------
    >>> schema = {"properties": {"url": {}, "reason": {}}, "required": ["url", "reason"]}
    >>> tools = {"open": ToolSpec("open", parameters=schema, irrelevant=("reason",))}
    >>> relevant_tools(tools)["open"].parameters
    {'properties': {'url': {}}, 'required': ['url']}
    """
    if not any(spec.irrelevant for spec in tools.values()):
        return tools
    return {name: _relevant_spec(spec) if spec.irrelevant else spec for name, spec in tools.items()}


def _relevant_spec(spec: ToolSpec) -> ToolSpec:
    parameters = dict(spec.parameters)
    if spec.properties:
        parameters["properties"] = {name: each for name, each in spec.properties.items() if name not in spec.irrelevant}
    if spec.required:
        parameters["required"] = [name for name in parameters["required"] if name not in spec.irrelevant]
    return replace(spec, parameters=parameters, irrelevant=())


def relevant_call(call: ToolCall, tools: Mapping[str, ToolSpec]) -> ToolCall:
    """Return the call without the irrelevant parameters of its tool."""
    call = call if call.irrelevant else call.of(tools.get(call.name))
    return replace(call, arguments=call.relevant, irrelevant=()) if call.irrelevant else call


def relevant_message(message: Message, tools: Mapping[str, ToolSpec]) -> Message:
    """Return the message with the relevant arguments of its calls.

    Parameters
    ----------
    message
        Of a conversation.
    tools
        Its tools, with their irrelevant parameters.
    """
    calls = tuple(relevant_call(call, tools) for call in message.tool_calls)
    same = all(call is own for call, own in zip(message.tool_calls, calls, strict=True))
    return message if same else replace(message, tool_calls=calls)


def relevant_traces(traces: Iterable[Trace]) -> Collection[Trace]:
    """Return the traces without irrelevant parameters, in tools and in calls.

    A list of traces gives a list. What is no sequence but can be gone through again, such as a lake, is not held: its
    traces are made anew each time.
    """
    if isinstance(traces, Collection) and not isinstance(traces, Sequence):
        return _Again(traces)
    return [_relevant_trace(trace) for trace in traces]


class _Again(Collection[Trace]):
    def __init__(self, traces: Collection[Trace]) -> None:
        self._traces = traces

    def __iter__(self) -> Iterator[Trace]:
        return map(_relevant_trace, self._traces)

    def __len__(self) -> int:
        return len(self._traces)

    def __contains__(self, trace: object) -> bool:
        return any(each == trace for each in self)


def _relevant_trace(trace: Trace) -> Trace:
    tools = relevant_tools(trace.tools)
    if tools is trace.tools:
        return trace
    messages = tuple(relevant_message(message, trace.tools) for message in trace.messages)
    return replace(trace, tools=tools, messages=messages)


def whole_predictions(predictions: Iterable[Prediction], tools: Mapping[str, ToolSpec]) -> list[Prediction]:
    """Return predictions whose calls are whole: with values for irrelevant parameters that the schema requires.

    Such a value is the default, the first of an enumeration or of the examples, or one that says nothing: for a text
    the parameter's own name. What a ``pattern`` and the like demand cannot be met: then the parameter is left out.

    Examples
    --------
    >>> schema = {"properties": {"url": {}, "reason": {"type": "string"}}, "required": ["url", "reason"]}
    >>> tools = {"open": ToolSpec("open", parameters=schema, irrelevant=("reason",))}
    >>> (guess,) = whole_predictions([Prediction(ToolCall("open", {"url": "a"}), 0.9)], tools)
    >>> dict(guess.call.arguments), guess.call == ToolCall("open", {"url": "a"})
    ({'url': 'a', 'reason': 'reason'}, True)
    """
    if not any(spec.irrelevant for spec in tools.values()):
        return list(predictions)
    return [Prediction(None if call is None else _whole(call, tools), p) for call, p in predictions]


def _whole(call: ToolCall, tools: Mapping[str, ToolSpec]) -> ToolCall:
    spec = tools.get(call.name)
    if spec is None or not spec.irrelevant or call.invalid_arguments is not None:
        return call
    needed = [name for name in spec.irrelevant if name in spec.required and name not in call.arguments]
    values = {name: _says_nothing(name, spec.schema(name)) for name in needed}
    given = {name: value for name, value in values.items() if value is not _NO_VALUE}
    whole = replace(call, arguments={**call.arguments, **given}) if given else call
    return whole.of(spec)


_NO_VALUE = object()
_DEMANDS = frozenset({
    "pattern", "format", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "contains",
    "required", "minProperties", "not", "allOf", "anyOf", "oneOf", "$ref",
})  # fmt: skip
"""Of a schema that a value which says nothing may not meet."""


def _says_nothing(name: str, schema: Mapping[str, Any]) -> Any:
    """Return a value that a schema allows; :data:`_NO_VALUE` where none is known."""
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    for word in ("enum", "examples"):
        if isinstance(schema.get(word), (list, tuple)) and schema[word]:
            return schema[word][0]
    if not _DEMANDS.isdisjoint(schema):
        return _NO_VALUE
    kinds = schema.get("type", "string")
    kind = kinds[0] if isinstance(kinds, (list, tuple)) and kinds else kinds
    if kind == "string":
        least, most = schema.get("minLength"), schema.get("maxLength")
        text = name if not isinstance(least, int) else name.ljust(least, ".")
        return text[:most] if isinstance(most, int) else text
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    plain: dict[Any, Any] = {"boolean": False, "array": [], "object": {}, "null": None}
    return plain.get(kind, _NO_VALUE) if isinstance(kind, str) else _NO_VALUE
