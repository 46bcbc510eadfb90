"""Fitting a predictor and asking it at every decision point of held-out traces: the first step of every job."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.metrics.prediction_table import PredictionTable, predict_traces
from specbench.predictors import Predictor, make_predictor
from specbench.study.environment import charged_ms
from specbench.study.progress import Progress

__all__ = ["Predicted", "fitted", "predicted", "seeded"]


@dataclass(frozen=True)
class Predicted:
    """What a predictor says on some traces, with the milliseconds that a simulation charges for each prediction."""

    table: PredictionTable
    predict_ms: float

    @property
    def predict_s(self) -> float:
        """The same in seconds."""
        return self.predict_ms / 1e3


def seeded(name: str, seed: int, **options: Any) -> Predictor:
    """Return a new predictor with these options, seeded where its class takes a seed."""
    predictor = make_predictor(name, **options)
    takes_seed = "seed" in inspect.signature(type(predictor)).parameters
    return make_predictor(name, seed=seed, **options) if takes_seed else predictor


def fitted(name: str, traces: Sequence[Trace], *, seed: int = 0, progress: Progress | None = None) -> Predictor:
    """Return the predictor called ``name``, fitted on ``traces``; see :func:`specbench.predictors.make_predictor`."""
    if progress is not None:
        progress.note(f"{name}: fitting on {len(traces)} traces")
    return seeded(name, seed).fit(traces)


def predicted(
    predictor: Predictor,
    name: str,
    traces: Sequence[Trace],
    *,
    ahead: bool = True,
    predict_ms: float | None = None,
    progress: Progress | None = None,
) -> Predicted:
    """Ask a fitted predictor at every decision point of ``traces``.

    Parameters
    ----------
    predictor, name
        The predictor, and what tables call it.
    ahead
        Ask for the windows ``tool`` and ``user`` too.
    predict_ms
        Milliseconds that a prediction is charged; default: the measured median, rounded up.
    progress
        Told how far it is.

    Raises
    ------
    ConfigError
        When there is no decision point.
    """
    shown: Any = traces if progress is None else progress.bar(traces, f"{name}: predicting")
    table = predict_traces(predictor, shown, ahead=ahead)
    if not len(table):
        raise ConfigError(
            "the traces to predict hold no decision point (no assistant message); give longer conversations"
        )
    table.predictor = name
    return Predicted(table, predict_ms if predict_ms is not None else charged_ms(float(np.median(table.latency_ms))))
