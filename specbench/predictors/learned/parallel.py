"""Parts of a training that do not need each other, side by side in processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

__all__ = ["Trainable", "side_by_side", "train_all"]

T = TypeVar("T")
WORTH = 500
"""Calls to learn from: with fewer, training is over before another process has started and imported torch."""


class Trainable(Protocol):
    """A network whose training consists of parts, one a member."""

    def take(self, members: Sequence[Any]) -> None:
        """Become what the parts of the training have returned."""


def side_by_side(parts: Sequence[Callable[[], T]], calls: int) -> list[T]:
    """Return what each part returns, in their order; what that is does not depend on where a part runs.

    There are as many processes as cores (``LOKY_MAX_CPU_COUNT``, where that is set), and within one of them no others.

    Parameters
    ----------
    parts
        Can be pickled, for other processes; arrays that these are given may be read-only.
    calls
        How many calls are learned from; of few nothing is worth another process.

    Examples
    --------
    >>> from functools import partial
    >>> side_by_side([partial(abs, -1), partial(abs, 2)], calls=10)
    [1, 2]
    """
    from joblib import Parallel, cpu_count, delayed
    from joblib.parallel import get_active_backend

    processes = min(cpu_count(), len(parts)) if calls >= WORTH and not get_active_backend()[0].nesting_level else 1
    if processes < 2:
        return [part() for part in parts]
    with warnings.catch_warnings():
        # A process that has become large is replaced by a new one, which is as it should be.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        return list(Parallel(n_jobs=processes, batch_size=1, backend="loky")(delayed(_run)(part) for part in parts))


def _run(part: Callable[[], T]) -> T:
    """Run a part in a process of its own; torch is there from the start, so that nobody takes it for a leak."""
    with suppress(ImportError):
        import torch  # noqa: F401
    return part()


def train_all(trainings: Sequence[tuple[Trainable, Sequence[Callable[[], Any]]]], calls: int) -> None:
    """Run the parts of several networks' trainings side by side; the networks take what comes of them."""
    found = iter(side_by_side([part for _, parts in trainings for part in parts], calls))
    for network, parts in trainings:
        network.take([next(found) for _ in parts])
