"""The seconds that traces recorded: of the LLM, of each tool, of the user, and which share of them is there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.traces.call_results import linked

__all__ = ["RecordedSeconds", "SecondsFit", "fit", "quantile"]

THINKING = "LLM"
"""What the row of the thinking seconds is called among the tools; its ``kind`` tells it from a tool of that name."""
LEAST_S = 0.001
"""Shorter times count as a millisecond in the log-normal fit: the clocks of logs do not tell less."""


@dataclass(frozen=True)
class SecondsFit:
    """How long the LLM thinks, or a tool runs, as recorded: quantiles, and the log-normal distribution fitted to them.

    Parameters
    ----------
    what, kind
        The tool's name, or ``LLM``; ``tool`` or ``think``.
    of, recorded
        Number of calls (decisions), and of those with a recorded time.
    p10_s, p50_s, p90_s, total_s
        Quantiles and sum of the recorded seconds.
    median_s, sigma
        Of the log-normal distribution: median in seconds, standard deviation of the logarithm.
    """

    what: str
    kind: str
    of: int
    recorded: int
    p10_s: float
    p50_s: float
    p90_s: float
    total_s: float
    median_s: float
    sigma: float


@dataclass
class RecordedSeconds:
    """Recorded seconds, collected trace by trace.

    Parameters
    ----------
    think, user
        Seconds of decisions, and of the user's turns.
    tools
        Seconds by tool; ``""`` holds those of results that name none.
    decisions, calls
        How many there are, timed or not; calls by tool.

    Examples
    --------
    >>> from specbench.core.types import Message, Timing, ToolCall
    >>> asked = Message("assistant", "", (ToolCall("get"),), timing=Timing(0.0, 2.0))
    >>> ran = Message("tool", "x", timing=Timing(2.0, 2.5))
    >>> seconds = RecordedSeconds.of([Trace("t", "t", "doc", (asked, ran, Message("assistant")))])
    >>> seconds.think, seconds.tools, round(seconds.coverage, 2)
    ([2.0], {'get': [0.5]}, 0.67)
    """

    think: list[float] = field(default_factory=list)
    user: list[float] = field(default_factory=list)
    tools: dict[str, list[float]] = field(default_factory=dict)
    decisions: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, traces: Iterable[Trace]) -> RecordedSeconds:
        """Return the recorded seconds of ``traces``."""
        found = cls()
        for trace in traces:
            found.add(trace)
        return found

    def add(self, trace: Trace) -> None:
        """Add those of a trace."""
        for message in trace.messages:
            if message.role == "assistant":
                self.decisions += 1
                for call in message.tool_calls:
                    self.calls[call.name] = self.calls.get(call.name, 0) + 1
            if message.timing is not None and message.role in ("assistant", "user"):
                kept = self.think if message.role == "assistant" else self.user
                kept.append(message.timing.duration_s)
        for result, asked in linked(trace.messages):
            if result.timing is not None:
                name = asked.call.name if asked is not None else result.name or ""
                self.tools.setdefault(name, []).append(result.timing.duration_s)

    @property
    def all_tools(self) -> list[float]:
        """The seconds of all tools."""
        return [seconds for each in self.tools.values() for seconds in each]

    def require(self) -> None:
        """Raise unless there are seconds of LLM and of tools.

        Raises
        ------
        ConfigError
            When the traces carry none for the LLM or for tools.
        """
        if not self.think or not self.all_tools:
            raise ConfigError(
                "these traces carry no recorded seconds of LLM and tools; use modelled ones, such as "
                "constant:THINK,TOOL or lognormal:THINK,TOOL,SIGMA"
            )

    @property
    def coverage(self) -> float:
        """Decisions and calls with a time of their own ÷ all of them; 0 where LLM or tools have none at all."""
        timed = sum(len(seconds) for name, seconds in self.tools.items() if name in self.calls)
        if not self.think or not timed:
            return 0.0
        return (len(self.think) + timed) / (self.decisions + sum(self.calls.values()))

    def fits(self) -> list[SecondsFit]:
        """Return the LLM, then the tools with recorded times, those that take most time first."""
        tools = [fit(name, "tool", self.calls.get(name, len(each)), each) for name, each in self.tools.items() if name]
        think = [fit(THINKING, "think", self.decisions, self.think)] if self.think else []
        return think + sorted(tools, key=lambda each: (-each.total_s, each.what))


def fit(what: str, kind: str, of: int, seconds: Sequence[float]) -> SecondsFit:
    """Fit one distribution; see :class:`SecondsFit`.

    Examples
    --------
    >>> found = fit("get", "tool", 4, [1.0, 10.0, 100.0])
    >>> found.p50_s, round(found.median_s, 6), round(found.sigma, 2)
    (10.0, 10.0, 1.88)
    """
    ordered = sorted(seconds)
    logs = [math.log(max(each, LEAST_S)) for each in ordered]
    low, middle, high = (quantile(ordered, share) for share in (0.1, 0.5, 0.9))
    total_s = math.fsum(ordered)
    return SecondsFit(what, kind, of, len(ordered), low, middle, high, total_s, math.exp(fmean(logs)), pstdev(logs))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of sorted numbers, linear between neighbours.

    Examples
    --------
    >>> quantile([1.0, 2.0, 4.0], 0.5), quantile([1.0, 2.0], 0.9)
    (2.0, 1.9)
    """
    at = share * (len(ordered) - 1)
    low = int(at)
    return ordered[low] + (at - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])
