"""The simulator: recorded traces on a virtual clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.sim.latency.fitted import Fitted
    from specbench.sim.latency.from_traces import ByTokens, Empirical
    from specbench.sim.latency.measured import Auto, Measured
    from specbench.sim.latency.models import Constant, Latency, LogNormal
    from specbench.sim.latency.profile import ByProfile
    from specbench.sim.simulation import simulate
    from specbench.sim.threshold_sweep import recall_at_precision, sweep

__all__ = [
    "Auto",
    "ByProfile",
    "ByTokens",
    "Constant",
    "DecisionColumns",
    "Empirical",
    "Fitted",
    "Latency",
    "LogNormal",
    "Measured",
    "decision_columns",
    "recall_at_precision",
    "simulate",
    "sweep",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Auto": "specbench.sim.latency.measured",
        "ByProfile": "specbench.sim.latency.profile",
        "ByTokens": "specbench.sim.latency.from_traces",
        "Constant": "specbench.sim.latency.models",
        "Empirical": "specbench.sim.latency.from_traces",
        "Fitted": "specbench.sim.latency.fitted",
        "Latency": "specbench.sim.latency.models",
        "LogNormal": "specbench.sim.latency.models",
        "Measured": "specbench.sim.latency.measured",
        "DecisionColumns": "specbench.sim.columns",
        "decision_columns": "specbench.sim.columns",
        "recall_at_precision": "specbench.sim.threshold_sweep",
        "simulate": "specbench.sim.simulation",
        "sweep": "specbench.sim.threshold_sweep",
    },
)
