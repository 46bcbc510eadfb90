"""Tables of tools against tools: transitions, and confusions of a predictor."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import empty, new_axes, shorten, themed

__all__ = ["plot_matrix"]


def plot_matrix(
    frame: pd.DataFrame,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    theme: str = "light",
    ax: Axes | None = None,
) -> Axes:
    """Draw a table of counts as row shares: of all times that the row came, how often did the column follow?

    Parameters
    ----------
    frame
        Counts; rows and columns are tools (or ``reply``).
    title, xlabel, ylabel
        Words.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> plot_matrix(pd.DataFrame([[1, 1]], index=["find"], columns=["get", "reply"]), xlabel="then").get_xlabel()
    'then'
    """
    with themed(theme) as colours:
        if ax is None:
            ax = new_axes(2.6 + 0.55 * max(len(frame.columns), 4), 1.8 + 0.36 * max(len(frame), 4))
        if frame.empty:
            return empty(ax, "No calls: there is nothing to tabulate.", colours)
        shares = frame.div(frame.sum(axis=1).replace(0, 1), axis=0)
        words = shares.map(lambda share: f"{100 * share:.0f}" if share >= 0.005 else "")
        sns.heatmap(
            shares, annot=words, fmt="", cmap=sns.light_palette(colours.think, as_cmap=True), vmin=0, vmax=1, ax=ax,
            linewidths=0.5, linecolor=ax.get_facecolor(), cbar=False, annot_kws={"fontsize": 8},
        )  # fmt: skip
        ax.set_xticks(
            [at + 0.5 for at in range(len(frame.columns))], [shorten(str(name), 24) for name in frame.columns],
            rotation=40, ha="right", fontsize=8.5,
        )  # fmt: skip
        ax.set_yticks(
            [at + 0.5 for at in range(len(frame))], [shorten(str(name), 24) for name in frame.index], rotation=0,
            fontsize=8.5,
        )  # fmt: skip
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        ax.set_title(title)
        return ax
