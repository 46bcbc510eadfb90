"""Which calls of one decision run side by side, and how long that takes without speculation.

Agent frameworks run the parallel calls of a decision at the same time, so what speculation saves is measured against
that. Reads can be run together without a difference to anybody; a write keeps its place in the model's order, unless
the framework runs writes together too (:attr:`specbench.speculation.Options.parallel`).
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace

__all__ = ["PARALLEL", "in_batches", "seconds_in_batches"]

PARALLEL = ("reads", "all", "off")
"""Reads together and writes in order; all calls of a decision together; one call after the other."""


def in_batches(writes: Sequence[bool], parallel: str = "reads") -> list[range]:
    """Return the numbers of the calls that run together, batch after batch.

    Parameters
    ----------
    writes
        For each call of a decision, in order: whether it may change something.
    parallel
        One of :data:`PARALLEL`.

    Examples
    --------
    >>> in_batches([False, False, True, False])
    [range(0, 2), range(2, 3), range(3, 4)]
    >>> in_batches([False, False, True, False], "all")
    [range(0, 4)]
    """
    if parallel == "all" and writes:
        return [range(len(writes))]
    batches: list[range] = []
    for at, write in enumerate(writes):
        if batches and parallel == "reads" and not write and not writes[at - 1]:
            batches[-1] = range(batches[-1].start, at + 1)
        else:
            batches.append(range(at, at + 1))
    return batches


def seconds_in_batches(seconds: Sequence[float], batches: Sequence[range], slots: int | None = None) -> float:
    """Return the seconds that all calls take: within a batch side by side, as far as there are slots.

    Parameters
    ----------
    seconds
        Of each call.
    batches
        See :func:`in_batches`.
    slots
        Most calls at a time; ``None`` for no cap. A call starts as soon as a slot is free, in order.

    Examples
    --------
    >>> seconds_in_batches([1.0, 2.0, 3.0], [range(0, 2), range(2, 3)])
    5.0
    >>> seconds_in_batches([1.0, 2.0, 2.0], [range(3)], slots=2)
    3.0
    """
    total = 0.0
    for batch in batches:
        runs = [seconds[at] for at in batch]
        if slots is not None and len(runs) > slots:
            ends = [0.0] * slots
            heapify(ends)
            for run in runs:
                heapreplace(ends, ends[0] + run)
            runs = ends
        total += max(runs)
    return total
