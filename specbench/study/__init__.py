"""The main job: from traces to numbers, figures, a report and checkpoints."""

from __future__ import annotations

from specbench.study.data import Data, load_data
from specbench.study.evaluation import Evaluated, Settings, evaluate, evaluate_predictor
from specbench.study.figure_tables import per_tool, reliability_bins
from specbench.study.main import DEFAULT_PREDICTORS, StudyResult, run_study

__all__ = [
    "DEFAULT_PREDICTORS",
    "Data",
    "Evaluated",
    "Settings",
    "StudyResult",
    "evaluate",
    "evaluate_predictor",
    "load_data",
    "per_tool",
    "reliability_bins",
    "run_study",
]
