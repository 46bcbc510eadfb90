"""Forced replay: a real model has to write what was recorded. Its time is real, the decision is the trace's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from specbench.core.text import writable
from specbench.core.types import Message
from specbench.llm.backends.transformers_local import TransformersBackend
from specbench.llm.base import End, Event, EventStream, Request, Usage
from specbench.llm.chat_format import chat_messages, chat_tools
from specbench.llm.llama3_format import message_text
from specbench.llm.local.loading import LoadedModel

__all__ = ["ReplayBackend", "forced_ids"]


def forced_ids(loaded: LoadedModel, request: Request, message: Message) -> list[int]:
    """The tokens of a recorded message as this model would write them.

    They are what its chat template makes of the message after the prompt; where the template cannot say (it refuses
    parallel calls, or rewrites the conversation), the calls are written in Llama-3 JSON.
    """
    tokenizer = loaded.tokenizer
    before = chat_messages(request.messages, arguments_as_text=False)
    after = chat_messages([*request.messages, message], arguments_as_text=False)
    tools = chat_tools(request.tools) or None
    try:
        prompt = tokenizer.apply_chat_template(before, tools=tools, add_generation_prompt=True, tokenize=False)
        whole = tokenizer.apply_chat_template(after, tools=tools, add_generation_prompt=False, tokenize=False)
    except Exception:  # a template is a program of the model's author and raises what it likes
        prompt, whole = "", "-"
    end = tokenizer.eos_token or ""
    text = whole[len(prompt) :] if whole.startswith(prompt) and prompt else message_text(message) + end
    ids: list[int] = tokenizer(writable(text), add_special_tokens=False)["input_ids"]
    while ids and tokenizer.decode(ids[-1:]).isspace():
        ids.pop()  # templates end a turn with a line break that no model writes
    return ids if ids and ids[-1] == tokenizer.eos_token_id else [*ids, tokenizer.eos_token_id]


class ReplayBackend(TransformersBackend):
    """Writes recorded messages through a real model: prefill, decode time and hidden states are the model's own.

    Parameters
    ----------
    loaded
        The model; one with random weights is good enough for timing.
    recorded
        The message that is recorded for a request.
    """

    _decides = False

    def __init__(self, loaded: LoadedModel, recorded: Callable[[Request], Message]) -> None:
        super().__init__(loaded, strict=False)
        self.name = f"{loaded.name} (forced replay)"
        self._recorded = recorded

    def _forced(self, prompt: list[int], request: Request) -> Sequence[int]:
        return forced_ids(self.loaded, request, self._recorded(request))

    def stream(self, request: Request) -> AbstractAsyncContextManager[EventStream]:
        """Write the recorded message; the end is exactly what is recorded, whatever the model's dialect makes of it."""
        return self._replay(request)

    @asynccontextmanager
    async def _replay(self, request: Request) -> AsyncIterator[EventStream]:
        async with super()._stream(request) as events:
            yield _Recorded(events, self._recorded(request))


class _Recorded(EventStream):
    def __init__(self, events: EventStream, message: Message) -> None:
        self._events, self._message = events, message

    def usage(self) -> Usage:
        """What the invocation has cost so far."""
        return self._events.usage()

    async def __anext__(self) -> Event:
        event = await anext(self._events)
        if isinstance(event, End) and event.reason == "stop":
            return replace(event, text=self._message.content, calls=self._message.tool_calls)
        return event
