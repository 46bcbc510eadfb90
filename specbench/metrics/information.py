"""How predictable is the next call, in bits: tool, arguments given the tool, the exact call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from specbench.metrics.intervals import ratio_interval
from specbench.metrics.prediction_table import PredictionTable

__all__ = ["FLOOR", "Bits", "bits"]

FLOOR = 1e-4
"""Probability that an outcome is charged which the predictor gave none: 13.3 bits."""


class Bits(NamedTuple):
    """Cross-entropy in bits a decision point: less is better; with 95 % intervals by task."""

    tool: float
    arguments: float
    call: float
    tool_ci: tuple[float, float] | None
    call_ci: tuple[float, float] | None


def bits(table: PredictionTable) -> Bits:
    """Return the mean −log₂ p of what happened, for the tool (or reply) and for the exact call; their difference is
    what the arguments cost once the tool is known. Of parallel calls, each is what happened.

    It is an upper bound of the entropy that is left given what the predictor looks at.

    Parameters
    ----------
    table
        Predictions on test traces.

    References
    ----------
    C. Shannon (1951), *Prediction and entropy of printed English*, Bell System Technical Journal 30(1).

    Examples
    --------
    >>> bits(PredictionTable("nobody")).call
    0.0
    """
    if not len(table):
        return Bits(0.0, 0.0, 0.0, None, None)
    tool, call = np.zeros(len(table)), np.zeros(len(table))
    for row, (calls, full) in enumerate(zip(table.calls, table.in_full(), strict=True)):
        names: set[str | None] = {call.name for call in calls} or {None}
        tool[row] = _bits(sum(each.p for each in table.tools[row] if each.tool in names))
        call[row] = _bits(full.outcome)
    ones = np.ones(len(table))
    return Bits(
        float(tool.mean()), float(call.mean() - tool.mean()), float(call.mean()),
        ratio_interval(table.tasks, tool, ones, share=False), ratio_interval(table.tasks, call, ones, share=False),
    )  # fmt: skip


def _bits(p: float) -> float:
    return float(-np.log2(min(1.0, max(p, FLOOR))))
