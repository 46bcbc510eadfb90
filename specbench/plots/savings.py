"""What a threshold buys: saved and wasted time over the whole range."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import basis, empty, new_axes, per_cent, themed

__all__ = ["plot_savings"]


def plot_savings(
    curve: pd.DataFrame,
    *,
    name: str = "",
    threshold: float = 0.6,
    modelled: bool = True,
    theme: str = "light",
    ax: Axes | None = None,
) -> Axes:
    """Draw saved, wasted and net time of one predictor against the threshold.

    Parameters
    ----------
    curve
        Rows of :func:`specbench.sim.sweep` for one predictor; bands are drawn where it has them.
    name
        Of the predictor, for the title.
    threshold
        The operating point, marked.
    modelled
        Whether the seconds are modelled, or measured; says so on the axis.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> curve = pd.DataFrame({"threshold": [0.0, 1.0], "saved_share": [0.1, 0.0], "wasted_share": [0.2, 0.0]})
    >>> plot_savings(curve).get_ylabel()
    '% of the sequential time (modelled)'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.0, 4.4)
        curve = curve.dropna(subset=["saved_share", "wasted_share"]).sort_values("threshold")
        if curve.empty:
            return empty(ax, "No decision points: nothing to save.", colours)
        x = curve["threshold"].to_numpy(float)
        saved, wasted = curve["saved_share"].to_numpy(float), curve["wasted_share"].to_numpy(float)
        for key, values, colour, line, label in (
            ("saved_share", saved, colours.good, "-", "saved: the agent is done sooner"),
            ("wasted_share", wasted, colours.bad, (0, (4.5, 1.5)), "wasted: tool runs nobody used"),
            ("net", saved - wasted, colours.text, (0, (2, 1.5)), "net: saved − wasted"),
        ):
            ax.plot(x, values, color=colour, ls=line, lw=2.0, label=label, zorder=3)
            if f"{key}_low" in curve:
                low, high = (curve[f"{key}_{side}"].to_numpy(float) for side in ("low", "high"))
                ax.fill_between(x, low, high, color=colour, alpha=0.15, lw=0, zorder=1)
        at = int(np.argmin(np.abs(x - threshold)))
        ax.axhline(0.0, color=colours.faint, lw=1.0, zorder=2)
        ax.axvline(threshold, color=colours.faint, lw=1.1, ls=(0, (1, 2)), zorder=2)
        ax.plot(x[at], (saved - wasted)[at], "o", ms=9, mfc=colours.paper, mec=colours.text, mew=1.8, zorder=5)
        ax.annotate(
            f"operating point, p ≥ {threshold:.2f}: net {100 * (saved - wasted)[at]:+.1f} %".replace("-", "−"),
            (threshold, 1.0), xycoords=("data", "axes fraction"), xytext=(-5 if threshold > 0.5 else 5, -3),
            textcoords="offset points",
            fontsize=9, color=colours.text, ha="right" if threshold > 0.5 else "left", va="top",
        )  # fmt: skip
        ax.set_xlim(0, 1)
        ax.yaxis.set_major_formatter(per_cent())
        ax.set_xlabel("threshold: launch a READ call when its probability is at least this")
        ax.set_ylabel(f"% of the sequential time ({basis(modelled)})")
        ax.set_title(f"What each threshold buys{f' ({name})' if name else ''}")
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=9, handlelength=3.6)
        sns.despine(ax=ax)
        return ax
