"""Who writes in an executor: real writes come first, and of staged ones that lock others out there is one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.runtime.tools import Tool
from specbench.speculation import Launch

if TYPE_CHECKING:
    from specbench.runtime.calls import Calls

__all__ = ["Writes"]


class Writes:
    """The real writes that run, and the staged one that holds a lock; see :attr:`Tool.exclusive`.

    Examples
    --------
    >>> from specbench.core.types import Effect, ToolSpec
    >>> writes, tool = Writes(), Tool(ToolSpec("cancel", effect=Effect.STAGED), print)
    >>> writes.running += 1
    >>> writes.refuse(tool) is None  # it locks nobody out
    True
    """

    def __init__(self) -> None:
        self.running = 0
        self._held: tuple[Launch, Calls] | None = None

    def refuse(self, tool: Tool) -> str | None:
        """Return why a staged write may not be launched now; ``None`` if it may."""
        if not tool.exclusive:
            return None
        if self.running:
            return "a staged write would lock out a write that is running"
        return None if self._held is None else "another staged write holds the lock"

    def hold(self, launch: Launch, calls: Calls) -> None:
        """A staged write that locks others out has been launched."""
        self._held = launch, calls

    def release(self, launch: Launch) -> None:
        """It is real, or undone."""
        if self._held is not None and self._held[0] is launch:
            self._held = None

    async def make_way(self, calls: Calls) -> None:
        """A conversation really writes: what it gave up is undone first, and so is what would lock it out."""
        await calls.roll_back()
        if self._held is not None:
            await self._held[1].let_go()
