"""A backend over HTTP: any server with the OpenAI chat interface (vLLM, llama.cpp, Ollama, transformers serve, …)."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
from anyio.lowlevel import RunVar

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.text import writable
from specbench.core.types import Message
from specbench.llm.backends.openai_address import Address, hidden, keep_from_logs
from specbench.llm.backends.openai_stream import ChunkReader
from specbench.llm.base import Backend, Event, EventStream, LLMError, Request, Usage, check_choice
from specbench.llm.chat_format import answered, chat_messages, chat_tools

__all__ = ["OpenAIBackend"]

RETRIED = (429, 500, 502, 503, 529)
"""Answers of a server that did not take the request: asking again costs nothing twice."""
_LONGEST_END_S = 5.0
"""Longest wait for what may follow a message that has ended, such as its usage."""


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
        the key, and a query (``?api-version=…``) with every request; neither is shown or logged.
    api_key
        ``OPENAI_API_KEY`` when not given. Servers of one's own (a ``base_url``) need none. It is never shown or logged.
    timeout_s
        Longest wait for a connection, and between two pieces of the answer; what a server sends to keep the line open
        is no piece.
    deadline_s
        Longest time for a whole invocation.
    retries, pause_s
        Most repetitions, and the pause before the first of them; a server's ``Retry-After`` counts instead, up to a
        minute.
    extra
        Further fields of every request, such as ``{"max_completion_tokens": 2000, "reasoning_effort": "low"}``. They
        stand above the backend's own; ``None`` takes one out. (A server that wants ``max_completion_tokens`` in place
        of ``max_tokens`` and says so is understood without.)

    Raises
    ------
    ConfigError
        When there is neither a key nor a base URL, or one of the arguments cannot be.
    """

    def __init__(
        self,
        model: str = "",
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        deadline_s: float = 600.0,
        retries: int = 2,
        pause_s: float = 0.5,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        with named_extras():
            import openai
        if not model:
            raise ConfigError("the model on the server has no name; write openai:MODEL@URL, with a MODEL that it has")
        if not (timeout_s > 0 and deadline_s > 0):
            raise ConfigError(f"timeout_s is {timeout_s} and deadline_s {deadline_s}; both are more than 0 seconds")
        fixed = {"model", "messages", "stream", "tools"} & set(extra or {})
        if fixed:
            raise ConfigError(f"extra has {', '.join(sorted(fixed))}, which the backend itself sends; leave that out")
        base_url = base_url or os.environ.get("OPENAI_BASE_URL")
        key = api_key or os.environ.get("OPENAI_API_KEY") or ("none" if base_url else None)
        if key is None:
            raise ConfigError("no server is known: set OPENAI_BASE_URL to yours, or OPENAI_API_KEY for the hosted one")
        address = Address.of(base_url)
        self.name = f"openai:{model}"
        self.timeout_s, self.deadline_s = timeout_s, deadline_s
        self._model, self._retries, self._pause_s = model, retries, pause_s
        self._extra = dict(extra or {})
        self._limit_field = "max_tokens"
        self._secrets = (*address.secrets, *([key] if key != "none" else []))
        keep_from_logs(self._secrets)
        self._make: Callable[[], Any] = partial(
            openai.AsyncOpenAI,
            api_key=key,
            base_url=address.url,
            default_headers=address.headers,
            default_query=address.query,
            timeout=timeout_s,
            max_retries=0,
        )
        self._where = address.url or "https://api.openai.com/v1"
        self._open: RunVar[tuple[Any, AsyncGenerator[Any, None]] | None] = RunVar("openai_client", None)

    @classmethod
    def from_argument(cls, argument: str, **options: Any) -> OpenAIBackend:
        """Read ``MODEL`` or ``MODEL@URL``."""
        model, at, url = argument.partition("@")
        if at and not url:
            raise ConfigError(f"nothing stands behind the @ of openai:{argument}; write openai:MODEL@URL, or none")
        return cls(model, base_url=url or None, **options)

    def stream(self, request: Request) -> AbstractAsyncContextManager[EventStream]:
        """Run the model on a request; see :mod:`specbench.llm.base`."""
        return self._stream(request)

    async def warm_up(self) -> None:
        """Connect, and let the server load its model: a request for one token. What is wrong the next one tells."""
        with suppress(LLMError):
            await self.complete(Request([Message("user", "Hello")], max_tok=1))

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[EventStream]:
        started_s = anyio.current_time()
        response = await self._begin(request, started_s + self.deadline_s)
        events = _Events(self, response, request, started_s)
        try:
            yield events
        finally:
            self.usage.add(events.usage())
            with anyio.CancelScope(shield=True), anyio.move_on_after(_LONGEST_END_S):
                await response.close()

    def _body(self, request: Request) -> dict[str, Any]:
        """The request without its messages."""
        body: dict[str, Any] = {
            self._limit_field: request.max_tok,
            "temperature": request.temperature,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            body["tools"] = chat_tools(request.tools)
        if request.tool_choice == "required":
            body["tool_choice"] = "required"
        elif request.tool_choice is not None:
            body["tool_choice"] = {"type": "function", "function": {"name": request.tool_choice}}
        if request.temperature > 0:
            body["seed"] = request.seed
        if request.stop:
            body["stop"] = list(request.stop)
        more = {**self._extra, **request.extra}
        if "max_completion_tokens" in more:
            del body[self._limit_field]
        return {key: value for key, value in {**body, **more}.items() if value is not None}

    async def _begin(self, request: Request, until_s: float) -> Any:
        """Send the request, again where that is safe; return the stream of chunks."""
        messages = _sendable(chat_messages(answered(request.messages), arguments_as_text=True))
        client = await self._client()
        pause_s, left = self._pause_s, self._retries
        while True:
            body = _sendable(self._body(request))
            try:
                with anyio.move_on_after(until_s - anyio.current_time()):
                    return await client.chat.completions.create(
                        model=self._model, messages=messages, stream=True, extra_body=body
                    )
                raise self.overdue()
            except Exception as error:
                if self._limit_field in body and self._wants_other_limit(error):
                    self._limit_field = "max_completion_tokens"
                    continue
                wait_s = self._wait_s(error, pause_s)
                if left == 0 or wait_s is None:
                    raise self.told(error) from None
            await anyio.sleep(wait_s)
            pause_s, left = 2 * pause_s, left - 1

    def _wants_other_limit(self, error: Exception) -> bool:
        import openai

        known = self._limit_field == "max_tokens" and isinstance(error, openai.BadRequestError)
        return known and "max_completion_tokens" in str(error)

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

    def silent(self) -> LLMError:
        """The server has sent no piece for too long."""
        return LLMError(f"{self._where} was silent for {self.timeout_s:g} s; is the model loaded? Raise timeout_s")

    def overdue(self) -> LLMError:
        """The whole invocation took too long."""
        return LLMError(f"{self._where} did not end its answer within {self.deadline_s:g} s; raise deadline_s")

    def told(self, error: Exception) -> Exception:
        """The error as one of ours, without the key in it; errors that are no matter of the server stay as they are."""
        import openai

        text = hidden(str(error), self._secrets)[:200]
        if isinstance(error, LLMError):
            return LLMError(f"{self._where}: {text}") if text.startswith("the server") else error
        if isinstance(error, openai.APITimeoutError):
            return self.silent()
        if isinstance(error, openai.APIConnectionError):
            cause = type(error.__cause__ or error).__name__
            return LLMError(f"{self._where} broke the connection or refused it ({cause}); is the server running?")
        if isinstance(error, openai.AuthenticationError):
            return LLMError(f"{self._where} does not accept the key (status 401); set OPENAI_API_KEY")
        if isinstance(error, openai.APIStatusError):
            hint = {429: "wait, or ask for a higher limit", 404: "are the model's name and the base URL right?"}
            told = hint.get(error.status_code, "see the server's log; extra={…} sends other fields, or leaves some out")
            return LLMError(f"{self._where} answered with status {error.status_code}: {text}; {told}")
        if type(error) is openai.APIError:
            return LLMError(
                f"{self._where} reported an error in the middle of its answer: {text}; see the server's log"
            )
        if isinstance(error, (openai.OpenAIError, ValueError, TypeError, AttributeError)):
            return LLMError(f"{self._where} does not speak the OpenAI chat interface ({text}); is the base URL right?")
        return error


def _sendable(value: Any) -> Any:
    """A JSON value whose texts UTF-8 can hold."""
    if isinstance(value, Mapping):
        return {writable(key): _sendable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sendable(each) for each in value]
    return writable(value)


class _Events(EventStream):
    """The events of one invocation."""

    def __init__(self, backend: OpenAIBackend, response: Any, request: Request, started_s: float) -> None:
        self._backend, self._response, self._request = backend, response, request
        self._chunks: AsyncIterator[Any] | None = None
        self._reader = ChunkReader(request.tools)
        self._ready: deque[Event] = deque()
        self._started_s, self._last_s = started_s, started_s
        self._first_s: float | None = None
        self._over = False

    def usage(self) -> Usage:
        """What it has cost so far; without the server's own count, a chunk counts as a token."""
        first_s = self._first_s if self._first_s is not None else self._last_s
        return self._reader.usage(first_s - self._started_s, self._last_s - first_s, over=self._over)

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            try:
                chunk = await self._next()
                if chunk is None:
                    self._end()
                else:
                    self._ready.extend(self._reader.read(chunk))
                    if self._first_s is None and self._reader.tok:
                        self._first_s = self._last_s
            except Exception as error:
                raise self._backend.told(error) from None
        return self._ready.popleft()

    async def _next(self) -> Any:
        """The next chunk; ``None`` at the end."""
        wait_s, left_s = self._backend.timeout_s, self._started_s + self._backend.deadline_s - anyio.current_time()
        ended = self._reader.finished is not None
        with anyio.move_on_after(min(left_s, _LONGEST_END_S if ended else wait_s)):
            if self._chunks is None:
                whole = await self._whole()
                self._chunks = aiter(self._response) if whole is None else _once(whole)
            chunk = await anext(self._chunks, None)
            self._last_s = anyio.current_time()
            return chunk
        if ended:
            return None
        raise self._backend.silent() if wait_s < left_s else self._backend.overdue()

    async def _whole(self) -> Any:
        """The answer of a server that does not stream; ``None`` where it does."""
        response = self._response.response
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("application/json", "text/html"):
            return None
        body = (await response.aread()).decode("utf-8", "replace")
        if kind == "text/html":
            raise ValueError(f"the answer is a web page: {body[:60]!r}")
        return json.loads(body)

    def _end(self) -> None:
        if self._reader.finished is None:
            raise LLMError(
                f"{self._backend.name} stopped in the middle: {self._reader.tok} pieces came, and no finish_reason; "
                "the message is not used. See the server's log"
            )
        rest, end = self._reader.close()
        check_choice(self._request, end.calls, self._backend.name)
        self._over = True
        self._ready.extend([*rest, replace(end, usage=self.usage())])


async def _once(value: Any) -> AsyncIterator[Any]:
    yield value
