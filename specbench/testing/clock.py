"""A virtual clock for async code: time jumps when everybody waits, so tests of seconds take milliseconds.

The same test runs on both backends of anyio, on trio's ``MockClock`` and on an asyncio loop that jumps likewise.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import anyio

__all__ = ["BACKENDS", "VirtualLoop", "run_virtual"]

BACKENDS = ("trio", "asyncio")
Value = TypeVar("Value")


_COARSE_S = 1e6
"""From here on the clock's last digit is coarser than asyncio's idea of it; waiting for threads leads there."""


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.next_s: Callable[[], float] = lambda: 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout and self.next_s() == math.inf:  # all sleep for ever: only a thread can go on
            timeout = None
        found = super().select(None if timeout is None else 0)
        if not found and timeout is not None and timeout > 0:
            self.now_s += timeout
            if self.now_s > _COARSE_S:  # asyncio lets a timer wait whose time has come to the very digit
                self.now_s = math.nextafter(self.now_s, math.inf)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time. What runs in threads is not waited for while a timer is pending."""

    def __init__(self) -> None:
        self._clock = _Jumping()
        super().__init__(self._clock)
        self._clock.next_s = lambda: self._scheduled[0].when() if self._scheduled else 0.0  # type: ignore[attr-defined]

    def time(self) -> float:
        """Return the virtual seconds."""
        return self._clock.now_s

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for threads as long as they take: they know nothing of the virtual seconds of ``timeout``."""
        await super().shutdown_default_executor()


def run_virtual(action: Callable[..., Awaitable[Value]], *arguments: Any, backend: str = "trio") -> Value:
    """Run an async function on virtual time and return its value.

    Parameters
    ----------
    action, arguments
        The coroutine function and what it takes.
    backend
        ``trio`` or ``asyncio``.

    Examples
    --------
    >>> async def wait_an_hour():
    ...     await anyio.sleep(3600)
    ...     return anyio.current_time()
    >>> round(run_virtual(wait_an_hour, backend="asyncio"))
    3600
    """

    def run() -> Value:
        if backend != "trio":
            return anyio.run(action, *arguments, backend=backend, backend_options={"loop_factory": VirtualLoop})
        import trio.testing

        # Not through anyio: its older versions do not hand the clock on.
        return trio.run(partial(action, *arguments), clock=trio.testing.MockClock(autojump_threshold=0))

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run()
    with ThreadPoolExecutor(1) as pool:  # in Jupyter: this thread has a loop that runs
        return pool.submit(run).result()
