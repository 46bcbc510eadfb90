"""From a model's text to events, while it is written: replies, and calls in Llama-3 JSON, after ``<|python_tag|>``, in
Hermes ``<tool_call>`` JSON and in Qwen's XML.

What counts as a call:

- Llama-3: the *whole* message is one or more ``{"name": …, "parameters": {…}}`` (or ``"arguments"``), apart from white
  space and ``;`` between them. With a word before or after it is text: people do write JSON in replies.
- ``<|python_tag|>`` followed by such objects, to the end of the message.
- ``<tool_call>`` … ``</tool_call>`` around one such object, or around ``<function=name>`` and ``<parameter=key>``.

Where no tools are on offer there are no calls, whatever the text looks like. A call that the message breaks off in the
middle is no call. A marked call with a name whose arguments are no JSON object is a call with ``invalid_arguments``:
the agent can tell the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, Event, TextDelta
from specbench.llm.parsing.call_bodies import Body, JsonBody, XmlBody

__all__ = ["Parsed", "StreamParser", "parse"]

_TAG, _OPEN, _CLOSE = "<|python_tag|>", "<tool_call>", "</tool_call>"
_MARKERS = (_TAG, _OPEN)
_WHITE = " \t\r\n"


@dataclass(frozen=True)
class Parsed:
    """A model's message taken apart."""

    text: str
    calls: tuple[ToolCall, ...]


def parse(text: str, tools: Mapping[str, ToolSpec]) -> Parsed:
    """Take a whole message apart.

    Examples
    --------
    >>> tools = {"get_order": ToolSpec("get_order")}
    >>> parse('{"name": "get_order", "parameters": {"id": 7}}', tools).calls[0].key
    'get_order({"id":7})'
    >>> parse('It looks like {"name": "get_order", "parameters": {"id": 7}}', tools).calls
    ()
    >>> parse('<tool_call>{"name": "get_order", "arguments": {"id": 7}}</tool_call>', tools).calls[0].key
    'get_order({"id":7})'
    """
    parser = StreamParser(tools)
    parser.feed(text)
    return parser.close()[1]


