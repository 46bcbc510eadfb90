"""Rates of a predictor, from its table: how often tool and call are right, how good its probabilities are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import launchable

__all__ = ["Launches", "brier", "calibration_error", "hits_at", "launches", "rates", "reads", "reply_right"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Launches(NamedTuple):
    """The READ calls that may be launched at each point, best first; arrays of shape (points, k).

    ``p`` is 0 where there is none (equal calls are launched once); ``hit`` says that the call is the outcome of its
    point.
    """

    p: Floats
    hit: Flags


def reads(point: DecisionPoint, predictions: Sequence[Prediction], most: int) -> list[Prediction]:
    """Return the first ``most`` predicted calls of declared reads: traces come without the pairs of staged tools."""
    able = launchable(point, predictions)
    return [each for each in able if each.call and point.tools[each.call.name].effect is Effect.READ][:most]


def launches(table: PredictionTable, k: int = 1) -> Launches:
    """Return the ``k`` best READ predictions at each point."""
    p, hit = np.zeros((len(table), k)), np.zeros((len(table), k), bool)
    for row, (point, predictions, outcome) in enumerate(
        zip(table.points, table.predictions, table.outcomes, strict=True)
    ):
        launched: set[ToolCall | None] = set()
        for rank, prediction in enumerate(reads(point, predictions, k)):
            if prediction.call not in launched:
                p[row, rank] = prediction.p
                hit[row, rank] = prediction.call == outcome
                launched.add(prediction.call)
    return Launches(p, hit)


def hits_at(table: PredictionTable, k: int, what: str = "call") -> Flags:
    """Say for each point whether the outcome is among the ``k`` best predicted calls, given that a call happens.

    "Given": predicted replies are left out of the ranking. ``what`` is ``call`` (tool and all arguments) or ``tool``.
    """
    out = np.zeros(len(table), bool)
    for row, outcome in enumerate(table.outcomes):
        if outcome is None:
            continue
        if what == "tool":
            tools = [each.tool for each in table.tools[row] if each.tool is not None]
            out[row] = outcome.name in tools[:k]
        else:
            calls = [each.call for each in table.predictions[row] if each.call is not None]
            out[row] = outcome in calls[:k]
    return out


def reply_right(table: PredictionTable) -> Flags:
    """Say for each point whether call-or-reply was guessed right: a call when its total probability exceeds 1/2.

    An abstaining predictor launches nothing and so counts as guessing "reply".
    """
    out = np.zeros(len(table), bool)
    for row, calls in enumerate(table.calls):
        mass = sum(each.p for each in table.tools[row] if each.tool is not None)
        out[row] = (mass > 0.5) == bool(calls)
    return out


def brier(table: PredictionTable) -> Floats:
    """Return the multi-class Brier score of each point: Σ over outcomes of (p − happened)², from 0 to 2.

    References
    ----------
    G. Brier (1950), *Verification of forecasts expressed in terms of probability*, Monthly Weather Review 78(1).
    """
    return np.array([full.others + (1 - full.outcome) ** 2 for full in table.in_full()], float)


def calibration_error(p: Floats, hit: Flags, bins: int = 10) -> float | None:
    """Return the expected calibration error over bins of equal count; ``None`` without predictions.

    Equal probabilities share a bin, which may grow by that, so that the order of the points does not matter.

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
    order = np.argsort(p, kind="stable")
    starts = [part[0] for part in np.array_split(order, min(bins, len(p)))]
    edges = np.unique(np.searchsorted(p[order], p[starts]))  # where the first of equal ones stands; 0 for the first bin
    parts = np.split(order, edges[1:])
    return float(sum(len(part) * abs(p[part].mean() - hit[part].mean()) for part in parts) / len(p))


def rates(
    table: PredictionTable, seen_tools: frozenset[str] | None = None, *, intervals: bool = True
) -> dict[str, Any]:
    """Return counts and rates of a table, and 95 % intervals by task under ``ci``.

    Parameters
    ----------
    table
        Predictions and outcomes.
    seen_tools
        Tools that the training traces offered or called; adds ``by_novelty``: the rates of calls of these tools and of
        all others.
    intervals
        Leave out ``ci`` when false.

    Returns
    -------
    dict
        ``points, calls, read_calls``; ``tool_top1, tool_top3, call_top1, call_top3, read_call_top1, read_call_top3``
        (given that a call happens; ``None`` when there is none); ``reply_accuracy, brier, ece``.
    """
    called = np.array([bool(calls) for calls in table.calls], bool)
    read = np.array([effect is Effect.READ for effect in table.effects()], bool)
    seen = np.array(
        [bool(calls) and (seen_tools is None or calls[0].name in seen_tools) for calls in table.calls], bool
    )
    flags: dict[str, tuple[npt.NDArray[Any], Flags]] = {}
    for what in ("tool", "call"):
        for k in (1, 3):
            flags[f"{what}_top{k}"] = hits_at(table, k, what), called
    for k in (1, 3):
        flags[f"read_call_top{k}"] = flags[f"call_top{k}"][0] & read, read
    everywhere = np.ones(len(table), bool)
    out: dict[str, Any] = {"points": len(table), "calls": int(called.sum()), "read_calls": int(read.sum())}
    for name, (numerator, denominator) in flags.items():
        out[name] = _ratio(numerator & denominator, denominator)
    flags["reply_accuracy"] = reply_right(table), everywhere
    flags["brier"] = brier(table), everywhere
    out["reply_accuracy"] = _ratio(*flags["reply_accuracy"])
    out["brier"] = _ratio(*flags["brier"])
    best = launches(table)
    offered = best.p[:, 0] > 0
    out["ece"] = calibration_error(best.p[offered, 0], best.hit[offered, 0])
    if intervals:
        out["ci"] = {
            name: ratio_interval(table.tasks, np.where(denominator, numerator, 0), denominator, share=name != "brier")
            for name, (numerator, denominator) in flags.items()
        }
    if seen_tools is not None:
        out["by_novelty"] = {
            label: {
                "calls": int((called & group).sum()),
                "read_calls": int((read & group).sum()),
                **{
                    name: _ratio(numerator & denominator & group, denominator & group)
                    for name, (numerator, denominator) in flags.items()
                    if "top" in name
                },
            }
            for label, group in (("seen", seen), ("unseen", called & ~seen))
        }
    return out


def _ratio(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any]) -> float | None:
    below = denominator.sum()
    return float(numerator.sum() / below) if below else None
