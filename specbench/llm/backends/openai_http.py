"""A backend over HTTP: any server with the OpenAI chat interface (vLLM, llama.cpp, Ollama, transformers serve, …)."""

from __future__ import annotations

import os
from base64 import b64encode
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import anyio
from anyio.lowlevel import RunVar

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.llm.backends.openai_deltas import CallDeltas
from specbench.llm.base import Backend, End, Event, EventStream, LLMError, Request, StopReason, TextDelta, Usage
from specbench.llm.chat_format import chat_messages, chat_tools
from specbench.llm.parsing import StreamParser

__all__ = ["OpenAIBackend"]

RETRIED = (429, 500, 502, 503, 529)
"""Answers of a server that did not take the request: asking again costs nothing twice."""


class OpenAIBackend(Backend):
    """Talks to a server.

    A request is repeated, after a pause that doubles, only where it was not taken: no connection, or one of the
    statuses in :data:`RETRIED` before the stream began. What timed out or broke off in the middle may have been
    charged, and is not repeated.

    Connections belong to the event loop that made them, and are closed with it or by :meth:`aclose`: one backend serves
    any number of loops, one after the other or at once.

    Parameters
    ----------
    model
        The model's name on the server.
    base_url
        ``http://localhost:8000/v1``; ``OPENAI_BASE_URL`` when not given. A user and password in it are sent in place of
        the key, and never shown or logged.
    api_key
        ``OPENAI_API_KEY`` when not given. Servers of one's own (a ``base_url``) need none. It is never shown or logged.
    timeout_s
        Longest wait for a connection, and between two pieces of the stream.
    retries, pause_s
        Most repetitions, and the pause before the first of them; a server's ``Retry-After`` counts instead, up to a
        minute.

    Raises
    ------
    ConfigError
        When there is neither a key nor a base URL.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        retries: int = 2,
        pause_s: float = 0.5,
    ) -> None:
        super().__init__()
        with named_extras():
            import openai
        base_url = base_url or os.environ.get("OPENAI_BASE_URL")
        key = api_key or os.environ.get("OPENAI_API_KEY") or ("none" if base_url else None)
        if key is None:
            raise ConfigError("no server is known: set OPENAI_BASE_URL to yours, or OPENAI_API_KEY for the hosted one")
        self.name = f"openai:{model}"
        self._model, self._retries, self._pause_s = model, retries, pause_s
        self._timeout_s = timeout_s
        base_url, headers, self._secrets = _without_user(base_url)
        if key != "none":
            self._secrets.append(key)
        self._make: Callable[[], Any] = partial(
            openai.AsyncOpenAI,
            api_key=key,
            base_url=base_url,
            default_headers=headers,
            timeout=timeout_s,
            max_retries=0,
        )
        self._where = base_url or "https://api.openai.com/v1"
        self._open: RunVar[tuple[Any, AsyncGenerator[Any, None]] | None] = RunVar("openai_client", None)

    @classmethod
    def from_argument(cls, argument: str, **options: Any) -> OpenAIBackend:
        """Read ``MODEL`` or ``MODEL@URL``."""
        model, _, url = argument.partition("@")
        return cls(model, base_url=url or None, **options)

    def stream(self, request: Request) -> AbstractAsyncContextManager[EventStream]:
        """Run the model on a request; see :mod:`specbench.llm.base`."""
        return self._stream(request)

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[EventStream]:
        started_s = anyio.current_time()
        response = await self._begin(request)
        events = _Events(self, response, request, started_s)
        try:
            yield events
        finally:
            self.usage.add(events.usage())
            with anyio.CancelScope(shield=True):
                await response.close()

    async def _begin(self, request: Request) -> Any:
        """Send the request, again where that is safe; return the stream of chunks."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": chat_messages(request.messages, arguments_as_text=True),
            "max_tokens": request.max_tok,
            "temperature": request.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            body["tools"] = chat_tools(request.tools)
        if request.temperature > 0:
            body["seed"] = request.seed
        client = await self._client()
        pause_s = self._pause_s
        for left in range(self._retries, -1, -1):
            try:
                return await client.chat.completions.create(**body)
            except Exception as error:
                wait_s = self._wait_s(error, pause_s)
                if left == 0 or wait_s is None:
                    raise self.told(error) from None
            await anyio.sleep(wait_s)
            pause_s *= 2
        raise AssertionError("the last try returns or raises")

    def _wait_s(self, error: Exception, pause_s: float) -> float | None:
        """Seconds to wait before asking again; ``None`` where that is not safe."""
        import openai

        if isinstance(error, openai.APIStatusError) and error.status_code in RETRIED:
            try:
                return min(60.0, float(error.response.headers.get("retry-after", pause_s)))
            except ValueError:
                return pause_s
        if isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError):
            return pause_s if "Connect" in type(error.__cause__).__name__ else None
        return None

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        kept = self._open.get()
        if kept is not None:
            await kept[1].aclose()

    async def _client(self) -> Any:
        """The client of this event loop; the loop closes it at its end, as it does every open generator."""
        kept = self._open.get()
        if kept is None:
            keeper = self._keep()
            kept = await anext(keeper), keeper
            self._open.set(kept)
        return kept[0]

    async def _keep(self) -> AsyncGenerator[Any, None]:
        client = self._make()
        try:
            yield client
        finally:
            self._open.set(None)
            await client.close()

    def told(self, error: Exception) -> Exception:
        """The error as one of ours, without the key in it; errors that are no matter of the server stay as they are."""
        import openai

        text = str(error)
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        if isinstance(error, openai.APITimeoutError):
            return LLMError(f"{self._where} was silent for {self._timeout_s:g} s; is the model loaded? Raise timeout_s")
        if isinstance(error, openai.APIConnectionError):
            cause = type(error.__cause__ or error).__name__
            return LLMError(f"{self._where} broke the connection or refused it ({cause}); is the server running?")
        if isinstance(error, openai.AuthenticationError):
            return LLMError(f"{self._where} does not accept the key (status 401); set OPENAI_API_KEY")
        if isinstance(error, openai.APIStatusError):
            hint = "wait, or ask for a higher limit" if error.status_code == 429 else "see the server's log"
            return LLMError(f"{self._where} answered with status {error.status_code}: {text[:200]}; {hint}")
        if isinstance(error, (openai.OpenAIError, ValueError, TypeError, AttributeError)):
            return LLMError(
                f"{self._where} does not speak the OpenAI chat interface ({text[:200]}); is the base URL right?"
            )
        return error


