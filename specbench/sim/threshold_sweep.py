"""Thousands of operating points at once: the simulator's rules in closed form for threshold policies.

Every launch has a fixed price, and a fixed gain beside those that are more probable, so a sweep is sums over the
launches whose probability reaches it. :func:`specbench.sim.simulate` is the reference; a test holds the two equal.
Declared reads alone are launched here: a staged tool needs its pair, which traces do not have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from specbench.core.errors import ConfigError
from specbench.metrics.intervals import MIN_TASKS, ratios
from specbench.metrics.prediction_rates import Hits, launches
from specbench.metrics.prediction_rates import reads as reads_of
from specbench.metrics.prediction_table import PredictionTable
from specbench.sim.columns import DecisionColumns, decision_columns, usable
from specbench.sim.latency.models import Latency

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
CELLS = 2_000_000
"""Tasks times thresholds at once: bounds the memory of a sweep over many tasks."""


def sweep(
    table: PredictionTable | DecisionColumns,
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
        Predictions at every decision point; or their columns (:func:`specbench.sim.columns.decision_columns`), which
        hold k, latency and prediction time already.
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
    if isinstance(table, DecisionColumns):
        columns = table
    else:
        columns = decision_columns(table, k=k, latency=latency, predict_s=predict_s)
    tasks, where = np.unique(columns.task, return_inverse=True)
    limits = np.asarray(thresholds, float)
    at_once = max(1, CELLS // max(1, len(tasks)))
    parts = [
        _swept(columns, where, len(tasks), limits[start : start + at_once], intervals, waste_price)
        for start in range(0, max(1, len(limits)), at_once)
    ]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _swept(
    columns: DecisionColumns,
    where: npt.NDArray[np.intp],
    tasks: int,
    limits: Floats,
    intervals: bool,
    waste_price: float,
) -> pd.DataFrame:
    """Σ over the launches with p ≥ t, by task, for as many thresholds as memory takes at once."""
    of_launches = _tail_sums(columns.p.ravel(), np.repeat(where, columns.k), tasks, limits)
    of_lookups = _tail_sums(columns.lookup_p, where[columns.lookup_row], tasks, limits)
    sums = {
        "launched": of_launches(np.ones(columns.p.size)),
        "first": of_launches(columns.first.ravel()),
        "commits": of_launches(columns.commit.ravel()),
        "saved": of_launches(columns.saved_s.ravel()),
        "wasted": of_launches(columns.wasted_s.ravel()),
        "runs_on": of_launches(columns.runs_on_s.ravel()),
        "at_risk": of_launches(columns.at_risk_s.ravel()),
        "lookups": of_lookups(np.ones(len(columns.lookup_p))),
        "answered": of_lookups(columns.lookup_hit.astype(float)),
    }
    first = _tail_sums(columns.p[:, 0], where, tasks, limits)(np.ones(len(columns)))
    totals: dict[str, Floats] = {
        name: np.bincount(where, values, tasks).astype(float)
        for name, values in (
            ("points", np.ones(len(columns))), ("needed", columns.needed), ("called", columns.called),
            ("read", columns.read), ("sequential", columns.sequential_s),
        )
    }  # fmt: skip
    parts = _ratios(sums, first, totals, waste_price)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {name: _share(top.sum(axis=0), bottom.sum(axis=0)) for name, (top, bottom) in parts.items()}
    saved, wasted = sums["saved"].sum(axis=0), sums["wasted"].sum(axis=0)
    found |= {"launched": sums["launched"].sum(axis=0), "hits": sums["commits"].sum(axis=0)}
    found["tasks_launched"] = (sums["launched"] > 0).sum(axis=0)
    found["tasks_wasting"] = (sums["wasted"] > 0).sum(axis=0)
    found |= {"saved_s": saved, "wasted_s": wasted, "net_s": saved - wasted}
    out = pd.DataFrame({"threshold": limits, **found})[list(COLUMNS)]
    if intervals and tasks >= MIN_TASKS:
        for name in BANDS:
            band = ratios(*parts[name], share=name in SHARES)
            low, high = np.maximum(band.low, LEAST.get(name, -np.inf)), band.high
            if "recall" in name:  # what is never launched never hits, on other tasks either
                low, high = (np.where(out["launched"] > 0, each, found[name]) for each in (low, high))
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
        used[row] = any(calls[at] in best_call for at in usable(point, calls))
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


def _tail_sums(
    p: Floats, owner: npt.NDArray[np.intp], tasks: int, limits: Floats
) -> Callable[[Floats], npt.NDArray[np.float64]]:
    """Return the function values → Σ of values with p ≥ limit (and p > 0), shape (tasks, limits)."""
    edges = np.unique(limits)
    kept = np.flatnonzero(p > 0)
    # Number of limits that each launch reaches: it adds to all limits up to there.
    cells = owner[kept] * (len(edges) + 1) + np.searchsorted(edges, p[kept], side="right")
    columns = np.searchsorted(edges, limits)

    def sums(values: Floats) -> Floats:
        grid = np.bincount(cells, values[kept], tasks * (len(edges) + 1)).reshape(tasks, len(edges) + 1)
        tail = grid[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        return tail[:, columns]

    return sums


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
