"""What a tool is and what a call of it is: specifications, and which calls are equal. Frozen; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from specbench.core.canonical import canonical, spelling
from specbench.core.effects import CAREFUL, Effect, EffectRule
from specbench.core.errors import ConfigError

__all__ = ["Effect", "ToolCall", "ToolSpec"]


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


def _are_texts(value: Any) -> bool:
    """Whether a value is a sequence of texts, and not one text."""
    return isinstance(value, Collection) and not isinstance(value, str) and all(isinstance(each, str) for each in value)


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
        See :class:`~specbench.core.effects.Effect`.
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
    irrelevant
        Parameters that say why a call is made and do not change what it does (``reason``, ``description``): calls that
        differ in them alone are equal. Where a guess comes true, the tool has run with the guess's value.
        None of a staged tool: what it does would be made real with the guess's value.
    where
        Calls that have another effect than ``effect``, by their arguments: rules, as
        :class:`~specbench.core.effects.EffectRule` or as objects. The tool is a ``write`` then, or ``unknown``: rules
        say what is harmless, and a call that fits none of them is not. Of several that fit, the most careful one
        counts.

    Examples
    --------
    >>> rules = [{"command": "(ls|cat|git (status|diff|log))( .*)?", "effect": "read"}]
    >>> bash = ToolSpec("Bash", effect=Effect.WRITE, where=rules)
    >>> [str(bash.effect_of(ToolCall("Bash", {"command": each}))) for each in ("git diff", "git diff; rm -rf .")]
    ['read', 'write']
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    effect: Effect = Effect.UNKNOWN
    open_world: bool | None = None
    hosts: Sequence[str] = ()
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    irrelevant: Sequence[str] = ()
    where: Sequence[EffectRule] = ()

    def __post_init__(self) -> None:
        for what, texts in (("hosts", self.hosts), ("irrelevant parameters", self.irrelevant)):
            if not _are_texts(texts):
                raise ConfigError(f"{what} of tool {self.name!r} are a sequence of texts; got {texts!r}")
        if self.irrelevant:
            object.__setattr__(self, "irrelevant", tuple(dict.fromkeys(self.irrelevant)))
        for parameter, sources in self.sources.items():
            if not _are_texts(sources) or not all(
                source in SOURCES or source.startswith(("=", "result:")) for source in sources
            ):
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
        if self.where:
            self._check_rules()
        if self.irrelevant and self.effect is Effect.STAGED:
            raise ConfigError(
                f"tool {self.name!r} is staged: its guess becomes real as it is, so each of its parameters counts; "
                f"declare none irrelevant (got {', '.join(self.irrelevant)})"
            )

    def _check_rules(self) -> None:
        if isinstance(self.where, (str, Mapping)) or not isinstance(self.where, Collection):
            raise ConfigError(f"the rules (where) of tool {self.name!r} are a list of objects; got {self.where!r}")
        if self.effect not in (Effect.WRITE, Effect.UNKNOWN):
            raise ConfigError(
                f"tool {self.name!r} has rules that say which of its calls are harmless, so its own effect is write or "
                f"unknown; got {self.effect}"
            )
        try:
            rules = tuple(map(EffectRule.of, self.where))
        except ConfigError as error:
            raise ConfigError(f"tool {self.name!r}, where: {error}") from None
        for name in (name for rule in rules for name in rule.arguments if name in self.irrelevant):
            raise ConfigError(f"{name!r} of tool {self.name!r} is irrelevant, so no rule can depend on it")
        object.__setattr__(self, "where", rules)

    def effect_of(self, call: ToolCall) -> Effect:
        """Return the effect of one call: that of the rules that fit (:attr:`where`), else the tool's."""
        if not self.where or call.invalid_arguments is not None:
            return self.effect
        found = {rule.effect for rule in self.where if rule.fits(call.arguments)}
        return next((effect for effect in CAREFUL if effect in found), self.effect)

    @property
    def may_read(self) -> bool:
        """Whether some call of it is a read."""
        return self.effect is Effect.READ or any(rule.effect is Effect.READ for rule in self.where)

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
