"""Progressive evaluation: predict, then learn; what keeps learning beside what stays as it was fitted."""

from __future__ import annotations

from specbench.study.progressive.job import Progression, run_progressive
from specbench.study.progressive.run import predict_then_learn
from specbench.study.progressive.scenarios import Scenario, agent_change, new_tool, stream

__all__ = ["Progression", "Scenario", "agent_change", "new_tool", "predict_then_learn", "run_progressive", "stream"]
