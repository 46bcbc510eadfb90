"""From a model's message to text and calls, and to events while it is written.

What counts is decided on the whole message (:func:`parse`), so that it does not matter in which pieces it came:

- A call is told by the mark of a dialect; :mod:`specbench.llm.parsing.dialects` lists them. Without one the *whole*
  message must be calls to tools on offer: people do write JSON in replies.
- What a model thinks (``<think>`` … ``</think>``) is text, whatever stands in it; where the chat template has opened
  the thinking, all up to ``</think>`` is. A call behind it counts.
- Where no tools are on offer there are no calls.
- A call that the message breaks off in the middle is no call. A call with a name whose arguments are no JSON object is
  one with ``invalid_arguments``: the agent can tell the model.
- Text and calls together are what was written: what is no call stays text. Marks for the end of a turn
  (``<|eot_id|>``) are no part of a message that ends with them.

:class:`StreamParser` tells early what is certain (text before the first mark) or likely (calls in the making).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.base import Event, TextDelta
from specbench.llm.parsing.dialects import DIALECTS, bare
from specbench.llm.parsing.early import CallsInTheMaking
from specbench.llm.parsing.json_calls import skip

__all__ = ["Parsed", "StreamParser", "beginning", "parse"]

_THINKING = {
    "<think>": "</think>", "<thinking>": "</thinking>", "[THINK]": "[/THINK]",
    "<|channel|>analysis<|message|>": "<|end|>",
}  # fmt: skip
_TURN_END = "<|end|>"
"""Ends turns, too: where nothing has begun thinking it is no end of that."""
_MARKS = (*DIALECTS, *_THINKING, *(each for each in _THINKING.values() if each != _TURN_END))
_MARK = re.compile("|".join(map(re.escape, _MARKS)))
_TURN_ENDS = (
    "<|eot_id|>", "<|eom_id|>", "<|eot|>", "<|im_end|>", _TURN_END, "<|end_of_text|>", "<|endoftext|>",
    "<|return|>", "<｜end▁of▁sentence｜>",
)  # fmt: skip
_OVER = re.compile(rf"(?:(?:{'|'.join(map(re.escape, _TURN_ENDS))})\s*)+\Z")


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
    >>> parse('<think>Shall I?</think><tool_call>{"name": "get_order"}</tool_call>', tools)
    Parsed(text='<think>Shall I?</think>', calls=(ToolCall(name='get_order', arguments={}, ...),))
    """
    said, calls = _taken_apart(_OVER.sub("", text) if tools else text, tools)
    return Parsed(said.strip(), calls)