class StreamParser:
    """Takes a message apart while it is written. However the text is cut into pieces, the end is the same.

    Parameters
    ----------
    tools
        The tools on offer; without any everything is text.

    Examples
    --------
    >>> parser = StreamParser({"get_order": ToolSpec("get_order")})
    >>> parser.feed('{"name": "get_order", "para')
    [CallStarted(index=0, name='get_order', tok=0)]
    >>> [type(event).__name__ for event in parser.feed('meters": {"id": "D4"')]
    ['ArgumentsDelta', 'ArgumentDone']
    """

    def __init__(self, tools: Mapping[str, ToolSpec]) -> None:
        self._tools = tools
        self._buffer = ""
        self._mode = "start" if tools else "text"
        self._text: list[str] = []
        self._calls: list[ToolCall] = []
        self._body: Body | None = None
        self._raw = ""
        self._raw_calls = 0
        self._index = 0

    def feed(self, text: str, tok: int = 0) -> list[Event]:
        """Read a piece; ``tok`` (tokens written so far) is passed on in the events."""
        events: list[Event] = []
        self._buffer += text
        while True:
            before = (self._mode, len(self._buffer))
            getattr(self, f"_{self._mode}_")(events, tok)
            if (self._mode, len(self._buffer)) == before:
                return events

    def close(self, tok: int = 0) -> tuple[list[Event], Parsed]:
        """The message is over: the last events, and what it was."""
        events: list[Event] = []
        whole = self._mode == "bare" and not self._buffer and len(self._calls) > self._raw_calls
        if self._mode in ("bare", "body", "marked", "marked_body") and not whole:
            self._give_up(events, tok)
        self._say(self._buffer, events, tok)
        self._buffer = ""
        return events, Parsed("".join(self._text).strip(), tuple(self._calls))

    def _start_(self, events: list[Event], tok: int) -> None:
        """Nothing but white space so far: text, or JSON that may be calls."""
        stripped = self._buffer.lstrip(_WHITE)
        if not stripped or any(marker.startswith(stripped) for marker in _MARKERS):
            return
        if stripped.startswith("{"):
            self._mode = "bare"
        else:
            self._mode = "text"

    def _text_(self, events: list[Event], tok: int) -> None:
        if not self._tools:
            self._say(self._buffer, events, tok)
            self._buffer = ""
            return
        found = [(self._buffer.find(marker), marker) for marker in _MARKERS if marker in self._buffer]
        if found:
            at, marker = min(found)
            self._say(self._buffer[:at], events, tok)
            self._buffer = self._buffer[at + len(marker) :]
            self._raw, self._raw_calls = marker, len(self._calls)
            self._mode = "bare" if marker == _TAG else "marked"
            return
        kept = _beginning(self._buffer, _MARKERS)
        said = self._buffer[: len(self._buffer) - kept]
        self._buffer = self._buffer[len(said) :]
        self._say(said, events, tok)

    def _say(self, text: str, events: list[Event], tok: int) -> None:
        if text:
            self._text.append(text)
            events.append(TextDelta(text, tok))

    def _bare_(self, events: list[Event], tok: int) -> None:
        """Between objects that run to the end of the message."""
        stripped = self._buffer.lstrip(_WHITE + ";")
        self._raw += self._buffer[: len(self._buffer) - len(stripped)]
        self._buffer = stripped
        if not stripped:
            return
        if stripped[0] == "{":
            self._body, self._mode = JsonBody(strict=not self._raw.startswith(_TAG)), "body"
        else:
            self._give_up(events, tok)

    def _marked_(self, events: list[Event], tok: int) -> None:
        """After ``<tool_call>``: JSON or XML."""
        stripped = self._buffer.lstrip(_WHITE)
        if not stripped or (len(stripped) < len("<function=") and "<function=".startswith(stripped)):
            return
        xml = stripped.startswith("<function=")
        self._body = XmlBody(self._tools) if xml else JsonBody(strict=False)
        self._mode = "marked_body"

    def _body_(self, events: list[Event], tok: int) -> None:
        assert self._body is not None
        used = self._body.feed(self._buffer)
        self._raw += self._buffer[:used]
        self._buffer = self._buffer[used:]
        self._tell(events, tok)
        if self._body.done:
            call = self._body.call()
            self._body = None
            if call is None or call.invalid_arguments is not None:
                self._give_up(events, tok)
            else:
                self._calls.append(call)
                self._index += 1
                self._mode = "bare"
        elif self._body.broken:
            self._give_up(events, tok)

    def _marked_body_(self, events: list[Event], tok: int) -> None:
        assert self._body is not None
        end = self._buffer.find(_CLOSE)
        size = end if end >= 0 else len(self._buffer) - _beginning(self._buffer, (_CLOSE,))
        piece = self._buffer[:size]
        self._body.feed(piece)
        self._raw += piece
        self._buffer = self._buffer[size:]
        self._tell(events, tok)
        if end >= 0:
            self._buffer = self._buffer[len(_CLOSE) :]
            self._raw += _CLOSE
            call = self._body.call()
            self._body = None
            if call is None:
                self._give_up(events, tok)
            else:
                self._calls.append(call)
                self._index += 1
                self._raw, self._mode = "", "text"

    def _tell(self, events: list[Event], tok: int) -> None:
        assert self._body is not None
        fragment = ""
        for news in self._body.news():
            fragment += news.text
            if news.name is not None:
                events.append(CallStarted(self._index, news.name, tok))
            for parameter, value in news.done:
                if fragment:
                    events.append(ArgumentsDelta(self._index, fragment, tok))
                    fragment = ""
                events.append(ArgumentDone(self._index, parameter, value, tok))
        if fragment:
            events.append(ArgumentsDelta(self._index, fragment, tok))

    def _give_up(self, events: list[Event], tok: int) -> None:
        """What looked like calls is text after all: all of it since the mark, or since the message began."""
        del self._calls[self._raw_calls :]
        self._index = len(self._calls)
        raw, self._raw, self._body, self._mode = self._raw, "", None, "text"
        self._say(raw, events, tok)


def _beginning(text: str, markers: tuple[str, ...]) -> int:
    """Length of the longest end of ``text`` that may become a marker."""
    longest = max(map(len, markers)) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(marker.startswith(text[-size:]) for marker in markers):
            return size
    return 0
