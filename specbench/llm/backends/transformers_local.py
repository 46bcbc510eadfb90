"""A backend on transformers: any chat model with a chat template, on CPU or GPU, whole or quantised."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio.to_thread

from specbench.core.types import ToolCall
from specbench.llm.backends.text_writer import Piece, TextBackend, Writer
from specbench.llm.base import ContextError, Request, StopReason
from specbench.llm.local.chat_template import check_answer, check_tools, prompt_text
from specbench.llm.local.decoder import Decoder, TextAssembler, stop_ids
from specbench.llm.local.loading import LoadedModel, load_model
from specbench.llm.local.memory import Quantisation
from specbench.llm.strict.decoding import StrictDecoding

__all__ = ["TransformersBackend", "prompt_ids"]


def prompt_ids(loaded: LoadedModel, request: Request, *, tools_shown: bool = True) -> list[int]:
    """The prompt of a request in the model's chat format, as token ids.

    Parameters
    ----------
    loaded, request
        The model, and what it is asked.
    tools_shown
        Insist that the model is told of the tools.

    Raises
    ------
    LLMError
        When the chat template refuses it or has no place for its tools, or it fills the model's context.
    """
    if tools_shown:
        check_tools(loaded, request)
    text = prompt_text(loaded, request)
    ids: list[int] = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    context = context_tok(loaded)
    if len(ids) >= context:
        raise ContextError(
            f"the conversation has {len(ids):,} tokens, and the context of {loaded.name} ends at {context:,}; shorten "
            "the conversation, or use a model with a longer context"
        )
    return ids


def context_tok(loaded: LoadedModel) -> int:
    """Tokens that the model's context holds."""
    return int(getattr(loaded.model.config.get_text_config(), "max_position_embeddings", 1 << 30))


class TransformersBackend(TextBackend):
    """Runs a loaded model. Each token is one step in a worker thread: what is cancelled stops after the step it is in.

    Invocations run concurrently, token by token in turns; the model is never run by two at once.

    Parameters
    ----------
    loaded
        See :func:`specbench.llm.local.loading.load_model`.
    strict
        A call that the model has begun can only go on as the tools' schemas allow; see
        :mod:`specbench.llm.strict.decoding`.
    """

    _decides = True
    """What it writes is used; a forced one's is not."""

    def __init__(self, loaded: LoadedModel, *, strict: bool = True) -> None:
        super().__init__()
        self.loaded = loaded
        self._strict = StrictDecoding(loaded) if strict else None
        self.name = loaded.name if strict else f"{loaded.name} (not strict)"
        self._stop = stop_ids(loaded)
        self._lock = threading.Lock()

    @classmethod
    def from_argument(
        cls, argument: str, *, quantisation: Quantisation = "none", random_weights: bool = False, strict: bool = True
    ) -> TransformersBackend:
        """Load the model of a folder or hub id."""
        return cls(load_model(argument, quantisation=quantisation, random_weights=random_weights), strict=strict)

    def _open(self, request: Request) -> AbstractAsyncContextManager[Writer]:
        prompt = prompt_ids(self.loaded, request, tools_shown=self._decides)
        return self._writer(prompt, request, self._forced(prompt, request))

    def _accept(self, request: Request, text: str, calls: Sequence[ToolCall]) -> None:
        super()._accept(request, text, calls)
        if self._decides:
            check_answer(self.loaded, request, text, calls)

    def _forced(self, prompt: list[int], request: Request) -> Sequence[int] | None:
        """Tokens to write, whatever the model would: none here."""
        return None

    @asynccontextmanager
    async def _writer(self, prompt: list[int], request: Request, forced: Sequence[int] | None) -> AsyncIterator[Writer]:
        decoder = Decoder(
            self.loaded,
            prompt,
            temperature=request.temperature,
            seed=request.seed,
            forced=forced,
            guard=self._strict.guard(request.tools, request.tool_choice) if self._strict is not None else None,
        )
        room = context_tok(self.loaded) - len(prompt)
        yield _Tokens(decoder, self.loaded.tokenizer, len(prompt), min(request.max_tok, room), self._stop, self._lock)


class _Tokens:
    """One invocation."""

    def __init__(
        self,
        decoder: Decoder,
        tokenizer: Any,
        prompt_tok: int,
        max_tok: int,
        stop: frozenset[int],
        lock: threading.Lock,
    ) -> None:
        self.prompt_tok = prompt_tok
        self.reason: StopReason = "stop"
        self._decoder, self._text = decoder, TextAssembler(tokenizer)
        self._max_tok, self._stop, self._lock = max_tok, stop, lock
        self._tok = 0

    async def next(self) -> Piece | None:
        """Run one step in a thread."""
        if self._tok == self._max_tok:
            self.reason = "length"
            return None
        token = await anyio.to_thread.run_sync(self._step)
        if token in self._stop:
            return None
        self._tok += 1
        return Piece(self._text.add(token), self._tok)

    def _step(self) -> int:
        with self._lock:
            return self._decoder.step()
