"""The tasks of an executor: none outlives it, and what must not be cut short is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
from anyio.abc import TaskGroup

from specbench.core.errors import ConfigError

__all__ = ["Tasks"]

THREADS = 10_000
"""Real calls never wait for a thread: speculations are capped by slots, not by threads."""


class Tasks:
    """A task group that is started and ended, and the threads of the calls.

    ``clock`` tells the seconds of the event loop.
    """

    def __init__(self) -> None:
        self._group: TaskGroup | None = None
        self._threads: anyio.CapacityLimiter | None = None
        self.clock: Callable[[], float] = anyio.current_time

    @property
    def running(self) -> bool:
        """Whether tasks may be started."""
        return self._group is not None

    @property
    def threads(self) -> anyio.CapacityLimiter:
        """What limits the threads of calls; there is one while it runs."""
        assert self._threads is not None
        return self._threads

    async def start(self) -> None:
        """Allow tasks."""
        self._threads = anyio.CapacityLimiter(THREADS)
        try:
            self.clock = asyncio.get_running_loop().time  # the same seconds, without asking each time whose loop it is
        except RuntimeError:  # trio
            self.clock = anyio.current_time
        self._group = anyio.create_task_group()
        await self._group.__aenter__()

    async def end(self) -> None:
        """Cancel what is left, and wait for it."""
        assert self._group is not None
        self._group.cancel_scope.cancel()
        try:
            await self._group.__aexit__(None, None, None)
        finally:
            self._group = None

    def spawn(self, action: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> None:
        """Start a task that ends with the executor at the latest.

        Raises
        ------
        ConfigError
            When the executor was left.
        """
        if self._group is None:
            raise ConfigError("the executor was left while a step of it ran; leave it when all steps have ended")
        self._group.start_soon(action, *arguments)

    async def shielded(self, action: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Run what must not be cut short in a task of its own, and wait for it.

        A cancellation by asyncio itself (``task.cancel()``, ``wait_for``) goes through every shield of anyio; it then
        ends the waiting alone.

        Raises
        ------
        BaseException
            Whatever ``action`` raises.
        """
        done, results, errors = anyio.Event(), [], []

        async def run() -> None:
            try:
                with anyio.CancelScope(shield=True):
                    results.append(await action(*arguments))
            except BaseException as error:  # it is for who waits, not for other conversations
                errors.append(error)
            finally:
                done.set()

        self.spawn(run)
        with anyio.CancelScope(shield=True):
            await done.wait()
        if errors:
            raise errors[0]
        return results[0]
