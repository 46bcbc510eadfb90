"""Which call does a result answer? By its id, else by name and order: one rule for readers and for timings."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from specbench.core.types import Message, ToolCall

__all__ = ["OpenCall", "OpenCalls", "as_linked", "linked"]


class OpenCall(NamedTuple):
    """A call that waits for its result.

    Parameters
    ----------
    position, number
        Of its message in the conversation, and of the call in that message.
    id
        The id that results give; ``None`` for none. Empty ones are none.
    call
        The call.
    """

    position: int
    number: int
    id: str | None
    call: ToolCall


class OpenCalls:
    """The calls of a conversation that have no result yet, in order.

    Examples
    --------
    >>> calls = OpenCalls()
    >>> calls.ask(1, [ToolCall("look", {"x": 1}, "same"), ToolCall("look", {"x": 2}, "same")])
    >>> [calls.answer("same", None).number, calls.answer("same", None).number, calls.answer("same", None)]
    [0, 1, None]
    """

    def __init__(self) -> None:
        self._in_order: deque[OpenCall] = deque()
        self._by_name: defaultdict[str, deque[OpenCall]] = defaultdict(deque)
        self._by_id: defaultdict[str, list[deque[OpenCall]]] = defaultdict(list)
        self._answered: set[tuple[int, int]] = set()

    def ask(self, position: int, calls: Sequence[ToolCall], ids: Sequence[str | None] | None = None) -> None:
        """Add the calls of a message, with other ids than their own where results give these."""
        given = ids if ids is not None else [call.id for call in calls]
        for number, (identifier, call) in enumerate(zip(given, calls, strict=True)):
            asked = OpenCall(position, number, identifier or None, call)
            self._in_order.append(asked)
            self._by_name[call.name].append(asked)
            if identifier:
                messages = self._by_id[identifier]
                if not messages or not messages[-1] or messages[-1][-1].position != position:
                    messages.append(deque())
                messages[-1].append(asked)

    def answer(self, identifier: str | None, name: str | None) -> OpenCall | None:
        """Return the call that a result with this id and tool name answers; it is open no longer.

        Providers repeat ids, so the latest message is meant, and in it the first call of that id. Without an id it is
        the first call of that name, and without a name the first one.
        """
        if identifier:
            messages = self._by_id.get(identifier, [])
            while messages:
                if (asked := self._first(messages[-1])) is not None:
                    return asked
                messages.pop()
            return None
        return self._first(self._by_name.get(name, deque()) if name else self._in_order)

    def _first(self, calls: deque[OpenCall]) -> OpenCall | None:
        """Take the first call that is still open."""
        while calls:
            asked = calls.popleft()
            if (asked.position, asked.number) not in self._answered:
                self._answered.add((asked.position, asked.number))
                return asked
        return None


def linked(messages: Sequence[Message]) -> Iterator[tuple[Message, OpenCall | None]]:
    """Yield every result of a conversation with the call that it answers; ``None`` where there is none.

    Examples
    --------
    >>> spoken = [Message("assistant", tool_calls=(ToolCall("a"), ToolCall("b"))), Message("tool", "of b", name="b")]
    >>> [(result.content, asked.call.name) for result, asked in linked(spoken)]
    [('of b', 'b')]
    """
    calls = OpenCalls()
    for position, message in enumerate(messages):
        if message.role == "assistant":
            calls.ask(position, message.tool_calls)
        elif message.role == "tool":
            yield message, calls.answer(message.tool_call_id, message.name)


def as_linked(messages: Sequence[Message]) -> list[Message]:
    """The messages with the place of the call that each result answers, in place of its id; to compare conversations.

    Examples
    --------
    >>> said = [Message("assistant", tool_calls=(ToolCall("a", id=own),)) for own in ("x7", "k2")]
    >>> one, two = ([each, Message("tool", "1", (), each.tool_calls[0].id, "a")] for each in said)
    >>> one == two, as_linked(one) == as_linked(two)
    (False, True)
    """
    answers = {id(result): asked for result, asked in linked(messages)}
    found = []
    for message in messages:
        asked = answers.get(id(message))
        place = None if asked is None else f"{asked.position}.{asked.number}"
        found.append(replace(message, tool_call_id=place) if message.role == "tool" else message)
    return found
