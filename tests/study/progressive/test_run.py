"""Predict, then learn: the order is kept, the frozen arm stays frozen, the online arm learns what is new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Self

import numpy as np
import pytest

from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.metrics.prediction_rates import rates
from specbench.metrics.prediction_table import predict_traces
from specbench.predictors import Predictor, make_predictor
from specbench.predictors.base import Session
from specbench.predictors.controls import Silent
from specbench.study.progressive.job import progress_through, summary_text
from specbench.study.progressive.run import RATES, decisions, differences, predict_then_learn, rolling
from specbench.study.progressive.scenarios import stream


class Diary(Silent):
    """Writes down in which order it is asked and told."""

    name = "diary"

    def __init__(self) -> None:
        self.said: list[str] = []
        self.fitted = True

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return DiarySession(self)


class DiarySession(Session):
    def __init__(self, diary: Diary) -> None:
        self.diary = diary

    def observe(self, message: Message) -> None:
        self.diary.said.append(f"saw {message.role}")

    def predict(self, k: int = 1) -> list[Prediction]:
        self.diary.said.append("asked")
        return []

    def predict_tools(self, k: int = 1) -> list[Any]:
        return []

    def learn(self, outcome: ToolCall | None) -> None:
        self.diary.said.append(f"told {outcome.name if outcome else 'reply'}")


class FromPoints(Silent):
    """Learns from decision points only, as a predictor from outside may."""

    name = "from_points"

    def __init__(self) -> None:
        self.points: list[DecisionPoint] = []
        self.fitted = True

    def learn(self, point: DecisionPoint, outcome: ToolCall | None) -> None:
        self.points.append(point)


def test_each_decision_is_asked_before_it_is_told_and_told_before_it_is_seen(
    make_toy_trace: Callable[..., Trace],
) -> None:
    diary = Diary()
    predict_then_learn(diary, [make_toy_trace(0)])
    assert diary.said[:6] == ["saw user", "asked", "told find_user", "saw assistant", "saw tool", "asked"]
    assert diary.said[-3:] == ["saw user", "asked", "told reply"]
    frozen = Diary()
    predict_then_learn(frozen, [make_toy_trace(0)], learn=False)
    assert frozen.said == [word for word in diary.said[:-1] if not word.startswith("told")]


def test_a_predictor_that_learns_from_points_is_given_points(make_toy_trace: Callable[..., Trace]) -> None:
    predictor = FromPoints()
    table = predict_then_learn(predictor, [make_toy_trace(1)])
    assert predictor.points == table.points


@pytest.mark.parametrize("name", ["markov", "ngram", "patterns"])
def test_the_frozen_arm_predicts_as_an_evaluation_does(name: str, toy_traces: list[Trace]) -> None:
    predictor = make_predictor(name).fit(toy_traces[:10])
    before = deepcopy(predictor.state())
    table = predict_then_learn(predictor, toy_traces[10:20], learn=False)
    assert table.predictions == predict_traces(predictor, toy_traces[10:20]).predictions
    assert str(predictor.state()) == str(before)


@pytest.mark.parametrize("name", ["markov", "ngram"])
def test_learning_through_a_stream_equals_fitting_point_by_point(name: str, toy_traces: list[Trace]) -> None:
    first: Predictor = make_predictor(name).fit(toy_traces[:4])
    second = deepcopy(first)
    predict_then_learn(first, toy_traces[4:8])
    for trace in toy_traces[4:8]:
        for decision in trace.decisions():
            second.learn(decision.point, decision.calls[0] if decision.calls else None)
    points = [decision.point for trace in toy_traces[8:12] for decision in trace.decisions()]
    assert first.predict_batch(points, k=3) == second.predict_batch(points, k=3)


def test_online_learning_finds_a_change_of_tools_and_frozen_does_not(make_toy_trace: Callable[..., Trace]) -> None:
    old = [make_toy_trace(task) for task in range(6)]
    new = [make_toy_trace(task, read="fetch_order") for task in range(6, 30)]
    predictor = make_predictor("markov").fit(old)
    online = decisions(predict_then_learn(deepcopy(predictor), new))
    frozen = decisions(predict_then_learn(predictor, new, learn=False))
    row = differences(frozen, online)["tool_top1"]
    assert row["low"] > 0.1
    assert row["difference"] == pytest.approx(row["online"] - row["frozen"])
    assert set(differences(frozen, frozen)) == {*RATES, "ece"}
    assert all(each["difference"] in (0.0, None) for each in differences(frozen, frozen).values())


def test_the_calibration_error_is_that_of_an_evaluation(toy_traces: list[Trace]) -> None:
    predictor = make_predictor("markov").fit(toy_traces[:10])
    learner = deepcopy(predictor)
    frozen = predict_then_learn(predictor, toy_traces[10:], learn=False)
    online = predict_then_learn(learner, toy_traces[10:])
    row = differences(decisions(frozen), decisions(online))["ece"]
    assert [row["frozen"], row["online"]] == [rates(table, intervals=False)["ece"] for table in (frozen, online)]
    assert row["difference"] == row["online"] - row["frozen"] != 0.0


def test_nothing_offered_has_no_calibration_error_and_one_task_no_interval(toy_traces: list[Trace]) -> None:
    silent = decisions(predict_then_learn(make_predictor("silent").fit([]), toy_traces[:3]))
    assert differences(silent, silent)["ece"] == {
        "decisions": 0, "frozen": None, "online": None, "difference": None, "low": None, "high": None
    }  # fmt: skip
    known = decisions(predict_then_learn(make_predictor("oracle").fit([]), toy_traces[:1]))
    row = differences(known, known)["ece"]
    assert (row["frozen"], row["difference"], row["low"], row["high"]) == (0.0, 0.0, None, None)


def test_scores_count_where_their_rate_counts(make_toy_trace: Callable[..., Trace]) -> None:
    frame = decisions(predict_then_learn(make_predictor("oracle").fit([]), [make_toy_trace(2)]))
    replies = frame["tool"].isna()
    assert frame.loc[replies, "call_top1"].isna().all()
    assert frame["read_call_top1"].notna().sum() == 2
    assert frame["brier"].notna().all()


def test_rolling_is_the_mean_of_a_full_window() -> None:
    scores = np.array([1.0, 0.0, np.nan, 1.0, 1.0])
    expected = [np.nan, np.nan, np.mean([1, 0]), np.mean([0, 1]), 1.0]
    np.testing.assert_allclose(rolling(scores, 3), expected)
    assert np.isnan(rolling(scores, 6)).all()
    assert np.isnan(rolling(np.full(4, np.nan), 2)).all()


def test_both_arms_of_every_predictor_are_in_the_tables(toy_traces: list[Trace]) -> None:
    summary, curves = progress_through([stream(toy_traces)], ["markov", "silent"], window=5)
    assert list(summary["predictor"].unique()) == ["markov", "silent"]
    assert set(curves["arm"]) == {"frozen", "online"}
    assert set(curves["window"]) == {5}
    assert "stream" in summary_text(summary)


class Fits(Diary):
    """Says when it is fitted."""

    def fit(self, traces: Any) -> Self:
        self.said.append(f"fitted on {len(traces)}")
        return self


def test_a_predictor_is_fitted_once_and_its_arms_do_not_share(
    toy_traces: list[Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Fits] = []

    def make(name: str, seed: int) -> Fits:
        made.append(Fits())
        return made[-1]

    monkeypatch.setattr("specbench.study.progressive.job.seeded", make)
    progress_through([stream(toy_traces)], ["diary"])
    assert len(made) == 1
    assert made[0].said[0] == "fitted on 12"
    assert not any(word.startswith("told") for word in made[0].said)
