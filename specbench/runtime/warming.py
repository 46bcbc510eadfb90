"""Cache warming: when something is looked up, what is usually asked next is loaded too. No predictor, no probabilities.

The milder mode of speculation: rules of your own instead of a predictor, and results that live for their TTL. Between a
load and its use only writes of *this* agent end a result's life; what others change is seen after the TTL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import anyio

from specbench.core.errors import ConfigError, in_words
from specbench.core.types import Effect, ToolCall
from specbench.runtime.caches import Cache, TTLCache
from specbench.runtime.containment import contained, contained_call
from specbench.runtime.copies import copied, own_call
from specbench.runtime.invocation import run_call
from specbench.runtime.tools import Tool, Toolbox
from specbench.speculation import Traits
from specbench.speculation.traits import touches

__all__ = ["CacheWarmer", "Warm", "WarmStats", "Warmer"]

MOST_TIMES = 10_000
"""Loads of which it is remembered how long they took."""
MOST_FAILURES = 20


@dataclass(frozen=True)
class Warmer:
    """One rule: after a call of ``event`` has returned, load what ``calls`` names, and keep each for ``ttl_s``.

    Parameters
    ----------
    event
        Name of the tool.
    calls
        ``calls(call, value)`` returns the calls to load; reads only.
    ttl_s
        Seconds that their results are kept.

    Examples
    --------
    >>> Warmer("find_customer", lambda call, value: [ToolCall("list_orders", {"user": value["id"]})], ttl_s=30).ttl_s
    30
    """

    event: str
    calls: Callable[[ToolCall, Any], Iterable[ToolCall]]
    ttl_s: float

    def __post_init__(self) -> None:
        if not self.ttl_s > 0:
            raise ConfigError(f"ttl_s is seconds above 0; got {self.ttl_s!r}")


@dataclass
class WarmStats:
    """What warming did.

    ``hits`` and ``misses`` count the agent's calls of tools that have been warmed before; ``unused`` are loads that no
    call has used so far, ``errors`` loads that failed, ``refused`` calls that are no declared reads, ``shed`` loads for
    which rate limits or slots had no room, or whose slot real work took. ``failures`` says what the last of the errors
    were.
    """

    loaded: int = 0
    hits: int = 0
    misses: int = 0
    used: int = 0
    errors: int = 0
    refused: int = 0
    shed: int = 0
    load_s: float = 0.0
    failures: list[str] = field(default_factory=list)

    def failed(self, what: str, error: Exception) -> None:
        """Count an error; ``what`` failed."""
        self.errors += 1
        self.failures = [*self.failures[1 - MOST_FAILURES :], f"{what}: {in_words(error)}"]

    @property
    def unused(self) -> int:
        """Loads that no call has used."""
        return self.loaded - self.used

    @property
    def hit_rate(self) -> float | None:
        """Hits ÷ calls of warmed tools."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None

    def report(self) -> str:
        """Return the numbers in one line."""
        rate = "no call of a warmed tool" if self.hit_rate is None else f"hit rate {100 * self.hit_rate:.0f} %"
        return (
            f"{rate} ({self.hits} hits, {self.misses} misses); {self.loaded} loads in {self.load_s:.1f} s, "
            f"{self.unused} unused; {self.errors} failed, {self.refused} refused, {self.shed} shed"
        )


class Warm(NamedTuple):
    """A warm result, and the seconds that its load took; 0 for one that another process has loaded."""

    value: Any
    seconds: float


class Room(Protocol):
    """Where loads ask whether there is room for them; see :class:`~specbench.runtime.workplace.Workplace`."""

    def take_room(self, load: Load, tool: Tool) -> bool:
        """Whether a slot and a token of the reserve for speculation are there; they are taken."""
        ...

    def leave_room(self, load: Load) -> None:
        """The load has ended."""
        ...


class Load:
    """A load at work: the least probable of all speculations, so the first one that makes way."""

    p = 0.0

    def __init__(self, call: ToolCall) -> None:
        self.call = call
        self.scope, self.done = anyio.CancelScope(), anyio.Event()

    def preempt(self) -> None:
        """Real work takes its slot."""
        self.scope.cancel()


