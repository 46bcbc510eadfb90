"""Names beside lines and points instead of a legend: each close to what it names, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from specbench.plots.style import Ink

__all__ = ["Label", "place_labels", "spread_out"]

GAP = 0.052
"""Least distance of two labels, as a share of the axes' height."""


class Label(NamedTuple):
    """What to write beside a point, in data coordinates, and in which colour."""

    x: float
    y: float
    text: str
    colour: str


def spread_out(wanted: Sequence[float], gap: float, top: float = 1.0) -> list[float]:
    """Return places as close as may be to those wanted, in their order, at least ``gap`` apart and none above ``top``.

    Examples
    --------
    >>> [round(y, 2) for y in spread_out([0.5, 0.5, 0.1], 0.1)]
    [0.5, 0.6, 0.1]
    """
    order = np.argsort(wanted, kind="stable")
    out = [0.0] * len(wanted)
    last = -np.inf
    for at in order:
        last = max(wanted[at], last + gap)
        out[at] = float(last)
    limit = top
    for at in order[::-1]:
        out[at] = float(min(out[at], limit))
        limit = out[at] - gap
    return out


def place_labels(ax: Axes, labels: Sequence[Label], colours: Ink) -> None:
    """Write the labels to the right of their points, in the order of their heights; a thin line leads to a moved one.

    Parameters
    ----------
    ax
        With its limits set.
    labels
        What to write.
    colours
        Of the theme.
    """
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    heights = [(label.y - bottom) / (top - bottom) for label in labels]
    for label, height, y in zip(labels, heights, spread_out(heights, GAP, 0.98), strict=True):
        x = (label.x - left) / (right - left)
        moved = abs(y - height) > GAP / 2
        ax.annotate(
            label.text, (label.x, label.y), xytext=(x + (0.035 if moved else 0.014), y), textcoords="axes fraction",
            va="center", ha="left", fontsize=9, color=label.colour, zorder=8, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colours.faint, "lw": 0.6, "shrinkA": 1, "shrinkB": 3}
            if moved else None,
            bbox={"boxstyle": "round,pad=0.1", "fc": colours.paper, "ec": "none", "alpha": 0.7},
        )  # fmt: skip
