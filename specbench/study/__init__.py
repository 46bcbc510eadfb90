"""The main job: from traces to numbers, figures, a report and checkpoints."""

from __future__ import annotations

from specbench.study.data import Data, load_data
from specbench.study.evaluation import Evaluated, Settings, evaluate, evaluate_predictor
from specbench.study.main import StudyResult, default_predictors, run_study
from specbench.study.tables import per_tool, reliability_bins

__all__ = [
    "Data",
    "Evaluated",
    "Settings",
    "StudyResult",
    "default_predictors",
    "evaluate",
    "evaluate_predictor",
    "load_data",
    "per_tool",
    "reliability_bins",
    "run_study",
]
