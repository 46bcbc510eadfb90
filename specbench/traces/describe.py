"""What a set of traces holds, and how much there is to gain: counts, entropy, the oracle's possible saving."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from specbench.core.text import shown
from specbench.core.types import Effect, Message, Trace
from specbench.traces.call_results import linked

__all__ = ["Description", "OracleSaving", "ToolCount", "describe"]

ENTROPY_ORDERS = (0, 1, 2, 3)
THINK_S, TOOL_S = 2.0, 1.0
_START = "\0start"


@dataclass(frozen=True)
class ToolCount:
    """Calls of one tool with one effect (a tool may be declared differently in different traces)."""

    tool: str
    effect: str
    calls: int


@dataclass(frozen=True)
class OracleSaving:
    """What a perfect predictor of READ calls saves by overlapping each with the thinking before it.

    A hit saves min(think, tool); only the outcome (the first call of a decision) can be hit.

    Parameters
    ----------
    basis
        ``modelled`` (every decision thinks ``think_s`` and every call runs ``tool_s``) or ``measured`` (the traces' own
        timings).
    decision_points
        Number of decisions in the sums: all (modelled), or those whose thinking and whose calls are all timed.
    think_s, tool_s
        Sums, in seconds, over those decisions: LLM thinking, tools running (one after the other).
    saved_s
        Seconds saved.
    """

    basis: str
    decision_points: int
    think_s: float
    tool_s: float
    saved_s: float

    @property
    def saved_share(self) -> float:
        """Fraction of the end-to-end time (thinking plus tools) that is saved; 0 when there is none."""
        total_s = self.think_s + self.tool_s
        return self.saved_s / total_s if total_s else 0.0


@dataclass(frozen=True)
class Description:
    """Counts of a set of traces.

    Parameters
    ----------
    traces, tasks
        Number of traces, and of different task ids.
    without_decisions
        Traces without any decision point (the run crashed before the first).
    decision_points, replies
        LLM invocations, and those that call no tool.
    calls
        Tool calls, parallel ones each.
    parallel_calls
        Those that are not the first of their decision: never an outcome.
    invalid_calls, tool_errors
        Calls whose arguments are not a JSON object; results that report an error.
    read_share
        READ calls ÷ calls; 0 without calls.
    calls_by_tool, calls_by_effect
        Most frequent first.
    entropy_bits
        ``entropy_bits[n]``: entropy in bits of the next outcome (a tool's name, or reply), given the previous n
        outcomes of the trace (fewer at its beginning). Plug-in estimator: relative frequencies for probabilities. It
        underestimates where contexts are rare, so order 3 of a small set flatters.
    oracle_modelled, oracle_measured
        See :class:`OracleSaving`; measured is ``None`` when the traces carry no timings.
    """

    traces: int
    tasks: int
    without_decisions: int
    decision_points: int
    replies: int
    calls: int
    parallel_calls: int
    invalid_calls: int
    tool_errors: int
    read_share: float
    calls_by_tool: tuple[ToolCount, ...]
    calls_by_effect: dict[str, int]
    entropy_bits: dict[int, float]
    oracle_modelled: OracleSaving
    oracle_measured: OracleSaving | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        record = asdict(self)
        for key in ("oracle_modelled", "oracle_measured"):
            saving: OracleSaving | None = getattr(self, key)
            if saving is not None:
                record[key]["saved_share"] = saving.saved_share
        return record

    def to_text(self) -> str:
        """Return a summary to read in a terminal."""
        rows = [
            ("traces", f"{self.traces} of {self.tasks} tasks; {self.without_decisions} without decision points"),
            ("decision points", f"{self.decision_points}; {self.replies} replies"),
            ("calls", f"{self.calls}; {self.parallel_calls} parallel, {self.invalid_calls} with invalid arguments"),
            ("tool errors", f"{self.tool_errors}"),
            ("READ share of calls", f"{self.read_share:.1%}"),
            ("calls by effect", ", ".join(f"{name} {count}" for name, count in self.calls_by_effect.items()) or "none"),
            (
                "next-outcome entropy",
                ", ".join(f"order {order}: {bits:.2f}" for order, bits in self.entropy_bits.items())
                + " bits (plug-in, reply included)",
            ),
            (
                "READ oracle, overlap",
                f"saves {self.oracle_modelled.saved_share:.1%} of the time "
                f"(modelled: {THINK_S:g} s think, {TOOL_S:g} s tool)",
            ),
        ]
        if self.oracle_measured is not None:
            measured = self.oracle_measured
            rows.append(
                ("", f"saves {measured.saved_share:.1%} (measured, on {measured.decision_points} timed decisions)")
            )
        lines = [f"{label:<22}{value}" for label, value in rows]
        lines.append("")
        lines.extend(f"  {row.calls:>7}  {row.effect:<8} {shown(row.tool)}" for row in self.calls_by_tool)
        return "\n".join(lines)


def describe(traces: Iterable[Trace]) -> Description:
    """Count what the traces hold, in one pass.

    Parameters
    ----------
    traces
        May be a stream; only counts are kept.

    Returns
    -------
    Description

    Examples
    --------
    >>> from specbench.core.types import ToolCall, ToolSpec
    >>> calls = Message("assistant", tool_calls=(ToolCall("get_order", {"id": 7}),))
    >>> messages = (Message("user", "?"), calls, Message("tool", "ok"), Message("assistant", "!"))
    >>> trace = Trace("t", "task", "doc", messages, {"get_order": ToolSpec("get_order", effect=Effect.READ)})
    >>> found = describe([trace])
    >>> found.decision_points, found.read_share, found.entropy_bits[0], round(found.oracle_modelled.saved_share, 3)
    (2, 1.0, 1.0, 0.2)
    """
    tasks: set[str] = set()
    count: Counter[str] = Counter()
    by_tool: Counter[tuple[str, Effect]] = Counter()
    contexts: dict[int, Counter[tuple[str | None, ...]]] = {order: Counter() for order in ENTROPY_ORDERS}
    measured = _Sums()
    for trace in traces:
        tasks.add(trace.task_id)
        durations_s = _durations_s(trace.messages)
        outcomes: list[str | None] = [_START] * max(ENTROPY_ORDERS)
        points_before = count["points"]
        for position, message in enumerate(trace.messages):
            count["tool_errors"] += message.role == "tool" and message.error
            if message.role != "assistant":
                continue
            calls = message.tool_calls
            count["points"] += 1
            count["replies"] += not calls
            count["invalid"] += sum(call.invalid_arguments is not None for call in calls)
            count["read_outcomes"] += bool(calls) and trace.effect(calls[0].name) is Effect.READ
            by_tool.update((call.name, trace.effect(call.name)) for call in calls)
            outcomes.append(calls[0].name if calls else None)
            for order, counter in contexts.items():
                counter[tuple(outcomes[-order - 1 :])] += 1
            measured.add(trace, message, [durations_s.get((position, number)) for number in range(len(calls))])
        count["traces"] += 1
        count["without"] += count["points"] == points_before
    calls_total = by_tool.total()
    by_effect: Counter[str] = Counter()
    for (_, effect), number in by_tool.items():
        by_effect[effect.value] += number
    modelled = OracleSaving(
        basis="modelled",
        decision_points=count["points"],
        think_s=THINK_S * count["points"],
        tool_s=TOOL_S * calls_total,
        saved_s=min(THINK_S, TOOL_S) * count["read_outcomes"],
    )
    return Description(
        traces=count["traces"],
        tasks=len(tasks),
        without_decisions=count["without"],
        decision_points=count["points"],
        replies=count["replies"],
        calls=calls_total,
        parallel_calls=calls_total - (count["points"] - count["replies"]),
        invalid_calls=count["invalid"],
        tool_errors=count["tool_errors"],
        read_share=by_effect[Effect.READ.value] / calls_total if calls_total else 0.0,
        calls_by_tool=tuple(
            ToolCount(tool, effect.value, number)
            for (tool, effect), number in sorted(by_tool.items(), key=lambda item: (-item[1], item[0]))
        ),
        calls_by_effect=dict(by_effect.most_common()),
        entropy_bits={order: _conditional_entropy_bits(counter) for order, counter in contexts.items()},
        oracle_modelled=modelled,
        oracle_measured=measured.saving(),
    )


def _conditional_entropy_bits(counter: Counter[tuple[str | None, ...]]) -> float:
    """Return H(last item | the items before it) of the counted tuples, by relative frequencies."""
    context: Counter[tuple[str | None, ...]] = Counter()
    for items, number in counter.items():
        context[items[:-1]] += number
    total = counter.total()
    return math.fsum(number / total * math.log2(context[items[:-1]] / number) for items, number in counter.items())


@dataclass
class _Sums:
    """Sums over the decisions whose thinking and whose calls are all timed."""

    points: int = 0
    think_s: float = 0.0
    tool_s: float = 0.0
    saved_s: float = 0.0

    def add(self, trace: Trace, message: Message, durations_s: list[float | None]) -> None:
        if message.timing is None:
            return
        known_s = [duration_s for duration_s in durations_s if duration_s is not None]
        if len(known_s) < len(durations_s):
            return
        self.points += 1
        self.think_s += message.timing.duration_s
        self.tool_s += sum(known_s)
        if known_s and trace.effect(message.tool_calls[0].name) is Effect.READ:
            self.saved_s += min(message.timing.duration_s, known_s[0])

    def saving(self) -> OracleSaving | None:
        if not self.points:
            return None
        return OracleSaving("measured", self.points, self.think_s, self.tool_s, self.saved_s)


def _durations_s(messages: tuple[Message, ...]) -> dict[tuple[int, int], float]:
    """Return the measured seconds of calls, by the position of their message and their number in it."""
    return {
        (asked.position, asked.number): result.timing.duration_s
        for result, asked in linked(messages)
        if asked is not None and result.timing is not None
    }
