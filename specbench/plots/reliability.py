"""Do the probabilities mean what they say? Predicted probability against the share that hit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import empty, new_axes, per_cent, series, themed

__all__ = ["plot_reliability"]


def plot_reliability(
    bins: pd.DataFrame, *, name: str = "", threshold: float = 0.6, theme: str = "light", ax: Axes | None = None
) -> Axes:
    """Draw a reliability diagram of READ predictions.

    Parameters
    ----------
    bins
        One row a bin of predictions: ``p`` (mean predicted probability), ``hit_share``, its 95 % interval ``low,
        high``, and ``count``; see :func:`specbench.study.reliability_bins`.
    name
        Of the predictor, for the title. The band is where 95 % of the bins of an honest predictor lie at these counts.
    threshold
        The operating point: what lies right of it is launched.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> bins = pd.DataFrame({"p": [0.2, 0.8], "hit_share": [0.25, 0.7], "low": [0.1, 0.5], "high": [0.4, 0.8],
    ...                      "count": [40, 30]})
    >>> plot_reliability(bins).get_ylabel()
    'share of these predictions that hit'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(6.2, 5.4)
        if bins.empty:
            return empty(ax, "No READ call was predicted: nothing to calibrate.", colours)
        look = series(0, theme)
        ax.axvspan(threshold, 1.0, color=colours.good, alpha=0.08, lw=0)
        ax.text(threshold + 0.015, 0.012, "launched", fontsize=8.5, color=colours.faint, va="bottom")
        ax.plot([0, 1], [0, 1], ls=(0, (4, 3)), lw=1.1, color=colours.faint, zorder=2, label="perfectly calibrated")
        wide = 1.96 * np.sqrt(bins["p"] * (1 - bins["p"]) / bins["count"])
        ax.fill_between(
            bins["p"], (bins["p"] - wide).clip(0, 1), (bins["p"] + wide).clip(0, 1), color=colours.faint, alpha=0.18,
            lw=0, label="where honest ones lie, 95 %",
        )  # fmt: skip
        p, share = bins["p"].to_numpy(float), bins["hit_share"].to_numpy(float)
        down, up = share - bins["low"].to_numpy(float), bins["high"].to_numpy(float) - share
        ax.errorbar(
            p, share, yerr=[down.clip(0), up.clip(0)], fmt=look.marker, ms=7, color=look.colour,
            ecolor=look.colour, elinewidth=1.4, capsize=3, lw=1.6, ls="-", zorder=4,
            label="predictions, 95 % interval, how many",
        )  # fmt: skip
        for x, top, count in zip(p, bins["high"], bins["count"], strict=True):
            ax.annotate(f"{count:.0f}", (x, top), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=8,
                        color=colours.faint)  # fmt: skip
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.12)
        ax.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
        ax.xaxis.set_major_formatter(per_cent())
        ax.yaxis.set_major_formatter(per_cent())
        ax.set_xlabel("predicted probability of the best READ call")
        ax.set_ylabel("share of these predictions that hit")
        ax.set_title(f"Reliability{f': {name}' if name else ''}")
        ax.legend(loc="upper left", fontsize=9)
        sns.despine(ax=ax)
        return ax
