"""Spans in OpenTelemetry's conventions for generative AI, through its SDK and an exporter in memory."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec
from specbench.integrations.tracing import OpenTelemetrySink, Span, Tracer
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.runtime import Decided, Executor, Tool
from specbench.testing.clock import run_virtual

SECRET = "what somebody said"
CALL = ToolCall("get", {"x": SECRET}, "c")


def spans_of(content: bool = False, fails: bool = False, **more: Any) -> list[Any]:
    """Run one step with a guess that is right, and return the spans that were exported."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sink = OpenTelemetrySink(provider.get_tracer("test"), provider="local", content=content, **more)
    tracer = Tracer([sink])

    async def get(x: str) -> str:
        await anyio.sleep(1)
        if fails:
            raise ValueError(SECRET)
        return SECRET

    async def think(point: DecisionPoint) -> Decided:
        await anyio.sleep(2)
        return Decided((CALL,), SECRET, 12.0)

    async def main() -> None:
        draft = LLMDraftPredictor(ScriptedBackend(lambda request: Message("assistant", "", (CALL,))), points=0).fit([])
        tools = tracer.tools([Tool(ToolSpec("get", effect=Effect.READ), get)])
        async with Executor(tools, draft, TopK(1)) as executor:
            with tracer.conversation("desk") as span:
                point = DecisionPoint("t", 0, (Message("user", SECRET),), executor.tools.specs)
                await executor.run_step(point, tracer.think(think, "small-model"))
                executor.end_session("t")
                await anyio.sleep(1)
                tracer.speculations(executor.ledger(), span)
        tracer.close()

    run_virtual(main, backend="asyncio")
    assert tracer.dropped == 0
    return list(exporter.get_finished_spans())


def named(spans: list[Any], name: str) -> Any:
    found = [span for span in spans if span.name.startswith(name)]
    assert found, [span.name for span in spans]
    return found[0]


def test_a_conversation_is_an_agent_that_chats_and_executes_tools() -> None:
    spans = spans_of()
    agent, chat = named(spans, "invoke_agent desk"), named(spans, "chat small-model")
    guess, tool = named(spans, "speculate get: commit"), named(spans, "execute_tool get")
    assert agent.parent is None
    assert chat.parent.span_id == guess.parent.span_id == agent.context.span_id
    assert tool.parent.span_id == guess.context.span_id
    assert {span.context.trace_id for span in spans} == {agent.context.trace_id}
    assert chat.kind is SpanKind.CLIENT
    assert tool.kind is SpanKind.INTERNAL


def test_attributes_are_those_of_the_conventions() -> None:
    spans = spans_of()
    chat, tool = named(spans, "chat"), named(spans, "execute_tool")
    assert chat.attributes["gen_ai.operation.name"] == "chat"
    assert chat.attributes["gen_ai.request.model"] == "small-model"
    assert chat.attributes["gen_ai.provider.name"] == "local"
    assert chat.attributes["gen_ai.usage.output_tokens"] == 12
    assert tool.attributes["gen_ai.operation.name"] == "execute_tool"
    assert tool.attributes["gen_ai.tool.name"] == "get"
    assert tool.attributes["specbench.effect"] == "read"
    guess = named(spans, "speculate")
    assert guess.attributes["gen_ai.tool.name"] == "get"
    assert guess.attributes["specbench.fate"] == "commit"
    assert "gen_ai.operation.name" not in guess.attributes


@pytest.mark.parametrize("fails", [False, True])
def test_what_people_said_stays_out_unless_it_is_asked_for(fails: bool) -> None:
    for span in spans_of(fails=fails):
        assert SECRET not in span.to_json(), span.name
    told = spans_of(content=True)
    assert SECRET in named(told, "execute_tool").attributes["gen_ai.tool.call.arguments"]
    assert SECRET in named(told, "execute_tool").attributes["gen_ai.tool.call.result"]
    assert SECRET in named(told, "chat").attributes["gen_ai.input.messages"]
    assert SECRET in named(told, "chat").attributes["gen_ai.output.messages"]


def test_an_error_has_its_type_and_a_status() -> None:
    tool = named(spans_of(fails=True), "execute_tool")
    assert tool.status.status_code is StatusCode.ERROR
    assert tool.status.description is None
    assert tool.attributes["error.type"] == "ValueError"


def test_a_conversation_that_is_cut_short_ends_with_the_sink() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sink = OpenTelemetrySink(provider.get_tracer("test"))
    sink.put(Span("get", "tool", Span("desk", "chain")))
    sink.close()
    assert [span.name for span in exporter.get_finished_spans()] == ["execute_tool get", "invoke_agent desk"]


def test_a_tracer_that_raises_is_counted_and_breaks_nothing() -> None:
    sink = OpenTelemetrySink(tracer=object())
    sink.put(Span("get", "tool"))
    assert sink.dropped == 1


def test_without_a_provider_nothing_goes_anywhere() -> None:
    sink = OpenTelemetrySink()
    sink.put(Span("get", "tool"))
    sink.close()
    assert sink.dropped == 0
