"""A table of decisions as columns of numbers: what each launch would save or waste, worked out once for all policies.

From there on an operating point is sums over arrays: millions of decisions a second, and as many decisions as there is
memory for numbers. :func:`specbench.sim.threshold_sweep.sweep` takes columns in place of a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.batches import in_batches, seconds_in_batches
from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, ToolCall, effect_of
from specbench.metrics.before_write import lookups
from specbench.metrics.prediction_rates import launches
from specbench.metrics.prediction_rates import reads as reads_of
from specbench.metrics.prediction_table import PredictionTable
from specbench.sim.latency.models import Constant, Latency

__all__ = ["DecisionColumns", "decision_columns", "usable"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DecisionColumns:
    """n decisions with their k best READ predictions, and what launching these would do.

    What a launch saves is what it adds to those before it in the ranking. A policy whose launches are the first few of
    the ranking (thresholds, the k best) is therefore a sum over these arrays.

    Parameters
    ----------
    task
        Task ids, shape (n,).
    p, first, commit
        Shape (n, k): probability, 0 where nothing is launched; 1.0 where it is the first call of the decision; 1.0
        where it is any of its calls.
    saved_s, wasted_s, runs_on_s, at_risk_s
        Shape (n, k): seconds saved; wasted until a miss is cancelled; wasted if it runs to its end; wasted if every
        launch missed.
    needed, called, read, sequential_s
        Shape (n,): calls made, whether there is one, READ calls made, seconds without speculation.
    lookup_p, lookup_hit, lookup_row
        Of the lookups that live until a write (:func:`specbench.metrics.before_write.lookups`), shape (lookups,).
    """

    task: npt.NDArray[np.str_]
    p: Floats
    first: Floats
    commit: Floats
    saved_s: Floats
    wasted_s: Floats
    runs_on_s: Floats
    at_risk_s: Floats
    needed: Floats
    called: Floats
    read: Floats
    sequential_s: Floats
    lookup_p: Floats
    lookup_hit: npt.NDArray[np.bool_]
    lookup_row: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.task)

    @property
    def k(self) -> int:
        """How many predictions of a decision are here."""
        return int(self.p.shape[1])

    @classmethod
    def joined(cls, parts: Iterable[DecisionColumns]) -> DecisionColumns:
        """Put the columns of several tables of whole conversations below one another.

        Raises
        ------
        ConfigError
            When there are none, or they differ in k.
        """
        held = list(parts)
        if len({each.k for each in held}) != 1:
            raise ConfigError(f"columns that are joined have one k; got {sorted({each.k for each in held}) or 'none'}")
        starts = np.cumsum([0, *(len(each) for each in held)])
        together: dict[str, Any] = {
            each.name: np.concatenate([getattr(part, each.name) for part in held]) for each in fields(cls)
        }
        together["lookup_row"] = np.concatenate(
            [part.lookup_row + start for part, start in zip(held, starts[:-1], strict=True)]
        )
        return cls(**together)


def decision_columns(
    table: PredictionTable, *, k: int = 1, latency: Latency | None = None, predict_s: float = 0.0
) -> DecisionColumns:
    """Return a table of predictions as columns.

    Parameters
    ----------
    table
        Predictions at every decision point.
    k, latency, predict_s
        As in :func:`specbench.sim.simulate`; seconds are modelled.

    Examples
    --------
    >>> from specbench.metrics import predict_traces
    >>> from specbench.predictors import make_predictor
    >>> from specbench.testing import make_traces
    >>> traces = make_traces(4)
    >>> columns = decision_columns(predict_traces(make_predictor("markov").fit(traces), traces), k=2)
    >>> columns.p.shape == (len(columns), 2), bool((columns.commit <= 1).all())
    (True, True)
    """
    model = latency if latency is not None else Constant()
    n = len(table)
    p, _ = launches(table, k)
    saved, wasted, runs_on, commit, first, at_risk = (np.zeros((n, k)) for _ in range(6))
    sequential = np.zeros(n)
    for row, (point, calls, predictions) in enumerate(zip(table.points, table.calls, table.predictions, strict=True)):
        think = model.think_s(point.trace_id, point.index)
        seconds = [model.tool_s(point.trace_id, call.key) for call in calls]
        sequential[row] = think + seconds_in_batches(seconds, in_batches([_writes(point, call) for call in calls]))
        if predict_s >= think:
            p[row] = 0.0
            continue
        open_s = {at: think + seconds[at] for at in usable(point, calls)}
        for rank, (call, _) in enumerate(reads_of(point, predictions, k)):
            assert call is not None  # reads() keeps calls only
            run = model.tool_s(point.trace_id, call.key)
            if not p[row, rank]:
                continue  # an equal call is launched already
            at_risk[row, rank] = min(run, think - predict_s)
            used = next((at for at in open_s if calls[at] == call), None)
            if used is not None:
                before = max(open_s.values())
                open_s[used] = max(think, predict_s + run)
                first[row, rank] = used == 0
                commit[row, rank], saved[row, rank] = 1.0, before - max(open_s.values())
            else:
                wasted[row, rank], runs_on[row, rank] = at_risk[row, rank], run
    counts = np.array([len(calls) for calls in table.calls], float)
    ahead = lookups(table, k)
    return DecisionColumns(
        np.asarray(table.tasks, dtype=str), p, first, commit, saved, wasted, runs_on, at_risk, counts,
        (counts > 0).astype(float), table.read_calls(), sequential, ahead.p, ahead.hit, ahead.row,
    )  # fmt: skip


def usable(point: DecisionPoint, calls: Sequence[ToolCall]) -> range:
    """The calls whose results may come from before the decision: what stands behind a write of it is read anew."""
    first = next((at for at, call in enumerate(calls) if _writes(point, call)), len(calls))
    return range(first)


def _writes(point: DecisionPoint, call: ToolCall) -> bool:
    return effect_of(call, point.tools) not in (Effect.READ, Effect.LOCAL)
