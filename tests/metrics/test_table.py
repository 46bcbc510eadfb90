"""The prediction table: what a predictor said at every point of some traces."""

from __future__ import annotations

from specbench.metrics import predict_traces
from specbench.metrics.table import DEPTH
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
