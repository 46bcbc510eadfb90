"""The seconds that traces recorded, decision by decision and call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from specbench.core.types import Trace
from specbench.sim.latency.from_traces import Empirical
from specbench.sim.latency.models import Constant, Latency
from specbench.traces.call_results import linked
from specbench.traces.timings import RecordedSeconds

__all__ = ["Auto", "Measured", "modelled_view"]

ENOUGH = 0.5
"""From this share of decisions and calls with recorded seconds on, these are used where nothing else is asked for."""
_MODELLED = Constant()


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
        """Return the model with the recorded seconds of ``traces``, unless it has those of some traces already.

        Raises
        ------
        ConfigError
            When they carry none for the LLM or for tools.
        """
        if self.think:
            return self
        drawn, coverage = Empirical.of(traces, self.drawn.seed), RecordedSeconds.of(traces).coverage
        think: dict[tuple[str, int], float] = {}
        user: dict[tuple[str, int], float] = {}
        ran: dict[tuple[str, str], list[float]] = {}
        for trace in traces:
            index = -1
            for message in trace.messages:
                index += message.role == "assistant"
                if message.timing is not None and message.role == "assistant":
                    think[trace.trace_id, index] = message.timing.duration_s
                elif message.timing is not None and message.role == "user":
                    user[trace.trace_id, index] = message.timing.duration_s
            for result, asked in linked(trace.messages):
                if result.timing is not None and asked is not None:
                    ran.setdefault((trace.trace_id, asked.call.key), []).append(result.timing.duration_s)
        return Measured(drawn, think, {key: median(each) for key, each in ran.items()}, user, coverage)

    def __str__(self) -> str:
        return "measured"

    @property
    def measured(self) -> bool:
        """They are."""
        return True

    def words(self) -> str:
        """Return the recorded medians, and which share of decisions and calls has seconds of its own."""
        think, tool = self.expected()
        text = f"recorded seconds: median {think:.3g} s before a decision, {tool:.3g} s a tool call"
        if self.coverage >= 1.0:
            return text
        return (
            f"{text}; {100 * self.coverage:.1f} % of the decisions and calls have their own, the others draw from "
            "recorded ones, of the same tool where there are some"
        )

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


@dataclass(frozen=True)
class Auto(Latency):
    """Measured seconds where the traces carry them for half of their decisions and calls or more; else modelled ones.

    Parameters
    ----------
    otherwise
        The model of traces without seconds; and the modelled view beside a measured one.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> Auto().for_traces(make_traces(2))
    Constant(think=2.0, tool=1.0, user=0.0)
    """

    otherwise: Latency = _MODELLED

    def __str__(self) -> str:
        return "auto" if self.otherwise == _MODELLED else f"auto:{self.otherwise}"

    @classmethod
    def from_argument(cls, argument: str) -> Auto:
        """Read the model of traces without seconds."""
        return cls(Latency.from_text(argument))

    def for_traces(self, traces: Sequence[Trace]) -> Latency:
        """Return :class:`Measured` with the seconds of ``traces``, or the other model."""
        if RecordedSeconds.of(traces).coverage >= ENOUGH:
            return Measured().for_traces(traces)
        return self.otherwise.for_traces(traces)

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the other model's seconds: no trace is known yet."""
        return self.otherwise.think_s(trace_id, index)

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the other model's seconds: no trace is known yet."""
        return self.otherwise.tool_s(trace_id, call)

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the other model's seconds: no trace is known yet."""
        return self.otherwise.user_s(trace_id, index)

    def expected(self) -> tuple[float, float]:
        """Return the other model's."""
        return self.otherwise.expected()

    def describe(self) -> dict[str, Any]:
        """Return the other model's parameters."""
        return self.otherwise.describe()


def modelled_view(latency: Latency, traces: Sequence[Trace]) -> Latency | None:
    """Return the model to show, named modelled, beside measured seconds; ``None`` where the seconds are modelled.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> modelled_view(Auto(), make_traces(2)) is None
    True
    """
    if not latency.for_traces(traces).measured:
        return None
    return (latency.otherwise if isinstance(latency, Auto) else _MODELLED).for_traces(traces)
