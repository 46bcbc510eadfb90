"""The figures of a study, from its tables and its ledger to files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from specbench.core.ledger import Ledger
from specbench.policies import DEFAULT_THRESHOLD

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_figures"]


def draw_figures(
    folder: Path,
    *,
    curves: pd.DataFrame,
    tools: pd.DataFrame,
    reliability: pd.DataFrame,
    ledger: Ledger,
    name: str,
    controls: Sequence[str],
) -> list[str]:
    """Write every figure as PNG, SVG and dark SVG into ``folder``; returns their names.

    Parameters
    ----------
    folder
        Created when it is not there.
    curves, tools, reliability, ledger
        What the figures show.
    name
        The predictor that the default policy runs.
    controls
        Predictors that are drawn as points.
    """
    from specbench import plots

    own = curves[curves["predictor"] == name]
    figures: dict[str, Callable[..., Axes]] = {
        "curve": partial(plots.plot_curve, curves, controls=controls, highlight=name, threshold=DEFAULT_THRESHOLD),
        "savings": partial(plots.plot_savings, own, name=name, threshold=DEFAULT_THRESHOLD),
        "tools": partial(plots.plot_tools, tools, name=name),
        "waterfall": partial(plots.plot_waterfall, ledger),
        "waterfall-worst": partial(plots.plot_waterfall, ledger, plots.choose_episode(ledger, worst=True)),
        "reliability": partial(plots.plot_reliability, reliability, name=name, threshold=DEFAULT_THRESHOLD),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for title, draw in figures.items():
        for theme in plots.THEMES:
            plots.save_figure(draw(theme=theme), folder, title, theme)
    return list(figures)
