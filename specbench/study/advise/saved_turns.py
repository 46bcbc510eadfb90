"""Saved turns, a what-if: a READ call that is sure enough rides in the previous result, and the LLM is not asked.

Not lossless, and simulated only. A right guess saves a whole LLM invocation. A detour (a call that the LLM would not
have asked for) costs the time of its tool, and its result stays in every later prompt. That such a result may mislead
the LLM cannot be simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.batches import in_batches, seconds_in_batches
from specbench.core.types import Effect, Trace, effect_of
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.prediction_rates import reads
from specbench.metrics.prediction_table import PredictionTable
from specbench.sim import Latency
from specbench.sim.latency.from_traces import CHARACTERS_PER_TOKEN, token_counts
from specbench.traces.call_results import linked

__all__ = ["RideAlongs", "SavedTurns", "best_threshold", "ride_alongs"]

THRESHOLDS = tuple(step / 20 for step in range(1, 20))
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SavedTurns:
    """What ride-alongs from a probability on would bring and cost.

    Parameters
    ----------
    threshold
        A call rides along from this probability on.
    turns, saved_turns, detours
        LLM invocations; those that are not needed; ride-alongs that the LLM did not ask for.
    saved_s, detour_s, sequential_s
        Seconds of the LLM that are saved; seconds of tools (and of the predictor) for nothing; of the whole run.
    net_share, low, high
        (saved − detour) ÷ sequential seconds, with its 95 % interval by task.
    saved_tok, detour_tok
        Estimated tokens (four characters each, no prompt cache): of the invocations that are saved; of the results of
        detours in all later prompts. 0 where they were not asked for.
    """

    threshold: float
    turns: int
    saved_turns: int
    detours: int
    saved_s: float
    detour_s: float
    sequential_s: float
    net_share: float | None
    low: float | None
    high: float | None
    saved_tok: float
    detour_tok: float

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class RideAlongs:
    """The best READ guess at each decision that follows a result; one entry a decision, all arrays of equal length.

    ``p`` is 0 where nothing may ride along: at the first decision, after a user message, without a READ guess. A ride
    is right where the decision is that one call, and neither right nor a detour where it is one of several.
    """

    tasks: Sequence[str]
    p: Floats
    right: npt.NDArray[np.bool_]
    detour: npt.NDArray[np.bool_]
    think_s: Floats
    tool_s: Floats
    sequential_s: Floats
    saved_tok: Floats
    detour_tok: Floats
    predict_s: float

    def sums(self, threshold: float) -> SavedTurns:
        """Return what riding along from ``threshold`` on brings and costs."""
        rides = (self.p > 0) & (self.p >= threshold)
        right, detour = rides & self.right, rides & self.detour
        saved = np.where(right, self.think_s, 0.0)
        lost = np.where(detour, self.tool_s, 0.0) + np.where(self.p > 0, self.predict_s, 0.0)
        whole = float(self.sequential_s.sum())
        interval = ratio_interval(self.tasks, saved - lost, self.sequential_s, share=False)
        low, high = interval or (None, None)
        return SavedTurns(
            threshold, len(self.p), int(right.sum()), int(detour.sum()), float(saved.sum()), float(lost.sum()), whole,
            float((saved - lost).sum()) / whole if whole else None, low, high,
            float(self.saved_tok[right].sum()), float(self.detour_tok[detour].sum()),
        )  # fmt: skip


def ride_alongs(
    table: PredictionTable, latency: Latency, predict_s: float = 0.0, traces: Sequence[Trace] = ()
) -> RideAlongs:
    """Return the ride-alongs of a predictor.

    Parameters
    ----------
    table
        What it says at each decision.
    latency, predict_s
        Seconds of LLM and tools; seconds of a prediction, which delays the LLM here.
    traces
        Those of the table, for the tokens.

    Examples
    --------
    >>> from specbench.predictors import make_predictor
    >>> from specbench.metrics import predict_traces
    >>> from specbench.sim import Constant
    >>> from specbench.testing import make_traces
    >>> found = ride_alongs(predict_traces(make_predictor("oracle").fit([]), make_traces(4)), Constant(2.0, 1.0))
    >>> turns = found.sums(0.5)
    >>> turns.saved_turns > 0, turns.detours, turns.saved_s == 2 * turns.saved_turns
    (True, 0, True)
    """
    n = len(table)
    p, think, tool, whole, saved_tok, detour_tok = (np.zeros(n) for _ in range(6))
    right, detour = np.zeros(n, bool), np.zeros(n, bool)
    written, answered = (token_counts(traces), _result_tokens(traces)) if traces else ({}, {})
    left = _decisions_left(table)
    for row, (point, calls, predictions) in enumerate(zip(table.points, table.calls, table.predictions, strict=True)):
        think[row] = latency.think_s(point.trace_id, point.index)
        seconds = [latency.tool_s(point.trace_id, call.key) for call in calls]
        writes = [effect_of(call, point.tools) not in (Effect.READ, Effect.LOCAL) for call in calls]
        whole[row] = think[row] + seconds_in_batches(seconds, in_batches(writes))
        best = next(iter(reads(point, predictions, 1)), None)
        if best is None or best.call is None or not point.messages or point.messages[-1].role != "tool":
            continue
        p[row], right[row], detour[row] = best.p, calls == (best.call,), best.call not in calls
        tool[row] = latency.tool_s(point.trace_id, best.call.key)
        saved_tok[row] = sum(written.get((point.trace_id, point.index), ()))
        detour_tok[row] = answered.get(best.call.name, answered.get("", 0.0)) * left[row]
    return RideAlongs(table.tasks, p, right, detour, think, tool, whole, saved_tok, detour_tok, predict_s)


def best_threshold(rides: RideAlongs) -> float | None:
    """Return the threshold with the best net seconds that does not cost more tokens than it saves.

    For validation tasks; ``None`` where none gains.
    """
    found = [rides.sums(threshold) for threshold in THRESHOLDS]
    kept = [each for each in found if each.saved_s > each.detour_s and each.saved_tok >= each.detour_tok]
    best = max(kept, key=lambda each: (each.saved_s - each.detour_s, each.threshold), default=None)
    return None if best is None else best.threshold


def _decisions_left(table: PredictionTable) -> list[int]:
    """Return how many LLM invocations of the trace read what is in the prompt at each decision."""
    out = [1] * len(table)
    for row in reversed(range(len(table) - 1)):
        if table.points[row].trace_id == table.points[row + 1].trace_id:
            out[row] = out[row + 1] + 1
    return out


def _result_tokens(traces: Sequence[Trace]) -> dict[str, float]:
    """Return the mean tokens of a result, by tool; ``""`` for all tools."""
    sizes: dict[str, list[int]] = {}
    for trace in traces:
        for result, asked in linked(trace.messages):
            for name in {"", asked.call.name if asked is not None else ""}:
                sizes.setdefault(name, []).append(len(result.content))
    return {name: sum(each) / len(each) / CHARACTERS_PER_TOKEN for name, each in sizes.items()}
