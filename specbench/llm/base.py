"""The backend protocol: chat messages and tool specs in, a stream of typed events out.

::

    async with backend.stream(messages, tools) as events:
        async for event in events:
            ...

Events come in this order: :class:`TextDelta`, :class:`CallStarted`, :class:`ArgumentsDelta` and :class:`ArgumentDone`
as the model writes, and one :class:`End`. What is announced early is a hint for whoever wants to start early;
**only the calls of** :class:`End` **count**. Leaving the block, or cancelling the task, stops the model between two
tokens; what it did until then is counted. Calls may run concurrently. Everything is built on anyio: asyncio and trio.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

from specbench.core.errors import SpecbenchError
from specbench.core.types import Message, ToolCall, ToolSpec

__all__ = [
    "ArgumentDone",
    "ArgumentsDelta",
    "Backend",
    "CallStarted",
    "ContextError",
    "End",
    "Event",
    "EventStream",
    "LLMError",
    "Request",
    "StopReason",
    "TextDelta",
    "Usage",
    "UsageTotal",
    "check_choice",
]

StopReason: TypeAlias = Literal["stop", "length", "content_filter", "refusal", "cancelled"]
"""``stop``: the message is whole; ``length``: it was cut at the most tokens; ``content_filter``: the server cut it;
``refusal``: the text is the model's refusal."""


class LLMError(SpecbenchError):
    """A language model could not be loaded, reached or run; the message says what is missing and what to do."""


class ContextError(LLMError):
    """The conversation is longer than the model's context."""


@dataclass(frozen=True)
class TextDelta:
    """A piece of the reply; ``tok`` tokens of this invocation are written now."""

    text: str
    tok: int = 0


@dataclass(frozen=True)
class CallStarted:
    """The name of call number ``index`` of this message is complete."""

    index: int
    name: str
    tok: int = 0


@dataclass(frozen=True)
class ArgumentsDelta:
    """A fragment of the arguments of call number ``index``, as JSON text."""

    index: int
    text: str
    tok: int = 0


@dataclass(frozen=True)
class ArgumentDone:
    """One argument of call number ``index`` is complete."""

    index: int
    parameter: str
    value: Any
    tok: int = 0


@dataclass(frozen=True)
class Usage:
    """What one invocation cost.

    Parameters
    ----------
    prompt_tok, completion_tok
        Tokens read and written.
    reasoning_tok
        Those of the tokens written that are reasoning, apart from the message, where a server tells them apart.
    prefill_s
        Seconds from the request to the first token, of the reasoning too.
    decode_s
        Seconds from the first token to the end.
    cancelled
        It was stopped before it ended.
    """

    prompt_tok: int = 0
    completion_tok: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    cancelled: bool = False
    reasoning_tok: int = 0


@dataclass(frozen=True)
class End:
    """The invocation is over: the whole reply, the calls that count, why it stopped, what it cost.

    ``reasoning`` is what the model thought, where a server gives that apart from the reply.
    """

    text: str
    calls: tuple[ToolCall, ...]
    reason: StopReason
    usage: Usage
    reasoning: str = ""

    def message(self) -> Message:
        """The assistant message."""
        return Message("assistant", self.text, self.calls)


Event: TypeAlias = TextDelta | CallStarted | ArgumentsDelta | ArgumentDone | End


@dataclass(frozen=True)
class Request:
    """One invocation.

    Parameters
    ----------
    messages
        The conversation so far.
    tools
        The tools on offer, by name; without any there are no calls.
    max_tok
        Most tokens to write.
    temperature
        0 takes the most probable token; above, tokens are drawn with ``seed``.
    seed
        Of the draws.
    stop
        Texts that end the message; they are not a part of it.
    tool_choice
        ``None`` leaves it to the model; ``"required"`` asks for a call, a name for a call of that tool.
    extra
        Further fields of the request, for servers; a backend that has no use for them refuses.
    """

    messages: Sequence[Message]
    tools: Mapping[str, ToolSpec] = field(default_factory=dict)
    max_tok: int = 512
    temperature: float = 0.0
    seed: int = 0
    stop: Sequence[str] = ()
    tool_choice: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class UsageTotal:
    """What a backend has cost since it was made; cancelled invocations count with what they did.

    Examples
    --------
    >>> total = UsageTotal()
    >>> total.add(Usage(100, 20, 0.1, 0.5, cancelled=True))
    >>> total.invocations, total.cancelled, total.completion_tok
    (1, 1, 20)
    """

    invocations: int = 0
    cancelled: int = 0
    prompt_tok: int = 0
    completion_tok: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    reasoning_tok: int = 0

    def add(self, usage: Usage) -> None:
        """Count one invocation."""
        self.invocations += 1
        self.cancelled += usage.cancelled
        self.prompt_tok += usage.prompt_tok
        self.completion_tok += usage.completion_tok
        self.prefill_s += usage.prefill_s
        self.decode_s += usage.decode_s
        self.reasoning_tok += usage.reasoning_tok


class EventStream(ABC):
    """The events of one invocation, to iterate over once."""

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    @abstractmethod
    async def __anext__(self) -> Event:
        """Wait for the next event."""

    @abstractmethod
    def usage(self) -> Usage:
        """What the invocation has cost so far; ``cancelled`` until it has ended."""


class Backend(ABC):
    """A language model. Subclasses set ``name``, which labels results, and implement :meth:`stream`."""

    name: str

    def __init__(self) -> None:
        self.usage = UsageTotal()

    @abstractmethod
    def stream(self, request: Request) -> AbstractAsyncContextManager[EventStream]:
        """Run the model on a request; see the module's text for how to use it.

        Raises
        ------
        LLMError
            When the model cannot do it, while the stream is opened or read.
        """

    async def complete(self, request: Request) -> End:
        """Run the model to its end and return that."""
        async with self.stream(request) as events:
            async for event in events:
                if isinstance(event, End):
                    return event
        raise LLMError(f"{self.name} ended without an end event; a backend must send one")

    async def warm_up(self) -> None:
        """Do now what only the first request takes time for, such as connecting; by default there is nothing."""

    async def aclose(self) -> None:
        """Free what the backend holds; the default holds nothing."""


def check_choice(request: Request, calls: Sequence[ToolCall], name: str) -> None:
    """Raise where the model called another tool than the request asks for, or none.

    Parameters
    ----------
    request
        Its ``tool_choice`` says which call is asked for.
    calls
        What the model called.
    name
        The backend's, for the message.

    Examples
    --------
    >>> check_choice(Request([], tool_choice="required"), (), "scripted")
    Traceback (most recent call last):
    specbench.llm.base.LLMError: scripted was asked for a tool call, and made none; ask again, or leave it the choice
    """
    wanted = request.tool_choice
    if wanted == "required" and not calls:
        raise LLMError(f"{name} was asked for a tool call, and made none; ask again, or leave it the choice")
    if wanted not in (None, "required") and wanted not in [call.name for call in calls]:
        made = ", ".join(call.name for call in calls) or "no tool"
        raise LLMError(f"{name} was asked to call {wanted}, and called {made}; ask again, or leave it the choice")
