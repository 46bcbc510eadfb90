"""Used before the next write: a guess counts if the agent makes the same call before it next writes.

Beside "the same call at this very decision", this is what a cache of results can serve that lives until something is
written: a guess that comes too early is of use later. It counts calls, not seconds: what a result is worth is for the
simulator to say (``Options(carry_ttl_s=…)``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.core.types import DecisionPoint, Effect, ToolCall, effect_of
from specbench.metrics.prediction_rates import reads
from specbench.metrics.prediction_table import PredictionTable

__all__ = ["BeforeWrite", "Lookups", "before_write", "lookups"]


class Lookups(NamedTuple):
    """READ calls that are run ahead, each until it is used or something is written; arrays of shape (lookups,).

    ``p`` is the greatest probability that a decision gave it in that time: it is run at every threshold up to there.
    ``hit`` says whether the agent made the call, ``row`` at which decision of the table it was first predicted.
    """

    p: npt.NDArray[np.float64]
    hit: npt.NDArray[np.bool_]
    row: npt.NDArray[np.intp]


class BeforeWrite(NamedTuple):
    """Rates of one operating point; ``None`` where there is nothing below the line.

    Parameters
    ----------
    recall, read_recall
        Calls that a lookup answers ÷ calls, and ÷ READ calls.
    precision
        Lookups that answer a call before the next write ÷ lookups.
    lookups_per_call
        Lookups ÷ calls.
    """

    recall: float | None
    read_recall: float | None
    precision: float | None
    lookups_per_call: float | None


@dataclass
class _Open:
    """A lookup that may still be used."""

    p: float
    row: int


def lookups(table: PredictionTable, k: int = 1) -> Lookups:
    """Return the lookups of the ``k`` best READ predictions at each decision of ``table``, over all thresholds.

    A call that is predicted again while its result is there is no second lookup, a result that was used is gone, and a
    write ends all of them: the rules of the speculation cache, for tools that declare no keys.

    Notes
    -----
    The definition is that of stretto, a proxy for MCP servers (2026).
    """
    found: list[tuple[float, bool, int]] = []
    alive: dict[ToolCall, _Open] = {}
    trace_id: str | None = None

    def end(call: ToolCall, hit: bool) -> None:
        lookup = alive.pop(call)
        found.append((lookup.p, hit, lookup.row))

    for row, (point, calls, predictions) in enumerate(zip(table.points, table.calls, table.predictions, strict=True)):
        if point.trace_id != trace_id:
            trace_id = point.trace_id
            for call in list(alive):
                end(call, hit=False)
        for guess, p in reads(point, predictions, k):
            assert guess is not None  # reads() keeps calls only
            lookup = alive.setdefault(guess, _Open(p, row))
            lookup.p = max(lookup.p, p)
        for call in calls:
            if _writes(point, call):
                for each in list(alive):
                    end(each, hit=False)
            elif call in alive:
                end(call, hit=True)
    for call in list(alive):
        end(call, hit=False)
    return Lookups(
        np.array([p for p, _, _ in found], float), np.array([hit for _, hit, _ in found], bool),
        np.array([row for _, _, row in found], np.intp),
    )  # fmt: skip


def _writes(point: DecisionPoint, call: ToolCall) -> bool:
    return effect_of(call, point.tools) not in (Effect.READ, Effect.LOCAL)


def before_write(table: PredictionTable, threshold: float = 0.0, k: int = 1) -> BeforeWrite:
    """Return the rates of ``Threshold(threshold, k)`` where a guess counts until the next write.

    Parameters
    ----------
    table
        Predictions and outcomes.
    threshold
        The least probability of a lookup.
    k
        Lookups at a decision, at most.

    Examples
    --------
    >>> from specbench.metrics import predict_traces
    >>> from specbench.predictors import make_predictor
    >>> from specbench.testing import make_traces
    >>> table = predict_traces(make_predictor("oracle").fit([]), make_traces(4))
    >>> before_write(table).precision
    1.0
    """
    found = lookups(table, k)
    run = (found.p >= threshold) & (found.p > 0)
    hits, of = int((found.hit & run).sum()), int(run.sum())
    calls, read_calls = sum(map(len, table.calls)), int(table.read_calls().sum())
    return BeforeWrite(_ratio(hits, calls), _ratio(hits, read_calls), _ratio(hits, of), _ratio(of, calls))


def _ratio(above: int, below: int) -> float | None:
    return above / below if below else None
