"""OpenTelemetry spans as JSON: OTLP (a document or a line an export), and single spans as SDKs and Phoenix write them.

- **trace id**: ``traceId``; a sub-agent's conversation gets ``/2``, ``/3``, ...
- **task id**: hash of the first user message
- **messages**: GenAI conventions (``gen_ai.input.messages``, ``gen_ai.output.messages``, or events), OpenInference
  (``llm.input_messages.*``), OpenLLMetry (``gen_ai.prompt.*``), Vercel (``ai.prompt.messages``)
- **tools**: ``gen_ai.tool.definitions``, ``llm.tools.*``
- **agent**: ``gen_ai.response.model``, ``llm.model_name``
- **metadata**: ``service.name``, ``session.id``, ``gen_ai.conversation.id``
- **thinking time**: the LLM's span
- **tool time**: the tool's span, by ``gen_ai.tool.call.id``, else by its name in order; its result
  (``gen_ai.tool.call.result`` or ``...response``) counts where no LLM saw it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from specbench.traces.conversation.attributes import is_genai, span_of
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.spans import LLMSpan, ToolSpan
from specbench.traces.sources.span_records import SpanSource, SpanTrace

__all__ = ["OpenTelemetry"]

_ABOUT = ("service.name", "session.id", "gen_ai.conversation.id", "gen_ai.agent.name")


class OpenTelemetry(SpanSource):
    """Reads OpenTelemetry spans of LLMs and tools, with measured times."""

    name = "opentelemetry"

    def knows(self, record: Any) -> bool:
        """``resourceSpans``, or a span with ``attributes`` and a trace's id."""
        if not isinstance(record, dict):
            return False
        if "resourceSpans" in record or "resource_spans" in record:
            return True
        data = record.get("data")
        listed = first_of(data, ("spans",)) if isinstance(data, dict) else record.get("spans")
        if isinstance(listed, list):
            return any(is_genai(_attributes(span)) for span in _dicts(listed)[:20])
        attributes = _attributes(record)
        return _trace_id(record) is not None and bool(attributes) and is_genai(attributes)

    def take(self, record: Any, number: int, traces: dict[str, SpanTrace]) -> None:
        """Sort the spans of an export, or a span."""
        for span, resource in _spans(record):
            attributes = {**_attributes(span)}
            trace = traces.setdefault(_trace_id(span) or f"record-{number}", SpanTrace())
            about = {**resource, **attributes}
            trace.about.update({key: about[key] for key in _ABOUT if isinstance(about.get(key), str)})
            events = [
                {"name": each.get("name"), "attributes": _attributes(each)} for each in _dicts(span.get("events"))
            ]
            found = span_of(
                attributes,
                events,
                name=str(span.get("name") or ""),
                started=seconds(
                    first_of(span, ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime"))
                ),
                ended=seconds(first_of(span, ("endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime"))),
                place=f"span {span.get('name')}",
            )
            name = trace.nest(_span_id(span), first_of(span, ("parentSpanId", "parent_span_id", "parent_id")))
            if isinstance(found, LLMSpan):
                found.id = name
                trace.llms.append(found)
            elif isinstance(found, ToolSpan):
                trace.tools.append(found)
            else:
                trace.others += 1


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _spans(record: Any) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    if not isinstance(record, dict):
        return
    groups = first_of(record, ("resourceSpans", "resource_spans"))
    data = record.get("data")  # MLflow
    listed = first_of(data, ("spans",)) if isinstance(data, dict) else record.get("spans")
    if isinstance(listed, list):
        for span in _dicts(listed):
            yield {"trace_id": first_of(record, ("trace_id", "traceId", "id")), **span}, {}
    elif groups is None:
        yield record, {}
    for group in _dicts(groups):
        resource = group.get("resource")
        about = _attributes(resource) if isinstance(resource, dict) else {}
        for scope in _dicts(first_of(group, ("scopeSpans", "scope_spans", "instrumentationLibrarySpans"))):
            for span in _dicts(scope.get("spans")):
                yield span, about


def _trace_id(span: Mapping[str, Any]) -> str | None:
    context = first_of(span, ("context", "span_context", "spanContext"))
    value = first_of(span, ("traceId", "trace_id", "context.trace_id"))
    if value is None and isinstance(context, dict):
        value = first_of(context, ("trace_id", "traceId"))
    return str(value) if isinstance(value, (str, int)) and value != "" else None


def _span_id(span: Mapping[str, Any]) -> Any:
    context = first_of(span, ("context", "span_context", "spanContext"))
    inner = first_of(context, ("span_id", "spanId")) if isinstance(context, dict) else None
    return first_of(span, ("spanId", "span_id", "context.span_id")) or inner


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as ``{key: value}``: OTLP lists them, SDKs map them, Phoenix nests them or has columns."""
    given = holder.get("attributes")
    if isinstance(given, list):
        return {str(each.get("key")): _value(each.get("value")) for each in _dicts(given)}
    if isinstance(given, dict):
        return dict(_flat(given, "")) if any(isinstance(each, dict) for each in given.values()) else given
    return {
        key.removeprefix("attributes."): value
        for key, value in holder.items()
        if isinstance(key, str) and key.startswith("attributes.") and value is not None
    }


def _flat(tree: Mapping[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and depth < 3 and value:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def _value(value: Any) -> Any:
    """Return an OTLP value as JSON."""
    if not isinstance(value, dict):
        return value
    for kind, inner in value.items():
        if kind in ("arrayValue", "array_value"):
            return [_value(each) for each in _list(inner)]
        if kind in ("kvlistValue", "kvlist_value"):
            return {str(each.get("key")): _value(each.get("value")) for each in _dicts(_list(inner))}
        if kind in ("intValue", "int_value") and isinstance(inner, str):
            return int(inner) if inner.lstrip("-").isdigit() and len(inner) < 25 else inner
        return inner
    return None


def _list(inner: Any) -> list[Any]:
    values = inner.get("values") if isinstance(inner, dict) else None
    return values if isinstance(values, list) else []
