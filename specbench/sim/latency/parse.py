"""Latency models from text, for traces: what the studies still call."""

from __future__ import annotations

from collections.abc import Sequence

from specbench.core.types import Trace
from specbench.sim.latency.models import Latency

__all__ = ["check_latency", "parse_latency"]


def parse_latency(text: str, *, seed: int = 0, traces: Sequence[Trace] = ()) -> Latency:
    """Return the model that ``text`` names, with what it takes from ``traces``."""
    return Latency.from_text(text, seed).for_traces(traces)


def check_latency(text: str) -> None:
    """Raise if ``text`` names no latency model, before any trace is read."""
    Latency.from_text(text)
