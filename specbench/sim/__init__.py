"""The simulator: recorded traces on a virtual clock."""

from __future__ import annotations

from specbench.sim.latency.from_traces import ByTokens, Empirical
from specbench.sim.latency.measured import Measured
from specbench.sim.latency.models import Constant, Latency, LogNormal
from specbench.sim.latency.parse import parse_latency
from specbench.sim.latency.profile import ByProfile
from specbench.sim.simulation import simulate
from specbench.sim.threshold_sweep import recall_at_precision, sweep

__all__ = [
    "ByProfile",
    "ByTokens",
    "Constant",
    "Empirical",
    "Latency",
    "LogNormal",
    "Measured",
    "parse_latency",
    "recall_at_precision",
    "simulate",
    "sweep",
]
