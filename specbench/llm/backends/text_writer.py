"""What backends that write text have in common: a writer gives pieces of text, the stream turns them into events."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple, Protocol, TypeAlias

import anyio

from specbench.core.types import ToolCall
from specbench.llm.base import Backend, End, Event, EventStream, LLMError, Request, StopReason, Usage, check_choice
from specbench.llm.parsing import StreamParser, beginning

__all__ = ["Piece", "TextBackend", "Writer"]


Accept: TypeAlias = Callable[[Request, str, Sequence[ToolCall]], None]


class Piece(NamedTuple):
    """A piece of text; ``tok`` tokens are written with it."""

    text: str
    tok: int


class Writer(Protocol):
    """One invocation of a model, token by token."""

    prompt_tok: int
    reason: StopReason

    async def next(self) -> Piece | None:
        """Write the next token; ``None`` when the message is over, and ``reason`` says why."""
        ...


class TextBackend(Backend):
    """A backend that writes text; subclasses open writers."""

    @abstractmethod
    def _open(self, request: Request) -> AbstractAsyncContextManager[Writer]:
        """Begin an invocation."""

    def _accept(self, request: Request, text: str, calls: Sequence[ToolCall]) -> None:
        """Raise where the whole message is none that can be used; nothing of it has run yet."""
        check_choice(request, calls, self.name)

    def stream(self, request: Request) -> AbstractAsyncContextManager[EventStream]:
        """Run the model on a request; see :mod:`specbench.llm.base`."""
        return self._stream(request)

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[EventStream]:
        if request.extra:
            raise LLMError(
                f"{self.name} is no server: it has no use for {', '.join(request.extra)}; leave these options out"
            )
        started_s = anyio.current_time()
        async with self._open(request) as writer:
            events = _Events(writer, request, started_s, self._accept)
            try:
                yield events
            finally:
                self.usage.add(events.usage())


class _Events(EventStream):
    """The events of one invocation."""

    def __init__(self, writer: Writer, request: Request, started_s: float, accept: Accept) -> None:
        self._writer, self._request, self._accept = writer, request, accept
        self._kept = ""
        self._parser = StreamParser(request.tools)
        self._ready: deque[Event] = deque()
        self._started_s = started_s
        self._first_s: float | None = None
        self._last_s = started_s
        self._tok = 0
        self._over = False

    def usage(self) -> Usage:
        """What it has cost so far."""
        first_s = self._first_s if self._first_s is not None else self._last_s
        return Usage(
            prompt_tok=self._writer.prompt_tok,
            completion_tok=self._tok,
            prefill_s=first_s - self._started_s,
            decode_s=self._last_s - first_s,
            cancelled=not self._over,
        )

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            await self._write()
        return self._ready.popleft()

    async def _write(self) -> None:
        try:
            piece = await self._writer.next()
        finally:
            self._last_s = anyio.current_time()
        if piece is not None:
            if self._first_s is None:
                self._first_s = self._last_s
            self._tok = piece.tok
            if not self._reads_stop(piece.text):
                return
        self._ready.extend(self._parser.feed(self._kept, self._tok))
        rest, parsed = self._parser.close(self._tok)
        self._accept(self._request, parsed.text, parsed.calls)
        self._over = True
        self._ready.extend(rest)
        self._ready.append(End(parsed.text, parsed.calls, self._writer.reason, self.usage()))

    def _reads_stop(self, text: str) -> bool:
        """Read a piece; whether the message ends in it, by one of the request's ``stop`` texts."""
        self._kept += text
        stops = [each for each in self._request.stop if each]
        ends = [at for at in (self._kept.find(each) for each in stops) if at >= 0]
        if ends:
            self._kept = self._kept[: min(ends)]
            return True
        sure = len(self._kept) - (beginning(self._kept, 0, stops) if stops else 0)
        self._ready.extend(self._parser.feed(self._kept[:sure], self._tok))
        self._kept = self._kept[sure:]
        return False
