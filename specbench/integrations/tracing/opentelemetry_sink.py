"""Spans to OpenTelemetry, in its conventions for generative AI: ``invoke_agent``, ``chat``, ``execute_tool``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from specbench.core.extras import named_extras
from specbench.core.version import __version__
from specbench.integrations.tracing.spans import Span

__all__ = ["OpenTelemetrySink"]

_OPERATIONS = {"chain": "invoke_agent", "llm": "chat", "tool": "execute_tool"}
_SPECULATION = "speculate "
"""How the name of a speculation's span begins; the run of its tool is a span below it."""


class OpenTelemetrySink:
    """Hands spans to a tracer of OpenTelemetry; whatever exporter your program has set up sends them.

    Parameters
    ----------
    tracer
        By default the one that the global tracer provider has for ``specbench``.
    provider
        Who serves the model (``gen_ai.provider.name``), such as ``openai``; left out where not given.
    content
        Put messages, arguments and results into the spans. Off by default, as the conventions ask: they are what people
        said.

    Notes
    -----
    A span that is still open when one below it ends is started then, with its own start time. Facts of a speculation
    (fate, probability, seconds) have the prefix ``specbench.``.

    References
    ----------
    OpenTelemetry, *Semantic conventions for generative AI spans*.
    """

    def __init__(self, tracer: Any = None, *, provider: str | None = None, content: bool = False) -> None:
        with named_extras():
            from opentelemetry import trace
        self._trace = trace
        self._tracer = tracer if tracer is not None else trace.get_tracer("specbench", __version__)
        self._provider, self._content = provider, content
        self._open: dict[Any, tuple[Any, Span]] = {}
        self._lock = Lock()  # tools in threads end when they like
        self.dropped = 0

    def put(self, span: Span) -> None:
        """End the span there."""
        try:
            with self._lock:
                self._end(self._started(span), span)
        except Exception:  # tracing is no reason to fail
            self.dropped += 1

    def close(self) -> None:
        """End what is still open, such as the conversation of a run that was cut short."""
        for _, span in list(self._open.values()):
            self.put(span)

    def _started(self, span: Span) -> Any:
        """Return the span of OpenTelemetry; it starts, and those above it, where it has not yet."""
        known = self._open.get(span.id)
        if known is not None:
            return known[0]
        above = None if span.parent is None else self._started(span.parent)
        context = None if above is None else self._trace.set_span_in_context(above)
        kind = self._trace.SpanKind.CLIENT if span.kind == "llm" else self._trace.SpanKind.INTERNAL
        made = self._tracer.start_span(
            _name(span), context, kind, attributes=self._attributes(span), start_time=_ns(span.started)
        )
        self._open[span.id] = made, span
        return made

    def _end(self, made: Any, span: Span) -> None:
        del self._open[span.id]
        made.update_name(_name(span))
        made.set_attributes(self._attributes(span))
        if span.error is not None:
            made.set_attribute("error.type", span.error.partition(":")[0] or "error")
            told = span.error if self._content else None
            made.set_status(self._trace.Status(self._trace.StatusCode.ERROR, told))
        made.end(None if span.ended is None else _ns(span.ended))

    def _attributes(self, span: Span) -> dict[str, Any]:
        operation = _OPERATIONS[span.kind]
        found: dict[str, Any] = {}
        if not span.name.startswith(_SPECULATION):
            found["gen_ai.operation.name"] = operation
        if span.kind == "chain":
            found["gen_ai.agent.name"] = span.name
            found["gen_ai.conversation.id"] = str(span.id)
        elif span.kind == "llm":
            found["gen_ai.request.model"] = span.name
            found["gen_ai.provider.name"] = self._provider
            found["gen_ai.usage.output_tokens"] = _whole(span.metadata.get("completion_tok"))
        else:
            found["gen_ai.tool.name"] = span.name.removeprefix(_SPECULATION).partition(":")[0]
            found["gen_ai.tool.type"] = "function"
        if self._content:
            found |= _said(span)
        found |= {f"specbench.{name}": _plain(value) for name, value in span.metadata.items()}
        return {name: value for name, value in found.items() if value is not None}


def _name(span: Span) -> str:
    return span.name if span.name.startswith(_SPECULATION) else f"{_OPERATIONS[span.kind]} {span.name}"


def _said(span: Span) -> dict[str, Any]:
    if span.kind == "tool":
        names = {"gen_ai.tool.call.arguments": span.inputs, "gen_ai.tool.call.result": span.outputs.get("result")}
    else:
        names = {
            "gen_ai.input.messages": span.inputs.get("messages"),
            "gen_ai.output.messages": [_answer(span.outputs)] if span.outputs else None,
        }
    return {name: _text(value) for name, value in names.items() if value is not None}


def _answer(outputs: Mapping[str, Any]) -> dict[str, Any]:
    said = [{"type": "text", "content": outputs["text"]}] if outputs.get("text") else []
    return {"role": "assistant", "parts": [*said, *({"type": "tool_call", **call} for call in outputs["tool_calls"])]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _plain(value: Any) -> Any:
    """A value as an attribute may hold it."""
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and value else None


def _ns(time: datetime) -> int:
    return round(time.timestamp() * 1e9)
