"""Running one call: in the event loop or in a thread, within its time, and cancelled as far as that goes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from specbench.core.types import ToolCall
from specbench.runtime.containment import contained
from specbench.runtime.copies import own_arguments
from specbench.runtime.results import render
from specbench.runtime.tools import Tool, Toolbox

__all__ = [
    "OutcomeUnknown",
    "ToolCallError",
    "Work",
    "ask",
    "find_tool",
    "in_time",
    "run_call",
    "size_of",
]

Value = TypeVar("Value")

TRIES = 3
PAUSE_S = 0.1


class ToolCallError(Exception):
    """A call that cannot be run: no such tool, or arguments that are no JSON object. The agent sees it as a result."""


class OutcomeUnknown(Exception):
    """Making a staged write real gave no answer: it may have happened. The agent sees it as a result."""


class Work:
    """A speculation at work: how to stop it, when it is over, and what it gave; ``whole``: it ran to its end."""

    __slots__ = ("done", "error", "scope", "token", "value", "whole")

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.done = anyio.Event()
        self.value: Any = None
        self.error: Exception | None = None
        self.whole = False
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

    A plain function runs in a thread and is waited for even when it is cancelled or too late: nothing is left running
    behind.

    Raises
    ------
    TimeoutError
        When it takes longer than the tool's ``timeout_s``.
    """
    return await in_time(tool, _run(tool, call, limiter))


async def in_time(tool: Tool, run: Awaitable[Value]) -> Value:
    """Wait for a run of a tool, no longer than its ``timeout_s``.

    Raises
    ------
    TimeoutError
        When it takes longer.
    """
    if tool.timeout_s is None:
        return await run
    with anyio.move_on_after(tool.timeout_s) as scope:
        value = await run
        if not (tool.in_thread and scope.cancel_called):
            return value
    raise _too_long(tool)


async def ask(tool: Tool, action: Callable[[str], Awaitable[Value]], token: str, failures: list[Exception]) -> Value:
    """Ask a staging pair to make a write real, or to undo it; when it raises, ask again with the same token.

    Three times at most, and no longer than the tool's ``timeout_s``; what it raised is added to ``failures``.

    Raises
    ------
    Exception
        The last of the failures.
    """
    with anyio.move_on_after(tool.timeout_s):
        while True:
            try:
                return await contained(action(token), in_thread=tool.in_thread)
            except Exception as error:
                failures.append(error)
                if len(failures) == TRIES:
                    raise
            await anyio.sleep(PAUSE_S)
    failures.append(_too_long(tool))
    raise failures[-1]


def _too_long(tool: Tool) -> TimeoutError:
    return TimeoutError(f"{tool.name} took longer than {tool.timeout_s:g} s")


async def _run(tool: Tool, call: ToolCall, limiter: anyio.CapacityLimiter) -> Any:
    arguments = own_arguments(call)  # a tool may change its own
    if not tool.in_thread:
        return await tool.run(**arguments)
    value, error = await anyio.to_thread.run_sync(_outcome, tool.run, arguments, limiter=limiter)
    if error is not None:
        raise error
    if inspect.isawaitable(value):  # a plain wrapper around a coroutine function: what it waits for may be cancelled
        tool.__dict__["in_thread"] = False
        return await value
    return value


def _outcome(run: Callable[..., Any], arguments: dict[str, Any]) -> tuple[Any, BaseException | None]:
    """What a function gives or raises, as a value: not every exception gets through a future."""
    try:
        return run(**arguments), None
    except BaseException as error:
        return None, error


def size_of(value: Any) -> int:
    """Return about how many bytes a result takes.

    Examples
    --------
    >>> size_of("four"), size_of([1, 2])
    (4, 6)
    """
    return len(value) if isinstance(value, (str, bytes)) else len(render(value))
