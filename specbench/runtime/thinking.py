"""An LLM invocation at work: plain or streamed, real or run ahead."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import anyio

from specbench.core.types import DecisionPoint
from specbench.runtime.copies import own_call
from specbench.runtime.results import Decided, Partial

__all__ = ["Think", "Thinking", "takes_point"]

Think: TypeAlias = Callable[..., Any]
"""``think()`` or ``think(point)``: a coroutine function, or an async generator function of :class:`Partial`s that ends
with a :class:`Decided`."""

_FUNCTIONS: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
_METHODS: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""What is known to take the decision point; weakly, as a closure may hold a whole model."""


class Thinking:
    """An LLM invocation at work: what its :class:`~specbench.speculation.step.Step` does not know of it.

    Parameters
    ----------
    think
        Decides.
    point
        Where it thinks.
    """

    __slots__ = ("decided", "done", "error", "point", "predicting", "scope", "shown", "text", "think")

    def __init__(self, think: Think, point: DecisionPoint) -> None:
        self.think, self.point = think, point
        self.scope: anyio.CancelScope | None = None
        self.predicting: list[anyio.CancelScope] = []
        self.done: anyio.Event | None = None
        self.decided: Decided | None = None
        self.error: Exception | None = None
        self.text: list[str] = []
        self.shown = 0

    def stop(self) -> None:
        """The LLM need not go on."""
        if self.scope is not None:
            self.scope.cancel()

    def stop_predicting(self) -> None:
        """Nobody waits for predictions any more."""
        for scope in self.predicting:
            scope.cancel()

    def outcome(self) -> tuple[Decided, bool]:
        """Return the decision, and whether it was interrupted: what has been written then stands."""
        return (self.decided, False) if self.decided is not None else (Decided(text="".join(self.text)), True)

    async def decide(self, on_part: Callable[[Partial], None]) -> None:
        """Ask the LLM; ``on_part`` is told every part of a streamed decision.

        Raises
        ------
        ConfigError
            When ``think`` returns what is no decision.
        """
        thinking = self.think(self.point) if takes_point(self.think) else self.think()
        if not hasattr(thinking, "__aiter__"):
            self.decided = _own(Decided.of(await thinking if isinstance(thinking, Awaitable) else thinking))
            return
        last: Any = None
        async for part in thinking:
            if isinstance(part, Partial):
                if part.text:
                    self.text.append(part.text)
                on_part(part)
            else:
                last = part
        decided = _own(Decided.of(last))
        whole = decided.text or not self.text
        self.decided = decided if whole else Decided(decided.calls, "".join(self.text), decided.used_tok)


def _own(decided: Decided) -> Decided:
    """Return a decision with calls of its own: what decided may go on to use its objects for something else."""
    return Decided(tuple(map(own_call, decided.calls)), decided.text, decided.used_tok) if decided.calls else decided


def takes_point(think: Think) -> bool:
    """Whether ``think`` wants the decision point. Only then can the next invocation be run ahead.

    Examples
    --------
    >>> takes_point(lambda: None), takes_point(lambda point: None)
    (False, True)
    """
    function = getattr(think, "__func__", think)  # a bound method is a new object each time that it is asked for
    known = _FUNCTIONS if function is think else _METHODS
    try:
        if function not in known:
            known[function] = _takes_point(think)
        return known[function]
    except TypeError:  # it has no hash, or nothing weak can point at it
        return _takes_point(think)


def _takes_point(think: Think) -> bool:
    try:
        parameters = inspect.signature(think).parameters.values()
    except (TypeError, ValueError):
        return False
    places = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return any(each.kind in places for each in parameters)
