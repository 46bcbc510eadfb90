"""Reads whose results may serve the same call of the same conversation again: ``Traits.cache_ttl_s``."""

from __future__ import annotations

from typing import Any

import anyio
from cachetools import TLRUCache

from specbench.core.types import ToolCall
from specbench.runtime.copies import copied
from specbench.runtime.tools import Tool, Toolbox
from specbench.speculation.traits import touches

__all__ = ["CachedReads"]


MOST_ENTRIES = 1_000
"""Results that are kept of one conversation; the least recently used goes first."""


class Running:
    """A read that has begun; ``void`` once a write that may touch it has begun or ended since."""

    __slots__ = ("call", "key", "void")

    def __init__(self, call: ToolCall, key: str) -> None:
        self.call, self.key, self.void = call, key, False


class CachedReads:
    """The reads of one conversation that are kept, each for as long as its tool allows.

    Examples
    --------
    >>> from specbench.core.types import Effect, ToolSpec
    >>> from specbench.speculation import Traits
    >>> tool = Tool(ToolSpec("look", effect=Effect.READ), print, Traits(cache_ttl_s=60))
    >>> async def main():
    ...     reads = CachedReads(Toolbox([tool]))
    ...     reads.keep(tool, reads.begin(tool, ToolCall("look")), "seen")
    ...     return reads.get(tool, ToolCall("look")), reads.get(tool, ToolCall("look", {"x": 1}))
    >>> anyio.run(main)
    (('seen',), None)
    """

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools
        self._running: set[Running] = set()
        self._kept: Any = None

    def get(self, tool: Tool, call: ToolCall) -> tuple[Any] | None:
        """Return the result that is kept of a call, alone in a tuple; it is not to be changed."""
        if self._kept is None or not tool.caches(call):
            return None
        entry = self._kept.get(self._tools.key_of(call))
        return None if entry is None else (entry[1],)

    def begin(self, tool: Tool, call: ToolCall) -> Running | None:
        """A read begins, ahead or not: hand what this returns to :meth:`keep` or :meth:`drop` when it ends."""
        if not tool.caches(call):
            return None
        running = Running(call, self._tools.key_of(call))
        self._running.add(running)
        return running

    def drop(self, running: Running | None) -> None:
        """It gave nothing to keep."""
        if running is not None:
            self._running.discard(running)

    def keep(self, tool: Tool, running: Running | None, value: Any) -> None:
        """Keep a result, if its tool allows it and no write has come between."""
        if running is None or running not in self._running:
            return
        self._running.discard(running)
        if running.void:
            return
        try:
            kept = copied(value)
        except Exception:  # of what cannot be copied nothing is kept
            return
        if self._kept is None:
            self._kept = TLRUCache(MOST_ENTRIES, ttu=lambda _, entry, now: now + entry[2], timer=anyio.current_time)
        self._kept[running.key] = (running.call, kept, tool.traits.cache_ttl_s)

    def forget(self, tool: Tool, write: ToolCall) -> None:
        """A write begins or ends: it voids the reads that it may touch, and those that run."""
        for running in self._running:
            running.void = running.void or self._touches(tool, write, running.call)
        for key, (call, *_) in list(self._kept.items()) if self._kept else ():
            if self._touches(tool, write, call):
                self._kept.pop(key, None)

    def _touches(self, tool: Tool, write: ToolCall, read: ToolCall) -> bool:
        return touches(write, tool.traits, read, self._tools[read.name].traits)
