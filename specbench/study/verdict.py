"""Does speculation pay here? A few sentences in plain words, computed from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.core.text import shown
from specbench.policies import DEFAULT_THRESHOLD
from specbench.report.page import percent
from specbench.study.time_use import TimeUse

__all__ = ["verdict"]

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
    modelled: str | None = None,
    timed_share: float = 0.0,
) -> list[str]:
    """Return the sentences of the verdict, the answer first.

    Parameters
    ----------
    predictors
        ``{name: metrics}`` of every predictor of the study.
    chosen
        The predictor that the default policy runs.
    controls
        Names that are no candidates.
    latency
        The latency model in words.
    same_waste
        Best recall of each predictor at no more waste than the default policy's.
    time
        Where the time goes; it says whether the seconds are measured.
    modelled
        The latency model of the modelled view in words, where the seconds are measured.
    timed_share
        Decisions and calls of the traces with a recorded time ÷ all of them.
    """
    metrics = predictors[chosen]
    point = metrics["at_default_threshold"]
    if not metrics["calls"]:
        return [
            "There is nothing to speculate on: the test traces hold no tool call.",
            "Check that the traces carry their tool calls (`specbench traces inspect` counts them).",
        ]
    latency = f"{time.oracle.basis}: {latency}"
    if not metrics["read_calls"]:
        return [
            f"Nothing may be speculated on here: none of the {metrics['calls']} decision points with a call in the "
            "test traces begins with a tool that is declared `read`.",
            "Only tools without side effects are ever launched. Effects are declared, never guessed: pass --effects "
            'with a JSON file such as {"get_order": "read"}, or declare them in the traces.',
            *_slowest(time, latency),
        ]
    if point["saved_share"] is None:
        return [
            f"There is no time to save: neither the LLM nor a tool takes any ({latency}).",
            "Choose a latency model with seconds in it (--latency).",
        ]
    ceiling = predictors["oracle"]["at_default_threshold"]["saved_share"] if "oracle" in predictors else None
    recalls = {name: same_waste[name] or 0.0 for name in predictors if name not in controls}
    return [
        _answer(chosen, point, latency),
        _price(point, ceiling, latency),
        *filter(None, [time.limit()]),
        *_modelled(metrics["modelled_at_default_threshold"], modelled),
        *_left_aside(time, timed_share),
        _others(metrics, point, chosen, recalls),
    ]


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
        f"With modelled seconds ({latency}) it would be done {percent(point['saved_share'])} sooner, at the price of "
        f"{percent(point['wasted_share'])}; the measured ones count."
    ]


def _answer(chosen: str, point: Mapping[str, Any], latency: str) -> str:
    net, saved, wasted = _net(point), point["saved_share"], point["wasted_share"]
    if not point["launched"]:
        return (
            f"No launch, no gain: the {chosen} predictor is never as sure as p ≥ {DEFAULT_THRESHOLD:.2f} on these test "
            "traces, so the default policy leaves the agent as it is."
        )
    band = ""
    if point.get("saved_share_low") is not None:
        band = f" (95 % interval {100 * point['saved_share_low']:.1f} to {percent(point['saved_share_high'])})"
    net = min(net, 0.0) if _shows_as_nothing(saved) else net
    clear = point.get("saved_share_low") is not None and point["saved_share_low"] > point["wasted_share_high"]
    opening = (
        "Yes, speculation pays here"
        if net > 0 and clear
        else "Speculation may pay here"
        if net > 0
        else "No, speculation does not pay here"
    )
    return (
        f"{opening}: when the {chosen} predictor launches calls of read-only tools at p ≥ {DEFAULT_THRESHOLD:.2f}, the "
        f"agent is done {percent(saved)} sooner{band}, at the price of unused tool runs worth {percent(wasted)} of its "
        f"time ({latency})."
    )


def _price(point: Mapping[str, Any], ceiling: float | None, latency: str) -> str:
    perfect = f"a perfect predictor of READ calls would save {percent(ceiling)}" if ceiling is not None else ""
    if not point["launched"]:
        return f"For comparison, {perfect} ({latency})." if perfect else "A lower threshold may launch something."
    text = (
        f"It hits {percent(point['recall'], 0)} of the calls; of 100 launches {100 * point['precision']:.0f} are used, "
        f"and the tools run {point['amplification']:.2f} times the calls needed"
    )
    return f"{text}; {perfect}." if perfect else f"{text}."


def _others(metrics: Mapping[str, Any], point: Mapping[str, Any], chosen: str, recalls: Mapping[str, float]) -> str:
    curve = [row for row in metrics["curve"] if row["saved_share"] is not None]
    top = max(curve, key=lambda row: (_net(row), row["threshold"]))
    hindsight = (
        f"With hindsight, {chosen} would have done best at p ≥ {top['threshold']:.2f} (net {percent(_net(top))})."
        if _net(top) > 0 and not _shows_as_nothing(_net(top))
        else f"No threshold would have paid: {chosen} wastes at least what it saves at every one."
    )
    others = {name: recall for name, recall in recalls.items() if name != chosen}
    if not others or not point["launched"]:
        return hindsight
    rival = max(others, key=lambda name: others[name])
    word = "only " if others[rival] < point["recall"] else ""
    return f"At no more waste, the next best, {rival}, hits {word}{percent(others[rival], 0)} of the calls. {hindsight}"


def _shows_as_nothing(share: float) -> bool:
    """Whether a share is told as 0.0 %: nobody gains by it."""
    return percent(share) == percent(0.0)


def _net(point: Mapping[str, Any]) -> float:
    return float((point["saved_share"] or 0.0) - (point["wasted_share"] or 0.0))
