"""How much more data would help: accuracy against the number of training tasks."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from specbench.plots.style import empty, looks, new_axes, per_cent, shorten, themed

__all__ = ["plot_learning_curve"]

LETTERS = 24


def plot_learning_curve(frame: pd.DataFrame, *, theme: str = "light", ax: Axes | None = None) -> Axes:
    """Draw the share of READ calls whose best prediction is right, with 95 % bands, one line a predictor.

    Parameters
    ----------
    frame
        Rows with ``predictor, tasks, read_call_top1`` and, if bands are wanted, ``read_call_top1_low, _high``.
    theme
        ``light`` or ``dark``.
    ax
        Where to draw; a new figure otherwise.

    Examples
    --------
    >>> rows = pd.DataFrame({"predictor": "markov", "tasks": [4, 8], "read_call_top1": [0.4, 0.5]})
    >>> plot_learning_curve(rows).get_xlabel()
    'training tasks'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.2, 4.8)
        frame = frame.dropna(subset=["read_call_top1"])
        if frame.empty:
            return empty(ax, "No READ calls in the test traces: there is no curve to draw.", colours)
        for name, look in looks(map(str, frame["predictor"].unique()), theme).items():
            rows = frame[frame["predictor"] == name].sort_values("tasks")
            x, y = rows["tasks"].to_numpy(float), rows["read_call_top1"].to_numpy(float)
            ax.plot(
                x,
                y,
                color=look.colour,
                ls=look.line,
                marker=look.marker,
                lw=2.0,
                ms=6,
                label=shorten(str(name), LETTERS),
                zorder=3,
            )
            if {"read_call_top1_low", "read_call_top1_high"} <= set(rows.columns):
                low, high = (rows[f"read_call_top1_{end}"].to_numpy(float) for end in ("low", "high"))
                face, edge = to_rgba(look.colour, 0.1), to_rgba(look.colour, 0.4)
                ax.fill_between(x, low, high, facecolor=face, edgecolor=edge, lw=0.7, zorder=1)
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(sorted(frame["tasks"].unique())))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.yaxis.set_major_formatter(per_cent())
        ax.set_ylim(-0.02, 1.02)
        ax.set_xlabel("training tasks")
        ax.set_ylabel("READ calls predicted exactly (@1)")
        ax.set_title("Learning curve: the same test tasks, more and more to learn from")
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=9, handlelength=3.8)
        sns.despine(ax=ax)
        return ax
