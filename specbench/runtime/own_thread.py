"""An executor in a thread of its own, for programs that are not asynchronous."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from specbench.core.errors import ConfigError

__all__ = ["OwnThread"]

T = TypeVar("T")


class OwnThread(AbstractAsyncContextManager[Any, bool | None]):
    """The part of an :class:`~specbench.runtime.Executor` by which blocking code uses it: ``with``, not ``async with``.

    An event loop runs in a thread of its own for as long as the block lasts; :meth:`call` waits for what runs there.

    Examples
    --------
    >>> from specbench.runtime import Executor
    >>> from specbench.core.types import DecisionPoint
    >>> with Executor([]) as executor:
    ...     executor.call(executor.run_step, DecisionPoint("t", 0, ()), lambda: "Hello.").decided.text
    'Hello.'
    """

    _portal: BlockingPortal | None = None
    _block: ExitStack | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self))
            self._portal, self._block = portal, stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        block, self._portal, self._block = self._block, None, None
        return block.__exit__(kind, error, trace) if block is not None else None

    def call(self, function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Run an asynchronous function in the executor's thread, wait, and return what it returns.

        Parameters
        ----------
        function, arguments
            Such as ``executor.run_step``, or an agent's ``ainvoke``.

        Raises
        ------
        ConfigError
            Outside ``with executor:``.
        Exception
            Whatever the function raises.
        """
        if self._portal is None:
            raise ConfigError(
                "the executor has no thread of its own, or none any more, and blocking code needs one; use "
                "`with executor:` around all that runs, or `async with executor:` and the asynchronous functions "
                "(`ainvoke`, `astream`)"
            )
        return self._portal.call(function, *arguments)
