"""Predictors side by side: how often the call is right at rank 1 and among the first 3."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from specbench.plots.style import empty, new_axes, per_cent, points, series, shorten, themed

__all__ = ["plot_leaderboard"]

LETTERS = 24
ENDS = ("", "_low", "_high")


def plot_leaderboard(
    frame: pd.DataFrame, *, baseline: str = "markov", theme: str = "light", ax: Axes | None = None
) -> Axes:
    """Draw the share of READ calls that are right, one row a predictor, with 95 % intervals and the paired difference.

    Parameters
    ----------
    frame
        One row a predictor, the first on top: ``predictor, control, read_call_top1, read_call_top3`` with ``_low`` and
        ``_high``, ``read_call_top1_minus_<baseline>`` with ``_low`` and ``_high``.
    baseline
        Whose row the differences refer to; a line marks its top-1.
    theme
        ``light`` or ``dark``.
    ax
        Where to draw; a new figure otherwise.

    Examples
    --------
    >>> rows = [{"predictor": "markov", "control": False, "read_call_top1": 0.5, "read_call_top3": 0.6}]
    >>> plot_leaderboard(pd.DataFrame(rows)).get_xlabel()
    'READ calls predicted exactly, tool and all arguments, given that a call happens'
    """
    with themed(theme) as colours:
        frame = frame.dropna(subset=["read_call_top1", "read_call_top3"]).reset_index(drop=True)
        ax = ax if ax is not None else new_axes(8.6, 1.7 + 0.42 * max(len(frame), 2))
        if frame.empty:
            return empty(ax, "No READ calls in the test traces: there is nothing to compare.", colours)
        minus = f"read_call_top1_minus_{baseline}"
        looks = {"read_call_top1": series(0, theme), "read_call_top3": series(2, theme)}
        for at, row in enumerate(frame.to_dict("records")):
            for rate, shift in (("read_call_top1", -0.1), ("read_call_top3", 0.1)):
                look = looks[rate]
                colour = colours.faint if row["control"] else look.colour
                low, high = (row.get(f"{rate}{end}") for end in ENDS[1:])
                if low is not None and high is not None:
                    ax.plot([low, high], [at + shift, at + shift], color=colour, lw=2.0, alpha=0.55, zorder=2)
                filled = colour if rate == "read_call_top1" else colours.paper
                ax.plot(
                    row[rate], at + shift, ls="", marker=look.marker, ms=7.5, mfc=filled, mec=colour, mew=1.6, zorder=3
                )
            ax.annotate(
                "baseline" if row["predictor"] == baseline else points(*(row.get(f"{minus}{end}") for end in ENDS)),
                (1.02, at), xycoords=("axes fraction", "data"), va="center", fontsize=8.5,
                color=colours.faint if row["control"] else colours.text,
            )  # fmt: skip
        mark = frame.loc[frame["predictor"] == baseline, "read_call_top1"]
        if len(mark):
            ax.axvline(float(mark.iloc[0]), color=colours.faint, lw=1.1, ls=(0, (1, 2)), zorder=1)
        names = [
            shorten(str(name), LETTERS) + (" (control)" if control else "")
            for name, control in zip(frame["predictor"], frame["control"], strict=True)
        ]
        ax.set_yticks(range(len(frame)), names)
        ax.set_ylim(len(frame) - 0.5, -0.8)
        ax.set_xlim(-0.02, 1.02)
        ax.xaxis.set_major_formatter(per_cent())
        ax.grid(visible=False, axis="y")
        ax.set_xlabel("READ calls predicted exactly, tool and all arguments, given that a call happens")
        ax.set_title("Leaderboard")
        ax.annotate(
            f"@1 minus {baseline},\npoints, 95 %", (1.02, 1.0), xycoords="axes fraction", fontsize=8.5, weight="bold",
            va="bottom",
        )  # fmt: skip
        handles = [
            Line2D(
                [], [], ls="", marker=look.marker, ms=7, mec=look.colour, mew=1.6, label=label,
                mfc=look.colour if rate == "read_call_top1" else colours.paper,
            )
            for (rate, look), label in zip(looks.items(), ("best prediction", "among the first 3"), strict=True)
        ]  # fmt: skip
        ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9, borderaxespad=0.1)
        sns.despine(ax=ax, left=True)
        return ax
