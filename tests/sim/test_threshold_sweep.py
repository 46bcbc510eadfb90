"""The sweep is the simulator in closed form: both give the same numbers at every operating point."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import Effect, ToolSpec
from specbench.metrics import PredictionTable, predict_traces, summarise
from specbench.policies import Threshold, TopK
from specbench.predictors import make_predictor
from specbench.sim import (
    Constant,
    DecisionColumns,
    Latency,
    LogNormal,
    decision_columns,
    recall_at_precision,
    simulate,
    sweep,
)
from specbench.sim.threshold_sweep import COLUMNS
from specbench.study.time_use import time_use
from specbench.testing import make_traces, odd_trace
from tests.sim.test_simulation import LATENCIES
from tests.tables import table, tables

SHARED = [
    name
    for name in COLUMNS
    if name
    not in (
        "threshold",
        "read_recall",
        "wasted_share",
        "net_share",
        "tasks_launched",
        "tasks_wasting",
        "at_risk_share",
        "read_amplification",
        "runs_on_share",
    )
    and not name.endswith(("_before_write", "_per_call"))
]
LIMITS = st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.3, 0.5, 0.6, 1.0]) | st.floats(0, 1), min_size=1, max_size=8)


def assert_equals_simulator(
    table: PredictionTable, thresholds: list[float], k: int, latency: Latency, predict_s: float
) -> None:
    frame = sweep(table, thresholds, k=k, latency=latency, predict_s=predict_s)
    assert frame["threshold"].tolist() == thresholds
    assert list(frame.columns) == list(COLUMNS)
    reads = table.read_calls().sum()
    for (_, row), threshold in zip(frame.iterrows(), thresholds, strict=True):
        ledger = simulate(table, Threshold(threshold, k), latency=latency, predict_s=predict_s)
        expected = summarise(ledger)
        for name in SHARED:
            value = math.nan if expected[name] is None else expected[name]
            assert row[name] == pytest.approx(value, abs=1e-9, nan_ok=True), (name, threshold)
        assert row["read_recall"] == pytest.approx(expected["hits"] / reads if reads else math.nan, nan_ok=True)
        sequential = expected["sequential_s"]
        share = expected["wasted_s"] / sequential if sequential else math.nan
        assert row["wasted_share"] == pytest.approx(share, abs=1e-9, nan_ok=True)
        net = expected["net_s"] / sequential if sequential else math.nan
        assert row["net_share"] == pytest.approx(net, abs=1e-9, nan_ok=True)
        task_of = {each.trace_id: each.task_id for each in ledger.outcomes}
        lost = [each for each in ledger.speculations if each.fate != Fate.COMMIT]
        whole = sum(latency.tool_s(each.trace_id, each.call) for each in lost)
        assert row["runs_on_share"] == pytest.approx(whole / sequential if sequential else math.nan, nan_ok=True)
        needed = reads + expected["launched"] - expected["commits"]
        assert row["read_amplification"] == pytest.approx(needed / reads if reads else math.nan, nan_ok=True)
        assert row["tasks_wasting"] == len({task_of[each.trace_id] for each in lost if each.run_s > 0})
        assert row["at_risk_share"] >= row["wasted_share"] - 1e-9 or not sequential
        assert row["tasks_launched"] == len({each.task_id for each in ledger.outcomes if each.launched})


@given(table=tables(), thresholds=LIMITS, k=st.integers(1, 5), latency=LATENCIES, predict_s=st.floats(0, 3))
def test_sweep_equals_simulator(
    table: PredictionTable, thresholds: list[float], k: int, latency: Latency, predict_s: float
) -> None:
    assert_equals_simulator(table, thresholds, k, latency, predict_s)


@pytest.mark.parametrize("name", ["markov", "ngram", "frequent", "wrong", "silent", "oracle"])
@pytest.mark.parametrize("k", [1, 3])
def test_sweep_equals_simulator_on_traces(name: str, k: int) -> None:
    traces = [*make_traces(6), odd_trace()]
    table = predict_traces(make_predictor(name).fit(traces), traces)
    assert_equals_simulator(table, [at / 40 for at in range(41)], k, LogNormal(2.0, 1.0, 0.8, seed=2), 0.05)


@given(tables=st.lists(tables(), min_size=1, max_size=4), k=st.integers(1, 3), latency=LATENCIES)
def test_columns_of_parts_are_swept_like_the_whole(tables: list[PredictionTable], k: int, latency: Latency) -> None:
    named = [
        replace(each, tasks=[f"{at} {task}" for task in each.tasks],
                points=[replace(point, trace_id=f"{at} {point.trace_id}") for point in each.points])
        for at, each in enumerate(tables)
    ]  # fmt: skip
    whole = PredictionTable(
        **{
            field.name: [row for each in named for row in getattr(each, field.name)]
            for field in fields(PredictionTable)
        }
    )
    limits = [at / 20 for at in range(21)]
    parts = DecisionColumns.joined(decision_columns(each, k=k, latency=latency, predict_s=0.1) for each in named)
    expected = sweep(whole, limits, k=k, latency=latency, predict_s=0.1, intervals=True)
    pd.testing.assert_frame_equal(sweep(parts, limits, intervals=True), expected)


def test_the_k_best_are_a_threshold_of_zero() -> None:
    traces = make_traces(12)
    made = predict_traces(make_predictor("markov").fit(traces), traces)
    for k in (1, 2, 5):
        row = sweep(decision_columns(made, k=k), [0.0]).iloc[0]
        ledger = summarise(simulate(made, TopK(k), latency=Constant()))
        assert (row["saved_s"], row["wasted_s"], row["launched"]) == pytest.approx(
            (ledger["saved_s"], ledger["wasted_s"], ledger["launched"])
        )


def test_many_thresholds_are_done_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = make_traces(12)
    made = predict_traces(make_predictor("markov").fit(traces), traces)
    whole = sweep(made, [at / 9 for at in range(10)], intervals=True)
    monkeypatch.setattr("specbench.sim.threshold_sweep.CELLS", 30)
    pd.testing.assert_frame_equal(sweep(made, [at / 9 for at in range(10)], intervals=True), whole)


def test_columns_of_another_k_are_not_joined() -> None:
    one = table(("t", ["read:1"], [("read:1", 0.5)]))
    with pytest.raises(ConfigError, match=r"one k; got \[1, 2\]"):
        DecisionColumns.joined([decision_columns(one, k=1), decision_columns(one, k=2)])
    with pytest.raises(ConfigError, match="got none"):
        DecisionColumns.joined([])


def test_an_empty_table_has_no_numbers_and_no_failure() -> None:
    frame = sweep(table(), [0.0, 0.5])
    assert frame["launched"].tolist() == [0.0, 0.0]
    assert frame["recall"].isna().all()


def test_equal_predictions_share_one_launch() -> None:
    twice = table(("t", ["read:1"], [("read:1", 0.5), ("read:1", 0.4)]))
    assert_equals_simulator(twice, [0.0, 0.45, 0.6], 2, Constant(), 0.0)


def test_bands_contain_the_estimate() -> None:
    traces = make_traces(16)
    table = predict_traces(make_predictor("markov").fit(traces), traces)
    frame = sweep(table, [0.0, 0.3, 0.9], intervals=True)
    for name in ("recall", "read_recall", "precision", "wasted_share", "saved_share", "amplification"):
        known = frame[frame[f"{name}_low"].notna()]
        assert len(known)
        assert (known[f"{name}_low"] <= known[name] + 1e-9).all()
        assert (known[f"{name}_high"] >= known[name] - 1e-9).all()


def test_few_tasks_have_no_band() -> None:
    rows = [(f"{task}.1", ["read:1"], [("read:1", 0.5)]) for task in "abcd"]
    assert "recall_low" not in sweep(table(*rows), [0.0], intervals=True)
    rows.append(("e.1", ["read:1"], [("read:1", 0.5)]))
    assert sweep(table(*rows), [0.0, 0.9], intervals=True)["recall_low"].tolist()[0] < 1.0


def test_tasks_are_the_draws_not_decisions() -> None:
    # Some tasks always hit, others never: however long they are, six tasks say little.
    rows = [
        (f"{task}.1", ["read:1"], [("read:1" if task < "d" else "read:2", 0.9)]) for task in "abcdef" for _ in range(50)
    ]
    frame = sweep(table(*rows), [0.5], intervals=True)
    assert frame["recall"][0] == 0.5
    assert frame["recall_low"][0] < 0.1 and frame["recall_high"][0] > 0.9


@pytest.mark.parametrize("thresholds", [[-0.1], [0.5, 1.5], [math.nan]])
def test_thresholds_are_probabilities(thresholds: list[float]) -> None:
    with pytest.raises(ConfigError, match=r"thresholds are probabilities in \[0, 1\]"):
        sweep(table(), thresholds)


def brute_force(table: PredictionTable, precision: float) -> float | None:
    reads = table.read_calls().sum()
    if not reads:
        return None
    best = 0.0
    for threshold in sorted({p for predictions in table.predictions for _, p in predictions}):
        numbers = summarise(simulate(table, Threshold(threshold)))
        if numbers["precision"] is not None and numbers["precision"] >= precision - 1e-12:
            best = max(best, numbers["hits"] / reads)
    return best


@given(table=tables(), precision=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_recall_at_precision_is_the_best_of_all_thresholds(table: PredictionTable, precision: float) -> None:
    assert recall_at_precision(table, precision) == pytest.approx(brute_force(table, precision))


def test_recall_at_precision_by_hand() -> None:
    rows = [
        ("a.1", ["read:1"], [("read:1", 0.9)]),
        ("a.1", ["read:1"], [("read:2", 0.8)]),
        ("a.1", ["look"], [("look", 0.7)]),
        ("a.1", ["look"], [("look", 0.6)]),
        ("a.1", ["write:1"], [("write:1", 1.0)]),
        ("a.1", [], [("read:1", 0.1)]),
    ]
    assert recall_at_precision(table(*rows), 0.75) == 3 / 4
    assert recall_at_precision(table(*rows), 0.9) == 1 / 4
    assert recall_at_precision(table(*rows[4:]), 0.75) is None
    assert recall_at_precision(table(rows[1]), 0.75) == 0.0


def test_more_thresholds_do_not_change_a_threshold() -> None:
    traces = make_traces(6)
    table = predict_traces(make_predictor("ngram").fit(traces), traces)
    many = sweep(table, np.linspace(0, 1, 101).tolist())
    alone = sweep(table, [many["threshold"][37]])
    assert many.iloc[37].equals(alone.iloc[0].rename(37))


def test_shares_of_the_reads_are_of_launched_reads() -> None:
    tools = {"look": ToolSpec("look", effect=Effect.READ), "put": ToolSpec("put", effect=Effect.STAGED)}
    called = ["look"] * 2 + ["put"] * 8
    found = table(*[(f"t{at}", [tool], [(tool, 0.9)]) for at, tool in enumerate(called)])
    found = replace(found, points=[replace(point, tools=tools) for point in found.points])
    row = sweep(found, [0.5]).iloc[0]
    assert (row["launched"], row["read_recall"], row["recall"]) == (2, 1.0, 0.2)
    assert recall_at_precision(found) == 1.0


def test_what_cannot_happen_is_launched_nowhere() -> None:
    found = table(("t", ["read:1"], [("read:1", 0.0), ("look", 0.0)]))
    assert_equals_simulator(found, [0.0, 0.5], 2, Constant(), 0.0)
    assert sweep(found, [0.0], k=2).iloc[0]["launched"] == 0


def test_the_oracle_of_traces_has_the_simulators_baseline() -> None:
    # Layers keep its sums from the simulator's code; they are the same seconds.
    traces, latency = [*make_traces(8), odd_trace()], LogNormal(2.0, 1.0, 0.8, seed=5)
    found = time_use(traces, latency).oracle
    ledger = simulate(predict_traces(make_predictor("silent").fit(traces), traces), Threshold(), latency=latency)
    assert found.total_s == pytest.approx(summarise(ledger)["sequential_s"])
    assert 0 < found.saved_s <= found.read_s < found.tool_s
