"""Compare predictors on one split: leaderboard, ablations, learning curves, transfer, embeddings."""

from __future__ import annotations

from specbench.study.compare.job import BASELINE, Comparison, Parts, compare_names, run_compare
from specbench.study.compare.paired import paired_differences

__all__ = ["BASELINE", "Comparison", "Parts", "compare_names", "paired_differences", "run_compare"]
