"""A call that waits for other calls of its own gives its slot away: an agent as a tool cannot wait for itself.

A tool may be an agent that runs steps of the same executor, and so may an LLM. While what it runs waits for a slot, the
one that it has itself would be idle, and with few slots nobody would ever go on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import anyio

from specbench.speculation.slots import Slots

__all__ = ["holding", "lending"]


class Holder:
    """Real work that has a slot, and how many calls run inside of it."""

    __slots__ = ("inside", "slots")

    def __init__(self, slots: Slots[Any]) -> None:
        self.slots, self.inside = slots, 0


_HOLDERS: ContextVar[tuple[Holder, ...]] = ContextVar("specbench_holders", default=())


@contextmanager
def holding(slots: Slots[Any]) -> Generator[None]:
    """While real work runs that has one of ``slots``."""
    if slots.count is None:
        yield
        return
    token = _HOLDERS.set((*_HOLDERS.get(), Holder(slots)))
    try:
        yield
    finally:
        _HOLDERS.reset(token)


@asynccontextmanager
async def lending(
    slots: Slots[Any], enter: Callable[[Slots[Any]], Any], leave: Callable[[Slots[Any]], object]
) -> AsyncGenerator[None]:
    """While work waits for one of ``slots`` and runs: the work around it, if it has one, does without."""
    around = next((each for each in reversed(_HOLDERS.get()) if each.slots is slots), None)
    if around is None:
        yield
        return
    around.inside += 1
    if around.inside == 1:
        leave(slots)
    try:
        yield
    finally:
        around.inside -= 1
        if around.inside == 0:
            with anyio.CancelScope(shield=True):  # it goes on with a slot, or ends with one
                await enter(slots)
