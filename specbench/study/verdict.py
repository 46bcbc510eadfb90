"""Does speculation pay here? A few sentences in plain words, computed from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.core.display import plural
from specbench.core.text import shown
from specbench.metrics.intervals import MIN_TASKS
from specbench.metrics.worth import Answer, Worth
from specbench.report.page import percent
from specbench.study.evaluation import Settings
from specbench.study.operating_point import OperatingPoint
from specbench.study.time_use import TimeUse

__all__ = ["interval_text", "sooner", "verdict", "why", "worth_of"]

OPENINGS = {
    Answer.YES: "Yes, speculation pays here",
    Answer.NO: "No, speculation does not pay here",
    Answer.UNKNOWN: "Cannot tell whether speculation pays here",
}

TOOLS_NAMED = 4
"""Slow tools that are named where none is declared."""


def verdict(
    predictors: Mapping[str, Mapping[str, Any]],
    *,
    chosen: str,
    controls: Sequence[str],
    latency: str,
    same_waste: Mapping[str, float | None],
    time: TimeUse,
    worth: Worth,
    point: OperatingPoint,
    modelled: str | None = None,
    timed_share: float = 0.0,
) -> list[str]:
    """Return the sentences of the verdict, the answer first.

    Parameters
    ----------
    predictors
        ``{name: metrics}`` of every predictor of the study.
    chosen
        The predictor that the study runs.
    controls
        Names that are no candidates.
    latency
        The latency model in words.
    same_waste
        Best recall of each predictor at no more waste than the chosen one.
    time
        Where the time goes; it says whether the seconds are measured.
    worth, point
        The answer, and the operating point that it is of.
    modelled
        The latency model of the modelled view in words, where the seconds are measured.
    timed_share
        Decisions and calls of the traces with a recorded time ÷ all of them.
    """
    metrics = predictors[chosen]
    at_point = metrics["at_operating_point"]
    if not metrics["calls"]:
        return [
            "There is nothing to speculate on: the test traces hold no tool call.",
            "Check that the traces carry their tool calls (`specbench traces inspect` counts them).",
        ]
    latency = f"{time.oracle.basis}: {latency}"
    if not metrics["read_calls"]:
        return [
            f"Nothing may be speculated on here: none of the {metrics['calls']} calls in the test "
            "traces is of a tool that is declared `read`.",
            "Only tools without side effects are ever launched. Effects are declared, never guessed: pass --effects "
            'with a JSON file such as {"get_order": "read"}, or declare them in the traces.',
            *_slowest(time, latency),
        ]
    if at_point["saved_share"] is None:
        return [
            f"There is no time to save: neither the LLM nor a tool takes any ({latency}).",
            "Choose a latency model with seconds in it (--latency).",
        ]
    recalls = {name: same_waste[name] or 0.0 for name in predictors if name not in controls}
    return [
        _answer(chosen, at_point, point, worth, latency),
        why(worth),
        _price(at_point, time.oracle.saved_share, latency),
        *filter(None, [time.limit()]),
        *_modelled(metrics["modelled_at_operating_point"], modelled),
        *_left_aside(time, timed_share),
        _others(metrics, at_point, chosen, recalls),
    ]


def worth_of(point: Mapping[str, Any], time: TimeUse, tasks: int, settings: Settings) -> Worth:
    """Return what an operating point is worth.

    Parameters
    ----------
    point
        Its row of the curve.
    time
        Where the time goes; it knows what a perfect predictor would save.
    tasks
        Test tasks.
    settings
        The price of waste and the least gain.
    """
    return Worth(
        point["net_share"] or 0.0, point.get("net_share_low"), point.get("net_share_high"), tasks,
        int(point["tasks_launched"]), time.oracle.saved_share or 0.0, settings.waste_price, settings.least_gain,
        int(point["tasks_wasting"]), point["at_risk_share"] or 0.0,
    )  # fmt: skip


def _slowest(time: TimeUse, latency: str) -> list[str]:
    """Where the time goes when nothing is declared: what would be worth a look."""
    ran_s = sum(seconds for _, _, seconds in time.tools.values())
    if not ran_s:
        return []
    shares = [f"{shown(name)} {percent(seconds / ran_s, 0)}" for name, (_, _, seconds) in time.tools.items()][
        :TOOLS_NAMED
    ]
    return [
        f"Tools take {percent(time.oracle.tool_s / time.oracle.total_s)} of the time ({latency}). Of their seconds, "
        f"most are in {', '.join(shares)}: declare those of them that change nothing. "
        f"{time.prospect()}"
    ]


def _left_aside(time: TimeUse, timed_share: float) -> list[str]:
    if time.oracle.basis == "measured" or not timed_share:
        return []
    return [
        f"The traces carry seconds for {percent(timed_share, 0)} of their decisions and calls, which are left aside "
        "here: --latency measured takes them, and draws the others from them."
    ]


def _modelled(point: Mapping[str, Any] | None, latency: str | None) -> list[str]:
    if point is None or latency is None or point["saved_share"] is None:
        return []
    return [
        f"With modelled seconds ({latency}) it would be done {sooner(point['saved_share'])}, at the price of "
        f"{percent(point['wasted_share'])}; the measured ones count."
    ]


def _answer(chosen: str, point: Mapping[str, Any], where: OperatingPoint, worth: Worth, latency: str) -> str:
    saved, wasted = point["saved_share"], point["wasted_share"]
    threshold = f"p ≥ {where.p:.2f} ({where.words()})"
    if not point["launched"]:
        return (
            f"{OPENINGS[worth.answer]}: no launch, no gain. The {chosen} predictor is never as sure as {threshold} in "
            f"time on the {plural(worth.tasks, 'test task')}, so the agent is left as it is."
        )
    done = sooner(saved, point.get("saved_share_low"), point.get("saved_share_high"))
    return (
        f"{OPENINGS[worth.answer]}: when the {chosen} predictor launches calls of read-only tools at {threshold}, the "
        f"agent is done {done}, at the price of unused tool runs worth {percent(wasted)} of its "
        f"time ({latency})."
    )


def why(worth: Worth) -> str:
    """Return the net gain, what it is compared with, and what follows.

    Examples
    --------
    >>> why(Worth(0.05, 0.03, 0.07, 23, 20, 0.1))[:74]
    'Net of waste that is 5.0 % (95 % interval 3.0 to 7.0 %) over 23 test tasks'
    """
    gain = percent(worth.least_gain)
    text = (
        f"Net of waste that is {percent(worth.net_share)}{interval_text(worth.low, worth.high)} over "
        f"{plural(worth.tasks, 'test task')}, with a wasted second priced like {worth.waste_price:g} s of waiting"
    )
    if worth.low is None or worth.high is None:
        return f"{text}: fewer than {MIN_TASKS} tasks say nothing about others."
    if worth.answer is Answer.YES:
        return f"{text}: all of the interval is at least the {gain} that is worth having."
    if worth.answer is Answer.NO:
        return f"{text}: all of the interval is below the {gain} that is worth having."
    if worth.low >= worth.least_gain:
        return (
            f"{text}. Only {plural(worth.tasks_wasting, 'task')} wasted anything: tasks too rare to be among these "
            f"might cost up to {percent(worth.risked)}. At worst the net gain is then {percent(worth.low)} less that, "
            f"{percent(worth.low - worth.risked)}, and that is below the {gain} that is worth having."
        )
    if worth.high < worth.least_gain:
        return (
            f"{text}. Only {plural(worth.tasks_launched, 'task')} had a launch: tasks too rare to be among these might "
            f"bring up to {percent(worth.missed)} more. At best the net gain is then {percent(worth.high)} and that, "
            f"{percent(worth.high + worth.missed)}, and {gain} is worth having."
        )
    return f"{text}: the interval holds the {gain} that is worth having; more tasks would tell."


def interval_text(low: float | None, high: float | None) -> str:
    """Return an interval of shares in brackets, behind a space; nothing where there is none.

    Examples
    --------
    >>> interval_text(-0.01, 0.025)
    ' (95 % interval −1.0 to 2.5 %)'
    """
    if low is None or high is None:
        return ""
    return f" (95 % interval {percent(low).removesuffix(' %')} to {percent(high)})"


def sooner(share: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return how much sooner, or later, a run is done, with the interval of that.

    Examples
    --------
    >>> sooner(0.05, -0.01, 0.11)
    '5.0 % sooner (95 % interval −1.0 to 11.0 %)'
    >>> sooner(-0.05, -0.11, 0.01)
    '5.0 % later (95 % interval −1.0 to 11.0 %)'
    """
    if share is None or share >= 0 or percent(share) == percent(0.0):
        return f"{percent(share)} sooner{interval_text(low, high)}"
    ends = (None, None) if low is None or high is None else (-high, -low)
    return f"{percent(-share)} later{interval_text(*ends)}"


