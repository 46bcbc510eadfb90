"""Who does independent work: this process, processes of this machine, or a cluster (:mod:`specbench.core.cluster`).

Work is a function and a list of items, each the tuple of the function's arguments. No item needs the result of another
one, so that it does not matter for the results who does what, and when.
"""

from __future__ import annotations

import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

__all__ = ["Processes", "Workers", "busy", "in_worker"]

R = TypeVar("R")
_here = threading.local()


class Workers(ABC):
    """Runs one function on many items."""

    @abstractmethod
    def as_finished(self, function: Callable[..., R], items: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, R]]:
        """Yield the place of each item in the list, with its result, as soon as the result is there.

        Parameters
        ----------
        function
            A function of a module (not a ``lambda``): other processes import it.
        items
            The arguments of each call.

        Raises
        ------
        Exception
            What the function raised; the items that are not done yet are given up.
        """

    def hold(self, value: Any) -> Any:
        """Return something that stands for ``value`` among the arguments of many items, so that it travels once."""
        return value

    def in_order(self, function: Callable[..., R], items: Sequence[tuple[Any, ...]]) -> Iterator[R]:
        """Yield the results in the order of the items.

        Examples
        --------
        >>> list(Processes(1).in_order(divmod, [(7, 2), (9, 4)]))
        [(3, 1), (2, 1)]
        """
        early: dict[int, R] = {}
        wanted = 0
        for place, result in self.as_finished(function, items):
            early[place] = result
            while wanted in early:
                yield early.pop(wanted)
                wanted += 1


class Processes(Workers):
    """Processes of this machine, by joblib; within one of them there are no others.

    Parameters
    ----------
    count
        How many; -1 for as many as cores (``LOKY_MAX_CPU_COUNT``, where that is set), 1 for this process alone.
    """

    def __init__(self, count: int = -1) -> None:
        self.count = count

    def as_finished(self, function: Callable[..., R], items: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, R]]:
        """Yield places and results; see :class:`Workers`."""
        from joblib import Parallel, cpu_count, delayed
        from joblib.parallel import get_active_backend

        count = min(cpu_count() if self.count < 0 else self.count, len(items))
        if count < 2 or in_worker() or get_active_backend()[0].nesting_level:
            yield from ((place, function(*item)) for place, item in enumerate(items))
            return
        with warnings.catch_warnings():
            # A process that has become large is replaced by a new one, which is as it should be.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
            parallel = Parallel(n_jobs=count, batch_size=1, backend="loky", return_as="generator_unordered")
            yield from parallel(delayed(_placed)(place, function, item) for place, item in enumerate(items))


def _placed(place: int, function: Callable[..., R], item: tuple[Any, ...]) -> tuple[int, R]:
    """Run an item in a process of its own; torch is there from the start, so that nobody takes it for a leak."""
    with suppress(ImportError):
        import torch  # noqa: F401
    with busy():
        return place, function(*item)


@contextmanager
def busy() -> Iterator[None]:
    """Mark this thread as one that does an item: work within it starts no further processes."""
    before = in_worker()
    _here.busy = True
    try:
        yield
    finally:
        _here.busy = before


def in_worker() -> bool:
    """Whether this thread does an item of somebody's work."""
    return getattr(_here, "busy", False)
