"""The simulator and the sweep, once predictions are known, on one core."""

from __future__ import annotations

from common import ROOT, Result, seconds

from specbench.metrics import PredictionTable, predict_traces
from specbench.policies import Threshold
from specbench.predictors import make_predictor
from specbench.sim import Constant, DecisionColumns, LogNormal, decision_columns, simulate, sweep
from specbench.traces.store import load

DECISIONS = 5000
MANY = 1_000_000


def table_of(decisions: int) -> PredictionTable:
    """Predictions of the back-off n-gram at ``decisions`` decision points of the support desk."""
    traces, _ = load(ROOT / "data" / "support_desk.jsonl")
    table = predict_traces(make_predictor("ngram").fit(traces[:240]), traces)
    for column in (table.points, table.calls, table.predictions, table.tools, table.tasks):
        column *= decisions // len(column) + 1  # over and over, if there are fewer
        del column[decisions:]
    return table


def measure() -> list[Result]:
    """Return decisions per second, and seconds of a sweep."""
    table = table_of(DECISIONS)
    thresholds = [at / 199 for at in range(200)]
    out = []
    for latency, label in ((Constant(), "constant"), (LogNormal(), "log-normal")):
        one = seconds(lambda latency=latency: simulate(table, Threshold(0.6), latency=latency))
        many = seconds(lambda latency=latency: sweep(table, thresholds, latency=latency))
        bands = seconds(lambda latency=latency: sweep(table, thresholds, latency=latency, intervals=True), repeats=3)
        out += [
            Result(f"simulate, {label} latencies", DECISIONS / one, "decisions/s", 40_000, higher_is_better=True),
            Result(f"sweep, 200 thresholds × {DECISIONS} decisions, {label}", many, "s", 2),
            Result(f"the same with intervals, {label}", bands, "s"),
        ]
    return [*out, *columns(table)]


def columns(table: PredictionTable) -> list[Result]:
    """Return decisions per second of a sweep over a million decisions that are columns already."""
    some = decision_columns(table)
    many = DecisionColumns.joined([some] * (MANY // DECISIONS))
    once = seconds(lambda: sweep(many, [0.6]), repeats=3)
    grid = [at / 49 for at in range(50)]
    fifty = seconds(lambda: sweep(many, grid), repeats=3)
    event = DECISIONS / seconds(lambda: simulate(table, Threshold(0.6)), repeats=3)
    each = MANY * len(grid) / fifty
    return [
        Result("a table into columns", DECISIONS / seconds(lambda: decision_columns(table)), "decisions/s"),
        Result(f"one threshold over {MANY:,} decisions as columns", MANY / once, "decisions/s", 1_000_000,
               higher_is_better=True),
        Result(f"{len(grid)} thresholds over them", each, "decisions/s", 1_000_000, higher_is_better=True,
               note=f"{each / event:,.0f} × the event simulator, of a threshold and a decision"),
    ]  # fmt: skip
