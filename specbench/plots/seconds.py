"""How long the LLM thinks and each tool runs, as recorded, and the log-normal fit of it."""

from __future__ import annotations

import math

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from specbench.plots.style import empty, new_axes, shorten, themed

__all__ = ["plot_seconds"]

MOST_ROWS = 20
MOST_LETTERS = 36
LEAST_S = 1e-3
"""Where the axis begins: it is logarithmic, and the clocks of logs do not tell less."""
NORMAL_P90 = 1.2816
"""The 90 % quantile of the standard normal distribution."""


def plot_seconds(seconds: pd.DataFrame, *, theme: str = "light", ax: Axes | None = None) -> Axes:
    """Draw one row for the LLM and one a tool: recorded median and 10–90 % range, the fitted one, share of the sum.

    Parameters
    ----------
    seconds
        One row each, in the order to draw: ``what, kind`` (``think`` or ``tool``), ``of, recorded, p10_s, p50_s, p90_s,
        total_s, median_s, sigma``; see :class:`specbench.traces.timings.SecondsFit`.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> seconds = pd.DataFrame({"what": ["LLM", "search"], "kind": ["think", "tool"], "of": [9, 7], "recorded": [9, 7],
    ...                         "p10_s": [1.0, 0.2], "p50_s": [2.0, 0.5], "p90_s": [4.0, 0.9], "total_s": [20.0, 4.0],
    ...                         "median_s": [2.0, 0.5], "sigma": [0.5, 0.6]})
    >>> plot_seconds(seconds).get_xlabel()
    'seconds (measured)'
    """
    with themed(theme) as colours:
        shown = seconds.head(MOST_ROWS)
        ax = ax if ax is not None else new_axes(9.0, 1.8 + 0.34 * max(4, len(shown)))
        if shown.empty:
            return empty(ax, "The traces carry no recorded seconds.", colours)
        total_s, ends = float(seconds["total_s"].sum()), []
        for at, row in enumerate(shown.to_dict("records")):
            low, middle, high = (max(float(row[name]), LEAST_S) for name in ("p10_s", "p50_s", "p90_s"))
            colour, hatch = (colours.think, "") if row["kind"] == "think" else (colours.tool, "///")
            ax.barh(at, high - low, left=low, height=0.5, color=colour, hatch=hatch, lw=0, zorder=2)
            ax.plot(middle, at, "o", ms=8, color=colours.text, mec=colours.paper, zorder=4)
            median_s, spread = float(row["median_s"]), math.exp(NORMAL_P90 * float(row["sigma"]))
            fitted = [max(each, LEAST_S) for each in (median_s / spread, median_s, median_s * spread)]
            ax.plot(fitted, [at] * 3, "|-", ms=10, lw=1.2, color=colours.text, zorder=3)
            ends += [low, high, *fitted]
            share = f"{100 * row['total_s'] / total_s:.0f} % of the sum, " if total_s else ""
            ax.annotate(
                f"{share}n = {row['recorded']}", (max(high, fitted[-1]), at), xytext=(7, 0),
                textcoords="offset points", va="center", fontsize=8.5, color=colours.faint,
            )  # fmt: skip
        ax.set_xscale("log")
        low, high = min(ends), max(ends)
        ax.set_xlim(low / 1.5, 2 * high * (high / low) ** 0.25)  # room for the words behind the longest
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_yticks(range(len(shown)), [shorten(str(what), MOST_LETTERS) for what in shown["what"]])
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.grid(visible=False, axis="y")
        more = len(seconds) - len(shown)
        ax.set_xlabel("seconds (measured)" + (f"; {more} more tools not shown" if more else ""))
        ax.set_title("How long the LLM thinks and the tools run")
        handles = [
            Line2D([], [], marker="o", ls="", color=colours.text, label="recorded median"),
            Patch(facecolor=colours.think, lw=0, label="thinking, 10–90 % of the times"),
            Patch(facecolor=colours.tool, hatch="///", lw=0, label="tool, 10–90 % of the times"),
            Line2D([], [], marker="|", color=colours.text, lw=1.2, label="10–90 % of the log-normal fit"),
        ]
        below = -0.62 / (0.34 * len(shown) + 0.6)
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.4, below), ncols=2, fontsize=9)
        sns.despine(ax=ax, left=True)
        return ax
