"""Intervals by task: tasks, not decisions, are the independent draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.core.extras import named_extras

__all__ = ["MIN_TASKS", "Ratios", "ratio_interval", "ratios", "task_sums"]

Floats = npt.NDArray[np.float64]

MIN_TASKS = 5
"""With fewer tasks there is no interval: what fewer say about the others is not known to a useful degree."""


class Ratios(NamedTuple):
    """Ratios with their intervals, one a column; arrays of shape (m,).

    Attributes
    ----------
    value
        Σ numerator / Σ denominator; NaN where the denominator is 0.
    low, high
        The interval; NaN where fewer than :data:`MIN_TASKS` tasks have a denominator.
    p
        Two-sided p-value of a ratio of 0; NaN where there is no interval.
    """

    value: Floats
    low: Floats
    high: Floats
    p: Floats


def task_sums(tasks: Sequence[str], values: npt.ArrayLike) -> Floats:
    """Add up ``values`` within each task.

    Parameters
    ----------
    tasks
        Task id of each row, length n.
    values
        Shape (n,) or (n, m).

    Returns
    -------
    ndarray, shape (tasks,) or (tasks, m)
        Tasks in sorted order.

    Examples
    --------
    >>> task_sums(["a", "b", "a"], [1, 2, 3])
    array([4., 2.])
    """
    values = np.asarray(values, dtype=float)
    _, where = np.unique(np.asarray(tasks), return_inverse=True)
    out = np.zeros((where.max() + 1 if len(where) else 0, *values.shape[1:]))
    np.add.at(out, where, values)
    return out


def ratios(top: Floats, bottom: Floats, *, share: bool, level: float = 0.95) -> Ratios:
    """Return Σ top / Σ bottom of each column, with a cluster-t interval.

    The standard error is the jackknife's (each task left out once), the quantile Student's with one degree of freedom
    less than there are tasks with a denominator. Shares get their interval on the logit scale, so that it stays within
    0 and 1. Where all tasks agree exactly (all hits, no hits) a share has no standard error: there it is Wilson's
    interval with the effective number of tasks, (Σ bottom)² / Σ bottom².

    Parameters
    ----------
    top, bottom
        Sums within each task, shape (tasks, m); ``bottom`` is 0 or more.
    share
        Whether ``top`` lies between 0 and ``bottom``; otherwise the ratio may be any number.
    level
        Of the interval.

    References
    ----------
    R. Bell, D. McCaffrey (2002), *Bias reduction in standard errors for linear regression with multi-stage samples*,
    Survey Methodology 28(2) (the jackknife as CR3); E. Korn, B. Graubard (1998), *Confidence intervals for proportions
    with small expected number of positive counts*, Survey Methodology 24(2) (the logit).

    Examples
    --------
    >>> hits, calls = np.array([[3.0], [4.0], [2.0], [4.0], [1.0]]), np.full((5, 1), 4.0)
    >>> found = ratios(hits, calls, share=True)
    >>> found.value.round(2), found.low.round(2), found.high.round(2)
    (array([0.7]), array([0.25]), array([0.94]))
    """
    with named_extras():
        from scipy.stats import t as student

    with np.errstate(divide="ignore", invalid="ignore"):
        tasks = (bottom > 0).sum(axis=0)
        whole = bottom.sum(axis=0)
        value = top.sum(axis=0) / whole
        weight = bottom / whole
        off = (top / whole - value * weight) / np.maximum(1 - weight, 1e-12)
        error = np.sqrt((tasks - 1) / tasks * np.where(bottom > 0, off * off, 0.0).sum(axis=0))
        enough = tasks >= MIN_TASKS
        freedom = np.where(enough, tasks - 1, 1)
        quantile = student.ppf((1 + level) / 2, freedom)
        agree = error <= 1e-12
        if share:
            odds, width = np.log(value / (1 - value)), quantile * error / (value * (1 - value))
            low, high = 1 / (1 + np.exp(width - odds)), 1 / (1 + np.exp(-width - odds))
            n = 1 / (weight * weight).sum(axis=0)
            middle, half = _wilson(np.clip(value, 0.0, 1.0), n, quantile)
            low = np.where(agree, np.where(value <= 0, 0.0, middle - half), low)
            high = np.where(agree, np.where(value >= 1, 1.0, middle + half), high)
        else:
            low, high = value - quantile * error, value + quantile * error
        p = np.where(agree, np.where(value == 0, 1.0, 2.0 ** (1 - tasks)), 2 * student.sf(abs(value) / error, freedom))
    return Ratios(value, *(np.where(enough, each, np.nan) for each in (low, high, p)))


def ratio_interval(
    tasks: Sequence[str],
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    share: bool = True,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Return the interval of Σ numerator / Σ denominator, by task; see :func:`ratios`.

    Parameters
    ----------
    tasks
        Task id of each row.
    numerator, denominator
        One number a row.
    share, level
        As in :func:`ratios`.

    Returns
    -------
    tuple or None
        ``None`` when fewer than :data:`MIN_TASKS` tasks have a denominator.

    Examples
    --------
    >>> ratio_interval(["a", "b"], [1, 0], [1, 1])
    >>> low, high = ratio_interval(list("abcdefgh"), [1] * 8, [1] * 8)
    >>> round(low, 2), high
    (0.59, 1.0)
    """
    if not len(tasks):
        return None
    found = ratios(
        task_sums(tasks, numerator)[:, None], task_sums(tasks, denominator)[:, None], share=share, level=level
    )
    return None if np.isnan(found.low[0]) else (float(found.low[0]), float(found.high[0]))


def _wilson(value: Floats, n: Floats, quantile: Floats) -> tuple[Floats, Floats]:
    """Middle and half width of Wilson's interval."""
    square = quantile**2 / n
    half = quantile / (1 + square) * np.sqrt(value * (1 - value) / n + square / (4 * n))
    return (value + square / 2) / (1 + square), half
