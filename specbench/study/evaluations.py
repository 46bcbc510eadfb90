"""Several evaluations: here one after the other, or in a cluster side by side, with the same results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from specbench.core.cluster import Cluster, opened
from specbench.core.json_values import strict
from specbench.core.types import Trace
from specbench.core.version import __version__
from specbench.predictors import Predictor
from specbench.study.data import Data, overlap, refuse_overlap
from specbench.study.environment import versions
from specbench.study.evaluation import Evaluated, Settings, evaluate_predictor, fit_name, seeded
from specbench.study.finished_fits import FinishedFits
from specbench.study.progress import Progress

__all__ = ["Asked", "evaluate_all", "evaluation_record"]


class Asked(NamedTuple):
    """What to evaluate: arguments of :func:`specbench.study.evaluation.evaluate_predictor`.

    Parameters
    ----------
    name
        What tables and progress call it.
    predictor
        Fitted here, unless there is no ``train``.
    train, test
        Traces.
    """

    name: str
    predictor: Predictor
    train: Sequence[Trace] | None
    test: Sequence[Trace]


def evaluate_all(
    asked: Sequence[Asked],
    settings: Settings,
    progress: Progress | None = None,
    fits: FinishedFits | None = None,
    cluster: Cluster | None = None,
) -> Iterator[Evaluated]:
    """Yield what each evaluation found, in order.

    Parameters
    ----------
    asked
        What to fit and measure.
    settings, progress, fits
        As in :func:`specbench.study.evaluation.evaluate_predictor`. ``fits`` stay on this machine: what a cluster has
        fitted is kept here as soon as it arrives.
    cluster
        Who does it; this process when not given.
    """
    progress = progress if progress is not None else Progress(False)
    if cluster is None:
        for name, predictor, train, test in asked:
            yield evaluate_predictor(name, train, test, settings, progress, predictor, fits)
        return
    fits = fits if fits is not None else FinishedFits(progress=progress)
    held = {id(traces): cluster.hold(traces) for each in asked for traces in (each.train, each.test)}
    items = [
        (each.name, each.predictor, held[id(each.train)], held[id(each.test)], settings, _kept(each, settings, fits))
        for each in asked
    ]
    early: dict[int, Evaluated] = {}
    finished = cluster.as_finished(_evaluate, items)
    wanted = 0
    for _ in progress.bar(asked, "evaluating in the cluster"):
        place, result = next(finished)
        name, _, train, _ = asked[place]
        if train is not None:
            fits.keep(fit_name(name, settings), result.predictor, result.metrics["fit_s"], train)
        progress.note(f"{name}: fitted and measured in the cluster")
        early[place] = result
        while wanted in early:
            yield early.pop(wanted)
            wanted += 1


def _kept(asked: Asked, settings: Settings, fits: FinishedFits) -> tuple[Predictor, float] | None:
    if asked.train is None:
        return None
    return fits.kept(fit_name(asked.name, settings), lambda: asked.predictor, asked.train)


class _Kept(FinishedFits):
    """What an interrupted run has fitted, on a worker."""

    def __init__(self, found: tuple[Predictor, float] | None) -> None:
        super().__init__()
        self.found = found

    def kept(self, name: str, make: Callable[[], Predictor], train: Sequence[Trace]) -> tuple[Predictor, float] | None:
        """Return it."""
        return self.found


def _evaluate(
    name: str,
    predictor: Predictor,
    train: Sequence[Trace] | None,
    test: Sequence[Trace],
    settings: Settings,
    kept: tuple[Predictor, float] | None,
) -> Evaluated:
    return evaluate_predictor(name, train, test, settings, predictor=predictor, fits=_Kept(kept))


def evaluation_record(
    train: Data,
    test: Data,
    predictors: Sequence[str],
    settings: Settings | None = None,
    *,
    allow_overlap: bool = False,
    progress: Progress | None = None,
    fits: FinishedFits | None = None,
    cluster: str | Cluster | None = None,
) -> dict[str, Any]:
    """Fit and measure several predictors; returns what ``specbench evaluate`` writes, as strict JSON values.

    Raises
    ------
    ConfigError
        When training and test share a task (unless ``allow_overlap``), or a predictor does not exist.
    """
    settings = settings if settings is not None else Settings()
    if not allow_overlap:
        refuse_overlap(train.traces, test.traces)
    asked = [Asked(name, seeded(name, settings.seed), train.traces, test.traces) for name in predictors]
    with opened(cluster) as elsewhere:
        found = evaluate_all(asked, settings, progress, fits, elsewhere)
        results = {name: result.metrics for name, result in zip(predictors, found, strict=True)}
    shared = overlap(train.traces, test.traces)
    record = {
        "specbench": __version__,
        "train": train.to_dict(),
        "test": test.to_dict(),
        "shared_tasks": len(shared),
        "config": {**settings.to_dict(test.traces), "predictors": list(predictors), "allow_overlap": allow_overlap},
        "versions": versions(),
        "predictors": results,
    }
    value: dict[str, Any] = strict(record)
    return value
