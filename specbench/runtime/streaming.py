"""Streamed answers that may have to be taken back: typed events, and a consumer's text that always ends up right.

An answer may be streamed before it is certain (a run-ahead whose LLM already answers). If it turns out wrong it is
*retracted* and replaced. Whoever follows the events ends with the text of the sequential run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

import anyio

__all__ = ["AnswerEvent", "AnswerStream", "assemble"]


class AnswerEvent(NamedTuple):
    """``kind`` is start, delta, retract or commit; ``text`` that of a delta; ``speculative``: it may be retracted.

    After ``start`` come the deltas of one LLM invocation. ``retract`` takes back everything since its ``start``,
    ``commit`` says that it stands.
    """

    kind: str
    text: str = ""
    speculative: bool = False


class AnswerStream:
    """The answers of a session, for one consumer: ``async for event in stream``.

    Examples
    --------
    >>> async def show():
    ...     stream = AnswerStream()
    ...     stream.start("a", speculative=True)
    ...     stream.delta("a", "Your parcel is lost")
    ...     stream.retract("a")
    ...     stream.start("b")
    ...     stream.delta("b", "Your parcel arrives today.")
    ...     stream.commit("b")
    ...     stream.close()
    ...     return [event async for event in stream]
    >>> assemble(anyio.run(show))
    'Your parcel arrives today.'
    """

    def __init__(self) -> None:
        self._events: deque[AnswerEvent] = deque()
        self._more: anyio.Event | None = None
        self._closed = False
        self._open: object | None = None
        self._speculative = False
        self._stop: Callable[[], None] | None = None

    def start(self, source: object, *, speculative: bool = False) -> bool:
        """Begin the text of ``source``; false when another text is open that must not be cut off."""
        if self._open is source:
            self._speculative = self._speculative and speculative
            return True
        if self._open is not None:
            if speculative or not self._speculative:
                return False
            self.retract(self._open)
        self._open, self._speculative = source, speculative
        self._put(AnswerEvent("start", "", speculative))
        return True

    def delta(self, source: object, text: str) -> None:
        """Add text; nothing happens when ``source`` is not the one that is open."""
        if self._open is source and text:
            self._put(AnswerEvent("delta", text, self._speculative))

    def retract(self, source: object) -> None:
        """Take back the text of ``source``, if it is open."""
        if self._open is source:
            self._open = None
            self._put(AnswerEvent("retract"))

    def commit(self, source: object) -> None:
        """The text of ``source`` stands."""
        if self._open is source:
            self._open = None
            self._put(AnswerEvent("commit"))

    def shows(self, source: object) -> bool:
        """Whether the text of ``source`` is open."""
        return self._open is source

    def on_interrupt(self, stop: Callable[[], None] | None) -> None:
        """Say what an interruption stops; ``None`` when there is nothing to stop."""
        self._stop = stop

    def interrupt(self) -> bool:
        """Stop the answer that is being written: what has been said stands. False when none is being written."""
        if self._stop is None:
            return False
        self._stop()
        return True

    def close(self) -> None:
        """No more events; the consumer's loop ends."""
        self._closed = True
        self._notify()

    async def __aiter__(self) -> AsyncIterator[AnswerEvent]:
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            self._more = anyio.Event()
            await self._more.wait()

    def _put(self, event: AnswerEvent) -> None:
        self._events.append(event)
        self._notify()

    def _notify(self) -> None:
        if self._more is not None:
            self._more.set()
            self._more = None


def assemble(events: Iterable[AnswerEvent]) -> str:
    """Return the text that a consumer of ``events`` shows in the end.

    Examples
    --------
    >>> assemble([AnswerEvent("start"), AnswerEvent("delta", "Hello"), AnswerEvent("commit")])
    'Hello'
    """
    stands, shown = "", ""
    for kind, text, _ in events:
        if kind == "delta":
            shown += text
        elif kind == "commit":
            stands, shown = stands + shown, ""
        else:
            shown = ""
    return stands + shown
