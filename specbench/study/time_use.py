"""Where the time of the test traces goes, and what limits what speculation can save of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from specbench.core.text import shown
from specbench.core.types import Effect, ToolCall, Trace
from specbench.report.page import percent
from specbench.sim.latency.models import Latency
from specbench.traces.oracle import OracleSaving, OracleSums

__all__ = ["TimeUse", "time_use"]

FEW = 0.05
"""Tools that take less of the time than this leave little to hide."""
TINY = 0.1
"""Slow tools that are not READ are the limit where READ calls take less than this share of the tools' time."""

TRIED = 3
"""Slow tools of which it is told what they would bring if they were READ."""


@dataclass(frozen=True)
class TimeUse:
    """Seconds of the LLM and of the tools, and what a perfect predictor of READ calls would hide of them by overlap.

    Parameters
    ----------
    oracle
        The sums over all decisions.
    tools
        ``{tool: (effect, calls, seconds)}``, most seconds first; the seconds of parallel calls are added up here.
    if_read
        What the oracle's share would be if every call of a tool were READ: of the slowest tools that are not.
    """

    oracle: OracleSaving
    tools: Mapping[str, tuple[str, int, float]]
    if_read: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        tools = [
            {"tool": name, "effect": effect, "calls": calls, "seconds": seconds}
            for name, (effect, calls, seconds) in self.tools.items()
        ]
        return {
            **asdict(self.oracle),
            "saved_share": self.oracle.saved_share,
            "tools": tools,
            "if_read": dict(self.if_read),
            "limit": self.limit(),
        }

    def prospect(self) -> str:
        """Return what could be hidden if the best of the slow tools were READ; nothing without such a tool."""
        if not self.if_read:
            return ""
        best = max(self.if_read, key=lambda name: self.if_read[name])
        return f"Were every call of {shown(best)} a read, and foreseen, {percent(self.if_read[best])} could be hidden."

    def limit(self) -> str:
        """Return in a sentence or two what limits the saving; nothing where no time passes."""
        oracle, total_s = self.oracle, self.oracle.total_s
        if not total_s:
            return ""
        tool, read = oracle.tool_s / total_s, oracle.read_s / total_s
        text = f"tools take {percent(tool)} of the time, calls that are declared `read` {percent(read)}"
        other_s = {name: seconds for name, (effect, _, seconds) in self.tools.items() if effect != Effect.READ}
        if tool < FEW:
            why = (
                "; the rest is the LLM's thinking, which overlap does not shorten (starting the next LLM invocation "
                "early can: `specbench simulate --run-ahead 2`)"
            )
        elif read < TINY * tool and other_s:
            ran_s = sum(other_s.values())
            most = ", ".join(
                f"{shown(name)} {percent(seconds / ran_s, 0)}" for name, seconds in list(other_s.items())[:2]
            )
            why = f". The slow tools are not declared `read` (of the others' seconds: {most})"
            why = " ".join([f"{why}.", self.prospect()]).removesuffix(".")
        elif oracle.saved_s < oracle.read_s / 2:
            why = (
                f". The thinking before READ calls is shorter than these run, or a write stands before them: "
                f"{percent(oracle.saved_share)} can be hidden by overlap"
            )
        else:
            why = (
                f". With every READ call foreseen, {percent(oracle.saved_share)} could be hidden: the rest was guessed "
                "wrong, or not surely enough"
            )
        return f"What limits it: {text}{why}."


def time_use(traces: Sequence[Trace], latency: Latency) -> TimeUse:
    """Return where the time of ``traces`` goes with the seconds of ``latency``.

    Examples
    --------
    >>> from specbench.sim import Constant
    >>> from specbench.testing import make_traces
    >>> time_use(make_traces(4), Constant(2.0, 0.02)).limit()[:47]
    'What limits it: tools take 0.7 % of the time, c'
    """
    basis = "measured" if latency.measured else "modelled"
    decisions: list[tuple[float, list[tuple[Effect, float, str]]]] = []
    tools: dict[str, tuple[str, int, float]] = {}
    for trace in traces:
        for decision in trace.decisions():
            runs = [
                (trace.effect_of(call), latency.tool_s(trace.trace_id, call.key), _label(trace, call))
                for call in decision.calls
            ]
            think_s = latency.think_s(trace.trace_id, decision.point.index)
            decisions.append((think_s, runs))
            for effect, seconds, name in runs:
                _, calls, before_s = tools.get(name, ("", 0, 0.0))
                tools[name] = (effect.value, calls + 1, before_s + seconds)
    slowest = sorted(tools.items(), key=lambda item: (-item[1][2], item[0]))
    others = [name for name, (effect, _, _) in slowest if effect != Effect.READ][:TRIED]
    if_read = {name: _oracle(basis, decisions, name).saved_share for name in others}
    return TimeUse(_oracle(basis, decisions), dict(slowest), if_read)


def _label(trace: Trace, call: ToolCall) -> str:
    """A tool whose effect depends on its arguments is two: what reads, and what does not."""
    spec = trace.tools.get(call.name)
    return f"{call.name} ({spec.effect_of(call)})" if spec is not None and spec.where else call.name


def _oracle(
    basis: str, decisions: Sequence[tuple[float, Sequence[tuple[Effect, float, str]]]], as_read: str | None = None
) -> OracleSaving:
    """Add up what an oracle saves, with one tool counted as READ."""
    sums = OracleSums(basis)
    for think_s, runs in decisions:
        sums.add(think_s, [(Effect.READ if name == as_read else effect, seconds) for effect, seconds, name in runs])
    return sums.saving()
