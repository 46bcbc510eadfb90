"""Traces: reading, writing, splitting and describing recorded agent conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.traces.collection import Traces, read, sample
    from specbench.traces.describe import Description
    from specbench.traces.sources.base import Source
    from specbench.traces.splitting import Split, split
    from specbench.traces.store import ReadReport, load, read_traces, write_traces

__all__ = [
    "Description",
    "ReadReport",
    "Source",
    "Split",
    "Traces",
    "load",
    "read",
    "read_traces",
    "sample",
    "split",
    "write_traces",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Description": "specbench.traces.describe",
        "ReadReport": "specbench.traces.store",
        "Source": "specbench.traces.sources.base",
        "Split": "specbench.traces.splitting",
        "Traces": "specbench.traces.collection",
        "load": "specbench.traces.store",
        "read": "specbench.traces.collection",
        "read_traces": "specbench.traces.store",
        "sample": "specbench.traces.collection",
        "split": "specbench.traces.splitting",
        "write_traces": "specbench.traces.store",
    },
)
