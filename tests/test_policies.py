"""Policies: what they launch, what they never launch, and the reason they give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.errors import ConfigError
from specbench.policies import DEFAULT_THRESHOLD, Never, Policy, Threshold, TopK, launchable
from specbench.types import DecisionPoint, Effect, Prediction, ToolCall, ToolSpec

TOOLS = {name: ToolSpec(name, effect=Effect(name)) for name in ("read", "write", "local", "unknown")}
POINT = DecisionPoint("t", 0, (), TOOLS)
CALLS = st.sampled_from([*TOOLS, "undeclared"]).flatmap(lambda name: st.builds(ToolCall, st.just(name)))
RANKINGS = st.lists(st.builds(Prediction, st.none() | CALLS, st.floats(0.001, 1)), max_size=8).map(
    lambda each: sorted(each, key=lambda prediction: -prediction.p)
)


def call(name: str, p: float, **arguments: object) -> Prediction:
    return Prediction(ToolCall(name, arguments), p)


@given(predictions=RANKINGS, p=st.floats(0, 1), k=st.integers(1, 4))
def test_only_declared_reads_are_ever_launched(predictions: list[Prediction], p: float, k: int) -> None:
    for policy in (Never(), Threshold(p, k), TopK(k)):
        choice = policy.choose(POINT, predictions)
        assert all(each.call is not None and each.call.name == "read" for each in choice.launch)
        assert choice.reason


@given(predictions=RANKINGS, p=st.floats(0, 1), k=st.integers(1, 4))
def test_threshold_launches_the_k_best_that_reach_it(predictions: list[Prediction], p: float, k: int) -> None:
    reads = launchable(POINT, predictions)
    assert Threshold(p, k).choose(POINT, predictions).launch == [each for each in reads[:k] if each.p >= p]
    assert Threshold(0.0, k).choose(POINT, predictions).launch == TopK(k).choose(POINT, predictions).launch == reads[:k]


@given(predictions=RANKINGS, low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_higher_threshold_launches_no_more(predictions: list[Prediction], low: float, high: float) -> None:
    low, high = sorted((low, high))
    some = Threshold(high, 3).choose(POINT, predictions).launch
    assert all(each in Threshold(low, 3).choose(POINT, predictions).launch for each in some)


def test_a_probability_equal_to_the_threshold_reaches_it() -> None:
    assert Threshold(0.6).choose(POINT, [call("read", 0.6)]).launch == [call("read", 0.6)]
    assert DEFAULT_THRESHOLD == 0.6


@pytest.mark.parametrize(
    ("policy", "predictions", "reason"),
    [
        (Never(), [call("read", 1.0)], "policy never launches"),
        (Threshold(), [], "predictor abstained"),
        (Threshold(), [call("write", 0.9), Prediction(None, 0.1)], "no READ call predicted"),
        (Threshold(0.5), [call("read", 0.4, id=7)], 'best READ call read({"id":7}) has p 0.40, below 0.50'),
        (Threshold(0.5), [call("write", 0.6), call("read", 0.5)], "p 0.50 reaches 0.50"),
        (TopK(2), [call("read", 0.01)], "top 2"),
        (TopK(2), [call("local", 0.9)], "no READ call predicted"),
    ],
)
def test_every_choice_has_its_reason(policy: Policy, predictions: list[Prediction], reason: str) -> None:
    assert policy.choose(POINT, predictions).reason == reason


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_a_probability(p: float) -> None:
    with pytest.raises(ConfigError, match=r"a threshold is a probability in \[0, 1\]; got"):
        Threshold(p)


@pytest.mark.parametrize("policy", [Threshold, TopK])
def test_k_is_at_least_one(policy: type[Threshold] | type[TopK]) -> None:
    with pytest.raises(ConfigError, match="at least 1; got 0"):
        policy(k=0)
