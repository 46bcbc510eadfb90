"""Paired differences: two predictors on the same decision points, with intervals by task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from specbench.core.errors import ConfigError
from specbench.metrics.intervals import ratios, task_sums
from specbench.metrics.prediction_rates import Hits, hits_at, is_read
from specbench.metrics.prediction_table import PredictionTable

__all__ = ["CALL_RATES", "holm", "paired_differences"]

CALL_RATES = ("call_top1", "call_top3", "read_call_top1", "read_call_top3")


def paired_differences(table: PredictionTable, baseline: PredictionTable) -> dict[str, dict[str, float | None]]:
    """Return the difference of each call rate to ``baseline``, with its 95 % interval and p-value.

    The difference is taken within each task, so what makes tasks easy or hard for both cancels out.

    Parameters
    ----------
    table, baseline
        Of the same decision points in the same order.

    Returns
    -------
    dict
        ``{rate: {difference, low, high, p}}`` for :data:`CALL_RATES`; ``None`` where there is no such call; with
        fewer than :data:`~specbench.metrics.intervals.MIN_TASKS` tasks there is no interval. ``p`` is that of one
        comparison; see :func:`holm` for several.

    Raises
    ------
    ConfigError
        When the tables are not of the same points.

    References
    ----------
    :func:`specbench.metrics.intervals.ratios`.

    Examples
    --------
    >>> empty = PredictionTable("a")
    >>> paired_differences(empty, empty)["call_top1"]
    {'difference': None, 'low': None, 'high': None, 'p': None}
    """
    places = [[(point.trace_id, point.index) for point in each.points] for each in (table, baseline)]
    if places[0] != places[1]:
        raise ConfigError(
            f"a paired difference needs the same decision points; {table.predictor!r} has {len(table)}, "
            f"{baseline.predictor!r} has {len(baseline)}, or others: predict the same traces with both"
        )
    out = {}
    for rate in CALL_RATES:
        k, among = int(rate[-1]), is_read if rate.startswith("read") else None
        out[rate] = _difference(table.tasks, hits_at(table, k, among=among), hits_at(baseline, k, among=among))
    return out


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p-values that hold for all of them together, by Holm's method; ``None`` stays.

    Of several true nulls, the chance that any gets 0.05 or less is at most 0.05.

    References
    ----------
    S. Holm (1979), *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6(2).

    Examples
    --------
    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    tested = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    out: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, at) in enumerate(tested):
        largest = max(largest, min(1.0, p * (len(tested) - rank)))
        out[at] = largest
    return out


def _difference(tasks: list[str], ours: Hits, theirs: Hits) -> dict[str, float | None]:
    if not ours.of.any():
        return dict.fromkeys(("difference", "low", "high", "p"))
    gained = task_sums(tasks, ours.hit - theirs.hit)[:, None]
    found = ratios(gained, task_sums(tasks, ours.of)[:, None], share=False)
    value, *rest = (None if np.isnan(each[0]) else float(each[0]) for each in found)
    return {"difference": value, **dict(zip(("low", "high", "p"), rest, strict=True))}
