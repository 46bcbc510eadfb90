"""Reading the arguments of a call while they are written: which argument is complete after which piece of text."""

from __future__ import annotations

import json
from typing import Any

from specbench.traces.json_arguments import MAX_DEPTH

__all__ = ["ArgumentReader"]

_WHITE = " \t\r\n"


class ArgumentReader:
    """Reads a JSON object piece by piece and tells each member as soon as its value is complete.

    A string is complete with its closing quote, an object or a list with its closing bracket, and a number (or
    ``true``, ``false``, ``null``) with the comma or bracket after it. A value that is nested deeper than
    :data:`~specbench.traces.json_arguments.MAX_DEPTH` is read over. Text that is no JSON object makes it
    :attr:`broken`; it never raises.

    Attributes
    ----------
    done
        The closing bracket was read.
    broken
        What was read cannot become a JSON object.

    Examples
    --------
    >>> reader = ArgumentReader()
    >>> reader.feed('{"order_id": "D48')
    []
    >>> reader.feed('213", "amount": 1')
    [('order_id', 'D48213')]
    >>> reader.feed("2.5}"), reader.done
    ([('amount', 12.5)], True)
    """

    def __init__(self) -> None:
        self.done = False
        self.broken = False
        self._state = "open"
        self._key = ""
        self._token: list[str] = []
        self._depth = self._deepest = 0
        self._in_string = False
        self._escaped = False

    @property
    def partial(self) -> tuple[str, str]:
        """The member that is being read: its key, and the first character of its value; empty between members."""
        return (self._key, self._token[0]) if self._state == "value" and self._token else ("", "")

    def feed(self, text: str) -> list[tuple[str, Any]]:
        """Read on; return the members completed by ``text``. What follows the object is left alone."""
        found: list[tuple[str, Any]] = []
        for char in text:
            if self.done or self.broken:
                break
            try:
                self._step(char, found)
            except ValueError:
                self.broken = True
        return found

    def _step(self, char: str, found: list[tuple[str, Any]]) -> None:
        state = self._state
        if state in ("key", "value"):
            self._inside(char, found)
        elif char in _WHITE:
            return
        elif state == "open" and char == "{":
            self._state = "first"
        elif state == "colon" and char == ":":
            self._begin("value")
        elif state in ("first", "next_key") and char == '"':
            self._begin("key")
            self._token, self._in_string = [char], True
        elif state == "comma" and char == ",":
            self._state = "next_key"
        elif state in ("first", "comma") and char == "}":
            self.done = True
        else:
            raise ValueError(char)

    def _begin(self, state: str) -> None:
        self._state, self._token, self._in_string, self._escaped = state, [], False, False
        self._depth = self._deepest = 0

    def _inside(self, char: str, found: list[tuple[str, Any]]) -> None:
        """One character of a key or a value."""
        if self._in_string:
            self._token.append(char)
            if self._escaped:
                self._escaped = False
            elif char == "\\":
                self._escaped = True
            elif char == '"':
                self._in_string = False
                if self._depth == 0:
                    self._finish(found)
            return
        bare = self._depth == 0 and bool(self._token)
        if self._depth == 0 and not self._token and char in _WHITE:
            return
        if bare and (char in _WHITE or char in ",}"):
            self._finish(found)
            self._step(char, found)
            return
        self._token.append(char)
        if char == '"':
            if bare:
                raise ValueError(char)
            self._in_string = True
        elif char in "{[":
            self._depth += 1
            self._deepest = max(self._deepest, self._depth)
        elif char in "}]":
            self._depth -= 1
            if self._depth == 0:
                self._finish(found)
            elif self._depth < 0:
                raise ValueError(char)

    def _finish(self, found: list[tuple[str, Any]]) -> None:
        if self._deepest > MAX_DEPTH:
            self._state = "comma"
            return
        value = json.loads("".join(self._token), strict=False)
        if self._state == "key":
            self._key, self._state = value, "colon"
        else:
            found.append((self._key, value))
            self._state = "comma"
