"""Simulated against measured: on the diagonal the simulator keeps its promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import empty, new_axes, series, shorten, themed

__all__ = ["plot_diagonal"]


def plot_diagonal(
    frame: pd.DataFrame, *, name: str = "", tolerance: float = 0.05, theme: str = "light", ax: Axes | None = None
) -> Axes:
    """Draw the end-to-end seconds of each run, simulated (across) and measured (up), and the band of agreement.

    Parameters
    ----------
    frame
        Rows with ``kind`` (sequential, speculative), ``simulated_s, measured_s``.
    name
        The model that ran.
    tolerance
        Half the width of the band, as a share.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> rows = pd.DataFrame({"kind": ["sequential"], "simulated_s": [10.0], "measured_s": [10.2]})
    >>> plot_diagonal(rows).get_ylabel()
    'measured seconds of a conversation'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(5.6, 5.2)
        if frame.empty:
            return empty(ax, "Nothing was run.", colours)
        longest = 1.08 * float(frame[["simulated_s", "measured_s"]].to_numpy().max())
        line = np.array([0.0, longest])
        ax.plot(line, line, color=colours.faint, lw=1.2, zorder=2)
        ax.fill_between(line, line * (1 - tolerance), line * (1 + tolerance), color=colours.faint, alpha=0.25, lw=0)
        ax.text(longest, longest * (1 - 2.5 * tolerance), f"± {100 * tolerance:.0f} %", ha="right", fontsize=9)
        for number, kind in enumerate(frame["kind"].unique()):
            rows, look = frame[frame["kind"] == kind], series(number, theme)
            ax.plot(
                rows["simulated_s"], rows["measured_s"], ls="", marker=look.marker, ms=8, color=look.colour,
                mec=ax.get_facecolor(), label=str(kind), zorder=4,
            )  # fmt: skip
        ax.set_xlim(0, longest)
        ax.set_ylim(0, longest)
        ax.set_aspect("equal")
        ax.set_xlabel("simulated seconds of a conversation (modelled)")
        ax.set_ylabel("measured seconds of a conversation")
        ax.set_title("Does the live run deliver it?")
        ax.text(0.98, 0.03, shorten(name, 40), transform=ax.transAxes, ha="right", fontsize=8.5, color=colours.faint)
        ax.legend(loc="upper left", fontsize=9)
        sns.despine(ax=ax)
        return ax
