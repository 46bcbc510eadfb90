"""Calls that a server streams in pieces: their names, and fragments of the JSON text of their arguments."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from specbench.core.types import ToolCall
from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, Event
from specbench.llm.parsing import ArgumentReader
from specbench.traces.json_arguments import parse_arguments

__all__ = ["CallDeltas"]


@dataclass
class _Call:
    number: int
    index: int
    id: str | None = None
    name: str = ""
    text: str = ""
    started: bool = False
    reader: ArgumentReader = field(default_factory=ArgumentReader)


class CallDeltas:
    """Puts calls together from what a stream says of them.

    Servers differ. Some give several calls the same index, or none: then a whole call after a whole call is another
    one, and so is another name, or a name with another id. Another id alone is not while the arguments go on: some
    servers make a new one for every piece. Some send names in pieces, or arguments as an object. Empty ids are none.

    Parameters
    ----------
    tools
        Names of the tools on offer; they tell a name that goes on from another one.

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

    def __init__(self, tools: Container[str] = ()) -> None:
        self._tools = tools
        self._calls: list[_Call] = []
        self._last: dict[int, _Call] = {}
        self._in_chunk: list[int] = []

    def feed(
        self, index: int | None, id: str | None, name: str | None, arguments: Any, tok: int, place: int = 0
    ) -> list[Event]:
        """Take in a piece of a call; events count the calls as they begin.

        Parameters
        ----------
        index, id, name, arguments
            As the server sends them; ``arguments`` is a fragment of JSON text, or all of them as an object.
        tok
            Tokens written so far.
        place
            Of the piece within its chunk: two names in one chunk are two calls.
        """
        events: list[Event] = []
        text = arguments if isinstance(arguments, str) else _json(arguments)
        name, id = name or "", id or None
        if place == 0:
            self._in_chunk = []
        call = self._meant(index, id, name, place)
        if call is None or (call.number in self._in_chunk and name) or self._is_next(call, id, name, text):
            slot = place if index is None else index
            call = self._last[slot] = _Call(len(self._calls), slot)
            self._calls.append(call)
        self._in_chunk.append(call.number)
        call.id = call.id or id
        if name and name != call.name and not call.text:
            call.name = name if name.startswith(call.name) else call.name + name
        if call.name and not call.started and (text or call.name in self._tools or not self._tools):
            call.started = True
            events.append(CallStarted(call.number, call.name, tok))
        if text:
            call.text += text
            events.append(ArgumentsDelta(call.number, text, tok))
            done = call.reader.feed(text)
            events += [ArgumentDone(call.number, parameter, value, tok) for parameter, value in done]
        return events

    def _meant(self, index: int | None, id: str | None, name: str, place: int) -> _Call | None:
        """The call that a piece may go on with: that of its index, its id, or its place in the chunk."""
        if index is not None:
            return self._last.get(index)
        same = [call for call in self._calls if id and call.id == id]
        if same:
            return same[-1]
        if name or place in self._last:
            return self._last.get(place)
        return self._calls[-1] if self._calls else None

    def _is_next(self, call: _Call, id: str | None, name: str, text: str) -> bool:
        """Whether a piece for the place of ``call`` begins another one."""
        if not call.name:
            return False
        if id is not None and id == call.id:
            return bool(name and text) and call.reader.done
        if id is not None and call.id is not None:
            return bool(name) or call.reader.done
        if not name:
            return False
        if call.reader.done:
            return bool(text) or name != call.name
        if name == call.name:
            return False
        return bool(call.text) or (call.id is None and not self._goes_on(call.name, name))

    def _goes_on(self, name: str, more: str) -> bool:
        """Whether a name is the rest of the one before, or that one with its rest."""
        if name in self._tools:
            return False
        return name + more in self._tools or (more in self._tools and more.startswith(name))

    def nameless(self) -> str:
        """What was written as arguments of no tool."""
        return "".join(call.text for call in self._calls if not call.name)

    def close(self) -> tuple[ToolCall, ...]:
        """The calls, in the order of their indices; those without a name are none."""
        found = []
        for call in sorted(self._calls, key=lambda call: call.index):
            if call.name:
                arguments, invalid = parse_arguments(call.text)
                found.append(ToolCall(call.name, arguments, call.id, invalid))
        return tuple(found)


def _json(arguments: Any) -> str:
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
