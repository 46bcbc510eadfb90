"""Calls while they are written: the name and the arguments that are complete, before the message is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, Event
from specbench.llm.parsing.dialects import FENCE
from specbench.llm.parsing.json_calls import ARGUMENTS, MEMBERS, skip
from specbench.llm.parsing.partial_arguments import ArgumentReader
from specbench.llm.parsing.xml_calls import FUNCTION, PARAMETER, value_of

__all__ = ["CallsInTheMaking"]

_NAME = re.compile(
    r"(?:functions\.)?([\w.-]+?)(?::\d+)?\s*(?:(?:<\|constrain\|>)?json(?=<))?(?:\[CALL_ID\]\s*[\w-]+\s*)?(?:\[ARGS\]|<[|｜][^<>]*[|｜]>|```(?:json)?|\s)*\Z"
)
"""The name that stands before an object of arguments."""
_LONGEST_HEAD = 200
_CLOSING = re.compile(r"</(?:parameter|function)>")
_PYTHON = re.compile(r"\s*(?:\[\s*)?([A-Za-z_][\w.]*)[^\w.]")
_CALL = re.compile(r"\s*(?:```\w*\s*)?(?:\[\s*)?[A-Za-z_][\w.]*\s*\(")
_NO_BEGINNING = re.compile(r"\s*(?:\[\s*)?[^\s\[{A-Za-z_]")
_NO_NEXT = re.compile(r"[\s;,\]`]*[^\s;,\]`{\[A-Za-z_]")


class CallsInTheMaking:
    """Follows the JSON objects and XML functions of a message from a place on. What it tells is likely, not certain.

    Parameters
    ----------
    tools
        The tools on offer.
    start
        Where the calls begin.
    marked
        A mark says that they are calls. Without one, :attr:`given_up` says that the message turns out to be text.
    """

    def __init__(self, tools: Mapping[str, ToolSpec], start: int, *, marked: bool) -> None:
        self.given_up = False
        self._tools, self._start, self._at, self._marked = tools, start, start, marked
        self._told: list[tuple[str, set[str]]] = []
        self._object: _Object | None = None
        self._between = self._looked_to = start
        self._python = False
        self._closing, self._sought = -1, start
        self._name: str | None = None

    def feed(self, text: str, tok: int) -> list[Event]:
        """Read on; ``text`` is the whole message so far."""
        events: list[Event] = []
        if self._object is None and not self._marked and self._is_text(text):
            self.given_up = True
        elif self._object is None and self._is_python(text):
            return events  # its calls are told when they are complete
        while self._at < len(text) and not self.given_up:
            if self._object is not None:
                self._follow(text, events, tok)
            elif self._name is not None and not text.startswith("{", skip(text, self._at)):
                if not self._closes(text):
                    return events
                found = PARAMETER.match(text, self._at)
                if found is None:
                    if text.find("</function>", self._at) < 0:
                        return events
                    self._name = None
                    continue
                value = value_of(self._tools.get(self._name), found[1], found[2])
                self._say_argument(found[1], value, events, tok)
                self._at = found.end()
            elif not self._marked and self._at > self._start and self._is_text(text):
                self.given_up = True
            elif (function := self._next_function(text)) is not None:
                self._name = function[1]
                self._begin(self._name, events, tok)
                self._at = self._between = function.end()
            else:
                at = text.find("{", self._at)
                if at < 0:
                    if self._marked:  # what is farther back than that is no head of a call
                        self._at = max(self._at, len(text) - _LONGEST_HEAD)
                    return events
                if "<function=".startswith(text[(start := skip(text, self._at)) : start + 10] or "-"):
                    return events
                named = _NAME.search(text, max(self._between, at - _LONGEST_HEAD), at) if self._name is None else None
                if named is not None and named[1] in self._tools:
                    self._name = named[1]
                    self._begin(self._name, events, tok)
                self._object = _Object(self._name is not None)
                self._name, self._at = None, at
        return events

    def _closes(self, text: str) -> bool:
        """Whether a closing tag stands behind this place; what was looked through once is not looked through again."""
        if self._closing < self._at:
            found = _CLOSING.search(text, max(self._at, self._sought - len("</parameter>")))
            self._closing, self._sought = -1 if found is None else found.start(), len(text)
        return self._closing >= 0

    def _is_python(self, text: str) -> bool:
        """Whether a call is written as Python here."""
        head = self._between + _LONGEST_HEAD
        if not self._python and self._looked_to < head:
            self._python = _CALL.match(text, self._between, head) is not None
            self._looked_to = len(text)
        return self._python

    def _next_function(self, text: str) -> re.Match[str] | None:
        """The next function in XML, unless an object comes before it."""
        found = FUNCTION.search(text, self._at)
        return None if found is None or "{" in text[self._at : found.start()] else found

    def _is_text(self, text: str) -> bool:
        """Whether a message without a mark, up to here, cannot be calls."""
        at = self._at
        fence = FENCE.match(text, at) if at == self._start else None
        rest = text[at:] if fence is None else text[fence.end() :]
        if rest.startswith("`") and at == self._start:
            return len(rest) > 24 or re.fullmatch(r"`{1,3}|```[a-z_]*[ \t]*\r?", rest) is None
        python = _PYTHON.match(rest.lstrip(";,]` \t\r\n") if at > self._start else rest)
        wrong = _NO_BEGINNING if at == self._start else _NO_NEXT
        return wrong.match(rest) is not None or (
            python is not None and python[1].removesuffix(".call") not in self._tools
        )

    def _follow(self, text: str, events: list[Event], tok: int) -> None:
        assert self._object is not None
        one = self._object
        fragment = ""
        while self._at < len(text) and not one.over:
            char = text[self._at]
            self._at += 1
            name, inside, done = one.feed(char)
            if name is not None:
                if not self._marked and name not in self._tools:
                    self.given_up = True
                    return
                self._begin(name, events, tok)
            fragment += inside
            for parameter, value in done:
                events.append(ArgumentsDelta(len(self._told) - 1, fragment, tok))
                fragment = ""
                self._say_argument(parameter, value, events, tok)
        if fragment:
            events.append(ArgumentsDelta(len(self._told) - 1, fragment, tok))
        if not self._marked and (one.broken or one.keys - MEMBERS):
            self.given_up = True
        elif one.over:
            self._object, self._between = None, self._at

    def _begin(self, name: str, events: list[Event], tok: int) -> None:
        self._told.append((name, set()))
        events.append(CallStarted(len(self._told) - 1, name, tok))

    def _say_argument(self, parameter: str, value: object, events: list[Event], tok: int) -> None:
        self._told[-1][1].add(parameter)
        events.append(ArgumentDone(len(self._told) - 1, parameter, value, tok))

    def settle(self, calls: Sequence[ToolCall], tok: int) -> list[Event]:
        """What has not been told of the calls that the message holds in the end."""
        events: list[Event] = []
        for index, call in enumerate(calls):
            name, told = self._told[index] if index < len(self._told) else ("", set())
            if name != call.name:
                told = set()
                events.append(CallStarted(index, call.name, tok))
            if not told and call.arguments:
                events.append(ArgumentsDelta(index, json.dumps(dict(call.arguments), ensure_ascii=False), tok))
            events += [ArgumentDone(index, key, value, tok) for key, value in call.arguments.items() if key not in told]
        return events


class _Object:
    """One object while it is written: a call, or the arguments of a call whose name is known."""

    def __init__(self, named: bool) -> None:
        self._named = named
        self._outer, self._inner = ArgumentReader(), ArgumentReader()
        self._name_known = self._began = False
        self.keys: set[str] = set()

    @property
    def broken(self) -> bool:
        """It cannot become an object."""
        return self._outer.broken

    @property
    def over(self) -> bool:
        """It is complete, or broken."""
        return self._outer.done or self._outer.broken

    def feed(self, char: str) -> tuple[str | None, str, list[tuple[str, object]]]:
        """Read a character; return the name and the piece of the arguments that it adds, and arguments now complete."""
        members = self._outer.feed(char)
        if self._named:
            return None, char, members
        name = None
        for key, value in members:
            self.keys.add(key)
            if key == "name" and isinstance(value, str) and value and not self._name_known:
                self._name_known, name = True, value
        key, first = self._outer.partial
        inner = self._inner
        if not self._name_known or inner.done or inner.broken:
            return name, "", []
        if (key in ARGUMENTS and first == "{") or (self._began and char == "}"):
            self._began = True
            return name, char, inner.feed(char)
        return name, "", []
