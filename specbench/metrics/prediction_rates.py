"""Rates of a predictor, from its table: how often tool and call are right, how good its probabilities are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, effect_of
from specbench.metrics.calibration import calibration
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import launchable

__all__ = [
    "Hits",
    "Launches",
    "brier",
    "hits_at",
    "is_read",
    "launch_calibration",
    "launches",
    "rates",
    "reads",
    "reply_right",
]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Among: TypeAlias = Callable[[DecisionPoint, ToolCall], bool]


class Launches(NamedTuple):
    """The READ calls that may be launched at each point, best first; arrays of shape (points, k).

    ``p`` is 0 where there is none (equal calls are launched once); ``hit`` says that the call is one of those of its
    point.
    """

    p: Floats
    hit: Flags


def reads(point: DecisionPoint, predictions: Sequence[Prediction], most: int) -> list[Prediction]:
    """Return the first ``most`` predicted calls of declared reads: traces come without the pairs of staged tools."""
    able = launchable(point, predictions)
    return [each for each in able if each.call and is_read(point, each.call)][:most]


def launches(table: PredictionTable, k: int = 1) -> Launches:
    """Return the ``k`` best READ predictions at each point."""
    p, hit = np.zeros((len(table), k)), np.zeros((len(table), k), bool)
    for row, (point, predictions, calls) in enumerate(zip(table.points, table.predictions, table.calls, strict=True)):
        launched: set[ToolCall | None] = set()
        for rank, prediction in enumerate(reads(point, predictions, k)):
            if prediction.call not in launched:
                p[row, rank] = prediction.p
                hit[row, rank] = prediction.call in calls
                launched.add(prediction.call)
    return Launches(p, hit)


class Hits(NamedTuple):
    """Calls of each decision that were predicted, and all of them; arrays of shape (points,)."""

    hit: Floats
    of: Floats

    @property
    def rate(self) -> float | None:
        """Calls predicted ÷ calls; ``None`` without any."""
        below = self.of.sum()
        return float(self.hit.sum() / below) if below else None


def hits_at(
    table: PredictionTable,
    k: int,
    what: str = "call",
    *,
    among: Among | None = None,
    first_call: bool = False,
    ranks_reply: bool = False,
) -> Hits:
    """Count the calls of each decision that are among the ``k`` best predicted ones, given that a call happens.

    Each of parallel calls counts; of equal ones only one can be hit, as a result is used once. "Given": predicted
    replies are left out of the ranking, unless ``ranks_reply``.

    Parameters
    ----------
    table
        Predictions and outcomes.
    k
        Predictions that count.
    what
        ``call`` (tool and all arguments) or ``tool``.
    among
        Which calls count at all; by default each.
    first_call
        Only the first call of each decision counts, as in earlier versions.
    ranks_reply
        A predicted reply takes a place in the ranking, as it does where nobody knows that a call comes.
    """
    hit, of = np.zeros(len(table)), np.zeros(len(table))
    for row, (point, calls) in enumerate(zip(table.points, table.calls, strict=True)):
        counted = [call for call in calls[: 1 if first_call else None] if among is None or among(point, call)]
        of[row] = len(counted)
        if not counted:
            continue
        if what == "tool":
            tools = [each.tool for each in table.tools[row] if ranks_reply or each.tool is not None][:k]
            hit[row] = sum(call.name in tools for call in counted)
        else:
            best = [each.call for each in table.predictions[row] if ranks_reply or each.call is not None][:k]
            hit[row] = len({call for call in counted if call in best})
    return Hits(hit, of)


def is_read(point: DecisionPoint, call: ToolCall) -> bool:
    """Whether a call is a declared read."""
    return effect_of(call, point.tools) is Effect.READ


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

    The calls of a decision are one outcome: it has the sum of their probabilities.

    References
    ----------
    G. Brier (1950), *Verification of forecasts expressed in terms of probability*, Monthly Weather Review 78(1).
    """
    return np.array([full.others + (1 - full.outcome) ** 2 for full in table.in_full()], float)


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
        (each of parallel calls counts, given that a call happens; ``None`` when there is none);
        ``first_call``: the six rates with the first call of each decision alone; ``ranks_reply``: the six rates with
        predicted replies in the ranking, as where nobody knows that a call comes. ``reply_accuracy``, beside
        ``always_call`` and ``always_reply``, which need no predictor; ``brier``; ``calibration`` of the best READ
        prediction of each point (:func:`specbench.metrics.calibration.calibration`), ``ece`` from it.
    """
    out: dict[str, Any] = {"points": len(table), "calls": sum(map(len, table.calls))}
    out["read_calls"] = int(table.read_calls().sum())
    found = _call_rates(table)
    out |= {name: hits.rate for name, hits in found.items()}
    everywhere = np.ones(len(table))
    found["reply_accuracy"] = Hits(reply_right(table).astype(float), everywhere)
    found["brier"] = Hits(brier(table), everywhere)
    out["reply_accuracy"], out["brier"] = found["reply_accuracy"].rate, found["brier"].rate
    called = sum(map(bool, table.calls))
    out["always_call"], out["always_reply"] = (
        each / len(table) if len(table) else None for each in (called, len(table) - called)
    )
    out["calibration"] = launch_calibration(table)
    out["ece"] = out["calibration"]["ece"]
    out["first_call"] = {name: hits.rate for name, hits in _call_rates(table, first_call=True).items()}
    out["ranks_reply"] = {name: hits.rate for name, hits in _call_rates(table, ranks_reply=True).items()}
    if intervals:
        out["ci"] = {name: ratio_interval(table.tasks, *hits, share=name != "brier") for name, hits in found.items()}
    if seen_tools is not None:
        out["by_novelty"] = {
            "seen": _novelty(table, lambda _, call: call.name in seen_tools),
            "unseen": _novelty(table, lambda _, call: call.name not in seen_tools),
        }
    return out


def launch_calibration(table: PredictionTable, threshold: float = 0.0) -> dict[str, Any]:
    """Return how honest the probabilities are with which the best READ call of each point is launched.

    Only launches at ``threshold`` or above count: at 0 all READ guesses do.
    """
    best = launches(table)
    kept = (best.p[:, 0] > 0) & (best.p[:, 0] >= threshold)
    tasks = [task for task, counted in zip(table.tasks, kept, strict=True) if counted]
    return calibration(best.p[kept, 0], best.hit[kept, 0], tasks)


def _call_rates(
    table: PredictionTable, among: Among | None = None, *, first_call: bool = False, ranks_reply: bool = False
) -> dict[str, Hits]:
    """Return the hits behind ``tool_top1`` … ``read_call_top3``."""

    def reads_among(point: DecisionPoint, call: ToolCall) -> bool:
        return is_read(point, call) and (among is None or among(point, call))

    kinds = (("tool", "tool", among), ("call", "call", among), ("read_call", "call", reads_among))
    return {
        f"{name}_top{k}": hits_at(table, k, what, among=counted, first_call=first_call, ranks_reply=ranks_reply)
        for name, what, counted in kinds
        for k in (1, 3)
    }


def _novelty(table: PredictionTable, among: Among) -> dict[str, Any]:
    found = _call_rates(table, among)
    calls, read_calls = found["call_top1"].of.sum(), found["read_call_top1"].of.sum()
    return {"calls": int(calls), "read_calls": int(read_calls), **{name: hits.rate for name, hits in found.items()}}
