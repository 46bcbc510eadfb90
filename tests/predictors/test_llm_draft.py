"""The LLM draft predictor: the contract, its probabilities, its cost."""

from dataclasses import replace

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall, ToolSpec
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.base import ContextError, UsageTotal
from specbench.llm.llama3_format import message_text
from specbench.metrics import predict_traces
from specbench.predictors import make_predictor
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.testing import check_predictor, make_traces

TOOLS = {"now": ToolSpec("now")}
POINT = DecisionPoint("t", 0, (Message("user", "what time is it?"),), TOOLS)


def drafting(request):
    """Calls the first tool with the last words; replies after a tool's result."""
    last = request.messages[-1]
    if last.role == "tool" or not request.tools:
        return "It is done."
    call = ToolCall(next(iter(request.tools)), {"words": last.content[:10]})
    return message_text(Message("assistant", tool_calls=(call,)))


def test_it_keeps_the_contract():
    check_predictor(
        lambda: LLMDraftPredictor(ScriptedBackend(drafting), points=6),
        skip=("check_bounded_memory", "check_bounded_time"),  # each draft reads the whole conversation, as LLMs do
    )


def test_its_probabilities_are_how_often_drafts_came_true():
    traces = make_traces()
    truth = {d.point.messages: d.calls for trace in traces for d in trace.decisions()}

    def knows(request):
        return message_text(Message("assistant", "ok", truth[tuple(request.messages)]))

    right = LLMDraftPredictor(ScriptedBackend(knows), points=40).fit(traces)
    wrong = LLMDraftPredictor(ScriptedBackend(lambda _: '<tool_call>{"name": "x"}</tool_call>'), points=40).fit(traces)
    point = next(d.point for trace in traces for d in trace.decisions() if d.calls)
    assert right.predict(point)[0].p > 0.9
    assert wrong.predict(point)[0].p < 0.1


def test_each_point_costs_one_draft_and_is_counted():
    predictor = LLMDraftPredictor(ScriptedBackend(lambda _: '{"name": "now", "parameters": {}}')).fit([])
    session = predictor.at(POINT)
    assert session.predict(3) == session.predict(1) == [Prediction(ToolCall("now"), 0.5)]
    assert isinstance(predictor.usage, UsageTotal)
    assert predictor.usage.invocations == 1 and predictor.usage.completion_tok > 0


def test_it_abstains_where_a_conversation_is_longer_than_the_context(caplog):
    traces = make_traces()
    longest = 5

    def short_of_memory(request):
        if len(request.messages) > longest:
            raise ContextError("the conversation has 2,185 tokens, and the context ends at 2,048")
        return drafting(request)

    decisions = [decision for trace in traces for decision in trace.decisions()]
    beyond = sum(len(decision.point.messages) > longest for decision in decisions)
    predictor = LLMDraftPredictor(ScriptedBackend(short_of_memory), points=len(decisions)).fit(traces)
    assert predictor.too_long == beyond > 0
    table = predict_traces(predictor, traces)
    for point, predictions in zip(table.points, table.predictions, strict=True):
        assert bool(predictions) == (len(point.messages) <= longest)
    assert predictor.too_long == 2 * beyond
    # What could not be drafted says nothing about how often drafts come true.
    shorter = [replace(trace, messages=trace.messages[: longest + 1]) for trace in traces]
    alone = LLMDraftPredictor(ScriptedBackend(drafting), points=len(decisions)).fit(shorter)
    assert alone.predict(POINT) == predictor.predict(POINT)
    assert caplog.text.count("2,185 tokens") == 1 and "abstains" in caplog.text


def test_it_may_be_asked_inside_a_running_loop():
    predictor = LLMDraftPredictor(ScriptedBackend(lambda _: '{"name": "now", "parameters": {}}')).fit([])

    async def ask():
        return predictor.predict(POINT)

    assert anyio.run(ask)[0].call == ToolCall("now")


def test_a_name_brings_the_model():
    predictor = make_predictor("llm:micro")
    assert predictor.backend.name == "micro-llama"
    restored = LLMDraftPredictor()
    restored.restore(predictor.fit([]).state())
    assert restored.backend.name == "micro-llama"


def test_without_a_model_it_says_so():
    with pytest.raises(ConfigError, match="name one, such as llm:micro"):
        make_predictor("llm").fit([]).predict(POINT)
