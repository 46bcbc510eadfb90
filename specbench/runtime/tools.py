"""Tools as the executor runs them: a function, what is declared of it, and perhaps a staging pair."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from specbench.core.canonical import spelling
from specbench.core.errors import ConfigError
from specbench.core.types import Effect, ToolCall, ToolSpec
from specbench.runtime.callers import caller_of, surroundings
from specbench.speculation import Traits

__all__ = ["READ_PREFIXES", "Staging", "Tool", "Toolbox", "reads_by_prefix"]

ONE_SPELLING = frozenset({str, int, bool, type(None)})
"""Types of values that the canonical form shows as they are."""

READ_PREFIXES = ("get_", "find_", "search_", "list_", "lookup_", "read_", "fetch_")


class Staging(Protocol):
    """A write in two parts: prepared in a way that nobody sees, then made real or undone.

    All three may be called with a token that a crash has left behind, and again with the same token; ``commit`` and
    ``rollback`` of a token that is not known do nothing. When ``commit`` or ``rollback`` raises, its answer may
    have been lost: it is asked again, for as long as the tool's ``timeout_s`` at most, all tries together.

    With an attribute ``exclusive`` that is true, a staged write keeps everybody else from writing (a lock): there is
    then one at a time in an executor and none beside a real write, and it is given up as soon as any conversation
    really writes, or when the agent has not asked for it within ``hold_s`` (an attribute too; 10 seconds without).
    """

    async def stage(self, token: str, arguments: Mapping[str, Any]) -> Any:
        """Prepare the write and return what the tool would return. Nobody else may see it yet."""
        ...

    async def commit(self, token: str) -> bool:
        """Make it real, and return whether it is: true also when an earlier try made it so, false when it is undone."""
        ...

    async def rollback(self, token: str) -> None:
        """Undo it, as if it had never been."""
        ...


@dataclass(frozen=True)
class Tool:
    """A tool that can be run.

    Parameters
    ----------
    spec
        Name, schema, effect. The effect is what decides whether it may be speculated.
    run
        Called with the arguments by name; a coroutine function, or a plain function, which runs in a thread. It returns
        the result or raises.
    traits
        Keys, staleness, cache, rate limit group, cost.
    timeout_s
        The longest that one run may take; a :class:`TimeoutError` then. A plain function cannot be cut short: the error
        comes when it has returned.
    staging
        For effect ``staged``.

    Examples
    --------
    >>> Tool(ToolSpec("look", effect=Effect.READ), run=lambda x: x + 1).speculable
    True
    >>> Tool(ToolSpec("cancel", effect=Effect.STAGED), run=print).speculable
    False
    """

    spec: ToolSpec
    run: Callable[..., Any]
    traits: Traits = field(default_factory=Traits)
    timeout_s: float | None = None
    staging: Staging | None = None

    def __post_init__(self) -> None:
        if not callable(self.run):
            raise ConfigError(f"tool {self.spec.name!r}: run is a function of the arguments; got {self.run!r}")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise ConfigError(f"tool {self.spec.name!r}: timeout_s is seconds above 0; got {self.timeout_s!r}")
        if self.staging is not None and self.spec.effect is not Effect.STAGED:
            raise ConfigError(
                f"tool {self.spec.name!r} has a staging pair but its effect is {self.spec.effect}; declare it staged"
            )

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.spec.name

    @property
    def speculable(self) -> bool:
        """Whether it may ever be run before the agent asks: a declared read, or a write with a staging pair."""
        return self.spec.may_read or (self.spec.effect is Effect.STAGED and self.staging is not None)

    def may_write(self, call: ToolCall) -> bool:
        """Whether a real run of a call may change something. Unknown is write."""
        return self.spec.effect_of(call) not in (Effect.READ, Effect.LOCAL)

    def caches(self, call: ToolCall) -> bool:
        """Whether the result of a call may serve equal ones again."""
        return self.traits.cache_ttl_s > 0 and not self.may_write(call)

    @property
    def exclusive(self) -> bool:
        """Whether its staged writes keep others from writing; see :class:`Staging`."""
        return bool(getattr(self.staging, "exclusive", False))

    @cached_property
    def in_thread(self) -> bool:
        """Whether ``run`` is a plain function: it runs in a thread, and goes on there when it is cancelled."""
        target = self.run if inspect.isroutine(self.run) else getattr(self.run, "__call__", self.run)  # noqa: B004
        return not inspect.iscoroutinefunction(target)

    @cached_property
    def keywords(self) -> frozenset[str]:
        """Parameters of ``run`` by name; none where it takes any keyword, and so may see in which order they come."""
        try:
            parameters = inspect.signature(self.run, follow_wrapped=False).parameters.values()
        except (TypeError, ValueError):
            return frozenset()
        if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
            return frozenset()
        by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        return frozenset(each.name for each in parameters if each.kind in by_name)

    def key_of(self, call: ToolCall) -> str:
        """Return a text that is the same only for calls that this tool cannot tell apart.

        Python types and nested key order count, and the order of the arguments where ``run`` may see it (it takes any
        keyword, or not all of these), unless the traits say ``any_spelling``. What the schema calls a ``number`` is
        one as ``50`` and as ``50.0``. Parameters that are declared irrelevant do not count.

        Examples
        --------
        >>> look = Tool(ToolSpec("look"), run=lambda x, y: x)
        >>> look.key_of(ToolCall("look", {"x": 1, "y": 2})) == look.key_of(ToolCall("look", {"y": 2, "x": 1}))
        True
        >>> look.key_of(ToolCall("look", {"x": 1})) == look.key_of(ToolCall("look", {"x": 1.0}))
        False
        """
        call = call.of(self.spec)
        key = call.key
        if self.traits.any_spelling or call.invalid_arguments is not None:
            return key
        arguments = call.relevant
        if len(arguments) < 2 or self.keywords.issuperset(arguments):
            if all(type(value) in ONE_SPELLING for value in arguments.values()):
                return key
            arguments = {name: arguments[name] for name in sorted(arguments)}
        return f"{call.name}({spelling(dict(arguments), self.spec.parameters)})"


class Toolbox(Mapping[str, Tool]):
    """The tools of an agent, by name.

    Examples
    --------
    >>> box = Toolbox([Tool(ToolSpec("look", effect=Effect.READ), run=print)])
    >>> list(box), box.specs["look"].effect
    (['look'], <Effect.READ: 'read'>)
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if not isinstance(tool, Tool):
                raise ConfigError(
                    f"tools are specbench.runtime.Tool(spec, run), got {type(tool).__name__} {tool!r}; the "
                    "specification says name and effect of a function"
                )
            if tool.name in self._tools:
                raise ConfigError(f"two tools are called {tool.name!r}; names are unique")
            self._tools[tool.name] = tool

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def key_of(self, call: ToolCall) -> str:
        """Return a text that is the same only for calls of which one may have the result of the other, if made now.

        It is :meth:`Tool.key_of` of the call's own tool, and for whom it runs (:attr:`Traits.scope`); the canonical
        form for a tool that is not there.
        """
        tool = self._tools.get(call.name)
        if tool is None:
            return call.key
        key, scope = tool.key_of(call), tool.traits.scope
        if scope == "shared":
            return key
        return f"{key} for {caller_of(scope) if callable(scope) else surroundings()}"

    def own(self, call: ToolCall) -> ToolCall:
        """Return a call that knows which of its parameters its tool declares irrelevant."""
        tool = self._tools.get(call.name)
        return call if tool is None else call.of(tool.spec)

    def may_write(self, call: ToolCall) -> bool:
        """Whether a call may change something; one of a tool that is not there changes nothing."""
        tool = self._tools.get(call.name)
        return tool is not None and tool.may_write(call)

    @property
    def specs(self) -> dict[str, ToolSpec]:
        """Specifications by name, as a decision point has them."""
        return {name: tool.spec for name, tool in self._tools.items()}

    def check_limits(self, names: Iterable[str]) -> None:
        """Raise where a rate limit is of no tool and no group.

        Raises
        ------
        ConfigError
            With the names that there are.
        """
        known = {*self, *(tool.traits.group for tool in self.values() if tool.traits.group)}
        for name in names:
            if name not in known:
                raise ConfigError(
                    f"a rate limit is given for {name!r}, which is no tool and no group; there are "
                    f"{', '.join(sorted(known)) or 'none'}"
                )

    @property
    def traits(self) -> dict[str, Traits]:
        """Traits by name."""
        return {name: tool.traits for name, tool in self._tools.items()}


def reads_by_prefix(tools: Iterable[Tool], prefixes: Sequence[str] = READ_PREFIXES) -> list[Tool]:
    """Return ``tools`` with effect ``read`` where the name begins so **and nothing was declared**: an explicit opt-in.

    A name proves nothing: look at the list that comes back before you use it. A declaration is never overridden.

    Examples
    --------
    >>> tools = [Tool(ToolSpec("get_order"), print), Tool(ToolSpec("get_and_lock", effect=Effect.WRITE), print)]
    >>> [str(tool.spec.effect) for tool in reads_by_prefix(tools)]
    ['read', 'write']
    """
    return [
        replace(tool, spec=replace(tool.spec, effect=Effect.READ))
        if tool.spec.effect is Effect.UNKNOWN and not tool.spec.where and tool.name.startswith(tuple(prefixes))
        else tool
        for tool in tools
    ]
