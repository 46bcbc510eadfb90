"""One LLM invocation of a live session, and how it is thought: plain, streamed, real or run ahead."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import anyio

from specbench.core.types import DecisionPoint, Prediction
from specbench.runtime.results import Decided, Partial
from specbench.runtime.streaming import AnswerStream
from specbench.speculation import Launch

__all__ = ["Step", "Think", "takes_point", "think"]

Think: TypeAlias = Callable[..., Any]
"""``think()`` or ``think(point)``: a coroutine function, or an async generator function of :class:`Partial`s that ends
with a :class:`Decided`."""

_FUNCTIONS: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
_METHODS: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""What is known to take the decision point; weakly, as a closure may hold a whole model."""


class Step:
    """One LLM invocation: the current one (depth 0), or one that is run ahead on the result of ``parent``."""

    def __init__(
        self, point: DecisionPoint, number: int, think: Think, began_s: float, depth: int, parent: Launch | None
    ) -> None:
        self.point, self.number, self.think = point, number, think
        self.began_s, self.depth, self.level, self.parent = began_s, depth, depth, parent
        self.p = parent.p if parent is not None else 1.0
        self.thinking_s: float | None = None
        self.thought_s: float | None = None
        self.decided_s: float | None = None
        self.ended_s: float | None = None
        self.predict_s = self.waited_s = self.beside_s = 0.0
        self.asked_s: float | None = None
        self.predictions: list[Prediction] | None = None
        self.best: Launch | None = None
        self.child: Step | None = None
        self.chained = self.dropped = self.settled = self.hit = False
        self.reason = "the prediction came after the decision"
        self.scope: anyio.CancelScope | None = None
        self.predicting: list[anyio.CancelScope] = []
        self.done: anyio.Event | None = None
        self.slot: anyio.Event | None = None
        self.decided: Decided | None = None
        self.error: Exception | None = None
        self.text: list[str] = []
        self.shown = 0
        self.answer: AnswerStream | None = None

    def stop_thinking(self) -> None:
        """The LLM need not go on."""
        if self.scope is not None:
            self.scope.cancel()

    def stop_predicting(self) -> None:
        """Nobody waits for predictions any more."""
        for scope in self.predicting:
            scope.cancel()


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


async def think(step: Step, hear: Callable[[Step, Partial], None]) -> Decided:
    """Ask the LLM; ``hear`` is told every part of a streamed decision.

    Raises
    ------
    ConfigError
        When ``think`` returns what is no decision.
    """
    thinking = step.think(step.point) if takes_point(step.think) else step.think()
    if not hasattr(thinking, "__aiter__"):
        return Decided.of(await thinking if isinstance(thinking, Awaitable) else thinking)
    last: Any = None
    async for part in thinking:
        if isinstance(part, Partial):
            if part.text:
                step.text.append(part.text)
            hear(step, part)
        else:
            last = part
    decided = Decided.of(last)
    return decided if decided.text or not step.text else Decided(decided.calls, "".join(step.text), decided.used_tok)
