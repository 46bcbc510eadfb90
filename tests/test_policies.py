"""Policies: what they launch, what they never launch, and the reason they give."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, ToolSpec
from specbench.policies import (
    DEFAULT_THRESHOLD,
    All,
    Budgeted,
    Counts,
    Disclosure,
    Estimates,
    ExpectedValue,
    Never,
    Policy,
    State,
    Threshold,
    TopK,
    launchable,
)

TOOLS = {name: ToolSpec(name, effect=Effect(name)) for name in ("read", "write", "local", "unknown")}
POINT = DecisionPoint("t", 0, (), TOOLS)
CALLS = st.builds(
    ToolCall, st.sampled_from([*TOOLS, "undeclared"]), st.just({}), st.none(), st.none() | st.just("{not an object")
)
RANKINGS = st.lists(st.builds(Prediction, st.none() | CALLS, st.floats(0.001, 1)), max_size=8).map(
    lambda each: sorted(each, key=lambda prediction: -prediction.p)
)


def call(name: str, p: float, **arguments: object) -> Prediction:
    return Prediction(ToolCall(name, arguments), p)


def test_estimates_worked_out_by_hand() -> None:
    expected = Estimates()
    assert (expected.think_s, expected.tool_s, expected.weight, expected.tool("get")) == (2.0, 1.0, 0.1, 1.0)
    expected.saw_think(5.0)  # the first observation replaces the guess
    assert expected.think_s == 5.0
    expected.saw_think(7.0)
    assert expected.think_s == pytest.approx(5.2)
    for seconds in (4.0, 2.0):
        expected.saw_tool("get", seconds)
    assert (expected.tool("get"), expected.tool("put")) == (pytest.approx(3.8), 1.0)


def test_a_state_in_which_nothing_has_happened() -> None:
    state = State()
    assert state.session == state.total == Counts(0, 0, 0, 0.0, 0.0)
    assert (state.asked, state.disclosed, state.now, dict(state.costs)) == (set(), set(), 0.0, {})


def test_whom_speculations_have_touched() -> None:
    state = State()
    state.asked_calls.append(ToolCall("get", {"id": 7, "name": "Ann", "all": True, "limit": 2.5, "ids": [1]}))
    state.touched_calls.append(ToolCall("get", {"id": 8, "name": "Ann"}))
    assert state.asked == {"id=7", 'name="Ann"'}  # texts and whole numbers
    assert state.disclosed == {"id=8"}


@given(predictions=RANKINGS, p=st.floats(0, 1), k=st.integers(1, 4))
def test_only_declared_reads_are_ever_launched(predictions: list[Prediction], p: float, k: int) -> None:
    for policy in (Never(), Threshold(p, k), TopK(k)):
        choice = policy.choose(POINT, predictions)
        for each in choice.launch:
            assert each.call is not None and (each.call.name, each.call.invalid_arguments) == ("read", None)
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


def test_expected_value_launches_what_is_worth_more_than_it_costs() -> None:
    state = State(expected=Estimates(think_s=2.0, tool_s=1.0), costs={"read": 3.0})
    predictions = [call("read", 0.6, id=1), call("read", 0.3, id=2), call("read", 0.05, id=3)]
    assert ExpectedValue(waste=0.4).choose(POINT, predictions, state).launch == predictions[:2]
    assert ExpectedValue(waste=0.4, k=1).choose(POINT, predictions, state).launch == predictions[:1]
    assert ExpectedValue(waste=0.4, call=2.0).choose(POINT, predictions, state).launch == []
    assert ExpectedValue(waste=0.4, money=1.0).choose(POINT, predictions, state).launch == []
    state.expected.saw_tool("read", 0.0)  # nothing to hide
    assert ExpectedValue().choose(POINT, predictions, state).launch == []


@given(predictions=RANKINGS, waste=st.floats(0, 3))
def test_expected_value_is_a_threshold_when_only_waste_counts(predictions: list[Prediction], waste: float) -> None:
    """p > (1 − p) w is p > w ÷ (1 + w), whatever the seconds."""
    launch = ExpectedValue(waste, k=8).choose(POINT, predictions).launch
    assert all(each.p > (1 - each.p) * waste for each in launch)
    assert launch == launchable(POINT, predictions)[: len(launch)]


def test_budgets_end_it_and_say_so() -> None:
    state = State()
    predictions = [call("read", 0.6, id=1), call("read", 0.3, id=2)]
    policy = Budgeted(TopK(2), launches=3)
    assert len(policy.choose(POINT, predictions, state).launch) == 2
    state.session.launched = 2
    assert len(policy.choose(POINT, predictions, state).launch) == 1
    state.session.launched = 3
    assert policy.choose(POINT, predictions, state).reason == "budget spent: 3 launches in this session"
    state.total.wasted_s = 9.0
    spent = Budgeted(TopK(), wasted_s=8.0, per="run").choose(POINT, predictions, state)
    assert spent.reason == "budget spent: 9.0 s of 8 s wasted in this run"
    assert Budgeted(Never(), launches=3).choose(POINT, predictions, state).reason == "policy never launches"


def test_disclosure_caps_who_is_touched_without_being_asked_for() -> None:
    state = State()
    predictions = [call("read", 0.6, id=1), call("read", 0.3, id=2)]
    policy = Disclosure(TopK(2), most=1)
    assert policy.choose(POINT, predictions, state).launch == predictions[:1]
    state.asked_calls.append(ToolCall("write", {"id": 1}))
    assert policy.choose(POINT, predictions, state).launch == predictions
    state.touched_calls.append(ToolCall("read", {"id": 3}))
    assert policy.choose(POINT, predictions, state).launch == predictions[:1]
    none = Disclosure(TopK(2), most=0).choose(POINT, predictions[1:], state)
    assert none.reason == "disclosure: it would touch more than 0 entities that the agent never named"


@given(predictions=RANKINGS, p=st.floats(0, 1), k=st.integers(1, 4))
def test_all_launches_what_every_one_launches(predictions: list[Prediction], p: float, k: int) -> None:
    launch = All((TopK(k), Threshold(p, 4))).choose(POINT, predictions).launch
    both = [TopK(k).choose(POINT, predictions).launch, Threshold(p, 4).choose(POINT, predictions).launch]
    keys = [{each.call.key for each in some if each.call} for some in both]
    assert all(each.call and each.call.key in keys[0] & keys[1] for each in launch)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("never", Never()), ("always", TopK(1)), ("threshold:0.4", Threshold(0.4)),
        ("threshold:0.4,2", Threshold(0.4, 2)),
        ("topk:3", TopK(3)), ("ev:0.3", ExpectedValue(0.3)), ("ev:0.3,1", ExpectedValue(0.3, k=1)),
        ("always+launches:4+wasted:9+entities:2",
         Disclosure(Budgeted(Budgeted(TopK(1), launches=4), wasted_s=9.0), 2)),
    ],
)  # fmt: skip
def test_policies_from_words(text: str, policy: Policy) -> None:
    assert Policy.from_text(text) == policy


def test_a_policy_is_returned_as_it_is() -> None:
    policy = Threshold(0.3)
    assert Policy.from_text(policy) is policy


@pytest.mark.parametrize("text", ["", "often", "topk:1.5", "threshold:a", "always+x:1", "topk:1+wasted"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"use one of never, always, threshold, topk, ev.*threshold:P\[,K\]"):
        Policy.from_text(text)


def test_an_argument_that_is_not_taken_is_refused() -> None:
    with pytest.raises(ConfigError, match="the policy 'never' takes nothing after a colon; got '1'"):
        Policy.from_text("never:1")


@pytest.mark.parametrize("thing", ["json:JSONDecoder", 0.4])
def test_what_is_no_policy_is_refused(thing: str) -> None:
    with pytest.raises(ConfigError, match=r"a policy is a subclass of specbench\.policies\.Policy"):
        Policy.from_text(thing)


@pytest.mark.parametrize(
    "make",
    [lambda: Budgeted(TopK()), lambda: Budgeted(TopK(), launches=-1), lambda: All(()), lambda: Disclosure(TopK(), -1),
     lambda: ExpectedValue(-1.0), lambda: ExpectedValue(k=0), lambda: Budgeted(TopK(), 1, per="year")],
)  # fmt: skip
def test_wrong_numbers_are_refused(make: Callable[[], Policy]) -> None:
    with pytest.raises(ConfigError, match=r"got|neither"):
        make()
