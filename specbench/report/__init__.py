"""Reports: self-contained HTML pages, built from results folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.report.comparison import build_comparison
    from specbench.report.page import build_report, render_report

__all__ = [
    "build_comparison",
    "build_report",
    "render_report",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "build_comparison": "specbench.report.comparison",
        "build_report": "specbench.report.page",
        "render_report": "specbench.report.page",
    },
)
