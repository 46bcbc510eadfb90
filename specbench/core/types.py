"""The core types: messages, tool calls, traces, decision points, predictions. Frozen; no I/O.

The words are those of ``DESIGN.md`` section 2: a *trace* is one recorded conversation, a *decision point* the state
just before one LLM invocation, and its *outcome* the first tool call that the invocation emits, or a reply
(``None``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

from specbench.core.canonical import canonical, spelling
from specbench.core.display import clipped, plural, table_html
from specbench.core.errors import ConfigError

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
]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


class Effect(StrEnum):
    """What a tool does to the world. Declared by whoever brings the tool, never guessed silently.

    ``READ`` has no side effect and may be speculated. ``WRITE`` changes something. ``LOCAL`` computes or takes a note
    without I/O (calculate, think): harmless, but there is no latency to hide, so it is never speculated and not
    counted as READ. ``STAGED`` is a write with a staging pair: it can be prepared, and then committed or rolled back,
    so an executor that has the pair may speculate it. ``UNKNOWN`` is treated as ``WRITE``.
    """

    READ = "read"
    WRITE = "write"
    LOCAL = "local"
    STAGED = "staged"
    UNKNOWN = "unknown"


class Timing(NamedTuple):
    """When something ran, in seconds since the start of its trace. Measured, or absent; never invented."""

    started_s: float
    ended_s: float

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.ended_s - self.started_s


@dataclass(frozen=True, eq=False)
class ToolCall:
    """A call of a tool: its name and arguments.

    Two calls are equal (and hash alike) when name and canonical arguments are equal; see
    :mod:`specbench.core.canonical`. The ``id`` that links a call to its result does not count. Equal calls may still
    be told apart by a tool: their :attr:`spelling` differs.

    Parameters
    ----------
    name
        The tool's name.
    arguments
        The arguments, a JSON object.
    id
        The identifier that the provider gave this call, if any.
    invalid_arguments
        The raw text that the model wrote where it was not a JSON object. ``arguments`` is empty then, and the call
        equals only calls with the same raw text: no prediction can hit it by accident.

    Examples
    --------
    >>> ToolCall("get_order", {"id": 7}, id="call_1") == ToolCall("get_order", {"id": 7.0})
    True
    >>> ToolCall("get_order", {}, invalid_arguments="{oops") == ToolCall("get_order", {})
    False
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    invalid_arguments: str | None = None

    @cached_property
    def key(self) -> str:
        """The canonical form, e.g. ``get_order({"id":7})``. Equal calls have equal keys."""
        if self.invalid_arguments is not None:
            return f"{self.name}(!{self.invalid_arguments!r})"
        return f"{self.name}({canonical(self.arguments)})"

    @property
    def spelling(self) -> str:
        """The call as written: the same text only for calls that no Python code can tell apart.

        Examples
        --------
        >>> ToolCall("get_order", {"id": 7.0}).spelling, ToolCall("get_order", {"id": 7.0}).key
        ('get_order({"id":7.0})', 'get_order({"id":7})')
        """
        return self.key if self.invalid_arguments is not None else f"{self.name}({spelling(dict(self.arguments))})"

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, ToolCall) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.key


SOURCES = ("user", "system", "assistant", "result", "schema", "agent", "constant")


@dataclass(frozen=True)
class ToolSpec:
    """What is known of a tool before it is called.

    Parameters
    ----------
    name, description
        As the LLM sees them.
    parameters
        JSON schema of the arguments (``{"type": "object", "properties": {...}, "required": [...]}``). May be empty
        when the traces do not carry it.
    effect
        See :class:`Effect`.
    open_world
        Whether it reaches beyond the systems that you trust (MCP's ``openWorldHint``): the web, other people's servers.
        What is launched ahead of it then takes no values from tool results. ``None``: it does where an argument is an
        address of the network.
    hosts
        Hosts that may be addressed with values from results too: ``docs.a.example``, or ``*.a.example`` for all below.
    sources
        By parameter, where its value may come from when a call is launched ahead: ``user``, ``system``, ``assistant``,
        ``result`` (of any tool), ``result:TOOL``, ``schema`` (its enumeration, its default), ``agent`` (the agent has
        called the tool with it), ``constant`` (it stands in no result), ``=TEXT`` (this very text).
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    effect: Effect = Effect.UNKNOWN
    open_world: bool | None = None
    hosts: Sequence[str] = ()
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.hosts, str):
            raise ConfigError(f"hosts of tool {self.name!r} are a sequence of texts; got one text {self.hosts!r}")
        for parameter, sources in self.sources.items():
            for source in (sources,) if isinstance(sources, str) else sources:
                known = source in SOURCES or source.startswith(("=", "result:"))
                if isinstance(sources, str) or not known:
                    raise ConfigError(
                        f"the sources of {parameter!r} of tool {self.name!r} are some of {', '.join(SOURCES)}, "
                        f"result:TOOL, =TEXT; got {sources!r}"
                    )
        if self.hosts or self.sources:
            object.__setattr__(self, "hosts", tuple(self.hosts))
            object.__setattr__(self, "sources", {name: tuple(each) for name, each in self.sources.items()})
        if type(self.effect) is not Effect:  # its text form, such as "read"
            try:
                object.__setattr__(self, "effect", Effect(self.effect))
            except ValueError:
                raise ConfigError(
                    f"the effect of tool {self.name!r} is one of {', '.join(Effect)}; got {self.effect!r}"
                ) from None

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of each parameter by its name; empty when unknown."""
        properties = self.parameters.get("properties", {})
        return properties if isinstance(properties, Mapping) else {}

    def schema(self, parameter: str) -> Mapping[str, Any]:
        """The schema of one parameter; empty when unknown."""
        schema = self.properties.get(parameter)
        return schema if isinstance(schema, Mapping) else {}

    @property
    def required(self) -> frozenset[str]:
        """Names of the required parameters; empty when unknown."""
        required = self.parameters.get("required", ())
        if not isinstance(required, (list, tuple)):
            return frozenset()
        return frozenset(name for name in required if isinstance(name, str))


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
