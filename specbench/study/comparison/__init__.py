"""Compare predictors on one split: leaderboard, ablations, learning curves, transfer, embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.study.comparison.job import Comparison, Parts, run_compare
    from specbench.study.comparison.leaderboard import BASELINE, compare_names

__all__ = [
    "BASELINE",
    "Comparison",
    "Parts",
    "compare_names",
    "run_compare",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "BASELINE": "specbench.study.comparison.leaderboard",
        "Comparison": "specbench.study.comparison.job",
        "Parts": "specbench.study.comparison.job",
        "compare_names": "specbench.study.comparison.leaderboard",
        "run_compare": "specbench.study.comparison.job",
    },
)
