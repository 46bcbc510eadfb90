"""The curve of the playground: drawn by the page, so that it follows its theme; hover for numbers, click to choose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

__all__ = ["Curve", "shown_lines"]

_HERE = Path(__file__).parent


class Curve(anywidget.AnyWidget):
    """Hit-rate against wasted compute, for one or two settings. It asks no server for anything.

    ``shown`` is what :func:`shown_lines` returns. ``busy`` dims it. ``chosen`` is the point that was clicked: its
    threshold ``p`` and the line's ``label``.
    """

    _esm = _HERE / "curve.js"
    _css = _HERE / "curve.css"
    shown = traitlets.Dict().tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)


def shown_lines(
    curves: Sequence[tuple[str, pd.DataFrame, tuple[float, float]]], seconds: str = "modelled"
) -> dict[str, Any]:
    """Return what :class:`Curve` draws.

    Parameters
    ----------
    curves
        One or two of (label, frame with ``threshold, recall, wasted_share`` and perhaps ``recall_low, recall_high``,
        operating point as (wasted share, recall)).
    seconds
        Where the seconds come from, for the axis.

    Examples
    --------
    >>> frame = pd.DataFrame({"threshold": [0.0, 0.5], "recall": [0.5, 0.1], "wasted_share": [0.2, 0.0]})
    >>> shown_lines([("ngram", frame, (0.1, 0.3))])["alt"]
    'Hit-rate against wasted compute. ngram: at the operating point it hits 30 % of the calls and wastes 10.0 % ...'
    """
    lines, said = [], []
    for label, frame, (wasted, recall) in curves:
        rows = frame.dropna(subset=["recall", "wasted_share"]).sort_values("threshold")
        line: dict[str, Any] = {
            "label": label, "point": [wasted, recall], "p": rows["threshold"].tolist(),
            "x": rows["wasted_share"].tolist(), "y": rows["recall"].tolist(),
        }  # fmt: skip
        if {"recall_low", "recall_high"} <= set(rows.columns) and rows["recall_low"].notna().all():
            line |= {"low": rows["recall_low"].tolist(), "high": rows["recall_high"].tolist()}
        lines.append(line)
        said.append(
            f"{label}: at the operating point it hits {100 * recall:.0f} % of the calls and wastes "
            f"{100 * wasted:.1f} % of the time."
        )
    return {
        "lines": lines,
        "xlabel": f"wasted compute, % of the sequential time ({seconds})",
        "alt": " ".join(["Hit-rate against wasted compute.", *said]),
    }
