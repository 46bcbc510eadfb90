"""Predictions on held-out traces for the jobs that simulate: fit on other tasks, or load a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.metrics.prediction_table import PredictionTable, predict_traces
from specbench.predictors import Predictor
from specbench.study.environment import charged_ms
from specbench.study.evaluation import seeded
from specbench.study.progress import Progress
from specbench.traces.splitting import Split

__all__ = ["Predicted", "predicted"]


@dataclass(frozen=True)
class Predicted:
    """A predictor's table on some traces, with the seconds that a simulation charges for each prediction."""

    name: str
    table: PredictionTable
    predict_s: float
    predictor: Predictor


def predicted(
    name: str,
    parts: Split | None,
    on: Sequence[Trace],
    *,
    seed: int = 0,
    fit_on: Sequence[Trace] | None = None,
    checkpoint: str | Path | None = None,
    predict_ms: float | None = None,
    ahead: bool = True,
    progress: Progress | None = None,
    predictor: Predictor | None = None,
) -> Predicted:
    """Fit a predictor (or load a checkpoint) and ask it at every decision point of ``on``.

    Parameters
    ----------
    name
        See :func:`specbench.predictors.make_predictor`; a label when a checkpoint is given.
    parts
        The split; by default the predictor is fitted on training and validation. A fitted one needs none.
    on
        The traces to predict.
    seed, fit_on, checkpoint, predict_ms, ahead, progress
        Seed of the fit; other traces to fit on; a folder that ``specbench train`` wrote; what to charge (default: the
        measured median, rounded up); predictions for the windows ``tool`` and ``user`` too; told how far it is.
    predictor
        One that is fitted already.
    """
    progress = progress if progress is not None else Progress(False)
    if predictor is None and checkpoint is not None:
        from specbench.predictors.checkpoint import load

        predictor = load(checkpoint)
    if predictor is None:
        predictor = seeded(name, seed)
        traces = list(fit_on or ()) if parts is None or fit_on is not None else parts.train + parts.validation
        progress.note(f"{name}: fitting on {len(traces)} traces")
        predictor.fit(traces)
    table = predict_traces(predictor, list(progress.bar(on, f"{name}: predicting")), ahead=ahead)
    if not len(table):
        raise ConfigError("the traces hold no decision point (no assistant message); give longer conversations")
    table.predictor = name
    charged = predict_ms if predict_ms is not None else charged_ms(float(np.median(table.latency_ms)))
    return Predicted(name, table, charged / 1e3, predictor)
