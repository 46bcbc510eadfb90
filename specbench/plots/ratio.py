"""Saved time against the ratio of tool time to thinking time, with the formulas of the field laid over."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from specbench.plots.style import empty, new_axes, per_cent, series, shorten, themed

__all__ = ["plot_ratio"]

LETTERS = 44


def plot_ratio(frame: pd.DataFrame, *, here: float | None = None, theme: str = "light", ax: Axes | None = None) -> Axes:
    """Draw the share of time saved by each way of speculating, simulated (markers) and by formula (lines).

    Parameters
    ----------
    frame
        Rows with ``way, ratio`` (tool seconds ÷ thinking seconds), ``saved_share``, and where known ``saved_share_low,
        saved_share_high`` (95 % intervals) and ``formula`` (the formula's share).
    here
        The ratio of the traces at hand; a line marks it.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> rows = pd.DataFrame({"way": "overlap", "ratio": [0.5, 1.0], "saved_share": [0.1, 0.2], "formula": [0.1, 0.2]})
    >>> plot_ratio(rows).get_ylabel()
    'time saved, of the sequential run (modelled)'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.6, 4.8)
        frame = frame.dropna(subset=["saved_share"])
        if frame.empty:
            return empty(ax, "Nothing was simulated: there is nothing to draw.", colours)
        for number, way in enumerate(frame["way"].unique()):
            rows, look = frame[frame["way"] == way].sort_values("ratio"), series(number, theme)
            x, y = rows["ratio"].to_numpy(float), rows["saved_share"].to_numpy(float)
            error = None
            if {"saved_share_low", "saved_share_high"} <= set(rows.columns):
                error = [y - rows["saved_share_low"].to_numpy(float), rows["saved_share_high"].to_numpy(float) - y]
            label = shorten(str(way), LETTERS)
            ax.errorbar(
                x, y, yerr=error, color=look.colour, ls="", marker=look.marker, ms=6, capsize=3, lw=1.3,
                label=f"{label}, simulated", zorder=4,
            )  # fmt: skip
            if "formula" in rows.columns and rows["formula"].notna().any():
                ax.plot(
                    x, rows["formula"].to_numpy(float), color=look.colour, ls=look.line, lw=1.8,
                    label=f"{label}, formula", zorder=3,
                )  # fmt: skip
        if here is not None:
            ax.axvline(here, color=colours.text, lw=1.1, ls=(0, (2, 2)), zorder=2)
            ax.annotate(
                f"you are here: {here:.2g}", (here, 1.0), xycoords=("data", "axes fraction"), xytext=(5, -12),
                textcoords="offset points", fontsize=9,
            )  # fmt: skip
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_locator(FixedLocator(sorted(frame["ratio"].unique())))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_major_formatter(per_cent())
        ax.set_ylim(bottom=0)
        ax.set_xlabel("a tool's seconds ÷ the LLM's thinking seconds (modelled)")
        ax.set_ylabel("time saved, of the sequential run (modelled)")
        ax.set_title("What speculation can save depends on how slow the tools are")
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=9, handlelength=3.2)
        sns.despine(ax=ax)
        return ax
