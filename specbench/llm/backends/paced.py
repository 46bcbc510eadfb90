"""Pacing: a fast small model in the time of a slow large one. Labelled in the name, and so wherever a name shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import anyio

from specbench.core.errors import ConfigError
from specbench.llm.base import Backend, End, Event, EventStream, Request, Usage

__all__ = ["PacedBackend"]


class PacedBackend(Backend):
    """Holds a backend's events back to a fixed speed; a backend that is slower stays as slow as it is.

    Parameters
    ----------
    inner
        The backend.
    tokens_per_s
        Speed of decoding.
    prefill_s
        Least seconds to the first token.

    Examples
    --------
    >>> from specbench.llm.backends.scripted import ScriptedBackend
    >>> PacedBackend(ScriptedBackend(["hi"]), tokens_per_s=30).name
    'scripted (paced, 30 tok/s)'
    """

    def __init__(self, inner: Backend, *, tokens_per_s: float, prefill_s: float = 0.0) -> None:
        super().__init__()
        if not tokens_per_s > 0 or prefill_s < 0:
            raise ConfigError(f"a pace of {tokens_per_s} tokens/s after {prefill_s} s is not possible; use --pace 30")
        self._inner = inner
        self.tokens_per_s, self.prefill_s = tokens_per_s, prefill_s
        after = f" after {prefill_s:g} s" if prefill_s else ""
        self.name = f"{inner.name} (paced, {tokens_per_s:g} tok/s{after})"

    def stream(self, request: Request) -> AbstractAsyncContextManager[EventStream]:
        """Run the inner backend; its events come no earlier than the pace allows."""
        return self._stream(request)

    async def warm_up(self) -> None:
        """Warm the inner backend up."""
        await self._inner.warm_up()

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[EventStream]:
        started_s = anyio.current_time()
        async with self._inner.stream(request) as events:
            paced = _Paced(events, self, started_s)
            try:
                yield paced
            finally:
                self.usage.add(paced.usage())

    async def aclose(self) -> None:
        """Close the inner backend."""
        await self._inner.aclose()


class _Paced(EventStream):
    """The events of one invocation, held back."""

    def __init__(self, events: EventStream, pace: PacedBackend, started_s: float) -> None:
        self._events = events
        self._pace = pace
        self._started_s = started_s
        self._first_s: float | None = None
        self._last_s = started_s
        self._tok = 0
        self._over = False

    def usage(self) -> Usage:
        """What the invocation has cost so far, in paced time and in the tokens that were let through."""
        first_s = self._last_s if self._first_s is None else max(self._started_s, self._first_s)
        return Usage(
            prompt_tok=self._events.usage().prompt_tok,
            completion_tok=self._tok,
            prefill_s=first_s - self._started_s,
            decode_s=self._last_s - first_s,
            cancelled=not self._over,
        )

    async def __anext__(self) -> Event:
        event = await anext(self._events)
        tok = event.usage.completion_tok if isinstance(event, End) else event.tok
        decoded_s = max(0, tok - 1) / self._pace.tokens_per_s
        due_s = self._started_s + self._pace.prefill_s + decoded_s
        await anyio.sleep(max(0.0, due_s - anyio.current_time()))
        self._last_s = anyio.current_time()
        self._tok = tok
        if self._first_s is None:
            # The first event may come with a later token than the first: a call is announced with its name.
            self._first_s = self._last_s - decoded_s
        if isinstance(event, End):
            self._over = True
            return replace(event, usage=self.usage())
        return event
