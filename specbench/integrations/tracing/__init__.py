"""Tracing: every LLM call, tool call and speculation as a span, to LangSmith, OpenTelemetry, a local file, or nowhere.

Off by default; a tracer without sinks hands back what it is given and costs nothing.
"""

from __future__ import annotations

from specbench.integrations.tracing.opentelemetry_sink import OpenTelemetrySink
from specbench.integrations.tracing.sinks import JsonlSink, LangSmithSink, Sink
from specbench.integrations.tracing.spans import Span
from specbench.integrations.tracing.tracer import Tracer

__all__ = ["JsonlSink", "LangSmithSink", "OpenTelemetrySink", "Sink", "Span", "Tracer"]
