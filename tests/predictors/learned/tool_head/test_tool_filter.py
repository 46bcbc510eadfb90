"""The tool filter: arguments of improbable tools are not looked at, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec
from specbench.predictors.learned.explanation import explain
from specbench.predictors.learned.predictor import LearnedPredictor, LearnedSession
from specbench.predictors.learned.tool_head import tool_filter as filter_training
from specbench.predictors.learned.tool_head.tool_filter import FilteredTools
from specbench.testing.traces import make_tools, make_traces

EMAIL = "zoe.unheard@example.com"
FURTHER = {
    f"read_{word}": ToolSpec(
        f"read_{word}", f"Read the {word}.", {"properties": {"name": {"type": "string"}}}, Effect.READ
    )
    for word in ("weather", "menu", "timetable", "forecast", "diary", "inventory")
}


@pytest.fixture(scope="module")
def fitted() -> LearnedPredictor:
    traces = [replace(trace, tools={**trace.tools, **FURTHER}) for trace in make_traces(48)]
    return LearnedPredictor(seed=1).fit(traces)


@pytest.fixture
def point() -> DecisionPoint:
    text = f"Hi, I want to change something. My e-mail is {EMAIL}."
    return DecisionPoint("new", 0, (Message("user", text),), {**make_tools(), **FURTHER})


def looking(predictor: LearnedPredictor, point: DecisionPoint) -> LearnedSession:
    session = predictor.at(point)
    assert isinstance(session, LearnedSession)
    return session


def test_improbable_tools_are_left_aside(fitted: LearnedPredictor, point: DecisionPoint) -> None:
    session = looking(fitted, point)
    names, p, filled = session.now()
    assert session.predict(1)[0].call == ToolCall("find_user", {"email": EMAIL})
    assert "find_user" in filled
    aside = [name for name in FURTHER if name not in filled]
    assert len(aside) >= len(FURTHER) - filter_training.FEWEST
    assert all(0 < p[names.index(name)] < 0.02 for name in aside)
    assert p.sum() == pytest.approx(1.0)


def test_what_is_best_is_so_with_all_arguments_looked_at(
    fitted: LearnedPredictor, point: DecisionPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = fitted.at(point).predict(1)[0]
    monkeypatch.setattr(filter_training, "WORTH", 0.0)
    wide = looking(fitted, point)
    assert wide.predict(1)[0].call == narrow.call
    assert set(FURTHER) <= set(wide.now()[2])


def test_a_few_tools_are_always_looked_at() -> None:
    p = np.array([0.9, 1e-6, 1e-7, 1e-8, 0.1])
    assert FilteredTools.of(p, [0, 1, 2]).aside == []
    assert FilteredTools.of(p, [0, 1, 2, 3]).aside == [3]


def test_shares_add_up() -> None:
    said = FilteredTools.of(np.array([0.5, 0.3, 0.001, 0.1, 0.002, 0.097]), [0, 1, 2, 3, 4])
    assert said.aside == [2, 4]
    shared = said.shared(np.array([0.7, 0.1, 0.1, 0.1]))
    assert shared.sum() == pytest.approx(1.0) and shared[2] == 0.001 and shared[4] == 0.002


def test_it_learns_on_and_is_saved(fitted: LearnedPredictor, point: DecisionPoint) -> None:
    fresh = LearnedPredictor()
    fresh.restore(fitted.state())
    for _ in range(40):
        fresh.learn(point, ToolCall("read_menu", {"name": "dinner"}))
    session = looking(fresh, point)
    assert "read_menu" in session.now()[2]
    assert session.predict_tools(1)[0].tool == "read_menu"
    copy = LearnedPredictor()
    copy.restore(fresh.state())
    assert copy.predict(point, 5) == fresh.predict(point, 5)


def test_reasons_compare_like_with_like(fitted: LearnedPredictor, point: DecisionPoint) -> None:
    """Without an ingredient, the same tools are left aside: the differences are the ingredient's alone."""
    session = looking(fitted, point)
    names, p, filled = session.now()
    aside = [at for at, name in enumerate(names) if name in FURTHER and name not in filled]
    assert np.allclose(session.without("cues")[aside], p[aside])
    assert explain(session)[0].because
