"""The figures of a study, from its tables and its ledger to files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from specbench.core.ledger import Ledger

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
    seconds: pd.DataFrame,
    threshold: float,
    modelled: pd.DataFrame | None = None,
) -> list[str]:
    """Write every figure as PNG, SVG and dark SVG into ``folder``; returns their names.

    Parameters
    ----------
    folder
        Created when it is not there.
    curves, tools, reliability, ledger
        What the figures show.
    name
        The predictor that the study runs.
    controls
        Predictors that are drawn as points.
    seconds
        Recorded seconds, one row the LLM and one a tool; drawn where there are some.
    threshold
        The operating point.
    modelled
        The curves with modelled seconds, where ``curves`` has measured ones: one more figure.
    """
    from specbench import plots

    own, assumed = curves[curves["predictor"] == name], not ledger.measured
    figures: dict[str, Callable[..., Axes]] = {
        "curve": partial(
            plots.plot_curve, curves, controls=controls, highlight=name, threshold=threshold, modelled=assumed
        ),
        "savings": partial(plots.plot_savings, own, name=name, threshold=threshold, modelled=assumed),
        "tools": partial(plots.plot_tools, tools, name=name, modelled=assumed),
        "waterfall": partial(plots.plot_waterfall, ledger),
        "waterfall-worst": partial(plots.plot_waterfall, ledger, plots.choose_episode(ledger, worst=True)),
        "reliability": partial(plots.plot_reliability, reliability, name=name, threshold=threshold),
    }
    if len(seconds):
        figures["seconds"] = partial(plots.plot_seconds, seconds)
    if modelled is not None:
        beside = modelled[modelled["predictor"] == name]
        figures["savings-modelled"] = partial(plots.plot_savings, beside, name=name, threshold=threshold)
    folder.mkdir(parents=True, exist_ok=True)
    for title, draw in figures.items():
        for theme in plots.THEMES:
            plots.save_figure(draw(theme=theme), folder, title, theme)
    return list(figures)
