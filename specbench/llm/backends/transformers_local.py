"""A backend on transformers: any chat model with a chat template, on CPU or GPU, whole or quantised."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio.to_thread

from specbench.core.text import writable
from specbench.llm.backends.text_writer import Piece, TextBackend, Writer
from specbench.llm.base import ContextError, LLMError, Request, StopReason
from specbench.llm.chat_format import chat_messages, chat_tools
from specbench.llm.local.decoder import Decoder, TextAssembler, stop_ids
from specbench.llm.local.loading import LoadedModel, load_model
from specbench.llm.local.memory import Quantisation
from specbench.llm.strict.decoding import StrictDecoding

__all__ = ["TransformersBackend", "prompt_ids"]


def prompt_ids(loaded: LoadedModel, request: Request) -> list[int]:
    """The prompt of a request in the model's chat format, as token ids.

    Raises
    ------
    LLMError
        When the chat template refuses it, or it fills the model's context.
    """
    try:
        text = loaded.tokenizer.apply_chat_template(
            chat_messages(request.messages, arguments_as_text=False),
            tools=chat_tools(request.tools) or None,
            add_generation_prompt=True,
            tokenize=False,
        )
    except Exception as error:  # a template is a program of the model's author and raises what it likes
        raise LLMError(f"the chat template of {loaded.name} refuses this conversation: {error}") from error
    ids: list[int] = loaded.tokenizer(writable(text), add_special_tokens=False)["input_ids"]
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
        prompt = prompt_ids(self.loaded, request)
        return self._writer(prompt, request, self._forced(prompt, request))

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
            guard=self._strict.guard(request.tools) if self._strict is not None else None,
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
