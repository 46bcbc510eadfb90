"""Does speculation pay here? Two or three sentences in plain words, computed from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.policies import DEFAULT_THRESHOLD
from specbench.report import percent

__all__ = ["verdict"]


def verdict(
    predictors: Mapping[str, Mapping[str, Any]], *, chosen: str, controls: Sequence[str], latency: str
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
    """
    metrics = predictors[chosen]
    point = metrics["at_default_threshold"]
    if not metrics["calls"]:
        return [
            "There is nothing to speculate on: the test traces hold no tool call.",
            "Check that the traces carry their tool calls (`specbench traces inspect` counts them).",
        ]
    if not metrics["read_calls"]:
        return [
            f"Nothing may be speculated on here: none of the {metrics['calls']} decision points with a call in the "
            "test traces begins with a tool that is declared `read`.",
            "Only tools without side effects are ever launched. Effects are declared, never guessed: pass --effects "
            'with a JSON file such as {"get_order": "read"}, or declare them in the traces.',
        ]
    return [
        _answer(chosen, point, latency),
        _price(metrics, point, predictors),
        _others(predictors, chosen, controls),
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
    clear = point.get("saved_share_low") is not None and point["saved_share_low"] > point["wasted_share_high"]
    opening = (
        "Yes, speculation pays here"
        if net > 0 and clear
        else "Speculation may pay here"
        if net > 0
        else "No, speculation does not pay here"
    )
    return (
        f"{opening}: when the {chosen} predictor launches READ calls at p ≥ {DEFAULT_THRESHOLD:.2f}, the agent saves "
        f"{percent(saved)}{band} of its time for tool runs nobody uses that take {percent(wasted)} of it "
        f"(modelled: {latency})."
    )


def _price(metrics: Mapping[str, Any], point: Mapping[str, Any], predictors: Mapping[str, Mapping[str, Any]]) -> str:
    ceiling = predictors.get("oracle", {}).get("at_default_threshold", {}).get("saved_share")
    text = f"It hits {percent(point['recall'], 0)} of the calls"
    if point["precision"] is not None:
        used = round(100 * point["precision"])
        text += (
            f"; of 100 launches {used} are used, and the tools run {point['amplification']:.2f} times the calls needed"
        )
    if ceiling:
        text += f"; a perfect predictor of READ calls would save {percent(ceiling)}"
    return text + "."


def _others(predictors: Mapping[str, Mapping[str, Any]], chosen: str, controls: Sequence[str]) -> str:
    rivals = {name: each["at_default_threshold"] for name, each in predictors.items() if name not in controls}
    if not rivals:
        return "Only controls were compared; name a predictor that learns, such as markov."
    best = max(rivals, key=lambda name: _net(rivals[name]))
    curve = [row for row in predictors[best]["curve"] if row["saved_share"] is not None]
    top = max(curve, key=lambda row: (_net(row), row["threshold"]))
    others = [name for name in rivals if name != best]
    comparison = "It was the only candidate"
    if others:
        second = max(others, key=lambda name: _net(rivals[name]))
        comparison = (
            f"Net of waste, {best} is best at that threshold ({percent(_net(rivals[best]))}), before {second} "
            f"({percent(_net(rivals[second]))})"
        )
    hindsight = f"with hindsight, {best} would have done best at p ≥ {top['threshold']:.2f} (net {percent(_net(top))})"
    return f"{comparison}; {hindsight}."


def _net(point: Mapping[str, Any]) -> float:
    return float((point["saved_share"] or 0.0) - (point["wasted_share"] or 0.0))