def _price(point: Mapping[str, Any], ceiling: float | None, latency: str) -> str:
    perfect = f"a perfect predictor of READ calls would save {percent(ceiling)}"
    if not point["launched"]:
        return f"For comparison, {perfect} ({latency})."
    return (
        f"It hits {percent(point['recall'], 0)} of the calls; of 100 launches {100 * point['precision']:.0f} are used, "
        f"and the tools run {point['amplification']:.2f} times the calls needed; {perfect}."
    )


def _others(metrics: Mapping[str, Any], point: Mapping[str, Any], chosen: str, recalls: Mapping[str, float]) -> str:
    curve = [row for row in metrics["curve"] if row["net_share"] is not None]
    top = max(curve, key=lambda row: (row["net_share"], row["threshold"]))
    best = percent(top["net_share"])
    hindsight = (
        f"With hindsight, p ≥ {top['threshold']:.2f} would have been best for {chosen} (net {best})."
        if top["net_share"] > 0 and best != percent(0.0)
        else f"No threshold would have paid: {chosen} wastes at least what it saves at every one."
    )
    others = {name: recall for name, recall in recalls.items() if name != chosen}
    if not others or not point["launched"]:
        return hindsight
    rival = max(others, key=lambda name: others[name])
    word = "only " if others[rival] < point["recall"] else ""
    return f"At no more waste, the next best, {rival}, hits {word}{percent(others[rival], 0)} of the calls. {hindsight}"
