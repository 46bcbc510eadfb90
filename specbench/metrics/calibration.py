"""Do probabilities mean what they say? Launches against hits, and what an honest predictor would show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.metrics.intervals import ratio_interval

__all__ = ["calibration", "calibration_error", "debiased_squared_error", "honest_error"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
BINS = 10
DRAWS = 200
"""Draws of hits from the probabilities themselves."""


def calibration_error(p: Floats, hit: Flags, bins: int = BINS) -> float | None:
    """Return the expected calibration error over bins of equal count; ``None`` without predictions.

    Equal probabilities share a bin, which may grow by that, so that the order of the points does not matter. It is
    biased: an honest predictor has an error too, the larger, the fewer predictions there are; see
    :func:`honest_error`.

    References
    ----------
    M. Pakdaman Naeini et al. (2015), *Obtaining Well Calibrated Probabilities Using Bayesian Binning*, AAAI.

    Examples
    --------
    >>> calibration_error(np.array([0.5, 0.5, 0.5, 0.5]), np.array([True, False, True, False]), bins=1)
    0.0
    """
    if not len(p):
        return None
    parts = _bins(p, bins)
    return float(sum(len(part) * abs(p[part].mean() - hit[part].mean()) for part in parts) / len(p))


def debiased_squared_error(p: Floats, hit: Flags, bins: int = BINS) -> float | None:
    """Return the squared calibration error without what chance alone adds; about 0, also below, for honest predictors.

    Of each bin with two predictions or more the variance of its hit share is taken off.

    References
    ----------
    A. Kumar, P. Liang, T. Ma (2019), *Verified Uncertainty Calibration*, NeurIPS (the debiased estimator).

    Examples
    --------
    >>> p, hit = np.full(4, 0.5), np.array([True, False, True, False])
    >>> round(debiased_squared_error(p, hit), 3)
    -0.083
    """
    parts = [part for part in _bins(p, bins) if len(part) > 1] if len(p) else []
    if not parts:
        return None
    total = 0.0
    for part in parts:
        share = hit[part].mean()
        total += len(part) * ((p[part].mean() - share) ** 2 - share * (1 - share) / (len(part) - 1))
    return float(total / sum(map(len, parts)))


def honest_error(p: Floats, bins: int = BINS, seed: int = 0) -> tuple[float, float] | None:
    """Return what :func:`calibration_error` shows if every probability is honest: its mean, and what 1 in 40 exceeds.

    Hits are drawn from the probabilities, :data:`DRAWS` times, independently.

    Examples
    --------
    >>> mean, high = honest_error(np.full(100, 0.5))
    >>> round(mean, 2), round(high, 2)
    (0.04, 0.11)
    """
    if not len(p):
        return None
    generator = np.random.default_rng(seed)
    parts = _bins(p, bins)
    hits = generator.random((DRAWS, len(p))) < p
    errors = sum(len(part) * np.abs(p[part].mean() - hits[:, part].mean(axis=1)) for part in parts) / len(p)
    return float(np.mean(errors)), float(np.quantile(errors, 0.975))


def calibration(p: Floats, hit: Flags, tasks: Sequence[str], seed: int = 0) -> dict[str, Any]:
    """Return how the probabilities of some predictions compare with their hits.

    Parameters
    ----------
    p, hit
        Probability of each, and whether it came true.
    tasks
        Task id of each.
    seed
        Of the draws behind ``honest``.

    Returns
    -------
    dict
        ``count, mean_p, hit_share``; ``difference`` (hits − p) with ``low`` and ``high``, its 95 % interval by task;
        ``ece`` beside ``honest`` and ``honest_high`` (mean and upper end of what honest probabilities would show at
        this count); ``squared_debiased``; ``brier``, the mean of (p − hit)². Without predictions all but the count is
        ``None``.

    Examples
    --------
    >>> found = calibration(np.array([0.8, 0.6]), np.array([True, False]), ["a", "b"])
    >>> found["count"], round(found["difference"], 2), found["low"]
    (2, -0.2, None)
    """
    names = (
        "mean_p",
        "hit_share",
        "difference",
        "low",
        "high",
        "ece",
        "honest",
        "honest_high",
        "squared_debiased",
        "brier",
    )
    out: dict[str, Any] = {"count": len(p), **dict.fromkeys(names)}
    if not len(p):
        return out
    interval = ratio_interval(tasks, hit - p, np.ones(len(p)), share=False)
    honest = honest_error(p, seed=seed)
    assert honest is not None
    return out | {
        "mean_p": float(p.mean()), "hit_share": float(hit.mean()), "difference": float((hit - p).mean()),
        "low": None if interval is None else interval[0], "high": None if interval is None else interval[1],
        "ece": calibration_error(p, hit), "honest": honest[0], "honest_high": honest[1],
        "squared_debiased": debiased_squared_error(p, hit), "brier": float(((p - hit) ** 2).mean()),
    }  # fmt: skip


def _bins(p: Floats, bins: int) -> list[npt.NDArray[np.intp]]:
    """Rows in bins of equal count, by probability; equal ones stay together."""
    order = np.argsort(p, kind="stable")
    starts = [part[0] for part in np.array_split(order, min(bins, len(p)))]
    edges = np.unique(np.searchsorted(p[order], p[starts]))  # where the first of equal ones stands; 0 for the first bin
    return np.split(order, edges[1:])
