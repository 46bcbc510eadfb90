"""A template of an effects file: the tools of some traces, what is known of them, and suggestions to confirm.

JSON has no comments, so a member whose name begins with ``#`` is one. A suggestion is the member as it would be
declared, behind a ``#``: whoever agrees takes the ``#`` away. As it is written, the template declares what the traces
declare.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from specbench.core.display import plural
from specbench.core.shell import may_write, simple_command
from specbench.core.types import Effect, ToolCall, ToolSpec, Trace

__all__ = ["as_if_confirmed", "effects_template"]

HEAD = [
    "What the tools do. A member whose name begins with # is a comment, and counts for nothing.",
    "#effect, #irrelevant and #where are suggestions: they follow names and counts, and may be wrong. "
    "Take the # away where you know that one is right; a read that writes does harm.",
    "Tools without an effect are never run ahead. docs/traces.md says what each member means.",
]
_READING = """
get find search list lookup look read fetch show view check query describe count grep glob ls cat browse open retrieve
verify validate calculate compute summarize
"""
_WRITING = """
create update delete remove set send post put write edit cancel book pay add insert move rename modify replace execute
run submit upload change apply reset reply forward buy transfer exchange return commit push merge install start
stop kill bash shell terminal command
"""
_WHY = """
reason reasoning description explanation explain thought thoughts thinking rationale justification purpose intent
motivation why
"""
READING, WRITING, WHY = (frozenset(text.split()) for text in (_READING, _WRITING, _WHY))
"""Words of names: what a tool does, and a parameter that says why it is called."""
READERS = (
    "ls", "cat", "head", "tail", "wc", "rg", "grep", "find", "pwd", "which", "file", "stat", "du", "tree", "sort",
    "sed -n", "git status", "git diff", "git log", "git show", "git blame", "git ls-files", "git rev-parse", "go vet",
    "diff",
)  # fmt: skip
"""Commands that read, with all options but those that no rule allows (:mod:`specbench.core.shell`)."""
SHELL = frozenset({"command", "cmd", "script", "bash"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
FEW, ENOUGH, LONG, MOST = 6, 8, 3, 10_000
"""Values of a choice; calls that tell something; words of free text; values that are counted of one parameter."""


@dataclass
class _Parameter:
    """The values of one parameter, as far as they are texts."""

    given: int = 0
    texts: int = 0
    words: int = 0
    values: Counter[str] = field(default_factory=Counter)

    def add(self, value: Any) -> None:
        self.given += 1
        if isinstance(value, str):
            self.texts += 1
            self.words += len(value.split())
            if value in self.values or len(self.values) < MOST:
                self.values[value] += 1

    @property
    def is_choice(self) -> bool:
        """Whether it is one of a few texts."""
        return self.texts == self.given >= ENOUGH and 1 < len(self.values) <= FEW

    @property
    def never_repeats(self) -> bool:
        """Whether it is free text that is different each time."""
        return self.texts == self.given >= ENOUGH and len(self.values) == self.given and self.words >= LONG * self.given


@dataclass
class _Used:
    """What is known of one tool."""

    spec: ToolSpec
    calls: int = 0
    traces: int = 0
    parameters: dict[str, _Parameter] = field(default_factory=dict)
    commands: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, call: ToolCall) -> None:
        self.calls += 1
        for name, value in call.arguments.items():
            self.parameters.setdefault(name, _Parameter()).add(value)
            if name in SHELL and isinstance(value, str):
                self.commands.setdefault(name, Counter()).update(filter(None, [_reader(value)]))


def effects_template(traces: Iterable[Trace]) -> dict[str, Any]:
    """Return the members of an effects file: most called tools first.

    Parameters
    ----------
    traces
        Any; they are gone through once.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> call = ToolCall("get_order", {"id": 7})
    >>> said = (Message("assistant", "", (call,)),)
    >>> found = effects_template([Trace("t", "a", "doc", said)])["get_order"]
    >>> found["#"], found["#effect"], found["#effect because"]
    ('1 call in 1 trace; id', 'read', "its name says 'get'")
    """
    used: dict[str, _Used] = {}
    for trace in traces:
        for name, spec in trace.tools.items():
            used.setdefault(name, _Used(spec))
        called = [call for message in trace.messages for call in message.tool_calls]
        for call in called:
            used.setdefault(call.name, _Used(ToolSpec(call.name))).add(call)
        for name in {call.name for call in called}:
            used[name].traces += 1
    ordered = sorted(used.items(), key=lambda item: (-item[1].calls, item[0]))
    return {"#": HEAD, **{name: _declaration(tool) for name, tool in ordered if not name.startswith("#")}}


def _declaration(tool: _Used) -> dict[str, Any]:
    spec, parameters = tool.spec, list(dict.fromkeys([*tool.parameters, *tool.spec.properties]))
    counts = f"{plural(tool.calls, 'call')} in {plural(tool.traces, 'trace')}"
    out: dict[str, Any] = {"#": f"{counts}; {', '.join(parameters) or 'no parameters'}"}
    out |= _declared(spec)
    if spec.effect is Effect.UNKNOWN:
        out |= _effect_by_name(spec.name)
    if not spec.irrelevant:
        out |= _irrelevant(tool)
    if not spec.where:
        out |= _where(tool, out.get("#effect"))
    return out


def _declared(spec: ToolSpec) -> dict[str, Any]:
    """What the traces declare themselves, or a file that was given."""
    out: dict[str, Any] = {} if spec.effect is Effect.UNKNOWN else {"effect": str(spec.effect)}
    if spec.where:
        out["where"] = [rule.to_dict() for rule in spec.where]
    if spec.irrelevant:
        out["irrelevant"] = list(spec.irrelevant)
    if spec.open_world is not None:
        out["open_world"] = spec.open_world
    if spec.hosts:
        out["hosts"] = list(spec.hosts)
    if spec.sources:
        out["sources"] = {name: list(each) for name, each in spec.sources.items()}
    return out


def _effect_by_name(name: str) -> dict[str, Any]:
    words = [word.lower() for word in _WORD.findall(name)]
    for effect, known in (("write", WRITING), ("read", READING)):
        word = next((word for word in words if word in known), None)
        if word is not None:
            return {"#effect": effect, "#effect because": f"its name says {word!r}"}
    return {"#effect because": "its name says nothing: look at what it does"}


def _irrelevant(tool: _Used) -> dict[str, Any]:
    why = [name for name in tool.parameters if not WHY.isdisjoint(word.lower() for word in _WORD.findall(name))]
    out: dict[str, Any] = {}
    if why:
        reasons = ", ".join(_counted(name, tool.parameters[name]) for name in why)
        out = {"#irrelevant": why, "#irrelevant because": f"the name says why a call is made: {reasons}"}
    free = [name for name, each in tool.parameters.items() if each.never_repeats and name not in why]
    if free:
        told = ", ".join(_counted(name, tool.parameters[name]) for name in free)
        out["#free text"] = f"{told}: irrelevant only if the tool does not read it"
    return out


def _counted(name: str, parameter: _Parameter) -> str:
    per = parameter.words / parameter.texts if parameter.texts else 0.0
    return f"{name} ({len(parameter.values)} values in {plural(parameter.given, 'call')}, {per:.0f} words each)"


def _where(tool: _Used, suggested: str | None) -> dict[str, Any]:
    if tool.spec.effect not in (Effect.UNKNOWN, Effect.WRITE):
        return {}
    out: dict[str, Any] = {}
    for name, commands in tool.commands.items():
        if commands:
            alternatives = "|".join(each for each, _ in commands.most_common())
            out["#where"] = [{name: f"({alternatives})( .*)?", "effect": "read"}]
            out["#where because"] = (
                f"{commands.total()} of {plural(tool.calls, 'call')} are one simple command of those; the tool's own "
                "effect is write then"
            )
    for name, each in tool.parameters.items():
        if each.is_choice and name not in SHELL and "read" not in (suggested, str(tool.spec.effect)):
            out[f"#{name}"] = dict(each.values.most_common())
    return out


def _reader(command: str) -> str | None:
    """Which of :data:`READERS` a command is, if it is just that."""
    words = simple_command(command)
    if words is None or may_write(words):
        return None
    return next((each for each in READERS if words[: len(each.split())] == each.split()), None)


def as_if_confirmed(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declarations of a template with every suggestion taken over: for "what if", never to run with.

    Examples
    --------
    >>> as_if_confirmed({"#": HEAD, "get": {"#": "1 call", "#effect": "read", "#effect because": "…"}})
    {'get': {'effect': 'read'}}
    """
    suggested = {f"#{name}": name for name in ("effect", "irrelevant", "where")}
    return {
        tool: {
            suggested.get(name, name): value for name, value in members.items() if name in suggested or name[0] != "#"
        }
        for tool, members in template.items()
        if not tool.startswith("#")
    }
