"""Prediction tables made by hand or drawn by hypothesis: for the tests of metrics and simulator."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, ToolPrediction, ToolSpec
from specbench.metrics import PredictionTable

TOOLS = {
    "read": ToolSpec("read", effect=Effect.READ),
    "look": ToolSpec("look", effect=Effect.READ),
    "write": ToolSpec("write", effect=Effect.WRITE),
    "note": ToolSpec("note", effect=Effect.LOCAL),
}


def call(text: str) -> ToolCall:
    """``"read:7"`` is ``read({"x": 7})``."""
    name, _, value = text.partition(":")
    return ToolCall(name, {"x": int(value)} if value else {})


def table(*rows: tuple[str, Sequence[str], Sequence[tuple[str | None, float]]]) -> PredictionTable:
    """A table from (trace, calls of the LLM, predictions); the task is the trace's name up to a dot."""
    out = PredictionTable("hand")
    index: dict[str, int] = {}
    for trace, calls, predictions in rows:
        at = index[trace] = index.get(trace, -1) + 1
        out.points.append(DecisionPoint(trace, at, (), TOOLS))
        out.calls.append(tuple(call(each) for each in calls))
        out.predictions.append([Prediction(None if text is None else call(text), p) for text, p in predictions])
        mass: dict[str | None, float] = {}
        for text, p in predictions:
            name = None if text is None else call(text).name
            mass[name] = mass.get(name, 0.0) + p
        out.tools.append([ToolPrediction(name, p) for name, p in sorted(mass.items(), key=lambda each: -each[1])])
        out.tasks.append(trace.partition(".")[0])
    return out


CALL_TEXTS = st.sampled_from(["read:1", "read:2", "look:1", "look", "write:1", "note", "undeclared"])
PROBABILITIES = st.sampled_from([0.05, 0.1, 0.25, 0.3, 0.5]) | st.floats(0.001, 0.6)


@st.composite
def rankings(draw: st.DrawFn) -> list[tuple[str | None, float]]:
    """Predictions as predictors give them: distinct, sorted, Σp ≤ 1."""
    outcomes = draw(st.lists(st.none() | CALL_TEXTS, unique=True, max_size=5))
    weights = sorted((draw(PROBABILITIES) for _ in outcomes), reverse=True)
    scale = max(1.0, sum(weights))
    return [(outcome, weight / scale) for outcome, weight in zip(outcomes, weights, strict=True)]


@st.composite
def tables(draw: st.DrawFn, max_size: int = 24) -> PredictionTable:
    """A table of up to ``max_size`` decisions in a few traces of fewer tasks."""
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(["a.1", "a.2", "b.1", "c.1"]), st.lists(CALL_TEXTS, max_size=3), rankings()),
            max_size=max_size,
        )
    )
    return table(*sorted(rows, key=lambda row: row[0]))
