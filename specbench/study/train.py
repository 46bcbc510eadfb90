"""One predictor, trained and measured, as a checkpoint with its card: what ``models/`` is made with."""

from __future__ import annotations

from pathlib import Path

from specbench.predictors.checkpoint import check_place, save
from specbench.study.evaluation import Evaluated, Settings, evaluate_predictor, seeded
from specbench.study.job import Job
from specbench.study.model_card import model_card
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["run_train"]


def run_train(
    traces: Paths,
    out: str | Path,
    *,
    predictor: str = "learned",
    settings: Settings | None = None,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    progress: bool = False,
) -> Evaluated:
    """Split by task, fit on training and validation tasks, measure on the test tasks, write the checkpoint to ``out``.

    Parameters
    ----------
    traces
        Files and folders.
    out
        The checkpoint's folder; an older checkpoint there is replaced, anything else is left alone.
    predictor
        See :func:`specbench.predictors.make_predictor`.
    settings, format, skip_invalid, effects, progress
        As in :func:`specbench.study.run_study`.

    Returns
    -------
    Evaluated
        The predictor and what was measured.

    Raises
    ------
    ConfigError
        When the traces have too few tasks for a split, or no predictor has that name.
    CheckpointError
        When ``out`` holds something else, or cannot be written; before anything is trained.
    """
    settings = settings if settings is not None else Settings()
    job = Job(
        "train",
        {
            "traces": traces, "predictor": predictor, "seed": settings.seed, "out": out,
            "format": format, "effects": effects, "skip_invalid": skip_invalid, "progress": progress,
        },
    )  # fmt: skip
    check_place(out)
    empty = seeded(predictor, settings.seed)
    data = job.read()
    parts = job.split(data)
    result = evaluate_predictor(predictor, parts.train_and_validation, parts.test, settings, job.progress, empty)
    save(result.predictor, out, card=model_card(result, data, parts, settings, job.command))
    return result
