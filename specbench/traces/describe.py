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
from specbench.traces.oracle import OracleSaving, OracleSums
from specbench.traces.timings import RecordedSeconds, SecondsFit

__all__ = ["Description", "ToolCount", "describe"]

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
        Those that are not alone in their decision.
    parallel_messages
        Decisions with several calls.
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
        See :class:`~specbench.traces.oracle.OracleSaving`: two seconds of thinking and one of a tool (modelled);
        the traces' own timings (measured), ``None`` when they carry none.
    seconds
        Recorded seconds of the LLM, then of each tool with any, the slowest in sum first.
    timed_share
        Decisions and calls with a recorded time ÷ all of them.
    """

    traces: int
    tasks: int
    without_decisions: int
    decision_points: int
    replies: int
    calls: int
    parallel_calls: int
    parallel_messages: int
    invalid_calls: int
    tool_errors: int
    read_share: float
    calls_by_tool: tuple[ToolCount, ...]
    calls_by_effect: dict[str, int]
    entropy_bits: dict[int, float]
    oracle_modelled: OracleSaving
    oracle_measured: OracleSaving | None
    seconds: tuple[SecondsFit, ...]
    timed_share: float

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
            (
                "calls",
                f"{self.calls}; {self.parallel_calls} of them parallel, in {self.parallel_messages} messages; "
                f"{self.invalid_calls} with invalid arguments",
            ),
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
        if self.calls and not self.calls_by_effect.get(Effect.READ.value):
            rows.append(("", "no called tool is declared `read`, so nothing is launched: `specbench traces effects"))
            rows.append(("", "PATH --out effects.json` writes a template to declare them in, for --effects"))
        lines = [f"{label:<22}{value}" for label, value in rows]
        lines.append("")
        lines.extend(f"  {row.calls:>7}  {row.effect:<8} {shown(row.tool)}" for row in self.calls_by_tool)
        if self.seconds:
            told = f"recorded seconds: {self.timed_share:.0%} of the decisions and calls have some"
            lines += ["", told, "      p50      p90      sum  of"]
            for each in self.seconds:
                numbers = f"{each.p50_s:>9.3g}{each.p90_s:>9.3g}{each.total_s:>9.0f}"
                lines.append(f"{numbers}  {shown(each.what)} ({each.recorded} of {each.of})")
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
    modelled, measured, seconds = OracleSums("modelled"), OracleSums("measured"), RecordedSeconds()
    for trace in traces:
        seconds.add(trace)
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
            count["parallel"] += len(calls) if len(calls) > 1 else 0
            count["parallel messages"] += len(calls) > 1
            count["invalid"] += sum(call.invalid_arguments is not None for call in calls)
            effects = [trace.effect_of(call) for call in calls]
            by_tool.update(zip((call.name for call in calls), effects, strict=True))
            outcomes.append(calls[0].name if calls else None)
            for order, counter in contexts.items():
                counter[tuple(outcomes[-order - 1 :])] += 1
            modelled.add(THINK_S, [(effect, TOOL_S) for effect in effects])
            known_s = [durations_s[position, at] for at in range(len(calls)) if (position, at) in durations_s]
            if message.timing is not None and len(known_s) == len(calls):
                measured.add(message.timing.duration_s, list(zip(effects, known_s, strict=True)))
        count["traces"] += 1
        count["without"] += count["points"] == points_before
    calls_total = by_tool.total()
    by_effect: Counter[str] = Counter()
    for (_, effect), number in by_tool.items():
        by_effect[effect.value] += number
    return Description(
        traces=count["traces"],
        tasks=len(tasks),
        without_decisions=count["without"],
        decision_points=count["points"],
        replies=count["replies"],
        calls=calls_total,
        parallel_calls=count["parallel"],
        parallel_messages=count["parallel messages"],
        invalid_calls=count["invalid"],
        tool_errors=count["tool_errors"],
        read_share=by_effect[Effect.READ.value] / calls_total if calls_total else 0.0,
        calls_by_tool=tuple(
            ToolCount(tool, effect.value, number)
            for (tool, effect), number in sorted(by_tool.items(), key=lambda item: (-item[1], item[0]))
        ),
        calls_by_effect=dict(by_effect.most_common()),
        entropy_bits={order: _conditional_entropy_bits(counter) for order, counter in contexts.items()},
        oracle_modelled=modelled.saving(),
        oracle_measured=measured.saving() if measured.points else None,
        seconds=tuple(seconds.fits()),
        timed_share=seconds.coverage,
    )


def _conditional_entropy_bits(counter: Counter[tuple[str | None, ...]]) -> float:
    """Return H(last item | the items before it) of the counted tuples, by relative frequencies."""
    context: Counter[tuple[str | None, ...]] = Counter()
    for items, number in counter.items():
        context[items[:-1]] += number
    total = counter.total()
    return math.fsum(number / total * math.log2(context[items[:-1]] / number) for items, number in counter.items())


def _durations_s(messages: tuple[Message, ...]) -> dict[tuple[int, int], float]:
    """Return the measured seconds of calls, by the position of their message and their number in it."""
    return {
        (asked.position, asked.number): result.timing.duration_s
        for result, asked in linked(messages)
        if asked is not None and result.timing is not None
    }
