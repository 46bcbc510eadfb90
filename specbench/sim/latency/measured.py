"""The seconds that traces recorded, decision by decision and call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from specbench.core.types import Trace
from specbench.sim.latency.from_traces import Empirical
from specbench.sim.latency.models import Latency
from specbench.traces.call_results import linked

__all__ = ["Measured"]


@dataclass(frozen=True)
class Measured(Latency):
    """Each decision's own thinking, each call's own run time, each user's own pause, as the traces recorded them.

    Where one is missing (or was never made, as a wrong guess), a recorded one is drawn: of the same tool, else of all;
    :meth:`describe` says which share of decisions and calls has seconds of its own.

    Parameters
    ----------
    drawn
        The recorded seconds to draw from.
    think, user
        Seconds by ``(trace, decision)``.
    tools
        Seconds by ``(trace, canonical call)``; the median where a call was made several times.
    coverage
        Decisions and calls that have seconds of their own ÷ all of them.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> Measured().for_traces(make_traces(2))
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: these traces carry no recorded seconds of LLM and tools; ...
    """

    drawn: Empirical = field(default_factory=Empirical)
    think: Mapping[tuple[str, int], float] = field(default_factory=dict)
    tools: Mapping[tuple[str, str], float] = field(default_factory=dict)
    user: Mapping[tuple[str, int], float] = field(default_factory=dict)
    coverage: float = 0.0

    def for_traces(self, traces: Sequence[Trace]) -> Measured:
        """Return the model with the recorded seconds of ``traces``.

        Raises
        ------
        ConfigError
            When they carry none for the LLM or for tools.
        """
        drawn = Empirical.of(traces, self.drawn.seed)
        think: dict[tuple[str, int], float] = {}
        user: dict[tuple[str, int], float] = {}
        ran: dict[tuple[str, str], list[float]] = {}
        total = 0
        for trace in traces:
            index = -1
            for message in trace.messages:
                index += message.role == "assistant"
                total += (message.role == "assistant") + len(message.tool_calls)
                if message.timing is not None and message.role == "assistant":
                    think[trace.trace_id, index] = message.timing.duration_s
                elif message.timing is not None and message.role == "user":
                    user[trace.trace_id, index] = message.timing.duration_s
            for result, asked in linked(trace.messages):
                if result.timing is not None and asked is not None:
                    ran.setdefault((trace.trace_id, asked.call.key), []).append(result.timing.duration_s)
        own = len(think) + sum(map(len, ran.values()))
        return Measured(drawn, think, {key: median(each) for key, each in ran.items()}, user, own / total)

    def __str__(self) -> str:
        return "measured"

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the decision's own seconds, else a draw."""
        own = self.think.get((trace_id, index))
        return own if own is not None else self.drawn.think_s(trace_id, index)

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the call's own seconds, else a draw of its tool's."""
        own = self.tools.get((trace_id, call))
        return own if own is not None else self.drawn.tool_s(trace_id, call)

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the pause's own seconds, else a draw; 0 where no user time was recorded."""
        own = self.user.get((trace_id, index))
        return own if own is not None else self.drawn.user_s(trace_id, index)

    def expected(self) -> tuple[float, float]:
        """Return the recorded medians."""
        return self.drawn.expected()

    def describe(self) -> dict[str, Any]:
        """Return the medians, and the share of decisions and calls with seconds of their own."""
        return {**self.drawn.describe(), "model": "measured (recorded seconds)", "coverage": self.coverage}
