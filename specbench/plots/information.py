"""The ladder of entropy: what is left to guess, predictor by predictor."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import empty, new_axes, shorten, themed

__all__ = ["plot_information"]


def plot_information(frame: pd.DataFrame, *, theme: str = "light", ax: Axes | None = None) -> Axes:
    """Draw bits a decision that are left for the tool and, on top, for its arguments; one bar a predictor.

    Parameters
    ----------
    frame
        Rows with ``predictor, tool, arguments`` in bits (:func:`specbench.metrics.information.bits`).
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> rows = pd.DataFrame({"predictor": ["markov"], "tool": [2.0], "arguments": [3.0]})
    >>> plot_information(rows).get_xlabel()
    'bits left to guess at a decision point (less is better)'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.2, 0.9 + 0.52 * max(len(frame), 2))
        if frame.empty:
            return empty(ax, "No predictor was asked.", colours)
        names = [shorten(str(name), 28) for name in frame["predictor"]]
        tool, arguments = frame["tool"].to_numpy(float), frame["arguments"].clip(lower=0).to_numpy(float)
        edge = ax.get_facecolor()
        ax.barh(names, tool, color=colours.think, label="which tool, or a reply", zorder=3, edgecolor=edge)
        ax.barh(
            names, arguments, left=tool, color=colours.tool, hatch="///", label="which arguments, the tool known",
            zorder=3, edgecolor=edge, lw=0,
        )  # fmt: skip
        for at, total in enumerate((tool + arguments).tolist()):
            ax.text(total, at, f" {total:.1f}", va="center", fontsize=9)
        ax.invert_yaxis()
        ax.set_xlim(0, float((tool + arguments).max()) * 1.12 or 1.0)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel("bits left to guess at a decision point (less is better)")
        ax.set_title("What is in the history, what is in the text", pad=28)
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=9, borderaxespad=0.3)
        sns.despine(ax=ax, left=True)
        return ax
