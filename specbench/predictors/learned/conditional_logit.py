"""One choice among few: proposals that rule each other out, the reply, and anything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST", "Choice", "chances", "fit"]

Floats = npt.NDArray[np.float64]
LEAST = 1e-4
"""Least probability whose logarithm is taken."""
PENALTY = 0.05
MOST_STEPS = 300
OTHERS = 4
"""Parameters of the two outcomes that are no proposal: slope and intercept for the reply, and for anything else."""


class Choice(NamedTuple):
    """A decision point: its proposals, how probable the rest was before, and what came.

    Attributes
    ----------
    features
        Shape (proposals, features).
    reply, rest
        Probability of a reply, and of anything that was not proposed.
    chosen
        Index of the proposal that came; the number of proposals for a reply, one more for anything else.
    """

    features: Floats
    reply: float
    rest: float
    chosen: int = 0


def _others(reply: float, rest: float, weights: Floats) -> tuple[float, float]:
    """Return the scores of a reply and of anything else."""
    slopes, intercepts = weights[-OTHERS::2], weights[-OTHERS + 1 :: 2]
    scores = slopes * np.log(np.maximum([reply, rest], LEAST)) + intercepts
    return float(scores[0]), float(scores[1])


def chances(choice: Choice, weights: Floats) -> Floats:
    """Return the probability of each proposal.

    Parameters
    ----------
    choice
        The decision point; ``chosen`` is not looked at.
    weights
        One for each feature, the intercept of proposals, and :data:`OTHERS` for the rest: what :func:`fit` returns.

    Examples
    --------
    >>> even = Choice(np.zeros((2, 1)), 1.0, 1.0)
    >>> chances(even, np.zeros(6)).round(2).tolist()
    [0.25, 0.25]
    """
    scores = choice.features @ weights[: -OTHERS - 1] + weights[-OTHERS - 1]
    others = np.array(_others(choice.reply, choice.rest, weights))
    highest = max(float(scores.max(initial=-np.inf)), float(others.max()))
    parts = np.exp(scores - highest)
    found: Floats = parts / (parts.sum() + np.exp(others - highest).sum())
    return found


def fit(choices: Sequence[Choice]) -> Floats:
    """Return the weights that make what came most probable, with a small penalty on their squares.

    The model is the conditional logit: the probability of an outcome is the exponential of its score, divided by the
    sum over all outcomes that were possible at this point. So a sure rival takes from the others, which logistic
    models of single proposals cannot say.

    References
    ----------
    D. McFadden (1974), *Conditional logit analysis of qualitative choice behavior*.

    Examples
    --------
    >>> right = [Choice(np.array([[2.0], [0.0]]), 0.1, 0.1, 0)] * 50
    >>> weights = fit(right)
    >>> chances(right[0], weights).round(2).tolist()
    [1.0, 0.0]
    """
    from scipy.optimize import minimize

    counts = np.array([len(each.features) for each in choices])
    features = np.concatenate([each.features for each in choices if len(each.features)])
    point, first = np.repeat(np.arange(len(choices)), counts), np.cumsum(counts) - counts
    logs = np.log(np.maximum([[each.reply, each.rest] for each in choices], LEAST))
    chosen = np.array([each.chosen for each in choices])
    proposed = chosen < counts
    came = np.zeros(len(features))
    came[(first + chosen)[proposed]] = 1.0
    came_other = np.stack([chosen == counts, chosen > counts], axis=1).astype(float)
    width = features.shape[1]

    def loss(weights: Floats) -> tuple[float, Floats]:
        slopes, intercepts = weights[-OTHERS::2], weights[-OTHERS + 1 :: 2]
        scores, others = features @ weights[:width] + weights[width], logs * slopes + intercepts
        highest = others.max(axis=1)
        np.maximum.at(highest, point, scores)
        parts, other_parts = np.exp(scores - highest[point]), np.exp(others - highest[:, None])
        total = other_parts.sum(axis=1)
        np.add.at(total, point, parts)
        likelihood = (came * scores).sum() + (came_other * others).sum() - (highest + np.log(total)).sum()
        off, other_off = parts / total[point] - came, other_parts / total[:, None] - came_other
        slope_off, intercept_off = (other_off * logs).sum(axis=0), other_off.sum(axis=0)
        gradient = np.concatenate([features.T @ off, [off.sum()], np.stack([slope_off, intercept_off], axis=1).ravel()])
        return float(PENALTY * weights @ weights - likelihood), gradient + 2 * PENALTY * weights

    start = np.zeros(width + 1 + OTHERS)
    start[-OTHERS::2] = 1.0
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS})
    weights: Floats = found.x
    return weights
