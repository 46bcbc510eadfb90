"""Langfuse exports: ``{trace, observations}``, a trace with its ``observations``, or observations (API v1 and v2).

- **trace id**: ``traceId``; a sub-agent's conversation gets ``/2``, ``/3``, ...
- **task id**: hash of the first user message
- **messages**: ``input`` and ``output`` of observations of type ``GENERATION``, as objects or JSON text, in the
  format of any framework; else their ``metadata.attributes`` (OpenTelemetry)
- **tools**: ``input.tools``, ``toolDefinitions``, ``modelParameters.tools``, or the attributes
- **agent**: ``model``
- **metadata**: the trace's name, session and user
- **thinking time**: ``startTime`` to ``endTime`` of the generation
- **tool time**: those of the observation of type ``TOOL`` (in older exports ``SPAN``) with the tool's name
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import ToolSpec
from specbench.traces.conversation.attributes import is_genai, span_of, tools_in
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.spans import LLMSpan, ToolSpan
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, items_in, parsed
from specbench.traces.sources.span_records import SpanSource, SpanTrace

__all__ = ["Langfuse"]

_TRACE_IDS = ("traceId", "trace_id")
_STARTS, _ENDS = ("startTime", "start_time"), ("endTime", "end_time")
_MODELS = ("model", "providedModelName", "provided_model_name", "modelId", "internalModelId")
_LLM_TYPES = frozenset({"GENERATION", "EMBEDDING"})


class Langfuse(SpanSource):
    """Reads Langfuse exports, with measured times."""

    name = "langfuse"

    def knows(self, record: Any) -> bool:
        """An object with ``observations``, or an observation (``traceId``, ``startTime``, ``type``)."""
        if not isinstance(record, dict):
            return False
        listed = first_of(record, ("observations", "data"))
        if isinstance(listed, list):
            return any(isinstance(each, dict) and _is_observation(each) for each in listed[:20])
        return _is_observation(record)

    def take(self, record: Any, number: int, traces: dict[str, SpanTrace]) -> None:
        """Sort the observations of a trace, of a page, or one."""
        if not isinstance(record, dict):
            return
        trace: dict[str, Any] = record["trace"] if isinstance(record.get("trace"), dict) else record
        listed = first_of(record, ("observations", "data"))
        about = {key: trace.get(key) for key in ("name", "sessionId", "userId") if isinstance(trace.get(key), str)}
        for observation in listed if isinstance(listed, list) else [record]:
            if not isinstance(observation, dict):
                continue
            name = first_of(observation, _TRACE_IDS) or trace.get("id") or f"record-{number}"
            found = traces.setdefault(str(name), SpanTrace())
            if trace is not observation and trace.get("id") in (name, None):
                found.about.update(about)
            _take(observation, found)


def _is_observation(record: Mapping[str, Any]) -> bool:
    return (
        first_of(record, _TRACE_IDS) is not None
        and first_of(record, _STARTS) is not None
        and isinstance(record.get("type"), str)
        and record["type"].isupper()
    )


def _take(observation: dict[str, Any], found: SpanTrace) -> None:
    started, ended = seconds(first_of(observation, _STARTS)), seconds(first_of(observation, _ENDS))
    name, place = str(observation.get("name") or ""), f"observation {observation.get('id')}"
    span = found.nest(observation.get("id"), first_of(observation, ("parentObservationId", "parent_observation_id")))
    metadata = parsed(observation.get("metadata"))
    attributes = parsed(metadata.get("attributes")) if isinstance(metadata, dict) else None
    attributes = attributes if isinstance(attributes, dict) else {}
    told = span_of(attributes, name=name, started=started, ended=ended, place=place) if is_genai(attributes) else None
    given, output = parsed(observation.get("input")), parsed(observation.get("output"))
    if str(observation.get("type")) in _LLM_TYPES:
        items, tools = _without_tools(items_in(given))
        answer = answer_items(output)
        if isinstance(told, LLMSpan) and (not items or (not answer and told.answer)):
            items, answer = told.items or items, told.answer or answer
        if not items and not answer:
            found.others += 1
            return
        declared = _tools(observation, given) or tools or tools_in(attributes, place)
        model = first_of(observation, _MODELS)
        found.llms.append(
            LLMSpan(items, answer, started, ended, declared, model if isinstance(model, str) else None, place, id=span)
        )
        return
    tool = told.name if isinstance(told, ToolSpan) else name.removeprefix("execute_tool ")
    call = told.call_id if isinstance(told, ToolSpan) else None
    output = output if output is not None else told.output if isinstance(told, ToolSpan) else None
    if isinstance(output, dict) and "tool_call_id" in output:  # a LangChain message
        call, output = call or output["tool_call_id"], output.get("content")
    if isinstance(given, dict) and isinstance(given.get("toolCallId"), str):
        call = call or given["toolCallId"]
    call = call if isinstance(call, str) and call else None
    found.tools.append(ToolSpan(tool, started, ended, call, output, observation.get("level") == "ERROR"))
    items = items_in(given) if isinstance(given, (dict, list)) and observation.get("type") != "TOOL" else []
    answer = answer_items(output) if isinstance(output, (dict, list)) and items else []
    if isinstance(told, LLMSpan):
        items, answer = told.items or items, told.answer or answer
    if items:
        found.llms.append(LLMSpan(*_agents(items, answer), place=place, whole=False))


def _agents(items: list[Any], answer: list[Any]) -> tuple[list[Any], list[Any]]:
    """An agent's or a graph's output often repeats its input."""
    return (answer, []) if answer[: len(items)] == items else (items, answer)


def _without_tools(items: list[Any]) -> tuple[list[Any], dict[str, ToolSpec]]:
    """Take the declarations of tools out of the messages, where Langfuse's LangChain handler puts them."""
    kept: list[Any] = []
    declared: list[Any] = []
    for item in items:
        content = parsed(item.get("content")) if isinstance(item, dict) and item.get("role") == "tool" else None
        if (
            isinstance(content, dict)
            and content.get("type") == "function"
            and isinstance(content.get("function"), dict)
        ):
            declared.append(content)
        else:
            kept.append(item)
    return kept, read_tools(declared, strict=False)


def _tools(observation: Mapping[str, Any], given: Any) -> dict[str, ToolSpec]:
    parameters = parsed(observation.get("modelParameters"))
    places = [given.get("tools") if isinstance(given, dict) else None, observation.get("toolDefinitions")]
    places.append(parameters.get("tools") if isinstance(parameters, dict) else None)
    for value in map(parsed, places):
        if isinstance(value, (list, dict)) and value:
            try:
                return read_tools(value, strict=False)
            except TraceError:
                continue
    return {}