def _taken_apart(text: str, tools: Mapping[str, ToolSpec]) -> tuple[str, tuple[ToolCall, ...]]:
    said: list[str] = []
    calls: list[ToolCall] = []
    at = 0
    fresh, thought = bool(tools), False
    while at < len(text) and tools:
        mark = _MARK.search(text, at)
        start = skip(text, at)
        if fresh and (mark is None or start < mark.start()):
            fresh = False
            found = bare(text, start, tools)
            if found is not None:
                said.append(text[at:start])
                calls += found.calls
                at = found.end
            continue
        if mark is None:
            break
        said.append(text[at : mark.start()])
        if mark[0] in DIALECTS:
            found = DIALECTS[mark[0]](text, mark.start(), tools)
            said.append(mark[0] if found is None else found.text)
            calls += found.calls if found is not None else ()
            at, fresh = (mark.end() if found is None else found.end), False
        elif mark[0] in _THINKING:
            end = text.find(_THINKING[mark[0]], mark.end())
            if end < 0 and fresh:
                return text, ()
            at = mark.end() if end < 0 else end + len(_THINKING[mark[0]])
            said.append(text[mark.start() : at])
            thought = thought or end >= 0
        else:
            at = mark.end()
            if thought:
                said.append(mark[0])
            else:  # the chat template has opened it: all so far is thinking
                said, calls, fresh, thought = [text[:at]], [], True, True
    said.append(text[at:])
    return "".join(said), tuple(calls)


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
        self._text, self._held = "", ""
        self._told = 0
        self._fresh, self._thought = True, False
        self._until: str | None = None
        self._calls: CallsInTheMaking | None = None

    def feed(self, text: str, tok: int = 0) -> list[Event]:
        """Read a piece; ``tok`` (tokens written so far) is passed on in the events."""
        events: list[Event] = []
        text = self._held + text
        kept = _before_end(text) if self._tools else len(text)
        self._text, self._held = self._text + text[:kept], text[kept:]
        while self._calls is None and self._advance(events, tok):
            pass
        if self._calls is not None:
            events += self._calls.feed(self._text, tok)
            if self._calls.given_up:
                self._calls, self._fresh = None, False
                return events + self.feed("", tok)
        return events

    def close(self, tok: int = 0) -> tuple[list[Event], Parsed]:
        """The message is over: the last events, and what it was."""
        if not _OVER.fullmatch(self._held):  # the beginning of a mark that did not come
            self._text, self._held = self._text + self._held, ""
        said, calls = _taken_apart(self._text, self._tools)
        making = self._calls or CallsInTheMaking(self._tools, len(self._text), marked=True)
        events = making.settle(calls, tok)
        if len(said) > self._told:
            events.append(TextDelta(said[self._told :], tok))
        return events, Parsed(said.strip(), calls)

    def _advance(self, events: list[Event], tok: int) -> bool:
        """Tell the text that is certain; ``False`` where the next characters must be waited for."""
        if not self._tools:
            return self._tell(len(self._text), events, tok)
        if self._until is not None:  # it thinks
            end = self._text.find(self._until, self._told)
            if end < 0:
                return self._tell(len(self._text) - beginning(self._text, self._told, (self._until,)), events, tok)
            self._told_to(end + len(self._until), events, tok)
            self._until, self._thought = None, True
            return True
        mark = _MARK.search(self._text, self._told)
        start = skip(self._text, self._told)
        first = self._text[start : start + 1]
        if self._fresh and first and first in "{[`" and (mark is None or start < mark.start()):
            if any(each.startswith(self._text[start:]) for each in _MARKS):
                return False
            self._tell(start, events, tok)
            self._calls = CallsInTheMaking(self._tools, start, marked=False)
            return False
        if mark is None:
            kept = beginning(self._text, self._told, _MARKS)
            self._fresh = self._fresh and start >= len(self._text) - kept
            return self._tell(len(self._text) - kept, events, tok)
        self._fresh = self._fresh and start == mark.start()
        if mark[0] in DIALECTS:
            self._tell(mark.start(), events, tok)
            self._calls = CallsInTheMaking(
                self._tools, mark.end() - (mark[0] == "<function=") * len(mark[0]), marked=True
            )
            return False
        if mark[0] in _THINKING and not self._fresh and _THINKING[mark[0]] not in self._text[mark.end() :]:
            self._tell(mark.start(), events, tok)
            return False  # the word for it, or thinking: its end will tell
        self._tell(mark.end(), events, tok)
        self._until = _THINKING.get(mark[0])
        if self._until is None and not self._thought:
            self._fresh = self._thought = True
        return True

    def _tell(self, end: int, events: list[Event], tok: int) -> bool:
        """Tell the text up to ``end``; ``False``, as nothing more is certain."""
        self._told_to(end, events, tok)
        return False

    def _told_to(self, end: int, events: list[Event], tok: int) -> None:
        if end > self._told:
            events.append(TextDelta(self._text[self._told : end], tok))
            self._told = end


def _before_end(text: str) -> int:
    """Where marks for the end of the turn begin that close ``text``, or what may become one."""
    kept = len(text) - beginning(text, 0, _TURN_ENDS)
    over = _OVER.search(text, 0, kept)
    return kept if over is None else over.start()


def beginning(text: str, start: int, marks: Sequence[str]) -> int:
    """Length of the longest end of ``text``, from ``start`` on, that may become one of ``marks``.

    Examples
    --------
    >>> beginning("so <tool", 0, ["<tool_call>"])
    5
    """
    longest = max(map(len, marks)) - 1
    for size in range(min(longest, len(text) - start), 0, -1):
        if any(mark.startswith(text[-size:]) for mark in marks):
            return size
    return 0
