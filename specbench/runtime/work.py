"""Running one call: in the event loop or in a thread, within its time, and cancelled as far as that goes."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.to_thread

from specbench.runtime.results import render
from specbench.runtime.tools import Tool, Toolbox
from specbench.types import ToolCall

__all__ = ["ToolCallError", "Work", "find_tool", "run_call", "size_of"]

THREADS = 10_000
"""Real calls never wait for a thread: speculations are capped by slots, not by threads."""


class ToolCallError(Exception):
    """A call that cannot be run: no such tool, or arguments that are no JSON object. The agent sees it as a result."""


class Work:
    """A speculation at work: how to stop it, when it is over, and what it gave."""

    __slots__ = ("done", "error", "scope", "token", "value")

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.done = anyio.Event()
        self.value: Any = None
        self.error: Exception | None = None
        self.token = ""


def find_tool(tools: Toolbox, call: ToolCall) -> Tool:
    """Return the tool of a call.

    Raises
    ------
    ToolCallError
        When there is none, or the arguments are broken.
    """
    if call.name not in tools:
        raise ToolCallError(f"no tool is called {call.name!r}; use one of {', '.join(sorted(tools)) or 'none'}")
    if call.invalid_arguments is not None:
        raise ToolCallError(f"the arguments of {call.name} are not a JSON object: {call.invalid_arguments[:200]}")
    return tools[call.name]


async def run_call(tool: Tool, call: ToolCall, limiter: anyio.CapacityLimiter) -> Any:
    """Run a call and return its result.

    A plain function runs in a thread and is waited for even when it is cancelled: nothing is left running behind.

    Raises
    ------
    TimeoutError
        When it takes longer than the tool's ``timeout_s``.
    """
    if tool.timeout_s is None:
        return await _run(tool, call, limiter)
    with anyio.move_on_after(tool.timeout_s) as scope:
        return await _run(tool, call, limiter)
    assert scope.cancelled_caught
    raise TimeoutError(f"{tool.name} took longer than {tool.timeout_s:g} s")


async def _run(tool: Tool, call: ToolCall, limiter: anyio.CapacityLimiter) -> Any:
    arguments = dict(call.arguments)
    if tool.in_thread:
        return await anyio.to_thread.run_sync(lambda: tool.run(**arguments), limiter=limiter)
    return await tool.run(**arguments)


def size_of(value: Any) -> int:
    """Return about how many bytes a result takes.

    Examples
    --------
    >>> size_of("four"), size_of([1, 2])
    (4, 6)
    """
    if isinstance(value, (str, bytes)):
        return len(value)
    try:
        return len(render(value))
    except (TypeError, ValueError, RecursionError):
        return 1024
