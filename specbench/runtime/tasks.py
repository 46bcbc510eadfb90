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

    On asyncio the group lives in a task of its own, so that it may be started in one task and ended in another
    (fixtures of tests, start-up of a web application, cells of a notebook). Trio's groups cannot; there that is a clear
    error.

    ``clock`` tells the seconds of the event loop.
    """

    def __init__(self) -> None:
        self._group: TaskGroup | None = None
        self._threads: anyio.CapacityLimiter | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home: asyncio.Task[None] | None = None
        self._entered_by = 0
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

    def check_loop(self) -> None:
        """Raise in another event loop than the one where tasks run.

        Raises
        ------
        ConfigError
            With what to do.
        """
        if self._loop is not None and asyncio._get_running_loop() is not self._loop:
            raise ConfigError(
                "this executor was entered in another event loop; use it there (from a thread: "
                "asyncio.run_coroutine_threadsafe), or make one for each loop"
            )

    async def start(self) -> None:
        """Allow tasks."""
        self._threads = anyio.CapacityLimiter(THREADS)
        self._entered_by = anyio.get_current_task().id
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # trio
            self.clock = anyio.current_time
            group = anyio.create_task_group()
            self._group = await group.__aenter__()
            return
        self.clock = self._loop.time  # the same seconds, without asking each time whose loop it is
        ready = asyncio.Event()
        self._home = self._loop.create_task(self._keep_group(ready))
        await ready.wait()

    async def _keep_group(self, ready: asyncio.Event) -> None:
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                ready.set()
                await anyio.sleep_forever()
        finally:
            self._group = None

    async def end(self) -> None:
        """Cancel what is left, and wait for it.

        Raises
        ------
        ConfigError
            On trio, in another task than the one that started it.
        """
        group, home = self._group, self._home
        if home is not None:
            if group is not None:
                group.cancel_scope.cancel()
            self._home = None
            await home
            return
        assert group is not None
        if anyio.get_current_task().id != self._entered_by:
            raise ConfigError(
                "on trio an executor is left in the task that entered it: use `async with` in one function"
            )
        group.cancel_scope.cancel()
        try:
            await group.__aexit__(None, None, None)
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
