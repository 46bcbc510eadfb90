"""What a tool is and what a call of it is: effects, specifications, and which calls are equal. Frozen; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from specbench.core.canonical import canonical, spelling
from specbench.core.errors import ConfigError

__all__ = ["Effect", "ToolCall", "ToolSpec"]


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


@dataclass(frozen=True, eq=False)
class ToolCall:
    """A call of a tool: its name and arguments.

    Two calls are equal (and hash alike) when name and canonical arguments are equal; see
    :mod:`specbench.core.canonical`. Neither the ``id`` that links a call to its result counts, nor the parameters that
    its tool declares irrelevant. Equal calls may still be told apart by a tool: their :attr:`spelling` differs.

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
    irrelevant
        Names of the parameters that do not count (:attr:`ToolSpec.irrelevant`). Traces, decision points and whoever
        asks a predictor set them (:meth:`of`); there is no need to.

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
    irrelevant: Sequence[str] = field(default=(), repr=False)

    @cached_property
    def key(self) -> str:
        """The canonical form, e.g. ``get_order({"id":7})``. Equal calls have equal keys."""
        if self.invalid_arguments is not None:
            return f"{self.name}(!{self.invalid_arguments!r})"
        return f"{self.name}({canonical(self.relevant)})"

    @property
    def relevant(self) -> Mapping[str, Any]:
        """The arguments that count: all but the irrelevant ones."""
        if not self.irrelevant:
            return self.arguments
        return {name: value for name, value in self.arguments.items() if name not in self.irrelevant}

    @property
    def aside(self) -> str:
        """The irrelevant arguments in canonical form; empty where there are none.

        Examples
        --------
        >>> ToolCall("open", {"url": "a", "reason": "to see"}, irrelevant=("reason",)).aside
        '{"reason":"to see"}'
        """
        left = {name: self.arguments[name] for name in self.irrelevant if name in self.arguments}
        return canonical(left) if left else ""

    def of(self, spec: ToolSpec | None) -> ToolCall:
        """Return this call as one of the tool ``spec``: it knows which of its parameters are irrelevant.

        Examples
        --------
        >>> call = ToolCall("open", {"url": "a", "reason": "to see"})
        >>> call.of(ToolSpec("open", irrelevant=("reason",))) == ToolCall("open", {"url": "a"})
        True
        """
        irrelevant = () if spec is None else spec.irrelevant
        return self if irrelevant == self.irrelevant else replace(self, irrelevant=irrelevant)

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
    irrelevant: Sequence[str] = ()

    def __post_init__(self) -> None:
        for what, texts in (("hosts", self.hosts), ("irrelevant parameters", self.irrelevant)):
            if isinstance(texts, str) or not all(isinstance(each, str) for each in texts):
                raise ConfigError(f"{what} of tool {self.name!r} are a sequence of texts; got {texts!r}")
        if self.irrelevant:
            object.__setattr__(self, "irrelevant", tuple(dict.fromkeys(self.irrelevant)))
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
        if self.irrelevant and self.effect is Effect.STAGED:
            raise ConfigError(
                f"tool {self.name!r} is staged: its guess becomes real as it is, so each of its parameters counts; "
                f"declare none irrelevant (got {', '.join(self.irrelevant)})"
            )

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
