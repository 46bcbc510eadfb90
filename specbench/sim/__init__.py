"""The simulator: recorded traces on a virtual clock."""

from __future__ import annotations

from specbench.sim.latency import Constant, Latency, LogNormal
from specbench.sim.latency_data import ByTokens, Empirical
from specbench.sim.latency_profile import ByProfile
from specbench.sim.latency_text import parse_latency
from specbench.sim.replay import simulate
from specbench.sim.sweep import recall_at_precision, sweep

__all__ = [
    "ByProfile",
    "ByTokens",
    "Constant",
    "Empirical",
    "Latency",
    "LogNormal",
    "parse_latency",
    "recall_at_precision",
    "simulate",
    "sweep",
]
