"""The body of one call while it is written: a JSON object with name and arguments, or Qwen's XML."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.parsing.partial_arguments import ArgumentReader

__all__ = ["Body", "JsonBody", "News", "XmlBody"]

_ARGUMENTS = ("parameters", "arguments")
_ALLOWED = {"name", "parameters", "arguments", "type", "id"}


@dataclass
class News:
    """What became known of a call: its name, a fragment of its arguments, arguments that are complete."""

    name: str | None = None
    text: str = ""
    done: list[tuple[str, Any]] = field(default_factory=list)


class Body(ABC):
    """The body of one call."""

    done = False
    broken = False

    def __init__(self) -> None:
        self._news: list[News] = []

    def news(self) -> list[News]:
        """What became known since the last time."""
        news, self._news = self._news, []
        return news

    @abstractmethod
    def feed(self, text: str) -> int:
        """Read on; return how many characters belong to the body."""

    @abstractmethod
    def call(self) -> ToolCall | None:
        """The call; with ``invalid_arguments`` where the arguments are broken; ``None`` where there is no name."""


class JsonBody(Body):
    """``{"name": …, "parameters": {…}}``, or ``"arguments"``; the arguments may be a string that holds JSON.

    Parameters
    ----------
    strict
        Refuse objects with other members, or without arguments: where nothing but its looks says that it is a call.
    """

    def __init__(self, strict: bool) -> None:
        super().__init__()
        self._strict = strict
        self._outer = ArgumentReader()
        self._inner = ArgumentReader()
        self._members: dict[str, Any] = {}

    def feed(self, text: str) -> int:
        """Read on, up to the closing bracket of the object."""
        for at, char in enumerate(text):
            if self.done or self.broken:
                return at
            for key, value in self._outer.feed(char):
                self._members.setdefault(key, value)
                if key == "name" and isinstance(value, str) and value:
                    self._news.append(News(name=value))
            self._inside(char)
            self.done, self.broken = self._outer.done, self._outer.broken
        return len(text)

    def _inside(self, char: str) -> None:
        """Follow the arguments, once the name is known: without it nobody could use them."""
        key, first = self._outer.partial
        inner = self._inner
        if "name" not in self._members or inner.done or inner.broken:
            return
        if (key in _ARGUMENTS and first == "{") or (inner.text and char == "}"):
            self._news.append(News(text=char, done=inner.feed(char)))

    def call(self) -> ToolCall | None:
        """The call; see :meth:`Body.call`."""
        name = self._members.get("name")
        if not isinstance(name, str) or not name:
            return None
        given = [key for key in _ARGUMENTS if key in self._members]
        if self._strict and (not given or not self._outer.done or set(self._members) - _ALLOWED):
            return None
        if not self._outer.done:
            return ToolCall(name, {}, invalid_arguments=self._outer.text)
        arguments = self._members[given[0]] if given else {}
        if isinstance(arguments, str):
            arguments = _read(arguments)
        if isinstance(arguments, dict):
            return ToolCall(name, arguments)
        return ToolCall(name, {}, invalid_arguments=str(self._members[given[0]]))


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class XmlBody(Body):
    """``<function=name><parameter=key>value</parameter></function>``; values are JSON where the schema says so."""

    _NAME = re.compile(r"\s*<function=([^<>\s]+)>")
    _PARAMETER = re.compile(r"\s*<parameter=([^<>\s]+)>(.*?)</parameter>", re.DOTALL)

    def __init__(self, tools: Mapping[str, ToolSpec]) -> None:
        super().__init__()
        self._tools = tools
        self._text = ""
        self._at = 0
        self._name: str | None = None
        self._arguments: dict[str, Any] = {}

    def feed(self, text: str) -> int:
        """Read on; all of it belongs to the body."""
        self._text += text
        if self._name is None:
            found = self._NAME.match(self._text)
            if found is None:
                return len(text)
            self._name, self._at = found[1], found.end()
            self._news.append(News(name=self._name))
        while (found := self._PARAMETER.match(self._text, self._at)) is not None:
            value = self._value(found[1], found[2])
            self._arguments[found[1]] = value
            self._at = found.end()
            self._news.append(News(text=found[0], done=[(found[1], value)]))
        self.done = re.fullmatch(r"\s*</function>\s*", self._text[self._at :]) is not None
        return len(text)

    def _value(self, key: str, text: str) -> Any:
        text = text.removeprefix("\n").removesuffix("\n")
        spec = self._tools.get(self._name or "")
        kind = spec.schema(key).get("type", "string") if spec is not None else "string"
        if kind == "string":
            return text
        value = _read(text)
        return text if value is None and text.strip() != "null" else value

    def call(self) -> ToolCall | None:
        """The call; see :meth:`Body.call`."""
        if self._name is None:
            return None
        if not self.done:
            return ToolCall(self._name, {}, invalid_arguments=self._text)
        return ToolCall(self._name, self._arguments)
