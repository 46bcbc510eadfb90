"""When a run of a LangGraph graph is over, however it has ended: a reply, an error, a limit, nobody who listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import finalize

from specbench.core.extras import named_extras

with named_extras():
    from langgraph.runtime import get_runtime

__all__ = ["own_of_run", "when_run_ends"]


def own_of_run() -> Any:
    """Return what the run under way has of its own, for as long as it lasts."""
    return get_runtime().stream_writer


def when_run_ends(action: Callable[..., object], *arguments: Any) -> None:
    """Call ``action`` in this event loop once the run under way is over and nothing holds it any more."""
    finalize(own_of_run(), _soon, asyncio.get_running_loop(), action, arguments).atexit = False


def _soon(loop: asyncio.AbstractEventLoop, action: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """Run it in a task of its own: this may be called in any thread, in the middle of anything."""

    async def call() -> None:
        action(*arguments)

    def start() -> None:
        task = loop.create_task(call())
        _RUNNING.add(task)
        task.add_done_callback(_RUNNING.discard)

    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(start)


_RUNNING: set[asyncio.Task[None]] = set()
