"""What stands in the way of speculation on these traces: each with its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specbench.core.display import plural
from specbench.core.text import shown
from specbench.core.types import Effect, Trace, effect_of
from specbench.metrics.intervals import MIN_TASKS
from specbench.policies.steering import steered
from specbench.report.page import percent
from specbench.study.time_use import FEW, TimeUse
from specbench.traces.describe import Description

__all__ = ["Blocker", "blockers", "named"]

NAMED = 4
"""Tools that are named in a sentence."""
ENOUGH_TASKS = 30
"""Tasks below which the intervals are wide."""


@dataclass(frozen=True)
class Blocker:
    """One thing that stands in the way.

    Parameters
    ----------
    name
        ``undeclared effects``, ``writes``, ``reaching outside``, ``free text``, ``irrelevant parameters``,
        ``fast tools``, ``one call``, ``parallel calls``, ``few tasks`` or ``no seconds``.
    share
        How much of the calls, decisions or seconds it is about.
    text
        The sentence.
    """

    name: str
    share: float
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dict(vars(self))


def blockers(
    traces: Sequence[Trace], described: Description, time: TimeUse, template: Mapping[str, Any], confirmed: str | None
) -> list[Blocker]:
    """Return what stands in the way, the largest share first.

    Parameters
    ----------
    traces
        With the effects that the answer is about.
    described
        Their counts, with the effects as declared.
    time
        Where the time goes.
    template
        Of an effects file, with its suggestions (:func:`~specbench.traces.effects_template.effects_template`).
    confirmed
        What would be possible if the suggestions were confirmed, as a sentence.
    """
    calls = described.calls
    if not calls:
        return []
    by_tool: dict[str, int] = {}
    for row in described.calls_by_tool:
        by_tool[row.tool] = by_tool.get(row.tool, 0) + row.calls

    def of_calls(tools: Sequence[str]) -> float:
        return sum(by_tool.get(tool, 0) for tool in tools) / calls

    def having(member: str) -> list[str]:
        return [tool for tool, each in template.items() if isinstance(each, dict) and each.get(member)]

    effects = described.calls_by_effect
    unknown = effects.get(Effect.UNKNOWN, 0) / calls
    writes = (effects.get(Effect.WRITE, 0) + effects.get(Effect.STAGED, 0)) / calls
    reading = {row.tool for row in described.calls_by_tool if row.effect == Effect.READ}
    reading |= {tool for tool in having("#effect") if template[tool]["#effect"] == Effect.READ}
    reading |= set(having("#where")) | set(having("where"))
    free, why = ([tool for tool in having(member) if tool in reading] for member in ("#free text", "#irrelevant"))
    few, tool_share = len({trace.task_id for trace in traces}), time.oracle.tool_s / (time.oracle.total_s or 1.0)
    callers = [sum(len(message.tool_calls) for message in trace.messages) for trace in traces]
    once = sum(number == 1 for number in callers) / max(1, sum(number > 0 for number in callers))
    median_s, outside = _median_tool_s(described), _steered(traces)
    found = [
        Blocker(
            "undeclared effects", unknown,
            f"Undeclared effects: {percent(unknown, 0)} of the calls are of tools without a declared effect, which are "
            f"never started early. {confirmed or 'No name suggests that one of them only reads: look what they do.'}",
        ),
        Blocker("writes", writes, f"Writes: {percent(writes, 0)} of the calls change something and must wait."),
        Blocker(
            "reaching outside", outside / calls,
            f"Reaching outside: {percent(outside / calls, 0)} of the calls are reads that take an address from a "
            "result, or values that must not leave. They are never started early, unless the tool is declared for it "
            "(`open_world`, `hosts`, `sources`: docs/threats.md).",
        ),
        Blocker(
            "free text", of_calls(free),
            f"Free text: {percent(of_calls(free), 0)} of the calls are reads with an argument of several words that "
            f"never repeats ({named(free)}). Such a call is hit only where the text stands in the conversation.",
        ),
        Blocker(
            "irrelevant parameters", of_calls(why),
            f"Parameters that say why: {percent(of_calls(why), 0)} of the calls are of reading tools and carry one "
            f"({named(why)}). Each wording is another call until it is declared `irrelevant`.",
        ),
        Blocker(
            "fast tools", 1 - tool_share if tool_share < FEW else 0.0,
            f"Fast tools: they take {percent(tool_share)} of the time{median_s}; there is hardly anything to hide "
            "behind the LLM's thinking.",
        ),
        Blocker(
            "one call", once if once >= 0.5 else 0.0,
            f"One call a conversation: so it is in {percent(once, 0)} of the conversations with calls. There is little "
            "to learn a habit from, and nothing follows.",
        ),
        Blocker(
            "parallel calls", described.parallel_calls / calls,
            f"Parallel calls: {percent(described.parallel_calls / calls, 0)} of the calls share their decision with "
            "others. They run side by side already; only the slowest of them counts.",
        ),
        Blocker(
            "few tasks", 1.0 if few < ENOUGH_TASKS else 0.0,
            f"Few tasks: {few}. " + (
                "A quarter of them is the test; the intervals are wide." if few >= 4 * MIN_TASKS
                else f"A quarter of them is the test, and below {MIN_TASKS} test tasks nothing can be said of others."
            ),
        ),
        Blocker(
            "no seconds", 1 - described.timed_share if time.oracle.basis == "modelled" else 0.0,
            f"No seconds: {percent(described.timed_share, 0)} of the decisions and calls have a recorded time, so the "
            "seconds are modelled, and the answer is about them. Record some (sb.Recorder), or say --latency.",
        ),
    ]  # fmt: skip
    return sorted((each for each in found if each.share >= 0.005), key=lambda each: -each.share)


def _steered(traces: Sequence[Trace]) -> int:
    """Count the READ calls that a guess of would be refused, as what a page says must not choose what is fetched."""
    return sum(
        effect_of(call, point.tools) is Effect.READ and steered(call, point) is not None
        for trace in traces
        for point, calls in trace.decisions()
        for call in calls
    )


def named(tools: Sequence[str]) -> str:
    """Return the first tools of a list, and how many more there are.

    Examples
    --------
    >>> named(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d and 2 more'
    """
    first = ", ".join(shown(tool, 40) for tool in tools[:NAMED])
    return first if len(tools) <= NAMED else f"{first} and {len(tools) - NAMED} more"


def _median_tool_s(described: Description) -> str:
    tools = [each for each in described.seconds if each.kind == "tool"]
    think = next((each for each in described.seconds if each.kind == "think"), None)
    if not tools or think is None:
        return ""
    slowest = tools[0]
    return (
        f" (median of the LLM: {think.p50_s:.3g} s; of {shown(slowest.what, 40)}, the tool that takes most: "
        f"{slowest.p50_s:.3g} s in {plural(slowest.recorded, 'call')})"
    )
