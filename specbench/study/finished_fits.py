"""Fitted predictors of a job that is not finished: the same command, run again, goes on with them."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from specbench.core.errors import CheckpointError
from specbench.core.json_values import read_json, write_json
from specbench.core.types import Trace
from specbench.core.version import __version__
from specbench.predictors import Predictor
from specbench.predictors.checkpoint import load, save
from specbench.study.progress import Progress

__all__ = ["FinishedFits", "finished_fits"]

WORTH_KEEPING_S = 1.0
"""Fits that are faster are made again instead."""
_SECONDS = "fit_s.json"


class FinishedFits:
    """Fits predictors, and keeps each in a folder until the job is done.

    Parameters
    ----------
    folder
        Where to; made when there is something to keep. ``None`` keeps nothing.
    progress
        Told when a predictor is taken over from an interrupted run.
    about
        What all fits depend on beside their names and traces, such as folders of models.

    Examples
    --------
    >>> from specbench.predictors.counting.markov import MarkovPredictor
    >>> predictor, seconds = FinishedFits().fit("markov", MarkovPredictor, [])
    >>> predictor.fitted, seconds < 1
    (True, True)
    """

    def __init__(self, folder: Path | None = None, progress: Progress | None = None, about: str = "") -> None:
        self.folder, self.about = folder, about
        self.progress = progress if progress is not None else Progress(False)

    def fit(self, name: str, make: Callable[[], Predictor], train: Sequence[Trace]) -> tuple[Predictor, float]:
        """Return a predictor fitted on ``train``, now or in an interrupted run of the same job, and the fit's seconds.

        Parameters
        ----------
        name
            What it is, with seed and options: another name is another predictor.
        make
            Makes it, not fitted.
        train
            What it learns from.
        """
        found = self.kept(name, make, train)
        if found is None:
            self.progress.note(f"{name}: fitting on {len(train)} traces")
            started = time.perf_counter()
            found = make().fit(train), time.perf_counter() - started
            self.keep(name, *found, train)
        return found

    def kept(self, name: str, make: Callable[[], Predictor], train: Sequence[Trace]) -> tuple[Predictor, float] | None:
        """Return what an interrupted run of the same job has fitted, if it did; as for :meth:`fit`."""
        place = self._place(name, train)
        if place is None or not (place / _SECONDS).is_file():
            return None
        try:
            found = load(place / "checkpoint", make=make), float(read_json(place / _SECONDS))
        except CheckpointError:
            shutil.rmtree(place)
            return None
        self.progress.note(f"{name}: fitted by the interrupted run; remove {self.folder} to fit it again")
        return found

    def keep(self, name: str, predictor: Predictor, seconds: float, train: Sequence[Trace]) -> None:
        """Keep a predictor, if its fit took some time."""
        place = self._place(name, train)
        if place is not None and seconds >= WORTH_KEEPING_S:
            save(predictor, place / "checkpoint")
            write_json(place / _SECONDS, seconds)

    def _place(self, name: str, train: Sequence[Trace]) -> Path | None:
        return None if self.folder is None else self.folder / _digest(f"{name} {self.about}", train)


@contextmanager
def finished_fits(out: str | Path, progress: Progress, about: str = "") -> Iterator[FinishedFits]:
    """Yield the fits of the job that writes ``out``; they are removed once it is done, and told of when it is not.

    They lie beside ``out``, in a folder of its name and ``.unfinished``.
    """
    folder = Path(f"{out}.unfinished")
    try:
        yield FinishedFits(folder, progress, about)
    except BaseException:
        if folder.is_dir():
            progress.note(f"not finished; fitted predictors are kept in {folder}: the same command goes on with them")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _digest(name: str, train: Sequence[Trace]) -> str:
    digest = hashlib.sha256(f"{name} {__version__} {len(train)}".encode(errors="surrogatepass"))
    for trace in train:
        digest.update(repr(trace).encode("utf-8", errors="surrogatepass"))
    return digest.hexdigest()[:16]
