"""The main rates of several predictors as one table of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.core.display import plural
from specbench.report.page import percent

__all__ = ["aligned", "rates_text"]


def rates_text(predictors: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table for a terminal: one line a predictor.

    Parameters
    ----------
    predictors
        ``{name: metrics}`` as :func:`specbench.study.evaluate` gives them.
    """
    header = [
        "predictor",
        "tool@1",
        "READ call@1",
        "READ call@3",
        "READ recall at 75 % precision",
        "recall",
        "precision",
        "saved",
        "wasted",
        "p50 ms",
        "fit s",
    ]
    seconds = ", ".join(sorted({str(metrics["seconds"]) for metrics in predictors.values()}))
    thresholds = ", ".join(
        sorted({f"{metrics['at_operating_point']['threshold']:.2f}" for metrics in predictors.values()})
    )
    rows = []
    for name, metrics in predictors.items():
        point = metrics["at_operating_point"]
        rows.append(
            [
                name,
                *(percent(metrics[key]) for key in ("tool_top1", "read_call_top1", "read_call_top3")),
                percent(metrics["read_recall_at_precision_75"]),
                *(percent(point[key]) for key in ("recall", "precision", "saved_share", "wasted_share")),
                f"{metrics['latency_ms']['p50']:.2f}",
                f"{metrics['fit_s']:.1f}",
            ]
        )
    spread = [
        f"{name}: READ call@1 of {plural(len(again), 'fit')} with other seeds "
        f"{percent(min(again))} to {percent(max(again))}"
        for name, metrics in predictors.items()
        if (again := [each for each in (metrics["refits"] or {}).get("read_call_top1", ()) if each is not None])
    ]
    return "\n".join(
        [
            aligned([header, *rows]),
            *spread,
            "",
            "@1, @3: right at rank 1, or among the first 3, given that a call happens. recall … wasted: READ calls",
            f"launched at p ≥ {thresholds}; saved and wasted are shares of the sequential time ({seconds} seconds).",
        ]
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text: the first row is its head, the first column its labels, on the left.

    Examples
    --------
    >>> print(aligned([["tool", "calls"], ["get_order", "7"]]))
    tool       calls
    ---------  -----
    get_order      7
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
