"""What nobody has asked for stays where it is: whatever a guess, a predictor or a rule raises ends nothing else."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from threading import current_thread, main_thread
from typing import Any, TypeVar

import anyio

from specbench.core.errors import ends_program, in_words

__all__ = ["Escaped", "contained", "contained_call", "first_of"]

Value = TypeVar("Value")


class Escaped(Exception):
    """Unasked-for work ended by what is no ordinary error, such as ``sys.exit``. A real call finds out for itself."""


async def contained(run: Awaitable[Value], *, in_thread: bool = False) -> Value:
    """Wait for work that nobody has asked for; whatever goes wrong in it comes out as an :class:`Exception`.

    Its own cancellation goes through. So do ``KeyboardInterrupt`` and ``SystemExit`` of work in the event loop: they
    may be the program's own, from a signal.

    Parameters
    ----------
    run
        The work.
    in_thread
        Whether it runs in a thread of its own, where no signal arrives.

    Raises
    ------
    Escaped
        For what would otherwise end tasks that have nothing to do with it.
    Exception
        Whatever else the work raises.
    """
    try:
        return await run
    except Exception:
        raise
    except BaseException as error:
        cancelled = isinstance(error, anyio.get_cancelled_exc_class())
        if cancelled and anyio.current_effective_deadline() == -math.inf:  # it is this very run that is cancelled
            raise
        if ends_program(error) and not in_thread:
            raise
        why = "what it waited for was cancelled" if cancelled else f"it ended by {in_words(error)}"
        raise Escaped(why) from None


def first_of(group: BaseExceptionGroup[Any]) -> BaseException:
    """Return the first exception in a group, however deep."""
    error = group.exceptions[0]
    return first_of(error) if isinstance(error, BaseExceptionGroup) else error


def contained_call(function: Callable[..., Value], *arguments: Any) -> Value:
    """Call a plain function that nobody has asked for; see :func:`contained`.

    Raises
    ------
    Escaped
        For what would otherwise end tasks that have nothing to do with it.
    Exception
        Whatever else it raises.

    Examples
    --------
    >>> def rust():
    ...     raise GeneratorExit("panic")
    >>> contained_call(rust)
    Traceback (most recent call last):
    ...
    specbench.runtime.containment.Escaped: it ended by GeneratorExit: panic
    """
    try:
        return function(*arguments)
    except Exception:
        raise
    except BaseException as error:
        if ends_program(error) and current_thread() is main_thread():
            raise
        raise Escaped(f"it ended by {in_words(error)}") from None
