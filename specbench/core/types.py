"""The core types: messages, tool calls, traces, decision points, predictions. Frozen; no I/O.

The words are those of ``DESIGN.md`` section 2: a *trace* is one recorded conversation, a *decision point* the state
just before one LLM invocation, and its *outcome* the first tool call that the invocation emits, or a reply
(``None``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeAlias

from specbench.core.display import clipped, plural, table_html
from specbench.core.effects import Effect
from specbench.core.tools import ToolCall, ToolSpec

__all__ = [
    "ROLES",
    "Decision",
    "DecisionPoint",
    "Effect",
    "Message",
    "Prediction",
    "Role",
    "Timing",
    "ToolCall",
    "ToolPrediction",
    "ToolSpec",
    "Trace",
    "effect_of",
]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


class Timing(NamedTuple):
    """When something ran, in seconds since the start of its trace. Measured, or absent; never invented."""

    started_s: float
    ended_s: float

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.ended_s - self.started_s


@dataclass(frozen=True)
class Message:
    """One message of a conversation.

    Parameters
    ----------
    role
        ``system``, ``user``, ``assistant`` or ``tool`` (a tool's result).
    content
        The text; empty when there is none.
    tool_calls
        The calls that an assistant message emits, in order; several are *parallel* calls.
    tool_call_id, name
        On a tool message: the call it answers, and the tool.
    error
        On a tool message: the tool reported an error.
    timing
        When it was produced (LLM decoding, tool running), if that was measured.
    """

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    error: bool = False
    timing: Timing | None = None


@dataclass(frozen=True, repr=False)
class DecisionPoint:
    """The state just before one LLM invocation: all that a predictor may look at.

    Parameters
    ----------
    trace_id
        The conversation.
    index
        0-based number of the LLM invocation within the conversation.
    messages
        Everything before this invocation.
    tools
        The tools on offer, by name.
    agent
        Name of the agent configuration that will decide, if known.
    """

    trace_id: str
    index: int
    messages: tuple[Message, ...]
    tools: Mapping[str, ToolSpec] = field(default_factory=dict)
    agent: str | None = None

    def __post_init__(self) -> None:
        if any(spec.irrelevant for spec in self.tools.values()):
            object.__setattr__(self, "messages", tuple(_marked(each, self.tools) for each in self.messages))

    def __repr__(self) -> str:
        parts = plural(len(self.messages), "message"), plural(len(self.tools), "tool")
        return f"<DecisionPoint {self.index} of {clipped(self.trace_id)!r}: {', '.join(parts)}>"


class Decision(NamedTuple):
    """A decision point and what the LLM then did: ``calls`` in order, empty for a reply."""

    point: DecisionPoint
    calls: tuple[ToolCall, ...]

    @property
    def outcome(self) -> ToolCall | None:
        """The label: the first call, or ``None`` for a reply."""
        return self.calls[0] if self.calls else None


class Prediction(NamedTuple):
    """``p`` = P(the next outcome equals ``call`` | decision point); ``call is None`` means a reply."""

    call: ToolCall | None
    p: float


class ToolPrediction(NamedTuple):
    """``p`` = P(the next outcome is a call of ``tool`` | decision point); ``tool is None`` means a reply."""

    tool: str | None
    p: float


@dataclass(frozen=True, repr=False)
class Trace:
    """One recorded conversation.

    Parameters
    ----------
    trace_id
        Unique within a data set.
    task_id
        What the conversation was about; traces of one task are never split between training and test.
    source
        Where it came from (``tau_bench:tool-calling.json``).
    messages
        In order. Every assistant message is one LLM invocation.
    tools
        The tools on offer, by name.
    agent
        Name of the agent configuration, if known.
    metadata
        Anything else the source gives (reward, trial, ...); JSON scalars.

    Examples
    --------
    >>> trace = Trace("t", "task", "doc", (Message("user", "hi"), Message("assistant", "hello")))
    >>> [(d.point.index, len(d.point.messages), d.outcome) for d in trace.decisions()]
    [(0, 1, None)]
    """

    trace_id: str
    task_id: str
    source: str
    messages: tuple[Message, ...]
    tools: Mapping[str, ToolSpec] = field(default_factory=dict)
    agent: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "messages", tuple(_marked(each, self.tools) for each in self.messages))

    def decisions(self) -> Iterator[Decision]:
        """Yield every decision point with what the LLM did there, in order."""
        index = 0
        for position, message in enumerate(self.messages):
            if message.role == "assistant":
                point = DecisionPoint(self.trace_id, index, self.messages[:position], self.tools, self.agent)
                yield Decision(point, message.tool_calls)
                index += 1

    def __repr__(self) -> str:
        calls = sum(len(message.tool_calls) for message in self.messages)
        counts = plural(len(self.messages), "message"), plural(calls, "call"), plural(len(self.tools), "tool")
        return f"<Trace {clipped(self.trace_id)!r}: {', '.join(counts)}>"

    def _repr_html_(self) -> str:
        rows = (
            (message.role, clipped(message.content or "; ".join(map(str, message.tool_calls)), 200))
            for message in self.messages
        )
        return table_html(f"Trace {self.trace_id}", ("role", "message"), rows)

    def effect(self, tool: str) -> Effect:
        """Effect of ``tool`` here; ``UNKNOWN`` for a tool that is not declared."""
        spec = self.tools.get(tool)
        return spec.effect if spec is not None else Effect.UNKNOWN

    def effect_of(self, call: ToolCall) -> Effect:
        """Effect of a call here: by its arguments, where its tool says so."""
        return effect_of(call, self.tools)


def effect_of(call: ToolCall, tools: Mapping[str, ToolSpec]) -> Effect:
    """Return the effect of a call: that of its tool, by its arguments; ``UNKNOWN`` where the tool is not there."""
    spec = tools.get(call.name)
    return Effect.UNKNOWN if spec is None else spec.effect_of(call)


def _marked(message: Message, tools: Mapping[str, ToolSpec]) -> Message:
    """Return a message whose calls know their irrelevant parameters; the very same where they do already."""
    calls = tuple(call.of(tools.get(call.name)) for call in message.tool_calls)
    known = all(call is own for call, own in zip(message.tool_calls, calls, strict=True))
    return message if known else replace(message, tool_calls=calls)
