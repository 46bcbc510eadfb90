"""Which call does a result answer? By its id, else by name and order: one rule for readers and for timings."""

from __future__ import annotations

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
        self._open: list[OpenCall] = []

    def ask(self, position: int, calls: Sequence[ToolCall], ids: Sequence[str | None] | None = None) -> None:
        """Add the calls of a message, with other ids than their own where results give these."""
        given = ids if ids is not None else [call.id for call in calls]
        for number, (identifier, call) in enumerate(zip(given, calls, strict=True)):
            self._open.append(OpenCall(position, number, identifier or None, call))

    def answer(self, identifier: str | None, name: str | None) -> OpenCall | None:
        """Return the call that a result with this id and tool name answers; it is open no longer.

        Providers repeat ids, so the latest message is meant, and in it the first call of that id. Without an id it is
        the first call of that name, and without a name the first one.
        """
        if identifier:
            found = [each for each in self._open if each.id == identifier]
            found = [each for each in found if each.position == found[-1].position]
        else:
            found = [each for each in self._open if not name or each.call.name == name]
        if not found:
            return None
        self._open.remove(found[0])
        return found[0]


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
