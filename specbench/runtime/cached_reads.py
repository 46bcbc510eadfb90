"""Reads whose results may serve the same call of the same conversation again: ``Traits.cache_ttl_s``."""

from __future__ import annotations

from typing import Any, NamedTuple

import anyio

from specbench.core.types import ToolCall
from specbench.runtime.copies import copied
from specbench.runtime.tools import Tool, Toolbox
from specbench.speculation.traits import touches

__all__ = ["CachedReads"]


class Entry(NamedTuple):
    """A result that is kept, and until when."""

    call: ToolCall
    until_s: float
    value: Any


class CachedReads:
    """The reads of one conversation that are kept, each for as long as its tool allows.

    Examples
    --------
    >>> from specbench.core.types import Effect, ToolSpec
    >>> from specbench.speculation import Traits
    >>> tool = Tool(ToolSpec("look", effect=Effect.READ), print, Traits(cache_ttl_s=60))
    >>> async def main():
    ...     reads = CachedReads(Toolbox([tool]))
    ...     reads.keep(tool, ToolCall("look"), "seen")
    ...     return reads.get(tool, ToolCall("look")).value, reads.get(tool, ToolCall("look", {"x": 1}))
    >>> anyio.run(main)
    ('seen', None)
    """

    def __init__(self, tools: Toolbox) -> None:
        self._tools = tools
        self._kept: dict[str, Entry] = {}

    def get(self, tool: Tool, call: ToolCall) -> Entry | None:
        """Return what is kept of a call; its value is not to be changed."""
        if not tool.traits.cache_ttl_s or tool.writes:
            return None
        key = self._tools.key_of(call)
        found = self._kept.get(key)
        if found is not None and anyio.current_time() > found.until_s:
            del self._kept[key]
            return None
        return found

    def keep(self, tool: Tool, call: ToolCall, value: Any) -> None:
        """Keep a result, if its tool allows it."""
        if tool.traits.cache_ttl_s and not tool.writes:
            try:
                kept = copied(value)
            except Exception:  # of what cannot be copied nothing is kept
                return
            self._kept[self._tools.key_of(call)] = Entry(call, anyio.current_time() + tool.traits.cache_ttl_s, kept)

    def forget(self, tool: Tool, write: ToolCall) -> None:
        """A write voids the reads that it may touch."""
        for key, entry in list(self._kept.items()):
            if touches(write, tool.traits, entry.call, self._tools[entry.call.name].traits):
                del self._kept[key]
