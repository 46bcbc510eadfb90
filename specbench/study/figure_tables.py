"""The tables behind a study's figures: tool by tool, and how reliable the probabilities are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from specbench.core.ledger import Fate, Ledger
from specbench.core.text import writable
from specbench.metrics.prediction_rates import launches
from specbench.metrics.prediction_table import PredictionTable

__all__ = ["at_waste", "per_tool", "reliability_bins", "wilson_interval"]

Z_95 = 1.959964


def wilson_interval(hits: float, of: float) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    References
    ----------
    E. Wilson (1927), *Probable inference, the law of succession, and statistical inference*, JASA 22(158).

    Examples
    --------
    >>> [round(value, 3) for value in wilson_interval(5, 10)]
    [0.237, 0.763]
    """
    share, z = hits / of, Z_95
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def at_waste(curve: pd.DataFrame, wasted_share: float, what: str = "recall") -> float | None:
    """Return the recall, or another column, where the curve, as it is drawn, reaches ``wasted_share`` of the time.

    Between two thresholds it is the straight line: launching by the one in some conversations and by the other in the
    rest gives just that. Before the first threshold with a launch it comes from (0, 0): launching nothing.

    Parameters
    ----------
    curve
        Rows of :func:`specbench.sim.sweep` for one predictor.
    wasted_share
        A fraction of the sequential time.
    what
        ``recall``, ``saved_share``, …

    Returns
    -------
    float or None
        The best value of all where the curve ends before; ``None`` without any call.

    Examples
    --------
    >>> curve = pd.DataFrame({"recall": [0.5, 0.3, 0.0], "wasted_share": [0.25, 0.05, 0.0]})
    >>> round(at_waste(curve, 0.15), 3), at_waste(curve, 0.9)
    (0.4, 0.5)
    """
    known = curve.dropna(subset=[what, "wasted_share"]).sort_values(["wasted_share", what])
    if known.empty:
        return None
    best = known.groupby("wasted_share")[what].max()
    wasted, value = np.append(0.0, best.index.to_numpy(float)), np.append(0.0, best.to_numpy(float))
    if len(best) and wasted[1] == 0.0:
        wasted, value = wasted[1:], value[1:]
    return float(np.interp(wasted_share, wasted, np.maximum.accumulate(value)))


def reliability_bins(table: PredictionTable, bins: int = 10) -> pd.DataFrame:
    """Return how often the best READ prediction of a point hit, by its probability.

    Every point with a READ prediction counts, replies too, as if everything were launched.

    Parameters
    ----------
    table
        Predictions and outcomes.
    bins
        Number of bins of equal width; empty ones are left out.

    Returns
    -------
    DataFrame
        Columns ``p`` (mean probability), ``hit_share, low, high`` (95 % Wilson interval) and ``count``.
    """
    best = launches(table)
    p, hit = best.p[:, 0], best.hit[:, 0]
    p, hit = p[p > 0], hit[p > 0]
    where = np.minimum((p * bins).astype(int), bins - 1)
    rows = []
    for number in range(bins):
        inside = where == number
        count, right = int(inside.sum()), int(hit[inside].sum())
        if count:
            low, high = wilson_interval(right, count)
            rows.append((float(p[inside].mean()), right / count, low, high, count))
    return pd.DataFrame(rows, columns=["p", "hit_share", "low", "high", "count"])


def per_tool(table: PredictionTable, ledger: Ledger) -> pd.DataFrame:
    """Return one row a tool that was called or launched, most called first.

    Parameters
    ----------
    table
        Predictions and outcomes.
    ledger
        Of a run on the same table.

    Returns
    -------
    DataFrame
        ``tool, effect, calls`` (each of parallel ones), ``right`` (of those: the predictor's best call, given that a
        call happens), ``launched, hits, saved_s`` (of the decision, with its first call), ``wasted_s``.
    """
    rows: dict[str, dict[str, float | str]] = {}

    by_argument = {name for point in table.points for name, spec in point.tools.items() if spec.where}

    def row(tool: str, effect: str) -> dict[str, float | str]:
        label = f"{tool} ({effect})" if tool in by_argument else tool
        empty = {"calls": 0, "right": 0, "launched": 0, "hits": 0, "saved_s": 0.0, "wasted_s": 0.0}
        return rows.setdefault(label, {"tool": writable(label), "effect": effect, **empty})

    def add(cells: dict[str, float | str], **amounts: float) -> None:
        for name, amount in amounts.items():
            cells[name] = float(cells[name]) + amount

    saved_s = {(outcome.trace_id, outcome.index): outcome.saved_s for outcome in ledger.outcomes}
    for point, calls, effects, predictions in zip(
        table.points, table.calls, table.effects(), table.predictions, strict=True
    ):
        best = next((each.call for each in predictions if each.call is not None), None)
        for at, (call, effect) in enumerate(zip(calls, effects, strict=True)):
            right = call == best and call not in calls[:at]
            add(
                row(call.name, effect),
                calls=1,
                right=right,
                saved_s=0.0 if at else saved_s[point.trace_id, point.index],
            )
    for speculation in ledger.speculations:
        used = speculation.fate == Fate.COMMIT
        add(row(speculation.tool, "read"), launched=1, hits=used, wasted_s=0.0 if used else speculation.run_s)
    columns = ["tool", "effect", "calls", "right", "launched", "hits", "saved_s", "wasted_s"]
    ordered = sorted(rows.values(), key=lambda cells: (-float(cells["calls"]), str(cells["tool"])))
    whole = ["calls", "right", "launched", "hits"]
    return pd.DataFrame(ordered, columns=columns).astype(dict.fromkeys(whole, int))
