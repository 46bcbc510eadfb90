"""Parts of a training that do not need each other, side by side in processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from specbench.core.workers import Processes

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
    workers = Processes(-1 if calls >= WORTH else 1)
    return list(workers.in_order(_result, [(part,) for part in parts]))


def _result(part: Callable[[], T]) -> T:
    return part()


def train_all(trainings: Sequence[tuple[Trainable, Sequence[Callable[[], Any]]]], calls: int) -> None:
    """Run the parts of several networks' trainings side by side; the networks take what comes of them."""
    found = iter(side_by_side([part for _, parts in trainings for part in parts], calls))
    for network, parts in trainings:
        network.take([next(found) for _ in parts])
