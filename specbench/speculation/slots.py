"""So many may run at once: real work first, speculations only in free slots, and preempted when a slot is needed."""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

__all__ = ["Preemptible", "Slots"]


class Preemptible(Protocol):
    """A speculation that occupies a slot."""

    p: float

    def preempt(self) -> None:
        """Real work takes the slot: stop."""
        ...


Item = TypeVar("Item", bound=Preemptible)


class Slots(Generic[Item]):
    """The slots of one resource, shared by all sessions.

    Parameters
    ----------
    count
        ``None`` for no cap.

    Examples
    --------
    >>> slots = Slots(1)
    >>> slots.enter("first"), slots.enter("second")
    (True, False)
    >>> slots.leave()
    'second'
    """

    def __init__(self, count: int | None) -> None:
        self.count = count
        self.real = 0
        self.speculative: dict[Item, None] = {}
        self.waiting: deque[object] = deque()

    @property
    def free(self) -> bool:
        """Whether a speculation may start now."""
        return self.count is None or (self.real + len(self.speculative) < self.count and not self.waiting)

    def occupy(self, item: Item) -> None:
        """A speculation starts."""
        if self.count is not None:
            self.speculative[item] = None

    def vacate(self, item: Item) -> object | None:
        """A speculation ended or was stopped; returns the real ticket that has the slot now, if one waited."""
        if item not in self.speculative:
            return None
        del self.speculative[item]
        return self._next()

    def adopt(self, item: Item) -> None:
        """A running speculation became real work: it keeps its slot and is not preempted any more."""
        if item in self.speculative:
            del self.speculative[item]
            self.real += 1

    def enter(self, ticket: object) -> bool:
        """Real work wants a slot: true when it has it, false when it must wait for its ticket to come up.

        The least probable speculation is preempted, the latest of equals.
        """
        if self.count is None:
            return True
        if self.real + len(self.speculative) < self.count and not self.waiting:
            self.real += 1
            return True
        if self.speculative and not self.waiting:
            victim = min(reversed(self.speculative), key=lambda item: item.p)
            del self.speculative[victim]
            self.real += 1
            victim.preempt()
            return True
        self.waiting.append(ticket)
        return False

    def leave(self) -> object | None:
        """Real work ended; returns the ticket that has the slot now, if one waited."""
        if self.count is None:
            return None
        self.real -= 1
        return self._next()

    def give_up(self, ticket: object) -> bool:
        """A waiting ticket is withdrawn; false when it had its slot already."""
        if ticket in self.waiting:
            self.waiting.remove(ticket)
            return True
        return False

    def _next(self) -> object | None:
        if self.count is not None and self.waiting and self.real + len(self.speculative) < self.count:
            self.real += 1
            return self.waiting.popleft()
        return None
