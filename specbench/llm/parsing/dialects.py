"""The dialects: by which mark a call is told, and how far it goes.

- **Llama 3**: the *whole* message is ``{"name": …, "parameters": {…}}``, several, a list, or the same in a code block.
- **Llama 3, built-in tools**: ``<|python_tag|>`` and objects, or ``name.call(key="value")``, to the end of the message.
- **Llama 3.2 and 4**: the whole message is ``[name(key="value")]``, or that stands between ``<|python_start|>`` and
  ``<|python_end|>``.
- **Hermes, Qwen**: objects between ``<tool_call>`` and ``</tool_call>``.
- **GLM**: a name and ``<arg_key>key</arg_key><arg_value>value</arg_value>`` in ``<tool_call>``.
- **gpt-oss**: ``<|channel|>commentary to=functions.name <|constrain|>json<|message|>{…}<|call|>``.
- **Qwen's coders**: ``<function=name>`` with ``<parameter=key>`` or an object, in ``<tool_call>`` or without.
- **Mistral**: ``[TOOL_CALLS]`` and a list, or ``[TOOL_CALLS]name[ARGS]{…}``.
- **DeepSeek**: ``<｜tool▁call▁begin｜>name<｜tool▁sep｜>{…}<｜tool▁call▁end｜>``; **Kimi** the same with other marks.

A matcher gets a whole message and the place of a mark. What it does not take is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.parsing.json_calls import BROKEN, Object, call_of, named_call, read_objects, skip
from specbench.llm.parsing.python_calls import read_python
from specbench.llm.parsing.xml_calls import FUNCTION, read_function, read_pairs
from specbench.traces.json_arguments import parse_arguments, too_deep

__all__ = ["DIALECTS", "FENCE", "Found", "bare"]

Tools: TypeAlias = Mapping[str, ToolSpec]


class Found(NamedTuple):
    """Calls, where they end, and what stood between them that is none."""

    end: int
    calls: tuple[ToolCall, ...]
    text: str = ""


Match: TypeAlias = Callable[[str, int, Tools], Found | None]

FENCE = re.compile(r"```(?:json|tool_call|tool_code|python)?[ \t]*\r?\n\s*")
_BETWEEN = re.compile(r"[\s;,]*")
_CLOSE = "</tool_call>"
_END = re.compile(r"\s*<\|python_end\|>")


class _Taken:
    """The calls of a place in a message, and what else is there."""

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []
        self.rest: list[str] = []

    def take(self, one: Object | ToolCall) -> bool:
        """Take a call; ``False`` where it is none."""
        call = (one, {}) if isinstance(one, ToolCall) else call_of(_literal(one))
        if call is None:
            return False
        self.calls.append(call[0])
        if isinstance(one, Object) and call[1]:
            self.rest.append(one.raw)
        return True

    def take_all(self, found: Sequence[Object | ToolCall]) -> bool:
        """Take calls; ``False`` where one of them is none."""
        return [self.take(one) for one in found].count(False) == 0

    def until(self, end: int) -> Found | None:
        """What was found, if it was anything."""
        return Found(end, tuple(self.calls), "".join(self.rest)) if self.calls else None


def _literal(one: Object) -> Object:
    """An object that is written as a dictionary of Python, as one of JSON."""
    if one.value is not BROKEN:
        return one
    value, invalid = parse_arguments(one.raw, python_literals=True)
    return one if invalid is not None else Object(one.raw, value)


def bare(text: str, at: int, tools: Tools) -> Found | None:
    """Calls to tools on offer, and nothing else to the end of the message."""
    fence = FENCE.match(text, at)
    if fence is not None:
        at = fence.end()
    elif not text.startswith(("{", "["), at):
        return None
    taken = _Taken()
    while at < len(text) and not (fence is not None and text.startswith("```", at)):
        found = _read(text, at)
        if found is None:
            return None
        for one in found[0]:
            call = (one, {}) if isinstance(one, ToolCall) else call_of(one, tools)
            if call is None or call[0].name not in tools:
                return None
            taken.calls.append(call[0])
        at = _after(text, found[1])
    if fence is not None and (at == len(text) or text[at + 3 :].strip()):
        return None
    return taken.until(len(text))


def _read(text: str, at: int) -> tuple[list[Object] | list[ToolCall], int] | None:
    return read_objects(text, at) or read_python(text, at)


def _after(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return at if found is None else found.end()


def _python_tag(text: str, at: int, tools: Tools) -> Found | None:
    taken = _Taken()
    at = _after(text, at + len("<|python_tag|>"))
    while at < len(text):
        found = _read(text, at)
        if found is None or not (all(_is_no_program(one, tools) for one in found[0]) and taken.take_all(found[0])):
            return None
        at = _after(text, found[1])
    return taken.until(len(text))


def _is_no_program(one: Object | ToolCall, tools: Tools) -> bool:
    """Python behind the mark may be a program for an interpreter: only a tool on offer is called."""
    return isinstance(one, Object) or one.name in tools


def _python_start(text: str, at: int, tools: Tools) -> Found | None:
    found = _read(text, skip(text, at + len("<|python_start|>")))
    taken = _Taken()
    if found is None or not taken.take_all(found[0]):
        return None
    end = _END.match(text, found[1])
    return taken.until(found[1] if end is None else end.end())


def _tool_call(text: str, at: int, tools: Tools) -> Found | None:
    """Objects or functions up to the closing tag, which a message that is over may lack.

    A closing tag within a string of an object, or within a parameter, is a part of that, if that ends at all.
    """
    taken = _Taken()
    at = skip(text, at + len("<tool_call>"))
    while at < len(text) and not text.startswith(_CLOSE, at):
        found = _read_in_tag(text, at, tools)
        if found is None:
            end = text.find(_CLOSE, at)
            raw = text[at:end].strip()
            function = FUNCTION.match(raw)
            if function is not None:
                taken.calls.append(ToolCall(function[1], {}, invalid_arguments=raw))
            elif end < 0 or not taken.take(Object(raw, BROKEN)):
                taken.rest.append(raw)
            return taken.until(end + len(_CLOSE)) if end >= 0 else None
        for one in found[0]:
            if not taken.take(one):
                taken.rest.append(one.raw if isinstance(one, Object) else "")
        at = _after(text, found[1])
        if text.startswith("<tool_call>", at):  # the closing tag was left out
            return taken.until(at)
        if _CLOSE.startswith(text[at:]):  # the message breaks off in it
            break
    return taken.until(min(len(text), at + len(_CLOSE)))


def _read_in_tag(text: str, at: int, tools: Tools) -> tuple[list[Object] | list[ToolCall], int] | None:
    function = read_function(text, at, tools) or read_pairs(text, at, tools)
    return read_objects(text, at) if function is None else ([function[0]], function[1])


def _function(text: str, at: int, tools: Tools) -> Found | None:
    """A function without a tag around it, of a tool on offer."""
    found = read_function(text, at, tools)
    return Found(found[1], (found[0],)) if found is not None and found[0].name in tools else None


_MISTRAL = re.compile(r"\[TOOL_CALLS\]\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*([\w-]+)\s*)?(?:\[ARGS\]\s*)?(?=\{)")


_MISTRAL_NONE = re.compile(
    r"\[TOOL_CALLS\]\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*([\w-]+)\s*)?\[ARGS\]\s*"
    r"(?:(?:null|\"\")(?=\s*(?:\[TOOL_CALLS\]|\Z))|(?=\[TOOL_CALLS\]))"
)
"""No arguments; at the end of a message they must be written as none, or it has broken off."""


def _mistral(text: str, at: int, tools: Tools) -> Found | None:
    nothing = _MISTRAL_NONE.match(text, at)
    if nothing is not None:
        return Found(nothing.end(), (ToolCall(nothing[1], {}, nothing[2]),))
    head = _MISTRAL.match(text, at)
    found = read_objects(text, skip(text, at + len("[TOOL_CALLS]")) if head is None else head.end())
    if found is None:
        return None
    if head is not None:
        return Found(found[1], (_named(head[1], found[0][0], head[2]),))
    taken = _Taken()
    return taken.until(found[1]) if taken.take_all(found[0]) else None


def _named(name: str, one: Object, identifier: str | None = None) -> ToolCall:
    if one.value is BROKEN or too_deep(one.value):
        return ToolCall(name, {}, identifier, invalid_arguments=one.raw)
    return named_call(name, one.value, identifier)


_CHANNEL = re.compile(
    r"(?:functions\.)?([\w.-]+)\s*(?:<\|channel\|>\w+\s*)?(?:(?:<\|constrain\|>)?\s*\w+\s*)?<\|message\|>\s*(?=\{)"
)
_CALLED = re.compile(r"\s*(?:<\|call\|>)?(?:\s*<\|start\|>assistant(?=<\|channel\|>commentary to=))?")


def _gpt_oss(text: str, at: int, tools: Tools) -> Found | None:
    head = _CHANNEL.match(text, text.index("to=", at) + len("to="))
    found = None if head is None else read_objects(text, head.end())
    if head is None or found is None:
        return None
    end = _CALLED.match(text, found[1])
    return Found(found[1] if end is None else end.end(), (_named(head[1], found[0][0]),))


def _between_marks(begin: str, separator: str, end: str, all_begin: str, all_end: str) -> Match:
    """Calls with a mark before the name, before the arguments and behind, and marks around all of them."""
    begin, separator, end, all_end = (rf"\s*{re.escape(each)}" for each in (begin, separator, end, all_end))
    name = r"(?:functions\.)?([\w.-]+?)(?::\d+)?"  # Kimi: functions.NAME:0
    none = rf"(?:null|\"\")?\s*(?:```)?{end}"
    head = re.compile(
        rf"{begin}\s*(?:function{separator}\s*{name}|{name}{separator})\s*(?:```(?:json)?\s*)?(?=\{{|{none})"
    )
    nothing = re.compile(none)
    tail, last = re.compile(rf"\s*(?:```)?(?:{end}|\s*\Z)"), re.compile(all_end)

    def match(text: str, at: int, tools: Tools) -> Found | None:
        at += len(all_begin) if text.startswith(all_begin, at) else 0
        taken = _Taken()
        while (found := head.match(text, at)) is not None:
            empty = nothing.match(text, found.end())
            if empty is not None:
                taken.calls.append(ToolCall(found[1] or found[2], {}))
                at = empty.end()
                continue
            one = read_objects(text, found.end())
            closed = None if one is None else tail.match(text, one[1])
            if one is None or closed is None:
                break
            taken.calls.append(_named(found[1] or found[2], one[0][0]))
            at = closed.end()
        closing = last.match(text, at)
        return taken.until(at if closing is None else closing.end())

    return match


_deepseek = _between_marks(
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
)
_kimi = _between_marks(
    "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>",
    "<|tool_call_end|>",
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
)

DIALECTS: dict[str, Match] = {
    "<tool_call>": _tool_call,
    "<function=": _function,
    "<|python_tag|>": _python_tag,
    "<|python_start|>": _python_start,
    "[TOOL_CALLS]": _mistral,
    "<｜tool▁calls▁begin｜>": _deepseek,
    "<｜tool▁call▁begin｜>": _deepseek,
    "<|tool_calls_section_begin|>": _kimi,
    "<|tool_call_begin|>": _kimi,
    "<|channel|>commentary to=": _gpt_oss,
    "<|start|>assistant to=functions.": _gpt_oss,
}
"""The matcher of each mark."""
