"""The controls say exactly what their names say; names choose predictors."""

from __future__ import annotations

import pytest

from specbench.core.errors import ConfigError, NotFittedError
from specbench.core.types import DecisionPoint, Effect, Message, ToolCall
from specbench.predictors import competitor_names, control_names, make_predictor
from specbench.predictors.controls import MostFrequent, Oracle, RepeatLast, Silent, Wrong
from specbench.testing import make_points, make_tools, make_traces, odd_trace

TRACES = make_traces(8)
POINTS = [decision for trace in TRACES for decision in trace.decisions()]


def test_silent_says_nothing() -> None:
    assert Silent().fit(TRACES).predict_batch(make_points(), k=9) == [[]] * len(make_points())


def test_wrong_is_sure_of_a_read_that_never_comes() -> None:
    wrong = Wrong().fit(TRACES)
    for point, calls in POINTS:
        ((call, p),) = wrong.predict(point, k=3)
        assert call is not None
        assert p == 1.0
        assert point.tools[call.name].effect is Effect.READ
        assert call not in calls


def test_wrong_never_repeats_itself_within_a_conversation() -> None:
    calls = [Wrong().fit([]).predict(decision.point)[0].call for decision in TRACES[0].decisions()]
    assert len(set(calls)) == len(calls)


def test_wrong_abstains_where_nothing_may_be_launched() -> None:
    writes = {"cancel_order": make_tools()["cancel_order"]}
    assert Wrong().fit([]).predict(DecisionPoint("t", 0, (), writes)) == []


def test_oracle_knows_every_outcome_even_odd_ones() -> None:
    traces = [*TRACES, odd_trace()]
    oracle = Oracle().fit(traces)
    for trace in traces:
        for (point, calls), session in zip(trace.decisions(), oracle.replay(trace), strict=True):
            outcome = calls[0] if calls else None
            assert oracle.predict(point) == session.predict() == [(outcome, 1.0)]


def test_oracle_abstains_where_it_was_not_fitted_and_must_be_fitted() -> None:
    assert Oracle().fit([]).predict(POINTS[0].point) == []
    with pytest.raises(NotFittedError, match="oracle has not been fitted"):
        Oracle().predict(POINTS[0].point)
    with pytest.raises(NotFittedError, match="oracle has not been fitted"):
        next(Oracle().replay(TRACES[0]))


def test_frequent_ranks_tools_by_their_share_of_all_outcomes() -> None:
    frequent = MostFrequent().fit(TRACES)
    outcomes = [calls[0].name if calls else None for _, calls in POINTS]
    for tool, p in frequent.at(DecisionPoint("t", 0, ())).predict_tools(9):
        assert p == pytest.approx(outcomes.count(tool) / len(outcomes))


def test_repeat_says_the_last_call_with_its_success_rate() -> None:
    again = (Message("assistant", tool_calls=(ToolCall("a"), ToolCall("b", {"x": 1}, id="7"))), Message("user", "hm"))
    repeat = RepeatLast().fit([])
    assert repeat.predict(DecisionPoint("t", 1, again)) == [(ToolCall("b", {"x": 1}), 0.5)]
    assert repeat.predict(DecisionPoint("t", 0, ())) == []
    assert repeat.predict(DecisionPoint("t", 1, again, make_tools())) == []
    # The shop's agent never repeats a call: 0 of n, smoothed.
    after_a_call = sum(any(m.tool_calls for m in point.messages) for point, _ in POINTS)
    assert RepeatLast().fit(TRACES).predict(DecisionPoint("t", 1, again))[0].p == 1 / (after_a_call + 2)


def test_every_name_makes_its_predictor() -> None:
    for name in [*competitor_names(), *control_names()]:
        predictor = make_predictor(name)
        assert predictor.name == name
        assert not predictor.fitted
    assert not set(competitor_names()) & set(control_names())


def test_a_plus_chooses_the_filler_and_options_are_passed_on() -> None:
    assert make_predictor("markov+recent").state()["filler"]["name"] == "recent"
    assert make_predictor("ngram", order=3).state()["tool_model"]["order"] == 3


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("marcov", {}, "no predictor is called 'marcov'; use one of markov, ngram,"),
        ("", {}, "no predictor is called ''"),
        ("markov+magic", {}, "no argument filler is called 'magic'"),
        ("silent+linked", {}, r"predictor 'silent' does not take these options"),
        ("ngram", {"depth": 3}, "predictor 'ngram' does not take these options: .*'depth'"),
    ],
)
def test_wrong_names_and_options_are_told(name: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_predictor(name, **options)
