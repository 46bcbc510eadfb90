"""Metrics: from predictions and ledgers to rates, seconds and intervals."""

from __future__ import annotations

from specbench.metrics.agreement import differences
from specbench.metrics.confusion_matrix import Confusion, confusion
from specbench.metrics.prediction_rates import rates
from specbench.metrics.prediction_table import PredictionTable, predict_traces
from specbench.metrics.speculation import SpeculationMetrics
from specbench.metrics.summary import summarise

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
