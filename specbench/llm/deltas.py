"""Calls that a server streams in pieces: their names, and fragments of the JSON text of their arguments."""

from __future__ import annotations

from dataclasses import dataclass, field

from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, Event
from specbench.llm.parsing import ArgumentReader
from specbench.types import ToolCall

__all__ = ["CallDeltas"]


@dataclass
class _Call:
    id: str | None = None
    name: str = ""
    text: str = ""
    reader: ArgumentReader = field(default_factory=ArgumentReader)


class CallDeltas:
    """Puts calls together from what a stream says of them.

    Examples
    --------
    >>> calls = CallDeltas()
    >>> [type(event).__name__ for event in calls.feed(0, "call_1", "get_order", '{"id": 7', 1)]
    ['CallStarted', 'ArgumentsDelta']
    >>> calls.feed(0, None, "", "}", 2)[-1]
    ArgumentDone(index=0, parameter='id', value=7, tok=2)
    >>> calls.close()[0].key
    'get_order({"id":7})'
    """

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}

    def feed(self, index: int, id: str | None, name: str, arguments: str, tok: int) -> list[Event]:
        """Take in a piece of call number ``index``."""
        events: list[Event] = []
        call = self._calls.setdefault(index, _Call())
        call.id = call.id or id
        if name and not call.name:
            call.name = name
            events.append(CallStarted(index, name, tok))
        if arguments:
            call.text += arguments
            events.append(ArgumentsDelta(index, arguments, tok))
            done = call.reader.feed(arguments)
            events += [ArgumentDone(index, parameter, value, tok) for parameter, value in done]
        return events

    def close(self) -> tuple[ToolCall, ...]:
        """The calls; those without a name are none, and broken arguments are told as such."""
        found = []
        for _, call in sorted(self._calls.items()):
            if not call.name:
                continue
            value = call.reader.value() if call.text.strip() else {}
            if value is None or call.reader.rest.strip():
                found.append(ToolCall(call.name, {}, call.id, invalid_arguments=call.text))
            else:
                found.append(ToolCall(call.name, value, call.id))
        return tuple(found)
