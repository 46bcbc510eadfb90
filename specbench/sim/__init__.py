"""The simulator: recorded traces on a virtual clock."""

from __future__ import annotations

from specbench.sim.latency import Constant, Latency, LogNormal, parse_latency
from specbench.sim.replay import simulate
from specbench.sim.sweep import recall_at_precision, sweep

__all__ = ["Constant", "Latency", "LogNormal", "parse_latency", "recall_at_precision", "simulate", "sweep"]
