"""Thousands of operating points at once: the simulator's rules in closed form for threshold policies.

Every launch has a fixed price, and a fixed gain beside those that are more probable, so a sweep is sums over the
launches whose probability reaches it. :func:`specbench.sim.simulate` is the reference; a test holds the two equal.
Declared reads alone are launched here: a staged tool needs its pair, which traces do not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from specbench.core.batches import in_batches, seconds_in_batches
from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, ToolCall, effect_of
from specbench.metrics.before_write import lookups
from specbench.metrics.intervals import MIN_TASKS, ratios, task_sums
from specbench.metrics.prediction_rates import Hits, launches
from specbench.metrics.prediction_rates import reads as reads_of
from specbench.metrics.prediction_table import PredictionTable
from specbench.sim.latency.models import Constant, Latency

__all__ = ["COLUMNS", "hits_at_precision", "recall_at_precision", "sweep"]

Floats = npt.NDArray[np.float64]
COLUMNS = (
    "threshold", "attempt_rate", "precision", "recall", "read_recall", "first_call_recall",
    "amplification", "launched", "hits",
    "saved_s", "wasted_s", "net_s", "saved_share", "wasted_share", "net_share", "tasks_launched", "tasks_wasting",
    "at_risk_share", "read_amplification",
    "runs_on_share", "recall_before_write", "precision_before_write", "lookups_per_call", "unused_lookups_per_call",
)  # fmt: skip
SHARES = frozenset({"recall", "read_recall", "precision", "recall_before_write", "precision_before_write"})
BANDS = (*sorted(SHARES), "wasted_share", "saved_share", "net_share", "amplification")
"""What has an interval."""
LEAST = {"wasted_share": 0.0, "amplification": 1.0}
"""What a ratio that is no share cannot fall below."""


@dataclass(frozen=True)
class _Prices:
    """Per point: needed calls, called, read calls; per point and rank: p, first call hit, any call hit, seconds."""

    p: Floats
    first: Floats
    commit: Floats
    saved: Floats
    wasted: Floats
    runs_on: Floats
    at_risk: Floats
    needed: Floats
    called: Floats
    read: Floats
    sequential: Floats


def _price(table: PredictionTable, k: int, latency: Latency, predict_s: float) -> _Prices:
    n = len(table)
    p, _ = launches(table, k)
    saved, wasted, runs_on, commit, first, at_risk = (np.zeros((n, k)) for _ in range(6))
    sequential = np.zeros(n)
    for row, (point, calls, predictions) in enumerate(zip(table.points, table.calls, table.predictions, strict=True)):
        think = latency.think_s(point.trace_id, point.index)
        seconds = [latency.tool_s(point.trace_id, call.key) for call in calls]
        sequential[row] = think + seconds_in_batches(seconds, in_batches([_writes(point, call) for call in calls]))
        if predict_s >= think:
            p[row] = 0.0
            continue
        open_s = {at: think + seconds[at] for at in _usable(point, calls)}
        for rank, (call, _) in enumerate(reads_of(point, predictions, k)):
            assert call is not None  # reads() keeps calls only
            run = latency.tool_s(point.trace_id, call.key)
            if not p[row, rank]:
                continue  # an equal call is launched already
            at_risk[row, rank] = min(run, think - predict_s)
            used = next((at for at in open_s if calls[at] == call), None)
            if used is not None:
                before = max(open_s.values())
                open_s[used] = max(think, predict_s + run)
                first[row, rank] = used == 0
                commit[row, rank], saved[row, rank] = 1.0, before - max(open_s.values())
            else:
                wasted[row, rank], runs_on[row, rank] = at_risk[row, rank], run
    counts = np.array([len(calls) for calls in table.calls], float)
    called = (counts > 0).astype(float)
    return _Prices(p, first, commit, saved, wasted, runs_on, at_risk, counts, called, table.read_calls(), sequential)


def _usable(point: DecisionPoint, calls: Sequence[ToolCall]) -> range:
    """The calls whose results may come from before the decision: what stands behind a write of it is read anew."""
    first = next((at for at, call in enumerate(calls) if _writes(point, call)), len(calls))
    return range(first)


def _writes(point: DecisionPoint, call: ToolCall) -> bool:
    return effect_of(call, point.tools) not in (Effect.READ, Effect.LOCAL)


def sweep(
    table: PredictionTable,
    thresholds: Sequence[float],
    *,
    k: int = 1,
    latency: Latency | None = None,
    predict_s: float = 0.0,
    intervals: bool = False,
    waste_price: float = 1.0,
) -> pd.DataFrame:
    """Return the metrics of ``Threshold(p, k)`` for every ``p`` in ``thresholds`` (modelled time).

    Parameters
    ----------
    table
        Predictions at every decision point.
    thresholds
        Probabilities in [0, 1].
    k, latency, predict_s
        As in :func:`specbench.sim.simulate`.
    intervals
        Add ``recall_low, recall_high, wasted_share_low, …``: 95 % intervals by task
        (:mod:`specbench.metrics.intervals`), where there are tasks enough.
    waste_price
        Seconds of waiting that a wasted second costs, for ``net_share``.

    Returns
    -------
    DataFrame
        One row a threshold, columns :data:`COLUMNS`; ratios with nothing below the line are NaN. ``saved_share``,
        ``wasted_share`` and ``net_share`` (saved − ``waste_price`` · wasted) are fractions of the sequential seconds.
        Wasted seconds end where a call is cancelled; ``runs_on_share`` is what is wasted if cancelled calls run to
        their end, as tools in threads do. ``read_amplification`` counts READ calls alone; ``at_risk_share`` is what
        would be lost if every launch missed; ``tasks_wasting`` counts the tasks with waste, ``tasks_launched`` those
        with a launch. ``…_before_write`` and the lookups count a guess until the next write
        (:mod:`specbench.metrics.before_write`).
    """
    if any(not 0.0 <= threshold <= 1.0 for threshold in thresholds):
        raise ConfigError(f"thresholds are probabilities in [0, 1]; got {list(thresholds)!r}")
    prices = _price(table, k, latency if latency is not None else Constant(), predict_s)
    tasks, where = np.unique(np.asarray(table.tasks, dtype=str), return_inverse=True)
    limits = np.asarray(thresholds, float)
    # Σ over the launches with p ≥ t, per task: sort the launches of all points by p once, then cumulate by bisection.
    flat = {
        "launched": np.ones_like(prices.p), "first": prices.first, "commits": prices.commit, "saved": prices.saved,
        "wasted": prices.wasted, "runs_on": prices.runs_on, "at_risk": prices.at_risk,
    }  # fmt: skip
    owner = np.repeat(where, k) if len(where) else np.zeros(0, int)
    sums = {
        name: _tail_sums(prices.p.ravel(), values.ravel(), owner, len(tasks), limits) for name, values in flat.items()
    }
    first = (
        _tail_sums(prices.p[:, 0], np.ones(len(table)), where, len(tasks), limits) if len(table) else sums["launched"]
    )
    totals = {
        name: task_sums(table.tasks, values)
        for name, values in (
            ("points", np.ones(len(table))), ("needed", prices.needed), ("called", prices.called),
            ("read", prices.read), ("sequential", prices.sequential),
        )
    }  # fmt: skip
    ahead = lookups(table, k)
    sums |= {
        name: _tail_sums(ahead.p, values.astype(float), where[ahead.row], len(tasks), limits)
        for name, values in (("lookups", np.ones(len(ahead.p))), ("answered", ahead.hit))
    }
    parts = _ratios(sums, first, totals, waste_price)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {name: _share(top.sum(axis=0), bottom.sum(axis=0)) for name, (top, bottom) in parts.items()}
    saved, wasted = sums["saved"].sum(axis=0), sums["wasted"].sum(axis=0)
    columns |= {"launched": sums["launched"].sum(axis=0), "hits": sums["commits"].sum(axis=0)}
    columns["tasks_launched"] = (sums["launched"] > 0).sum(axis=0)
    columns["tasks_wasting"] = (sums["wasted"] > 0).sum(axis=0)
    columns |= {"saved_s": saved, "wasted_s": wasted, "net_s": saved - wasted}
    out = pd.DataFrame({"threshold": limits, **columns})[list(COLUMNS)]
    if intervals and len(tasks) >= MIN_TASKS:
        for name in BANDS:
            found = ratios(*parts[name], share=name in SHARES)
            low, high = np.maximum(found.low, LEAST.get(name, -np.inf)), found.high
            if "recall" in name:  # what is never launched never hits, on other tasks either
                low, high = (np.where(out["launched"] > 0, each, columns[name]) for each in (low, high))
            out[f"{name}_low"], out[f"{name}_high"] = low, high
    return out


def recall_at_precision(table: PredictionTable, precision: float = 0.75) -> float | None:
    """Return the best recall of READ calls, over the thresholds at which ``precision`` of the launches are used.

    All decision points count, replies too, and each of parallel calls. 0 when no threshold is that precise; ``None``
    without READ calls.
    """
    return hits_at_precision(table, precision).rate


def hits_at_precision(table: PredictionTable, precision: float = 0.75) -> Hits:
    """Return the READ calls that are hit at the threshold of :func:`recall_at_precision`, and all of them, by point."""
    p, reads = launches(table).p[:, 0], table.read_calls()
    used = np.zeros(len(table), bool)
    for row, (point, calls, predictions) in enumerate(zip(table.points, table.calls, table.predictions, strict=True)):
        best_call = [call for call, _ in reads_of(point, predictions, 1)]
        used[row] = any(calls[at] in best_call for at in _usable(point, calls))
    order = np.argsort(-p, kind="stable")[: int((p > 0).sum())]
    probability, right = p[order], np.cumsum(used[order])
    # A threshold takes all launches of equal probability or none of them.
    last = np.append(probability[1:] != probability[:-1], True) if len(order) else np.zeros(0, bool)
    enough = np.flatnonzero(last & (right >= precision * np.arange(1, len(order) + 1)))
    hit = np.zeros(len(table))
    if len(enough):
        launched = order[: enough[np.argmax(right[enough])] + 1]
        hit[launched] = used[launched]
    return Hits(hit, reads)


def _tail_sums(p: Floats, values: Floats, owner: npt.NDArray[np.intp], tasks: int, limits: Floats) -> Floats:
    """Σ of values with p ≥ limit (and p > 0), shape (tasks, limits)."""
    edges = np.sort(np.unique(limits))
    # Number of limits that each launch reaches: it adds to all limits up to there.
    reach = np.searchsorted(edges, p, side="right")
    grid = np.zeros((tasks, len(edges) + 1))
    kept = p > 0
    np.add.at(grid, (owner[kept], reach[kept]), values[kept])
    tail = grid[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return tail[:, np.searchsorted(edges, limits)]


def _share(top: Floats, bottom: Floats) -> Floats:
    return np.where(bottom > 0, top / bottom, np.nan)


def _ratios(
    sums: dict[str, Floats], first: Floats, totals: dict[str, Floats], waste_price: float
) -> dict[str, tuple[Floats, Floats]]:
    """Numerator and denominator of each ratio, per task and limit."""
    launched, commits = sums["launched"], sums["commits"]

    def total(name: str) -> Floats:
        return np.broadcast_to(totals[name][:, None], launched.shape)

    return {
        "attempt_rate": (first, total("points")),
        "precision": (commits, launched),
        "recall": (commits, total("needed")),
        "read_recall": (commits, total("read")),
        "first_call_recall": (sums["first"], total("called")),
        "amplification": (total("needed") + launched - commits, total("needed")),
        "saved_share": (sums["saved"], total("sequential")),
        "wasted_share": (sums["wasted"], total("sequential")),
        "at_risk_share": (waste_price * sums["at_risk"], total("sequential")),
        "runs_on_share": (sums["runs_on"], total("sequential")),
        "read_amplification": (total("read") + launched - commits, total("read")),
        "recall_before_write": (sums["answered"], total("needed")),
        "precision_before_write": (sums["answered"], sums["lookups"]),
        "lookups_per_call": (sums["lookups"], total("needed")),
        "unused_lookups_per_call": (sums["lookups"] - sums["answered"], total("needed")),
        "net_share": (sums["saved"] - waste_price * sums["wasted"], total("sequential")),
    }
