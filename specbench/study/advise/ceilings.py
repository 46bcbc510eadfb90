"""What a perfect predictor would save, way by way: the most that any predictor can reach on these traces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from specbench.core.types import Effect, Prediction, Trace, effect_of
from specbench.metrics import SpeculationMetrics
from specbench.metrics.prediction_table import PredictionTable, predict_traces
from specbench.policies import TopK
from specbench.predictors import make_predictor
from specbench.sim import Latency, simulate
from specbench.speculation import Options, RunAhead
from specbench.study.advise.saved_turns import ride_alongs

__all__ = ["Ceiling", "ceilings", "knows_until_write"]

DEPTH = 4
"""LLM invocations that the perfect run-ahead is ahead, at most."""
FORESEEN = 32
"""Calls that the far-sighted oracle knows, at most."""


@dataclass(frozen=True)
class Ceiling:
    """What perfect foresight of READ calls saves in one way.

    Parameters
    ----------
    way
        ``overlap``, ``carried results``, ``run-ahead`` or ``saved turns``.
    saved_share
        Share of the sequential time; ``None`` where no time passes.
    low, high
        95 % interval by task; ``None`` below five tasks.
    about
        What is known ahead, and what is done with it.
    """

    way: str
    saved_share: float | None
    low: float | None
    high: float | None
    about: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dict(vars(self))


def ceilings(traces: Sequence[Trace], latency: Latency) -> list[Ceiling]:
    """Return the ceilings of ``traces`` with the seconds of ``latency``, a perfect prediction taking none.

    Examples
    --------
    >>> from specbench.sim import Constant
    >>> from specbench.testing import make_traces
    >>> found = {each.way: each.saved_share for each in ceilings(make_traces(4), Constant(2.0, 1.0))}
    >>> list(found)
    ['overlap', 'carried results', 'run-ahead', 'saved turns']
    >>> found["run-ahead"] > found["overlap"] > 0
    True
    """
    known = predict_traces(make_predictor("oracle").fit([]), traces)
    far, carried = replace(known, predictions=knows_until_write(known)), Options(carry_ttl_s=math.inf)
    ahead = Options(run_ahead=RunAhead(DEPTH, p=0.0))

    def simulated(way: str, table: PredictionTable, options: Options, about: str) -> Ceiling:
        found = SpeculationMetrics.of(simulate(table, TopK(FORESEEN), latency=latency, options=options))
        low, high = found.saved_share_ci or (None, None)
        return Ceiling(way, found.saved_share, None if low is None else max(0.0, low), high, about)

    turns = ride_alongs(known, latency).sums(0.0)
    return [
        simulated("overlap", known, Options(), "the next READ calls run while the LLM thinks"),
        simulated("carried results", far, carried, "every READ call up to the next write or user message runs at once"),
        simulated("run-ahead", known, ahead, f"the next LLM invocations start early too, up to {DEPTH} deep"),
        Ceiling(
            "saved turns", turns.net_share, turns.low, turns.high,
            "what if: READ results ride in the previous result, and the LLM is not asked; not lossless",
        ),
    ]  # fmt: skip


def knows_until_write(table: PredictionTable) -> list[list[Prediction]]:
    """Return predictions that know the READ calls of later decisions too, up to the next write or user message."""
    out: list[list[Prediction]] = [[] for _ in table.points]
    later: list[Prediction] = []
    for row in reversed(range(len(table))):
        point, calls = table.points[row], table.calls[row]
        effects = [effect_of(call, point.tools) for call in calls]
        last = row + 1 == len(table) or table.points[row + 1].trace_id != point.trace_id
        if last or not calls or any(effect not in (Effect.READ, Effect.LOCAL) for effect in effects):
            later = []
        now = [Prediction(call, 1.0) for call, effect in zip(calls, effects, strict=True) if effect is Effect.READ]
        later = list(dict.fromkeys([*now, *later]))[:FORESEEN]
        out[row] = later
    return out
