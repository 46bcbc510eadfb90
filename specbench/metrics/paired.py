"""Paired differences: two predictors on the same decision points, with intervals from the same resamples of tasks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from specbench.core.errors import ConfigError
from specbench.core.types import Effect
from specbench.metrics.bootstrap import task_sums, task_weights
from specbench.metrics.prediction_rates import hits_at
from specbench.metrics.prediction_table import PredictionTable

__all__ = ["CALL_RATES", "paired_differences"]

CALL_RATES = ("call_top1", "call_top3", "read_call_top1", "read_call_top3")
RESAMPLES = 1000


def paired_differences(
    table: PredictionTable, baseline: PredictionTable, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, dict[str, float | None]]:
    """Return the difference of each call rate to ``baseline``, with its 95 % interval.

    In every resample the same tasks are drawn for both, so what makes tasks easy or hard for both cancels out.

    Parameters
    ----------
    table, baseline
        Of the same decision points in the same order.
    resamples, seed
        Of the bootstrap by task.

    Returns
    -------
    dict
        ``{rate: {difference, low, high}}`` for :data:`CALL_RATES`; ``None`` where there is no such call; with one
        task only there is no interval.

    Raises
    ------
    ConfigError
        When the tables are not of the same points.

    References
    ----------
    B. Efron, R. Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 8 (paired samples).

    Examples
    --------
    >>> empty = PredictionTable("a")
    >>> paired_differences(empty, empty)["call_top1"]
    {'difference': None, 'low': None, 'high': None}
    """
    places = [[(point.trace_id, point.index) for point in each.points] for each in (table, baseline)]
    if places[0] != places[1]:
        raise ConfigError(
            f"a paired difference needs the same decision points; {table.predictor!r} has {len(table)}, "
            f"{baseline.predictor!r} has {len(baseline)}, or others: predict the same traces with both"
        )
    called = np.array([bool(calls) for calls in table.calls], bool)
    read = np.array([effect is Effect.READ for effect in table.effects()], bool)
    out = {}
    for rate in CALL_RATES:
        among = read if rate.startswith("read") else called
        k = int(rate[-1])
        out[rate] = _difference(
            table.tasks, hits_at(table, k) & among, hits_at(baseline, k) & among, among, resamples, seed
        )
    return out


def _difference(
    tasks: list[str],
    ours: npt.NDArray[np.bool_],
    theirs: npt.NDArray[np.bool_],
    among: npt.NDArray[np.bool_],
    resamples: int,
    seed: int,
) -> dict[str, float | None]:
    if not among.any():
        return {"difference": None, "low": None, "high": None}
    gained = task_sums(tasks, ours.astype(float) - theirs)
    of = task_sums(tasks, among)
    found: dict[str, float | None] = {"difference": float(gained.sum() / of.sum()), "low": None, "high": None}
    if len(of) > 1:
        weights = task_weights(len(of), resamples, seed)
        tops, bottoms = weights @ gained, weights @ of
        ratios = tops[bottoms > 0] / bottoms[bottoms > 0]
        if len(ratios):
            low, high = np.quantile(ratios, [0.025, 0.975])
            found |= {"low": float(low), "high": float(high)}
    return found