class CacheWarmer:
    """Loads ahead by rules. Give it to an :class:`~specbench.runtime.Executor`, or use it on its own in an agent.

    Parameters
    ----------
    warmers
        The rules.
    cache
        Where results are kept; by default in this process.
    parallel
        Most loads at a time.
    """

    def __init__(self, warmers: Sequence[Warmer], cache: Cache | None = None, parallel: int = 8) -> None:
        if parallel < 1:
            raise ConfigError(f"parallel is a count, 1 or more; got {parallel!r}")
        self.warmers = tuple(warmers)
        self.cache: Cache = cache if cache is not None else TTLCache()
        self.stats = WarmStats()
        self.parallel = parallel
        self._tools: Toolbox | None = None
        self._spawn: Callable[..., None] | None = None
        self._limit: anyio.Semaphore | None = None
        self._threads: anyio.CapacityLimiter | None = None
        self._warmed: set[str] = set()
        self._unused: set[str] = set()
        self._took: dict[str, float] = {}
        self._distrusted_until = 0.0
        self._loading: dict[str, Load] = {}
        self._room: Room | None = None
        self._void: set[str] = set()

    def attach(self, tools: Toolbox, spawn: Callable[..., None], room: Room | None = None) -> None:
        """Say which tools there are and how a task is started; an executor does that.

        Raises
        ------
        ConfigError
            When another executor uses it.
        """
        if self._spawn is not None:
            raise ConfigError("this CacheWarmer is in use by an executor that runs; make one for each")
        self._tools, self._spawn, self._room = tools, spawn, room
        self._limit = anyio.Semaphore(self.parallel)
        self._threads = anyio.CapacityLimiter(self.parallel)

    def detach(self) -> None:
        """The executor has ended."""
        self._spawn = None

    def happened(self, call: ToolCall, value: Any, conversation: str = "") -> None:
        """A call has returned: start the loads that its rules name. Never raises, never waits.

        ``conversation`` tells the conversations apart whose results are their own (:attr:`Traits.scope`).
        """
        for warmer in self.warmers:
            if warmer.event != call.name:
                continue
            try:
                for each in contained_call(self._ask, warmer, call, value):
                    self._start(own_call(each), warmer.ttl_s, conversation)
            except Exception as error:  # a rule that does not understand a result loads nothing
                self.stats.failed(f"the rule for {warmer.event}", error)

    @staticmethod
    def _ask(warmer: Warmer, call: ToolCall, value: Any) -> list[ToolCall]:
        return list(warmer.calls(own_call(call), copied(value)))

    def _start(self, call: ToolCall, ttl_s: float, conversation: str) -> None:
        assert self._tools is not None and self._spawn is not None
        tool = self._tools.get(call.name)
        if tool is None or tool.spec.effect_of(call) is not Effect.READ or call.invalid_arguments is not None:
            self.stats.refused += 1
            return
        key = self._key(call, conversation)
        if key not in self._loading:
            if tool.traits.max_staleness_s is not None:
                ttl_s = min(ttl_s, tool.traits.max_staleness_s)
            self._warmed.add(call.name)
            load = self._loading[key] = Load(call)
            self._spawn(self._load, load, key, ttl_s)

    async def _load(self, load: Load, key: str, ttl_s: float) -> None:
        assert self._tools is not None and self._limit is not None
        call, tool = load.call, self._tools[load.call.name]
        try:
            async with self._limit:
                if await self._contained(self.cache.get, key) is not None:
                    return
                if self._room is not None and not self._room.take_room(load, tool):
                    self.stats.shed += 1
                    return
                began = anyio.current_time()
                value = await self._run(load, tool)
                if load.scope.cancelled_caught:
                    self.stats.shed += 1
                    return
                seconds = anyio.current_time() - began
                self.stats.loaded += 1
                self.stats.load_s += seconds
                if key not in self._void:  # a write came while it was loading
                    await self._contained(self.cache.set, key, call, value, ttl_s)
                    if key in self._void:  # or while it was being kept
                        await self._contained(self.cache.delete, key)
                        return
                    self._unused.add(key)
                    self._took[key] = seconds
                    if len(self._took) > MOST_TIMES:
                        del self._took[next(iter(self._took))]
        except Exception as error:  # contained: the agent's own call finds out for itself
            self.stats.failed(call.key, error)
        finally:
            self._void.discard(key)
            del self._loading[key]
            load.done.set()

    async def _run(self, load: Load, tool: Tool) -> Any:
        assert self._threads is not None
        try:
            with load.scope:
                return copied(await contained(run_call(tool, load.call, self._threads), in_thread=tool.in_thread))
        finally:
            if self._room is not None:
                self._room.leave_room(load)

    async def get(self, call: ToolCall, conversation: str = "") -> Warm | None:
        """Return the result of a call that is warm, or becomes so by a load that runs."""
        if call.name not in self._warmed:
            return None
        assert self._tools is not None
        key = self._key(call, conversation)
        loading = self._loading.get(key)
        if loading is not None:
            await loading.done.wait()
        kept = None
        if anyio.current_time() >= self._distrusted_until:
            try:
                kept = await self._contained(self.cache.get, key)
            except Exception as error:  # a cache that fails is a miss
                self.stats.failed("the cache", error)
        if kept is None:
            self.stats.misses += 1
            return None
        self.stats.hits += 1
        self.stats.used += key in self._unused
        self._unused.discard(key)
        return Warm(copied(kept.value), self._took.get(key, 0.0))

    async def wrote(self, call: ToolCall, traits: Traits) -> None:
        """A write starts or ends: forget what it may touch, also what is just being loaded."""
        assert self._tools is not None
        for key, loading in self._loading.items():
            if touches(call, traits, loading.call, self._tools[loading.call.name].traits):
                self._void.add(key)
        try:
            await contained(self._forget(call, traits))
        except Exception as error:  # what it still holds may be stale: it is not believed until all has expired
            self.stats.failed("the cache", error)
            longest = max((warmer.ttl_s for warmer in self.warmers), default=0.0)
            self._distrusted_until = anyio.current_time() + longest

    @staticmethod
    async def _contained(method: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Ask the cache; whatever goes wrong, at once or later, is an :class:`Exception`."""

        async def ask() -> Any:
            return await method(*arguments)

        return await contained(ask())

    async def _forget(self, call: ToolCall, traits: Traits) -> None:
        assert self._tools is not None
        async with aclosing(self.cache.calls()) as calls:
            async for key, kept in calls:
                tool = self._tools.get(kept.name)
                if tool is None or touches(call, traits, kept, tool.traits):
                    await self.cache.delete(key)

    def _key(self, call: ToolCall, conversation: str) -> str:
        assert self._tools is not None
        own = self._tools[call.name].traits.scope == "conversation"
        return f"{conversation}:{self._tools.key_of(call)}" if own else self._tools.key_of(call)
