"""The model card of a predictor that was trained here: what it learned from, how good it is, how to make it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from specbench.core.json_values import strict
from specbench.core.types import Trace
from specbench.core.version import __version__
from specbench.study.data import Data, split_sizes
from specbench.study.environment import versions
from specbench.study.evaluation import Evaluated, Settings
from specbench.study.leaks import conversations_card
from specbench.traces.collection import SAMPLE_SOURCE
from specbench.traces.splitting import Split

__all__ = ["METRICS", "licence_of", "model_card", "origin_card"]

METRICS = (
    "tool_top1", "tool_top3", "call_top1", "call_top3", "read_call_top1", "read_call_top3", "reply_accuracy", "brier",
    "ece", "read_recall_at_precision_75",
)  # fmt: skip
"""The rates in a card, as :func:`specbench.metrics.prediction_rates.rates` and the study define them."""
AT_THRESHOLD = ("recall", "precision", "attempt_rate", "amplification")


def licence_of(traces: Sequence[Trace]) -> str:
    """Return the licence of the traces, as far as it is known: the support desk is this project's own.

    Examples
    --------
    >>> licence_of([Trace("a", "a", SAMPLE_SOURCE, ())]), licence_of([Trace("a", "a", "chat", ())])
    ('MIT (synthetic, made by specbench)', "as the traces' licence, which specbench does not know")
    """
    own = bool(traces) and all(trace.source == SAMPLE_SOURCE for trace in traces)
    return "MIT (synthetic, made by specbench)" if own else "as the traces' licence, which specbench does not know"


def model_card(result: Evaluated, data: Data, parts: Split, settings: Settings, command: str) -> dict[str, Any]:
    """Return the card of a predictor that was fitted on the training and validation tasks of a split.

    Nothing in it depends on the machine's speed or on the day, so that the same command writes the same card.

    Parameters
    ----------
    result
        The predictor, and what was measured on the test tasks.
    data, parts
        The traces and their split.
    settings
        Of the study.
    command
        What makes this checkpoint again.

    Returns
    -------
    dict
        JSON values for :func:`specbench.predictors.checkpoint.save`.
    """
    metrics = result.metrics
    at_threshold = metrics["at_operating_point"]
    rows = [_row(name, metrics[name], metrics["ci"].get(name)) for name in METRICS]
    for name in AT_THRESHOLD:
        band = at_threshold.get(f"{name}_low"), at_threshold.get(f"{name}_high")
        rows.append(_row(f"{name} at p ≥ {settings.point:.2f}", at_threshold[name], None if None in band else band))
    found = {"metrics": rows}
    return _card(data, parts, settings.seed, command, {"measured on": "the test tasks below"}, found)


def origin_card(data: Data, parts: Split, seed: int, command: str) -> dict[str, Any]:
    """Return the card of a predictor that was not measured: what it learned from and how to make it again."""
    return _card(data, parts, seed, command, {}, {})


def _card(
    data: Data, parts: Split, seed: int, command: str, measured: dict[str, Any], found: dict[str, Any]
) -> dict[str, Any]:
    fitted_on = parts.train_and_validation
    card: dict[str, Any] = strict(
        {
            "trained on": "the training and validation tasks below; no test task was seen",
            **measured,
            "made by": command,
            "licence of the data": licence_of(fitted_on),
            "seed": seed,
            "specbench": __version__,
            **found,
            "split": [{"part": name, **sizes} for name, sizes in split_sizes(parts).items()],
            "data": [
                {
                    "file": Path(file.path).name,
                    "format": file.format,
                    "traces": file.read,
                    "sha256": file.sha256,
                    **({"beside": dict(file.beside)} if file.beside else {}),
                }
                for file in data.report.files
            ],
            "conversations": conversations_card(fitted_on),
            "tools": _tools(fitted_on),
            "agents": sorted({trace.agent for trace in fitted_on if trace.agent is not None}),
            "versions": versions(),
        }
    )
    return card


def _row(name: str, value: Any, interval: Sequence[Any] | None) -> dict[str, Any]:
    low, high = interval if interval is not None else (None, None)
    return {"metric": name, "value": value, "low (95 %)": low, "high (95 %)": high}


def _tools(traces: Sequence[Trace]) -> list[dict[str, str]]:
    effects = {
        spec.name: f"{spec.effect.value}{', or by its arguments' if spec.where else ''}"
        for trace in traces
        for spec in trace.tools.values()
    }
    for trace in traces:
        for message in trace.messages:
            for call in message.tool_calls:
                effects.setdefault(call.name, "unknown")
    return [{"tool": tool, "effect": effects[tool]} for tool in sorted(effects)]
