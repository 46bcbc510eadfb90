"""Metrics: from predictions and ledgers to rates, seconds and intervals."""

from __future__ import annotations

from specbench.metrics.agreement import differences
from specbench.metrics.confusion import Confusion, confusion
from specbench.metrics.rates import rates
from specbench.metrics.speculation import SpeculationMetrics
from specbench.metrics.summary import summarise
from specbench.metrics.table import PredictionTable, predict_traces

__all__ = [
    "Confusion",
    "PredictionTable",
    "SpeculationMetrics",
    "confusion",
    "differences",
    "predict_traces",
    "rates",
    "summarise",
]
