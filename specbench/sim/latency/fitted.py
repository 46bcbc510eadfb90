"""Log-normal seconds fitted to what traces recorded, tool by tool."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.sim.latency.models import Latency, normal
from specbench.traces.timings import RecordedSeconds, fit

__all__ = ["Fitted"]

LEAST_CALLS = 5
"""A tool with fewer recorded calls takes the fit of all tools."""


@dataclass(frozen=True)
class Fitted(Latency):
    """Log-normal seconds with median and spread of what was recorded: of the LLM, of each tool, of the user (modelled).

    Parameters
    ----------
    think, user
        ``(median, sigma)``: seconds, and the spread of their logarithm.
    tools
        The same by tool; ``""`` holds all tools, for those with few recorded calls.
    seed
        Of the draws.

    Examples
    --------
    >>> Fitted((2.0, 0.0), {"": (1.0, 0.0), "search": (4.0, 0.0)}).tool_s("t", 'search({"x":1})')
    4.0
    """

    think: tuple[float, float] = (0.0, 0.0)
    tools: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    user: tuple[float, float] = (0.0, 0.0)
    seed: int = 0

    def for_traces(self, traces: Sequence[Trace]) -> Fitted:
        """Return the model fitted to ``traces``, unless it is fitted already.

        Raises
        ------
        ConfigError
            When they carry no seconds for the LLM or for tools.
        """
        if self.tools:
            return self
        found = RecordedSeconds.of(traces)
        found.require()
        ran = {name: each for name, each in found.tools.items() if len(each) >= LEAST_CALLS}
        tools = {name: _median_sigma(each) for name, each in {**ran, "": found.all_tools}.items()}
        user = _median_sigma(found.user) if found.user else (0.0, 0.0)
        return Fitted(_median_sigma(found.think), tools, user, self.seed)

    def __str__(self) -> str:
        return "fitted"

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the draw of a decision point."""
        return _draw(self.think, f"{self.seed}|{trace_id}|{index}")

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the draw of a call."""
        return _draw(self.tools.get(call.partition("(")[0]) or self._all, f"{self.seed}|{trace_id}|{call}")

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the draw of what follows a decision; 0 when no user time was recorded."""
        return _draw(self.user, f"{self.seed}|{trace_id}|user|{index}")

    @property
    def _all(self) -> tuple[float, float]:
        if not self.tools:
            raise ConfigError("this model is not fitted yet: for_traces(traces) takes their recorded seconds")
        return self.tools[""]

    def expected(self) -> tuple[float, float]:
        """Return the fitted medians."""
        return self.think[0], self._all[0]

    def describe(self) -> dict[str, Any]:
        """Return the fitted medians, and the fit of each tool."""
        return {
            "model": "log-normal, fitted to recorded seconds tool by tool (modelled)",
            "think": self.think[0],
            "tool": self._all[0],
            "user": self.user[0],
            "tools": {name: list(each) for name, each in self.tools.items() if name},
            "seed": self.seed,
        }


def _median_sigma(seconds: Sequence[float]) -> tuple[float, float]:
    found = fit("", "", len(seconds), seconds)
    return found.median_s, found.sigma


def _draw(fitted: tuple[float, float], key: str) -> float:
    median_s, sigma = fitted
    return median_s * math.exp(sigma * normal(key)) if sigma else median_s
