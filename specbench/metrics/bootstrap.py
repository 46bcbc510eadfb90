"""Bootstrap intervals by task: tasks, not decisions, are the independent draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from specbench.core.errors import ConfigError

__all__ = ["ratio_interval", "task_sums", "task_weights"]

Floats = npt.NDArray[np.float64]


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


def task_weights(tasks: int, resamples: int, seed: int) -> Floats:
    """Return how often each task is drawn in each bootstrap resample, shape (resamples, tasks).

    Examples
    --------
    >>> task_weights(3, resamples=2, seed=0).sum(axis=1)
    array([3., 3.])
    """
    if resamples < 1:
        raise ConfigError(f"the number of resamples is at least 1; got {resamples!r}")
    generator = np.random.default_rng(seed)
    return generator.multinomial(tasks, np.full(tasks, 1 / tasks), size=resamples).astype(float)


def ratio_interval(
    tasks: Sequence[str],
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Return the percentile interval of Σ numerator / Σ denominator when tasks are resampled.

    Returns ``None`` when the denominator is zero, in all resamples too, or when there is only one task (then there is
    nothing to resample).

    References
    ----------
    B. Efron, R. Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.

    Examples
    --------
    >>> ratio_interval(["a", "a", "b"], [1, 0, 1], [1, 1, 1])
    (0.5, 1.0)
    """
    top, bottom = task_sums(tasks, numerator), task_sums(tasks, denominator)
    if len(top) < 2 or bottom.sum() == 0:
        return None
    weights = task_weights(len(top), resamples, seed)
    tops, bottoms = weights @ top, weights @ bottom
    ratios = tops[bottoms > 0] / bottoms[bottoms > 0]
    if not len(ratios):
        return None
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
