"""The main figure: hit-rate against wasted compute, one line a predictor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from specbench.plots.labels import Label, place_labels
from specbench.plots.style import Ink, Series, basis, empty, looks, new_axes, per_cent, themed

__all__ = ["plot_curve"]


def plot_curve(
    curves: pd.DataFrame,
    *,
    controls: Sequence[str] = (),
    threshold: float = 0.6,
    highlight: str | None = None,
    modelled: bool = True,
    before_write: bool = False,
    theme: str = "light",
    ax: Axes | None = None,
) -> Axes:
    """Draw recall against wasted seconds, with 95 % bands of the recall where the frame has them.

    Parameters
    ----------
    curves
        Rows of :func:`specbench.sim.sweep` with a column ``predictor``: ``threshold, recall, wasted_share`` and, if
        bands are wanted, ``recall_low, recall_high``.
    controls
        Predictors that are drawn as one point each: everything launched. ``oracle`` also gives the ceiling, a line.
    threshold
        The operating point; an outlined marker on each line.
    highlight
        Predictor whose operating point is told; the first that is no control otherwise.
    modelled
        Whether the seconds are modelled, or measured; says so on the axis.
    before_write
        Count a guess until the next write (:mod:`specbench.metrics.before_write`): draws ``recall_before_write``
        against ``unused_lookups_per_call`` instead.
    theme
        ``light`` or ``dark``.
    ax
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes

    Examples
    --------
    >>> sweep = pd.DataFrame({"predictor": "markov", "threshold": [0.0, 0.6], "recall": [0.4, 0.1],
    ...                       "wasted_share": [0.2, 0.01]})
    >>> plot_curve(sweep).get_xlabel()
    'wasted compute: seconds of unused tool runs, % of the sequential time (modelled)'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.6, 5.4)
        if before_write:
            kept = curves[["predictor", "threshold"]]
            recall, unused = curves["recall_before_write"], curves["unused_lookups_per_call"]
            curves = kept.assign(recall=recall, wasted_share=unused)
        curves = curves.dropna(subset=["recall", "wasted_share"])
        if curves.empty:
            return empty(ax, "No tool calls in the test traces: there is no hit-rate to draw.", colours)
        names = [str(name) for name in curves["predictor"].unique()]
        lines = [name for name in names if name not in controls]
        labels: list[Label] = []
        for name, look in looks(lines, theme).items():
            labels.append(_line(ax, curves[curves["predictor"] == name], name, look, threshold, colours))
        highlight = highlight if highlight in lines else next(iter(lines), None)
        _ceiling(ax, curves, colours)
        for number, name in enumerate(name for name in names if name in controls):
            labels += _control(ax, curves[curves["predictor"] == name], name, number, colours)
        right = max(ax.get_xlim()[1], 0.01)
        ax.set_xlim(-0.015 * right, 1.16 * right)
        ax.set_ylim(-0.03, min(1.02, max(ax.get_ylim()[1], 0.1) + 0.05))
        ax.yaxis.set_major_formatter(per_cent())
        if before_write:
            ax.set_xlabel("unused lookups for each call of the agent")
            ax.set_ylabel("answered ahead: % of the calls")
            ax.set_title("Used before the next write, against unused lookups")
        else:
            ax.xaxis.set_major_formatter(per_cent())
            ax.set_xlabel(f"wasted compute: seconds of unused tool runs, % of the sequential time ({basis(modelled)})")
            ax.set_ylabel("hit-rate (recall): % of the calls")
            ax.set_title("Hit-rate against wasted compute")
        if highlight is not None:
            unit = "lookups a call" if before_write else "of the time"
            _label_default(ax, curves[curves["predictor"] == highlight], threshold, unit, colours)
        place_labels(ax, labels, colours)
        sns.despine(ax=ax)
        return ax


def _line(ax: Axes, rows: pd.DataFrame, name: str, look: Series, threshold: float, colours: Ink) -> Label:
    rows = rows.sort_values("threshold")
    x, y = rows["wasted_share"].to_numpy(float), rows["recall"].to_numpy(float)
    if {"recall_low", "recall_high"} <= set(rows.columns):
        low, high = (rows[column].to_numpy(float) for column in ("recall_low", "recall_high"))
        ax.fill_between(
            x, low, high, facecolor=to_rgba(look.colour, 0.12), edgecolor=to_rgba(look.colour, 0.5), lw=0.7, zorder=1
        )
    ax.plot(x, y, color=look.colour, ls=look.line, lw=2.0, zorder=3)
    tenths = np.isin(np.round(rows["threshold"].to_numpy(float), 6), (0.0, 0.2, 0.4, 0.8))
    ax.plot(x[tenths], y[tenths], ls="", marker=look.marker, ms=4.5, color=look.colour, zorder=4)
    at = int(np.argmin(np.abs(rows["threshold"].to_numpy(float) - threshold)))
    ax.plot(x[at], y[at], ls="", marker=look.marker, ms=9.5, mfc=look.colour, mec=colours.text, mew=1.6, zorder=6)
    return Label(float(x[0]), float(y[0]), name, look.colour)


def _control(ax: Axes, rows: pd.DataFrame, name: str, number: int, colours: Ink) -> list[Label]:
    row = rows.sort_values("threshold").iloc[0]
    if not row["recall"] and not row["wasted_share"]:
        return []  # it launches nothing: a mark at the origin says nothing
    marker = ("x", "+", "1", "2", "*", "3")[number % 6] if name != "oracle" else "*"
    ax.plot(
        row["wasted_share"],
        row["recall"],
        ls="",
        marker=marker,
        ms=9,
        mew=1.8,
        color=colours.faint,
        zorder=5,
        clip_on=False,
    )
    return [Label(float(row["wasted_share"]), float(row["recall"]), f"{name} (control)", colours.faint)]


def _ceiling(ax: Axes, curves: pd.DataFrame, colours: Ink) -> None:
    top = curves.loc[curves["predictor"] == "oracle", "recall"].max()
    if not np.isnan(top):
        ax.axhline(top, color=colours.faint, lw=1.2, ls=(0, (1, 2)), zorder=2)
        ax.annotate(
            f"READ oracle: {100 * top:.0f} % of the calls are READ, the rest is never launched",
            (1.0, top), xycoords=("axes fraction", "data"), xytext=(-2, 4), textcoords="offset points",
            ha="right", va="bottom", fontsize=8.5, color=colours.faint,
        )  # fmt: skip


def _label_default(ax: Axes, rows: pd.DataFrame, threshold: float, unit: str, colours: Ink) -> None:
    row = rows.iloc[int(np.argmin(np.abs(rows["threshold"].to_numpy(float) - threshold)))]
    wasted = f"{row['wasted_share']:.2f}" if unit.startswith("lookups") else f"{100 * row['wasted_share']:.1f} %"
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=22)
    ax.text(
        0.0, 1.015,
        f"outlined: operating point, p ≥ {threshold:.2f}: {row['predictor']} hits {100 * row['recall']:.0f} % "
        f"of the calls and wastes {wasted} {unit}",
        transform=ax.transAxes, va="bottom", fontsize=9, color=colours.faint,
    )  # fmt: skip
