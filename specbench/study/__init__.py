"""Studies: evaluate, compare, simulate, sweep as functions, and the jobs that leave results folders behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.study.advise import Advice
    from specbench.study.data import Data, load_data
    from specbench.study.evaluation import Evaluated, Settings, evaluate_predictor
    from specbench.study.evaluations import evaluation_record
    from specbench.study.figure_tables import per_tool, reliability_bins
    from specbench.study.interface import compare, evaluate, simulate, sweep
    from specbench.study.main import StudyResult, default_predictors, run_study
    from specbench.study.results import Evaluation, Run
    from specbench.study.setting import Setting
    from specbench.study.workbench import Workbench

__all__ = [
    "Advice",
    "Data",
    "Evaluated",
    "Evaluation",
    "Run",
    "Setting",
    "Settings",
    "StudyResult",
    "Workbench",
    "compare",
    "default_predictors",
    "evaluate",
    "evaluate_predictor",
    "evaluation_record",
    "load_data",
    "per_tool",
    "reliability_bins",
    "run_study",
    "simulate",
    "sweep",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Advice": "specbench.study.advise",
        "Data": "specbench.study.data",
        "Evaluated": "specbench.study.evaluation",
        "Evaluation": "specbench.study.results",
        "Run": "specbench.study.results",
        "Setting": "specbench.study.setting",
        "Settings": "specbench.study.evaluation",
        "StudyResult": "specbench.study.main",
        "Workbench": "specbench.study.workbench",
        "compare": "specbench.study.interface",
        "default_predictors": "specbench.study.main",
        "evaluate": "specbench.study.interface",
        "evaluate_predictor": "specbench.study.evaluation",
        "evaluation_record": "specbench.study.evaluations",
        "load_data": "specbench.study.data",
        "per_tool": "specbench.study.figure_tables",
        "reliability_bins": "specbench.study.figure_tables",
        "run_study": "specbench.study.main",
        "simulate": "specbench.study.interface",
        "sweep": "specbench.study.interface",
    },
)
