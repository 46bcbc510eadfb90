"""The Markov chain: counts, the plain-chain interface, and the common one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError, NotFittedError
from specbench.core.types import DecisionPoint, Message, ToolCall, ToolPrediction
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.markov import MarkovPredictor, ToolTransitions
from specbench.testing import make_points, make_tools, make_traces

STEPS = st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.none() | st.sampled_from("abc")), max_size=40)


@given(steps=STEPS, state=st.none() | st.sampled_from("abc"))
def test_the_best_outcome_is_the_most_frequent_with_its_share(
    steps: list[tuple[str | None, str | None]], state: str | None
) -> None:
    chain = ToolTransitions()
    for step in steps:
        chain.record(*step)
    row = Counter(after for before, after in steps if before == state)
    best = chain.best(state)
    if not row:
        assert best is None
        return
    assert best is not None
    assert row[best.tool] == max(row.values())
    assert best.p == row[best.tool] / row.total()


def test_the_best_outcome_follows_new_counts() -> None:
    chain = ToolTransitions()
    chain.record("a", "b")
    assert chain.best("a") == ToolPrediction("b", 1.0)
    chain.record("a", "c")
    chain.record("a", "c")
    assert chain.best("a") == ToolPrediction("c", 2 / 3)


def test_equal_counts_are_ordered_by_name_whatever_came_first() -> None:
    for order in ("bca", "cab"):
        chain = ToolTransitions()
        for tool in order:
            chain.record("x", tool)
        chain.record("x", None)
        assert chain.best("x") == ToolPrediction("a", 0.25)


def test_only_confident_outcomes_are_told() -> None:
    markov = MarkovPredictor(threshold=0.75)
    for tool in ("b", "b", "b", "c"):
        markov.record("a", tool)
    assert markov.predict("a") == ToolPrediction("b", 0.75)
    markov.record("a", "c")
    assert markov.predict("a") is None
    assert markov.predict("never seen") is None
    assert MarkovPredictor().threshold == 0.6


def test_the_start_and_the_reply_are_states_too() -> None:
    markov = MarkovPredictor()
    markov.record(None, "find_user")
    markov.record("find_user", None)
    assert markov.predict(None) == ToolPrediction("find_user", 1.0)
    assert markov.predict("find_user") == ToolPrediction(None, 1.0)


def test_recording_and_fitting_count_the_same() -> None:
    traces = make_traces(8)
    fitted, recorded = MarkovPredictor().fit(traces), ToolTransitions()
    for trace in traces:
        last = None
        for _, calls in trace.decisions():
            recorded.record(last, calls[0].name if calls else None)
            last = calls[-1].name if calls else last
    assert fitted.transitions.counts == recorded.counts


def test_learning_a_trace_equals_fitting_it() -> None:
    traces = make_traces(6)
    online = MarkovPredictor().fit([])
    for trace in traces:
        for point, calls in trace.decisions():
            online.learn(point, calls[0] if calls else None)
    fitted = MarkovPredictor().fit(traces)
    assert online.transitions.counts == fitted.transitions.counts
    assert online.predict_batch(make_points(), k=3) == fitted.predict_batch(make_points(), k=3)


def test_the_ranking_is_of_calls_with_arguments() -> None:
    markov = MarkovPredictor().fit(make_traces(12))
    point = DecisionPoint("t", 0, (Message("user", "I am zoe.quinn7@example.com"),), make_tools())
    best = markov.predict(point)[0]
    assert best.call == ToolCall("find_user", {"email": "zoe.quinn7@example.com"})
    assert 0.5 < best.p <= 1.0


def test_tools_that_are_not_on_offer_leave_their_share_to_the_others() -> None:
    markov = MarkovPredictor()
    for tool in ("get_order", "cancel_order"):
        markov.record(None, tool)
    tools = {"get_order": make_tools()["get_order"]}
    assert markov.at(DecisionPoint("t", 0, (), tools)).predict_tools(3) == [ToolPrediction("get_order", 1.0)]
    assert len(markov.at(DecisionPoint("t", 0, ())).predict_tools(3)) == 2


def test_the_state_keeps_threshold_and_filler() -> None:
    markov = MarkovPredictor("recent", threshold=0.9).fit(make_traces(4))
    other = MarkovPredictor()
    other.restore(markov.state())
    assert (other.threshold, other.filler.name) == (0.9, "recent")
    assert other.transitions.probabilities(ContextIndex()) == markov.transitions.probabilities(ContextIndex())


def test_it_must_be_fitted_first() -> None:
    with pytest.raises(NotFittedError, match=r"markov has not been fitted; call fit\(traces\) or load a checkpoint"):
        MarkovPredictor().predict(DecisionPoint("t", 0, ()))


@pytest.mark.parametrize("threshold", [-0.1, 1.01, float("nan")])
def test_a_threshold_is_a_probability(threshold: float) -> None:
    with pytest.raises(ConfigError, match=r"threshold is a probability in \[0, 1\]"):
        MarkovPredictor(threshold=threshold)
