"""One predictor, trained and measured, as a checkpoint with its card: what ``models/`` is made with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from specbench.core.types import Effect
from specbench.predictors.checkpoint import check_place, save
from specbench.study.card import model_card
from specbench.study.command import reading_words
from specbench.study.data import load_data, split_data
from specbench.study.evaluation import Evaluated, Settings, evaluate_predictor, seeded
from specbench.study.progress import Progress
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
    effects: str | Path | Mapping[str, Effect | str] | None = None,
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
    check_place(out)
    empty = seeded(predictor, settings.seed)
    data = load_data(traces, format, skip_invalid, effects=effects)
    parts = split_data(data, settings.seed)
    result = evaluate_predictor(
        predictor, parts.train + parts.validation, parts.test, settings, Progress(progress), empty
    )
    paths = [traces] if isinstance(traces, (str, Path)) else list(traces)
    words = ["specbench", "train", "--traces", *map(str, paths), "--predictor", predictor]
    words += ["--seed", str(settings.seed), "--out", str(out)]
    words += reading_words(format, skip_invalid, effects)
    save(result.predictor, out, card=model_card(result, data, parts, settings, shlex.join(words)))
    return result
