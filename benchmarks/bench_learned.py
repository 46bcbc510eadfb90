"""The shipped checkpoint: loading, and what a prediction with arguments costs in a live conversation."""

from __future__ import annotations

import numpy as np
from common import ROOT, Result, seconds

import specbench
from specbench.metrics import predict_traces
from specbench.traces.store import load

FOLDER = ROOT / "models" / "support-desk"


def measure() -> list[Result]:
    """Return seconds to load and milliseconds per prediction (new messages taken in, calls with arguments)."""
    traces, _ = load(ROOT / "data" / "support_desk.jsonl")
    table = predict_traces(specbench.load(FOLDER), traces[:120])
    median, slow = np.percentile(table.latency_ms, [50, 99])
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    return [
        Result("learned, loading the shipped checkpoint", seconds(lambda: specbench.load(FOLDER)), "s", 1),
        Result("learned, size of the shipped checkpoint", size / 1e6, "MB", 8),
        Result("learned, new messages and calls with arguments, p50", float(median), "ms", 1.5),
        Result("learned, the same, p99", float(slow), "ms", 4),
    ]
