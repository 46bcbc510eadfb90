"""A backend that says what it was told to: for tests, and for timing without a model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio

from specbench.core.errors import ConfigError
from specbench.core.types import Message
from specbench.llm.backends.text_writer import Piece, TextBackend, Writer
from specbench.llm.base import LLMError, Request, StopReason
from specbench.llm.llama3_format import PYTHON_TAG, message_text

__all__ = ["ScriptedBackend"]

Line = Message | str
Script = Iterable[Line] | Callable[[Request], Line]

TOKEN_CHARS = 4
"""Characters of a scripted token."""


class ScriptedBackend(TextBackend):
    """Writes prepared messages, token by token, at a fixed speed.

    Parameters
    ----------
    script
        The messages in order, or a function of the request. A text is taken apart like the output of a model; a message
        is written out in Llama-3 JSON first.
    prefill_s
        Seconds to the first token.
    token_s
        Seconds for each further token; a token is four characters.

    Examples
    --------
    >>> end = anyio.run(ScriptedBackend(["Hello there."]).complete, Request([Message("user", "hi")]))
    >>> end.text, end.reason, end.usage.completion_tok
    ('Hello there.', 'stop', 3)
    """

    name = "scripted"

    def __init__(self, script: Script, *, prefill_s: float = 0.0, token_s: float = 0.0) -> None:
        super().__init__()
        if prefill_s < 0 or token_s < 0:
            raise ConfigError(f"prefill_s is {prefill_s} and token_s {token_s}; both must be 0 or more")
        self._function = script if callable(script) else None
        self._lines = iter(()) if callable(script) else iter(script)
        self.prefill_s, self.token_s = prefill_s, token_s

    def _open(self, request: Request) -> AbstractAsyncContextManager[Writer]:
        line = self._function(request) if self._function is not None else next(self._lines, None)
        if line is None:
            raise LLMError("the script is over; give the scripted backend one message for each invocation")
        return self._writer(line if isinstance(line, str) else _written(line, request), request)

    @asynccontextmanager
    async def _writer(self, text: str, request: Request) -> AsyncIterator[Writer]:
        yield _Script(text, request, self.prefill_s, self.token_s)


def _written(message: Message, request: Request) -> str:
    """What a model would write; calls to tools that are not on offer need a mark to be calls."""
    text = message_text(message)
    unknown = any(call.name not in request.tools for call in message.tool_calls)
    return PYTHON_TAG + text if unknown and not message.content.strip() else text


class _Script:
    """Writes one text."""

    def __init__(self, text: str, request: Request, prefill_s: float, token_s: float) -> None:
        self.prompt_tok = sum(len(message_text(message)) for message in request.messages) // TOKEN_CHARS
        self.reason: StopReason = "stop"
        self._pieces = [text[at : at + TOKEN_CHARS] for at in range(0, len(text), TOKEN_CHARS)]
        self._max_tok, self._prefill_s, self._token_s = request.max_tok, prefill_s, token_s
        self._tok = 0

    async def next(self) -> Piece | None:
        """Wait, and write the next four characters."""
        if self._tok == len(self._pieces):
            return None
        if self._tok == self._max_tok:
            self.reason = "length"
            return None
        await anyio.sleep(self._token_s if self._tok else self._prefill_s)
        self._tok += 1
        return Piece(self._pieces[self._tok - 1], self._tok)
