"""The prediction table: what a predictor said at every point of some traces."""

from __future__ import annotations

import pytest

from specbench.core.types import Message, ToolCall, ToolSpec, Trace
from specbench.metrics import predict_traces, rates
from specbench.metrics.information import bits
from specbench.metrics.prediction_rates import brier
from specbench.metrics.prediction_table import DEPTH
from specbench.predictors import make_predictor
from specbench.testing import make_traces, odd_trace


def test_the_table_has_every_decision_in_order() -> None:
    traces = [*make_traces(5), odd_trace()]
    table = predict_traces(make_predictor("markov").fit(traces), traces)
    decisions = [decision for trace in traces for decision in trace.decisions()]
    assert table.points == [decision.point for decision in decisions]
    assert table.calls == [decision.calls for decision in decisions]
    assert table.outcomes == [decision.outcome for decision in decisions]
    assert table.tasks == [trace.task_id for trace in traces for _ in trace.decisions()]
    assert len(table) == len(table.latency_ms) == len(table.tools) == len(decisions)
    assert (table.latency_ms > 0).all()


def test_the_table_says_what_predict_says() -> None:
    traces = make_traces(5)
    predictor = make_predictor("ngram").fit(traces[:3])
    table = predict_traces(predictor, traces[3:])
    for point, predictions in zip(table.points, table.predictions, strict=True):
        assert predictions == predictor.predict(point, DEPTH)


def test_the_oracle_is_right_everywhere() -> None:
    traces = [*make_traces(3), odd_trace()]
    table = predict_traces(make_predictor("oracle").fit([]), traces)
    assert [predictions[0].call for predictions in table.predictions] == table.outcomes


def test_no_traces_give_an_empty_table() -> None:
    assert len(predict_traces(make_predictor("silent").fit([]), [])) == 0


@pytest.mark.parametrize("declared", [True, False])
def test_scores_know_all_tools_not_only_the_kept_predictions(declared: bool) -> None:
    names = [f"tool{number:02}" for number in range(60)]
    tools = {name: ToolSpec(name) for name in names} if declared else {}
    traces = [
        Trace(name, name, "hand", (Message("user", "go"), Message("assistant", tool_calls=(ToolCall(name),))), tools)
        for name in names
    ]
    table = predict_traces(make_predictor("markov").fit(traces), traces)
    assert {len(predictions) for predictions in table.predictions} == {DEPTH}
    assert rates(table)["reply_accuracy"] == 1.0  # a call is certain, whichever of the 60 it is
    said = [full.outcome for full in table.full]
    assert said == pytest.approx([said[0]] * 60)  # as probable at rank 60 as at rank 1
    assert bits(table).tool == pytest.approx(5.9069, abs=1e-3)  # log2 60
    assert brier(table) == pytest.approx([59 * said[0] ** 2 + (1 - said[0]) ** 2] * 60)
