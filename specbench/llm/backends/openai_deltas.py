"""Calls that a server streams in pieces: their names, and fragments of the JSON text of their arguments."""

from __future__ import annotations

from dataclasses import dataclass, field

from specbench.core.types import ToolCall
from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, Event
from specbench.llm.parsing import ArgumentReader

__all__ = ["CallDeltas"]


@dataclass
class _Call:
    index: int
    number: int
    id: str | None = None
    name: str = ""
    text: str = ""
    reader: ArgumentReader = field(default_factory=ArgumentReader)


class CallDeltas:
    """Puts calls together from what a stream says of them.

    Some servers give several calls the same index: a whole call after a whole call, or a name with another id, is
    another call. Another id alone is not, while the arguments go on: some servers make a new one for every piece.

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
        self._calls: list[_Call] = []
        self._last: dict[int, _Call] = {}

    def feed(self, index: int, id: str | None, name: str, arguments: str, tok: int) -> list[Event]:
        """Take in a piece of a call to which the server gives ``index``; events count the calls as they begin."""
        events: list[Event] = []
        call = self._last.get(index)
        if call is None or _is_next(call, id, name, arguments):
            call = self._last[index] = _Call(index, len(self._calls))
            self._calls.append(call)
        call.id = call.id or id
        if name and not call.name:
            call.name = name
            events.append(CallStarted(call.number, name, tok))
        if arguments:
            call.text += arguments
            events.append(ArgumentsDelta(call.number, arguments, tok))
            done = call.reader.feed(arguments)
            events += [ArgumentDone(call.number, parameter, value, tok) for parameter, value in done]
        return events

    def close(self) -> tuple[ToolCall, ...]:
        """The calls; those without a name are none, and broken arguments are told as such."""
        found = []
        for call in sorted(self._calls, key=lambda call: call.index):
            if not call.name:
                continue
            value = call.reader.value() if call.text.strip() else {}
            if value is None or call.reader.rest.strip():
                found.append(ToolCall(call.name, {}, call.id, invalid_arguments=call.text))
            else:
                found.append(ToolCall(call.name, value, call.id))
        return tuple(found)


def _is_next(call: _Call, id: str | None, name: str, arguments: str) -> bool:
    """Whether a piece with the index of ``call`` begins another one."""
    if not call.name or (id is not None and id == call.id):
        return False
    if id is not None and call.id is not None:
        return bool(name) or call.reader.done
    return bool(name and arguments) and call.reader.done
