"""What every benchmark returns, and how a time is taken: the median of several repeats, with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Result:
    """One measured quantity beside its target (``None``: nothing promised)."""

    what: str
    value: float
    unit: str
    target: float | None = None
    higher_is_better: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target was met."""
        if self.target is None:
            return None
        return self.value >= self.target if self.higher_is_better else self.value <= self.target


@dataclass(frozen=True)
class Skipped:
    """A benchmark that could not run here, and why."""

    what: str
    why: str


def seconds(action: Callable[[], object], repeats: int = 7) -> float:
    """Return the median seconds of ``action`` over ``repeats``, after one run that does not count."""
    action()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
