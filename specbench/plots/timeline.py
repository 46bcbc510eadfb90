"""A curve that follows a slider: drawn once, then only its moving parts, as PNG bytes in some tens of milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from specbench.plots.style import Series, looks, per_cent, series, themed

__all__ = ["LiveCurve"]


class LiveCurve:
    """Hit-rate against wasted compute for one or two settings, each with its moving operating point.

    Parameters
    ----------
    theme
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> frame = pd.DataFrame({"recall": [0.5, 0.1], "wasted_share": [0.2, 0.0]})
    >>> LiveCurve().draw([("ngram", frame, (0.1, 0.3))])[:4]
    b'\\x89PNG'
    """

    def __init__(self, theme: str = "light") -> None:
        self.theme = theme
        with themed(theme) as colours:
            self.figure = Figure(figsize=(6.4, 4.3), dpi=100, layout="constrained")
            FigureCanvasAgg(self.figure)
            ax = self.ax = self.figure.add_subplot()
            self.lines, self.points = [], []
            for number in range(2):
                look = series(number, theme)
                self.lines += ax.plot([], [], color=look.colour, ls=look.line, lw=2.2, zorder=3)
                self.points += ax.plot(
                    [], [], color=look.colour, marker=look.marker, ms=12, mec=colours.text, mew=1.5, ls="", zorder=5
                )
            ax.xaxis.set_major_formatter(per_cent())
            ax.yaxis.set_major_formatter(per_cent())
            ax.set_ylabel("hit-rate: % of the calls")
            ax.spines[["top", "right"]].set_visible(False)

    def draw(self, curves: Sequence[tuple[str, pd.DataFrame, tuple[float, float]]], seconds: str = "modelled") -> bytes:
        """Return a PNG.

        Parameters
        ----------
        curves
            One or two of (label, frame with ``recall, wasted_share``, operating point as (wasted share, recall)).
        seconds
            Where the seconds come from, for the axis.
        """
        right, top = 0.05, 0.1
        shown = list(
            looks([label.removeprefix("A: ").partition(",")[0] for label, _, _ in curves], self.theme).values()
        )
        if len(curves) == 2 and shown and len(shown) < 2:  # one predictor at two settings
            shown.append(Series(shown[0].colour, series(1).line, series(1).marker))
        for number, (line, point) in enumerate(zip(self.lines, self.points, strict=True)):
            if number < len(curves):
                label, frame, (x, y) = curves[number]
                line.set(color=shown[number].colour, ls=shown[number].line)
                point.set(color=shown[number].colour, marker=shown[number].marker)
                wasted, recall = (frame[name].fillna(0.0).to_numpy(float) for name in ("wasted_share", "recall"))
                line.set_data(wasted, recall)
                line.set_label(label)
                point.set_data([x], [y])
                right, top = max(right, x, float(np.max(wasted))), max(top, y, float(np.max(recall)))
            else:
                line.set_data([], [])
                line.set_label("_")
                point.set_data([], [])
        self.ax.set_xlabel(f"wasted compute, % of the sequential time ({seconds})")
        self.ax.set_xlim(-0.02 * right, 1.08 * right)
        self.ax.set_ylim(-0.02, min(1.02, 1.12 * top))
        self.ax.legend(loc="lower right", fontsize=9, handlelength=3.2)
        out = BytesIO()
        with themed(self.theme):
            self.figure.savefig(out, format="png")
        return out.getvalue()