def _without_user(url: str | None) -> tuple[str | None, dict[str, str], list[str]]:
    """The URL without user and password, the header that tells the server of them, and what must not be shown."""
    parts = urlsplit(url or "")
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}, []
    name, _, password = user.partition(":")
    told = b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    secrets = [each for each in (password, unquote(password), told) if each]
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {told}"}, secrets


class _Events(EventStream):
    """The events of one invocation."""

    def __init__(self, backend: OpenAIBackend, response: Any, request: Request, started_s: float) -> None:
        self._backend, self._chunks = backend, aiter(response)
        self._text, self._calls = StreamParser(request.tools), CallDeltas()
        self._ready: deque[Event] = deque()
        self._started_s, self._last_s = started_s, started_s
        self._first_s: float | None = None
        self._reason: str | None = None
        self._tok, self._told_tok = 0, (0, 0)
        self._over = False

    def usage(self) -> Usage:
        """What it has cost so far; without the server's own count, a chunk counts as a token."""
        first_s = self._first_s if self._first_s is not None else self._last_s
        return Usage(
            prompt_tok=self._told_tok[0],
            completion_tok=self._told_tok[1] or self._tok,
            prefill_s=first_s - self._started_s,
            decode_s=self._last_s - first_s,
            cancelled=not self._over,
        )

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            try:
                chunk = await anext(self._chunks, None)
                self._last_s = anyio.current_time()
                if chunk is None:
                    self._end()
                else:
                    self._read(chunk)
            except Exception as error:
                raise self._backend.told(error) from None
        return self._ready.popleft()

    def _read(self, chunk: Any) -> None:
        if chunk.usage is not None:
            self._told_tok = (chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0)
        if not chunk.choices:
            return
        choice = chunk.choices[0]
        self._reason = choice.finish_reason or self._reason
        text, calls = choice.delta.content, choice.delta.tool_calls
        if not text and not calls:
            return
        self._tok += 1
        if self._first_s is None:
            self._first_s = self._last_s
        if text:
            self._ready.extend(self._text.feed(text, self._tok))
        for delta in calls or ():
            function = delta.function
            name, arguments = (function.name, function.arguments) if function is not None else (None, None)
            self._ready.extend(self._calls.feed(delta.index, delta.id, name or "", arguments or "", self._tok))

    def _end(self) -> None:
        if self._reason is None:
            raise LLMError(
                f"{self._backend.name} stopped in the middle: {self._tok} pieces came, and no finish_reason; the "
                "message is not used. See the server's log"
            )
        rest, parsed = self._text.close(self._tok)
        self._ready.extend(event for event in rest if isinstance(event, TextDelta))
        reason: StopReason = "length" if self._reason == "length" else "stop"
        calls = self._calls.close() + parsed.calls
        self._over = True
        self._ready.append(End(parsed.text, calls, reason, self.usage()))
