"""A language model as the executor's ``think``: it decides, and what it has written so far starts calls early."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TypeAlias

from specbench.core.types import DecisionPoint
from specbench.llm.base import ArgumentDone, Backend, CallStarted, End, Event, Request, TextDelta, Usage
from specbench.llm.chat_format import with_ids
from specbench.runtime import Decided, Partial

__all__ = ["ThinkPoint", "decided_of", "part_of", "thinking"]

ThinkPoint: TypeAlias = Callable[[DecisionPoint], AsyncIterator[Partial | Decided]]


def thinking(
    backend: Backend,
    *,
    max_tok: int = 512,
    early: bool = True,
    told: Callable[[DecisionPoint, Usage], None] | None = None,
) -> ThinkPoint:
    """Return a ``think`` function that asks a backend.

    Keep it for all steps of a run: an invocation can be run ahead only while it is the same function.

    Parameters
    ----------
    backend
        The model.
    max_tok
        Longest message.
    early
        Tell the executor the tool and the arguments as soon as they are written, so that it starts or drops calls
        before the decision is complete.
    told
        Told what each invocation cost, when it has ended or was stopped.

    Examples
    --------
    >>> import anyio
    >>> from specbench.llm.backends.scripted import ScriptedBackend
    >>> from specbench.core.types import Message
    >>> async def main():
    ...     think = thinking(ScriptedBackend(["Hello."]))
    ...     return [part async for part in think(DecisionPoint("t", 0, (Message("user", "hi"),)))][-1]
    >>> anyio.run(main).text
    'Hello.'
    """

    async def think(point: DecisionPoint) -> AsyncIterator[Partial | Decided]:
        async with backend.stream(Request(point.messages, point.tools, max_tok=max_tok)) as events:
            first: Partial | None = None
            try:
                async for event in events:
                    if isinstance(event, End):
                        yield decided_of(event, point)
                        return
                    part = part_of(event, first) if early or isinstance(event, TextDelta) else None
                    if part is not None:
                        first = part if part.tool is not None else first
                        yield part
            finally:
                if told is not None:
                    told(point, events.usage())

    return think


def part_of(event: Event, first: Partial | None) -> Partial | None:
    """What an event tells of the first call, or of the text."""
    if isinstance(event, TextDelta):
        return Partial(text=event.text)
    if isinstance(event, CallStarted) and event.index == 0:
        return Partial(tool=event.name)
    if isinstance(event, ArgumentDone) and event.index == 0 and first is not None:
        return replace(first, arguments={**first.arguments, event.parameter: event.value})
    return None


def decided_of(end: End, point: DecisionPoint) -> Decided:
    """The decision; each call has an id that is new in this conversation."""
    return Decided(with_ids(end.calls, point.messages), end.text, float(end.usage.completion_tok))
