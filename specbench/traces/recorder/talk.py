"""One conversation that is being recorded: what is new in it goes to the file at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar, Token
from dataclasses import replace
from threading import RLock
from types import TracebackType
from typing import Self

from specbench.core.errors import ConfigError
from specbench.core.types import Message, Timing, ToolSpec, Trace

__all__ = ["CURRENT", "RecordedTalk"]

CURRENT: ContextVar[RecordedTalk | None] = ContextVar("specbench_recorded_talk", default=None)
"""The conversation that a client or a tool without one of its own belongs to."""


class RecordedTalk:
    """One conversation of a :class:`~specbench.traces.recorder.Recorder`, which makes it.

    As a context manager it is the conversation that :meth:`Recorder.openai` and :meth:`Recorder.tool` record into; it
    is over at the end of the block.
    """

    def __init__(self, trace: Trace, write: Callable[[Trace, int], None], end: Callable[[RecordedTalk], None]) -> None:
        self._trace, self._write, self._end = trace, write, end
        self._began_s, self._parts, self._lock = time.monotonic(), 0, RLock()
        self._messages: list[Message] = []
        self._told: Mapping[str, ToolSpec] | None = None
        self._token: Token[RecordedTalk | None] | None = None

    @property
    def trace_id(self) -> str:
        """Its name in the file."""
        return self._trace.trace_id

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was recorded so far."""
        return tuple(self._messages)

    def now(self) -> float:
        """Return the seconds since it began: the clock of its timings."""
        return time.monotonic() - self._began_s

    def add(self, message: Message, started_s: float | None = None) -> None:
        """Record a message; what it holds is in the file when this returns.

        Parameters
        ----------
        message
            With its own timing, or none.
        started_s
            When its LLM or tool began, on the clock of :meth:`now`: the timing is from there to this moment.
        """
        if not isinstance(message, Message):
            raise ConfigError(
                f"a message is a specbench.Message; got {type(message).__name__}: sb.Message('user', 'hello'), and "
                "talk.follow(...) for a whole conversation"
            )
        if started_s is not None and message.timing is None:
            message = replace(message, timing=Timing(started_s, max(started_s, self.now())))
        self._put([message])

    def add_all(self, messages: Sequence[Message]) -> None:
        """Record messages that belong together, such as calls and the first of their results: all of them or none."""
        self._put(messages)

    def follow(self, messages: Sequence[Message], tools: Mapping[str, ToolSpec] | None = None) -> bool:
        """Record what is new in a conversation of which all messages are given, as a request to an LLM has them.

        Returns
        -------
        bool
            False where they are not this conversation continued; nothing is recorded then.
        """
        with self._lock:
            new = _new(self._messages, messages)
            if new is None:
                return False
            if tools and not self._trace.tools:
                self._trace = replace(self._trace, tools=tools)
            self._put(new)
        return True

    def _put(self, messages: Sequence[Message]) -> None:
        with self._lock:
            if not messages:
                return
            self._messages += messages
            tools = self._trace.tools if self._trace.tools is not self._told else {}
            self._write(replace(self._trace, tools=tools, messages=tuple(messages)), self._parts)
            self._told, self._parts = self._trace.tools, self._parts + 1

    def end(self) -> None:
        """It is over: its file may be left."""
        self._end(self)

    def __enter__(self) -> Self:
        self._token = CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            CURRENT.reset(self._token)
        self.end()


def _new(known: Sequence[Message], messages: Sequence[Message]) -> list[Message] | None:
    """Return the messages that are not known; ``None`` where the known ones are not among them, in order.

    Results of tools are told by the id of their call: side by side, they may come in any order. Those without an id are
    counted.
    """
    results = Counter(each.tool_call_id for each in known if each.role == "tool")
    said = [each for each in known if each.role != "tool"]
    new: list[Message] = []
    at = 0
    for message in messages:
        if message.role == "tool":
            if results[message.tool_call_id] > 0:
                results[message.tool_call_id] -= 1
            else:
                new.append(message)
        elif at < len(said):
            if not _same(said[at], message):
                return None
            at += 1
        else:
            new.append(message)
    return new if at == len(said) else None


def _same(one: Message, two: Message) -> bool:
    calls = [[(call.name, call.id, call.spelling) for call in each.tool_calls] for each in (one, two)]
    return (one.role, one.content.strip(), calls[0]) == (two.role, two.content.strip(), calls[1])
