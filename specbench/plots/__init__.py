"""Every figure, one function each. They read frames and ledgers, and return matplotlib Axes."""

from __future__ import annotations

from specbench.plots.curve import plot_curve
from specbench.plots.diagonal import plot_diagonal
from specbench.plots.domains import plot_domains
from specbench.plots.information import plot_information
from specbench.plots.leaderboard import plot_leaderboard
from specbench.plots.learning_curve import plot_learning_curve
from specbench.plots.matrix import plot_matrix
from specbench.plots.progressive import plot_progressive
from specbench.plots.ratio import plot_ratio
from specbench.plots.reliability import plot_reliability
from specbench.plots.savings import plot_savings
from specbench.plots.seconds import plot_seconds
from specbench.plots.shares import plot_time_shares
from specbench.plots.style import THEMES, save_figure
from specbench.plots.tools import plot_tools
from specbench.plots.waterfall import choose_episode, plot_waterfall

__all__ = [
    "THEMES",
    "choose_episode",
    "plot_curve",
    "plot_diagonal",
    "plot_domains",
    "plot_information",
    "plot_leaderboard",
    "plot_learning_curve",
    "plot_matrix",
    "plot_progressive",
    "plot_ratio",
    "plot_reliability",
    "plot_savings",
    "plot_seconds",
    "plot_time_shares",
    "plot_tools",
    "plot_waterfall",
    "save_figure",
]
