"""The back-off n-gram: a distribution that longer contexts sharpen."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.ngram import NgramPredictor, NgramTools
from specbench.testing import make_points, make_traces

SCRIPTS = st.lists(st.lists(st.sampled_from(["u", "r", "a", "b", "c!"]), max_size=12), max_size=6)


def trace(script: list[str], number: int = 0) -> Trace:
    """``u``: the user speaks, ``r``: the agent replies, ``a``: it calls a, ``a!``: it calls a, which fails."""
    messages = []
    for step in script:
        if step in "ur":
            messages.append(Message("user" if step == "u" else "assistant", "hm"))
            continue
        messages.append(Message("assistant", tool_calls=(ToolCall(step[0]),)))
        messages.append(Message("tool", "{}", name=step[0], error=step.endswith("!")))
    return Trace(f"t{number}", "a", "test", tuple(messages))


def after(script: list[str]) -> ContextIndex:
    return ContextIndex().extend(trace(script).messages)


@given(
    scripts=SCRIPTS, now=st.lists(st.sampled_from(["u", "r", "a", "b", "c!", "d"]), max_size=6), order=st.integers(1, 6)
)
def test_the_distribution_adds_up_to_one(scripts: list[list[str]], now: list[str], order: int) -> None:
    model = NgramTools(order)
    model.fit([trace(script, at) for at, script in enumerate(scripts)])
    p = model.probabilities(after(now))
    assert all(value >= 0 for value in p.values())
    if p:
        assert math.fsum(p.values()) == pytest.approx(1.0)


def test_smoothing_by_hand() -> None:
    model = NgramTools(order=2)
    model.fit([trace(["a", "b"]), trace(["a", "b"]), trace(["a", "r"])])
    # Empty context: a 3, b 2, reply 1 of 6. After a: b 2, reply 1, two kinds, so its weight is 3 / (3 + 2).
    p = model.probabilities(after(["a"]))
    assert p["b"] == pytest.approx(0.4 * 2 / 6 + 0.6 * 2 / 3)
    assert p[None] == pytest.approx(0.4 * 1 / 6 + 0.6 * 1 / 3)
    assert p["a"] == pytest.approx(0.4 * 3 / 6)


def test_an_unknown_context_backs_off_to_the_shorter_one() -> None:
    model = NgramTools(order=4)
    model.fit([trace(["a", "b", "a", "b"])])
    assert model.probabilities(after(["z", "a"])) == pytest.approx(model.probabilities(after(["y", "a"])))


def test_a_failed_call_is_another_context() -> None:
    model = NgramTools(order=2)
    model.fit([trace(["a", "b"]), trace(["a!", "c"])] * 5)
    assert max(model.probabilities(after(["a"])).items(), key=lambda each: each[1])[0] == "b"
    assert max(model.probabilities(after(["a!"])).items(), key=lambda each: each[1])[0] == "c"


def test_longer_history_tells_apart_what_one_step_cannot() -> None:
    scripts = [["a", "x", "b"], ["c", "x", "d"]] * 4
    short, long = NgramTools(2), NgramTools(3)
    for model in (short, long):
        model.fit([trace(script) for script in scripts])
    assert short.probabilities(after(["a", "x"]))["b"] == pytest.approx(short.probabilities(after(["c", "x"]))["b"])
    assert long.probabilities(after(["a", "x"]))["b"] > 0.7 > 0.2 > long.probabilities(after(["c", "x"]))["b"]


def test_order_one_looks_at_nothing() -> None:
    model = NgramTools(1)
    model.fit([trace(["a", "a", "b"])])
    assert model.probabilities(after(["a"])) == model.probabilities(after([])) == {"a": 2 / 3, "b": 1 / 3}


def test_learning_equals_fitting() -> None:
    traces = make_traces(6)
    online = NgramPredictor().fit([])
    for each in traces:
        for point, calls in each.decisions():
            online.learn(point, calls[0] if calls else None)
    assert online.predict_batch(make_points(), k=3) == NgramPredictor().fit(traces).predict_batch(make_points(), k=3)


def test_order_is_at_least_one() -> None:
    with pytest.raises(ConfigError, match="the order of an n-gram is at least 1; got 0"):
        NgramPredictor(order=0)
