"""Latency models: draws depend on what is asked, never on when."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.types import Message, Timing, ToolCall, ToolSpec, Trace
from specbench.sim import Auto, ByTokens, Constant, Empirical, Latency, LogNormal, Measured
from specbench.sim.latency.measured import modelled_view
from specbench.testing import make_traces


@given(seed=st.integers(0, 2**40), trace=st.text(), index=st.integers(0, 10**6), call=st.text())
def test_a_draw_depends_on_seed_trace_and_call_alone(seed: int, trace: str, index: int, call: str) -> None:
    first, second = LogNormal(2.0, 1.0, 0.5, seed), LogNormal(2.0, 1.0, 0.5, seed)
    second.tool_s("other", "other({})")
    assert first.tool_s(trace, call) == second.tool_s(trace, call) > 0
    assert first.think_s(trace, index) == second.think_s(trace, index) > 0


def test_draws_are_log_normal_with_the_given_median_and_spread() -> None:
    model = LogNormal(think=2.0, tool=1.0, sigma=0.5, seed=1)
    logs = [math.log(model.tool_s(f"t{trace}", f"get({call})")) for trace in range(60) for call in range(60)]
    assert statistics.fmean(logs) == pytest.approx(0.0, abs=0.03)
    assert statistics.stdev(logs) == pytest.approx(0.5, abs=0.02)
    thinking = [math.log(model.think_s("t", index)) for index in range(3000)]
    assert statistics.fmean(thinking) == pytest.approx(math.log(2.0), abs=0.04)


def test_neighbouring_draws_are_independent() -> None:
    model = LogNormal(sigma=1.0)
    draws = [math.log(model.tool_s("t", f"get({n})")) for n in range(3000)]
    assert abs(statistics.correlation(draws[:-1], draws[1:])) < 0.06


def test_seeds_differ_and_no_spread_is_constant() -> None:
    assert LogNormal(seed=1).tool_s("t", "a") != LogNormal(seed=2).tool_s("t", "a")
    assert LogNormal(2.0, 3.0, 0.0).tool_s("t", "a") == Constant(2.0, 3.0).tool_s("t", "a") == 3.0


def test_models_say_that_they_are_modelled() -> None:
    assert Constant(2, 1).describe() == {"model": "constant (modelled)", "think": 2, "tool": 1, "user": 0.0}
    assert LogNormal(2, 1, 0.5, 7).describe() == {
        "model": "log-normal (modelled)",
        "think": 2,
        "tool": 1,
        "sigma": 0.5,
        "seed": 7,
        "user": 0.0,
    }


def test_models_are_parsed_from_the_command_line() -> None:
    assert Latency.from_text("constant:0.5,3") == Constant(0.5, 3.0)
    assert Latency.from_text("lognormal:2,1,0.3", seed=9) == LogNormal(2.0, 1.0, 0.3, 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "constant:1",
        "constant:1,2,3,4",
        "lognormal:1,2",
        "tokens:1,2",
        "uniform:1,2",
        "constant:a,b",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"latency model.* use .*constant:THINK,TOOL\[,USER\], lognormal:"):
        Latency.from_text(text)


def test_an_argument_that_is_not_taken_is_refused() -> None:
    with pytest.raises(ConfigError, match="the latency model 'empirical' takes nothing after a colon; got '1'"):
        Latency.from_text("empirical:1")


@pytest.mark.parametrize("text", ["constant:-1,1", "constant:1,nan", "constant:inf,1"])
def test_seconds_are_finite_and_not_negative(text: str) -> None:
    with pytest.raises(ConfigError, match="latencies are seconds, 0 or more"):
        Latency.from_text(text)


def test_spread_is_not_negative() -> None:
    with pytest.raises(ConfigError, match="sigma is a spread, 0 to 50; got -1"):
        LogNormal(sigma=-1)


def timed_trace() -> Trace:
    messages = (
        Message("user", "where is it?", timing=Timing(0.0, 4.0)),
        Message("assistant", "", (ToolCall("get", {"x": 1}),), timing=Timing(4.0, 6.0)),
        Message("tool", "there", (), None, "get", timing=Timing(6.0, 6.5)),
        Message("assistant", "It is there, where you left it.", timing=Timing(6.5, 9.5)),
    )
    return Trace("t", "t", "hand", messages, {"get": ToolSpec("get", "x" * 38)})


def test_empirical_draws_are_of_what_was_recorded() -> None:
    model = Latency.from_text("empirical").for_traces([timed_trace()])
    assert {model.think_s("t", index) for index in range(40)} == {2.0, 3.0}
    assert model.tool_s("t", "get({})") == model.tool_s("t", "other({})") == 0.5
    assert model.user_s("t", 0) == 4.0
    assert model.describe()["model"] == "empirical (drawn from recorded timings)"
    with pytest.raises(ConfigError, match="these traces carry no recorded seconds of LLM and tools; use modelled ones"):
        Latency.from_text("empirical").for_traces([])


def test_measured_seconds_are_each_decisions_own() -> None:
    model = Latency.from_text("measured").for_traces([timed_trace()])
    assert [model.think_s("t", index) for index in (0, 1)] == [2.0, 3.0]
    assert model.tool_s("t", 'get({"x":1})') == model.tool_s("t", "never made({})") == 0.5
    assert model.user_s("t", -1) == 4.0
    facts = model.describe()
    assert (facts["model"], facts["coverage"]) == ("measured (recorded seconds)", 1.0)


def test_what_was_not_recorded_is_drawn_from_what_was() -> None:
    untimed = Trace("u", "u", "hand", (Message("user", "hi"), Message("assistant", "hello")))
    model = Latency.from_text("measured").for_traces([timed_trace(), untimed])
    assert model.think_s("u", 0) in (2.0, 3.0)
    assert model.describe()["coverage"] == 0.75  # of three decisions and one call


def test_empirical_results_without_a_name_are_those_of_their_call() -> None:
    def result(start: float, end: float, call: str) -> tuple[Message, Message]:
        asked = Message("assistant", "", (ToolCall(call, id=call),), timing=Timing(start - 1, start))
        return asked, Message("tool", "there", (), call, timing=Timing(start, end))

    messages = *result(1.0, 1.5, "fast"), *result(3.0, 33.0, "slow"), Message("tool", "?", timing=Timing(40.0, 47.0))
    model = Empirical.of([Trace("t", "t", "hand", messages)])
    assert model.tools == {"": (0.5, 7.0, 30.0), "fast": (0.5,), "slow": (30.0,)}
    assert model.describe()["samples"] == 5
    assert model.tool_s("t", "fast({})") == 0.5


def test_tokens_are_prefill_and_decoding() -> None:
    trace = timed_trace()
    model = Latency.from_text("tokens:100,10,1.5,3").for_traces([trace])
    assert isinstance(model, ByTokens)
    prompt, written = model.tokens["t", 0]
    assert (prompt, written) == (((38 + 2) + len("where is it?")) / 4, len('get({"x":1})') / 4)
    assert model.think_s("t", 0) == pytest.approx(prompt / 100 + written / 10)
    assert model.think_s("t", 1) > model.think_s("t", 0)
    assert model.think_s("t", 9) == model.think_s("t", 1)  # beyond its end: like its last decision
    assert (model.tool_s("t", "get({})"), model.user_s("t", 0)) == (1.5, 3.0)
    cached = ByTokens.of([trace], 100, 10, cached=True)
    assert cached.think_s("t", 0) == model.think_s("t", 0) and cached.think_s("t", 1) < model.think_s("t", 1)
    with pytest.raises(ConfigError, match="no tokens are known of trace 'other'"):
        model.think_s("other", 0)
    with pytest.raises(ConfigError, match="token rates are above 0"):
        Latency.from_text("tokens:0,10,1").for_traces([trace])


def test_recorded_seconds_are_used_where_half_of_them_are_there() -> None:
    untimed = make_traces(2)
    timed = Latency.from_text("auto").for_traces([timed_trace()])
    assert isinstance(timed, Measured) and timed.measured and timed.coverage == 1.0
    assert Latency.from_text("auto").for_traces(untimed) == Constant(2.0, 1.0)  # nothing is timed: as ever
    assert Latency.from_text("auto").for_traces([timed_trace(), *untimed]) == Constant(2.0, 1.0)  # hardly anything is
    assert modelled_view(Auto(Constant(3.0, 1.0)), [timed_trace()]) == Constant(3.0, 1.0)
    assert modelled_view(Constant(3.0, 1.0), [timed_trace()]) is None


def test_the_text_of_auto_is_read_again() -> None:
    for model in (Auto(), Auto(Constant(1.0, 2.0, 8.0)), Auto(LogNormal(1.0, 2.0, 0.5))):
        assert Latency.from_text(str(model)) == model


def test_measured_seconds_say_so_with_their_coverage() -> None:
    trace = timed_trace()
    asked = Message("assistant", "", (ToolCall("get", {"x": 2}),))
    more = Trace("t", "t", "hand", (*trace.messages, asked, Message("tool", "there", name="get")), trace.tools)
    model = Latency.from_text("measured").for_traces([more])
    assert model.words().startswith("recorded seconds: median 3 s before a decision, 0.5 s a tool call; 60.0 % of the")
    assert model.tool_s("t", 'get({"x":2})') == 0.5  # never timed: drawn from the same tool


def test_the_fitted_model_has_median_and_spread_of_each_tool() -> None:
    messages: list[Message] = []
    for at in range(200):
        for name, scale in (("slow", 8.0), ("quick", 0.1)):
            seconds = scale * math.exp(0.5 * statistics.NormalDist().inv_cdf((at + 0.5) / 200))
            call = ToolCall(name, {"at": at}, f"{name}{at}")
            messages.append(Message("assistant", "", (call,), timing=Timing(0.0, 2.0)))
            messages.append(Message("tool", "x", tool_call_id=call.id, timing=Timing(0.0, seconds)))
    model = Latency.from_text("fitted", seed=3).for_traces([Trace("t", "t", "hand", tuple(messages))])
    for name, scale in (("slow", 8.0), ("quick", 0.1)):
        logs = [math.log(model.tool_s("other", f"{name}({at})")) for at in range(3000)]
        assert statistics.fmean(logs) == pytest.approx(math.log(scale), abs=0.05)
        assert statistics.stdev(logs) == pytest.approx(0.5, abs=0.05)
    assert model.think_s("other", 7) == pytest.approx(2.0)
    assert "modelled" in model.describe()["model"] and not model.measured
    with pytest.raises(ConfigError, match="carry no recorded seconds"):
        Latency.from_text("fitted").for_traces(make_traces(1))
