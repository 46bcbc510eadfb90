"""What online learning brings: rates over the last decisions of a stream, frozen and online."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import empty, looks, new_axes, per_cent, shorten, themed

__all__ = ["plot_progressive"]

LETTERS = 24
LABELS = {
    "call_top1": "calls predicted exactly (@1)",
    "read_call_top1": "READ calls predicted exactly (@1)",
    "tool_top1": "tools predicted (@1)",
    "reply_accuracy": "call or reply predicted",
    "brier": "Brier score (less is better)",
}


def plot_progressive(
    frame: pd.DataFrame,
    *,
    rate: str = "call_top1",
    window: int = 200,
    changes_at: int | None = None,
    change: str = "change",
    theme: str = "light",
    ax: Axes | None = None,
) -> Axes:
    """Draw a rolling rate over a stream: one colour a predictor, full line online, thin dashed line frozen.

    Parameters
    ----------
    frame
        Rows with ``predictor, arm`` (``frozen`` or ``online``), ``decision`` (its number in the stream) and ``value``
        (the mean over the last ``window`` decisions; NaN before the first window is full).
    rate
        What ``value`` is; one of ``call_top1, read_call_top1, tool_top1, reply_accuracy, brier``.
    window
        Decisions behind each value.
    changes_at, change
        The decision from which on things are different, and a word for it.
    theme
        ``light`` or ``dark``.
    ax
        Where to draw; a new figure otherwise.

    Examples
    --------
    >>> rows = pd.DataFrame({"predictor": "markov", "arm": "online", "decision": [0, 1], "value": [0.4, 0.5]})
    >>> plot_progressive(rows, window=1).get_xlabel()
    'decision in the stream'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.6, 4.8)
        if frame["value"].isna().all():
            return empty(ax, f"The stream is shorter than the window of {window} decisions.", colours)
        for name, look in looks(map(str, frame["predictor"].unique()), theme).items():
            for arm, line, width in (("frozen", (0, (3, 1.6)), 1.3), ("online", "-", 2.2)):
                rows = frame[(frame["predictor"] == name) & (frame["arm"] == arm)].sort_values("decision")
                if rows.empty:
                    continue
                x, y = rows["decision"].to_numpy(float), rows["value"].to_numpy(float)
                label = f"{shorten(str(name), LETTERS)}, {arm}"
                every = max(1, len(x) // 7)
                ax.plot(
                    x, y, color=look.colour, ls=line, lw=width, marker=look.marker, ms=5, markevery=every, label=label
                )
        if changes_at is not None:
            ax.axvline(changes_at, color=colours.text, lw=1.0)
            ax.annotate(
                shorten(change, 40),
                (changes_at, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(4, -12),
                textcoords="offset points",
                fontsize=9,
            )
        if rate != "brier":
            ax.yaxis.set_major_formatter(per_cent())
        ax.set_xlim(0, float(frame["decision"].max()))
        ax.set_xlabel("decision in the stream")
        ax.set_ylabel(f"{LABELS[rate]}\nmean of the last {window} decisions")
        ax.set_title("Predict, then learn: frozen after fitting, or learning on")
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=9, handlelength=3.8)
        sns.despine(ax=ax)
        return ax
