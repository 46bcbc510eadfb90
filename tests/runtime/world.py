"""A small world for the tests of the executor: tools with state, an agent that reacts to what it sees, predictors of
every temper. Everything is a function of a seed, so that the sequential run can be repeated exactly.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Self
from zlib import crc32

import anyio

from specbench.core.canonical import canonical, spelling
from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.predictors import Predictor
from specbench.predictors.base import Session
from specbench.runtime import Decided, Partial, Staging, Tool, ToolResult
from specbench.runtime.invocation import ToolCallError, find_tool, run_call
from specbench.speculation import Traits


class ToolFailure(Exception):
    """What a failing tool raises."""


class Panic(BaseException):
    """What a library in another language raises; in a guess it must stay there."""


USER: ContextVar[str] = ContextVar("user", default="nobody")
"""Who is signed in: it changes from step to step."""


class World(Staging):
    """Three items with values; reads, writes, a staged write, and tools that fail, time out or lie about nothing.

    ``met`` counts what has really come about: answers that got lost, undos that failed, panics.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.met: Counter[str] = Counter()
        self.real: set[str] = set()
        self.failed_undo: set[str] = set()
        self.items = {0: 0, 1: 10, 2: 20}
        self.writes: list[tuple[Any, ...]] = []
        self.staged: dict[str, tuple[int, int]] = {}
        self.running = 0
        self.executed = 0
        self.page: list[Any] = []

    def latency_s(self, name: str, arguments: Mapping[str, Any]) -> float:
        """Seconds of a call: the same whenever and however often it runs."""
        draw = random.Random(crc32(f"{self.seed}|{name}|{canonical(dict(arguments))}".encode()))
        return draw.choice([0.0, 0.1, 0.5, 1.0, 3.0]) * (0.5 + draw.random())

    async def busy(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.running += 1
        self.executed += 1
        try:
            await anyio.sleep(self.latency_s(name, arguments))
        finally:
            self.running -= 1

    async def get(self, x: int) -> dict[str, int]:
        await self.busy("get", {"x": x})
        return {"item": x, "value": self.items[x]}

    async def total(self) -> int:
        await self.busy("total", {})
        return sum(self.items.values())

    def total_later(self, **arguments: Any) -> Any:
        """A plain function that returns an awaitable."""
        self.met["awaitables"] += 1
        return self.total(**arguments)

    async def who(self) -> str:
        await self.busy("who", {})
        return f"{USER.get()} of {sum(self.items.values())}"

    async def panics(self, x: int) -> None:
        """Nobody but a predictor asks for it."""
        self.met["panics"] += 1
        await self.busy("panics", {"x": x})
        raise Panic(x)

    async def search(self, query: dict[str, Any]) -> list[Any]:
        """Shows its argument as it is spelt, empties it, and returns the page that its last result was on."""
        await self.busy("search", query)
        self.page[:] = [repr(query), sum(self.items.values())]
        query.clear()
        return self.page

    async def flaky(self, x: int) -> str:
        await self.busy("flaky", {"x": x})
        if (self.items[x] + x) % 2:
            raise ToolFailure(f"item {x} is odd: {self.items[x]}")
        return "even"

    async def slow(self, x: int) -> int:
        await self.busy("slow", {"x": x})
        await anyio.sleep(4.0 * x)
        return self.items[x]

    async def put(self, x: int, y: int) -> str:
        await self.busy("put", {"x": x, "y": y})
        before, self.items[x] = self.items[x], y
        self.writes.append(("put", x, y, before))
        return f"was {before}"

    async def mystery(self, x: int) -> int:
        await self.busy("mystery", {"x": x})
        self.items[x] += 1
        self.writes.append(("mystery", x, self.items[x]))
        if self.items[x] % 5 == 0:
            raise ToolFailure("half done")
        return self.items[x]

    async def reserve(self, x: int) -> int:
        await self.busy("reserve", {"x": x})
        self.items[x] += 100
        self.writes.append(("reserve", x, self.items[x]))
        return self.items[x]

    async def note(self, text: str = "") -> str:
        await self.busy("note", {"text": text})
        return text

    async def stage(self, token: str, arguments: Mapping[str, Any]) -> int:
        x = arguments["x"]
        self.staged[token] = (x, self.items[x] + 100)
        try:
            await self.busy("reserve", arguments)
        except BaseException:
            self.staged.pop(token, None)
            raise
        return self.items[x] + 100

    async def commit(self, token: str) -> bool:
        if token in self.real:
            return True
        if token not in self.staged:
            return False
        x, value = self.staged.pop(token)
        assert value == self.items[x] + 100, "something changed under a staged write"
        self.items[x] = value
        self.writes.append(("reserve", x, value))
        self.real.add(token)
        if self.happens("lost", x, value):
            self.met["lost answers"] += 1
            raise ConnectionError("it is real, and nobody is told")
        return True

    async def rollback(self, token: str) -> None:
        await anyio.sleep(0.05)
        if token in self.staged and token not in self.failed_undo and self.happens("undo", *self.staged[token]):
            self.met["undos that failed"] += 1
            self.failed_undo.add(token)
            raise ConnectionError("not now")
        self.staged.pop(token, None)

    def happens(self, what: str, *of: int) -> bool:
        """Whether something goes wrong; the same whenever it is asked."""
        return crc32(f"{self.seed}|{what}|{of}".encode()) % 3 == 0

    def tools(self, keys: bool, cache: bool) -> list[Tool]:
        own = ("item:{x}",) if keys else ()
        ttl = 100.0 if cache else 0.0
        x = {"type": "object", "properties": {"x": {"type": "integer"}}}

        def spec(name: str, effect: Effect) -> ToolSpec:
            return ToolSpec(name, "", x, effect)

        return [
            Tool(spec("get", Effect.READ), self.get, Traits(own, cache_ttl_s=ttl)),
            Tool(
                ToolSpec("total", "", {}, Effect.READ),
                self.total_later if self.seed % 4 == 0 else self.total,
                Traits(("item:*",) if keys else ()),
            ),
            Tool(ToolSpec("who", "", {}, Effect.READ), self.who, Traits(("item:*",) if keys else (), cache_ttl_s=ttl)),
            Tool(spec("panics", Effect.READ), self.panics, Traits(own)),
            Tool(
                ToolSpec("search", "", {"properties": {"query": {"type": "object"}}}, Effect.READ),
                self.search,
                Traits(("item:*",) if keys else (), cache_ttl_s=ttl),
            ),
            Tool(spec("flaky", Effect.READ), self.flaky, Traits(own)),
            Tool(spec("slow", Effect.READ), self.slow, Traits(own), timeout_s=5.0),
            Tool(spec("put", Effect.WRITE), self.put, Traits(own)),
            Tool(spec("mystery", Effect.UNKNOWN), self.mystery, Traits(own)),
            Tool(spec("reserve", Effect.STAGED), self.reserve, Traits(own), staging=self),
            Tool(spec("note", Effect.LOCAL), self.note),
        ]


NAMES = (
    "get",
    "get",
    "get",
    "total",
    "who",
    "who",
    "search",
    "search",
    "flaky",
    "slow",
    "put",
    "mystery",
    "reserve",
    "note",
    "nothing",
)


def random_call(draw: random.Random) -> ToolCall:
    name = draw.choice(NAMES)
    if name in ("total", "who"):
        return ToolCall(name)
    if name == "note":
        return ToolCall(name, {"text": draw.choice(["a", "b"])})
    if name == "search":
        query = [("x", close(draw)), ("like", {"a": 1})]
        return ToolCall(name, {"query": dict(query if draw.random() < 0.7 else reversed(query))})
    if name == "put":
        return ToolCall(name, {"x": draw.randint(0, 2), "y": draw.randint(0, 3)})
    if draw.random() < 0.05:
        return ToolCall(
            name, {"x": 7} if draw.random() < 0.5 else {"z": 1}
        )  # an item that is not there; no such parameter
    if draw.random() < 0.03:
        return ToolCall(name, {}, invalid_arguments="{oops")
    return ToolCall(name, {"x": close(draw)})


def close(draw: random.Random) -> int | float:
    """An item, now and then as a number that equals it and is shown in another way."""
    item = draw.randint(0, 2)
    return item if draw.random() < 0.8 else -0.0 if item == 0 else float(item)


def respelt(call: ToolCall) -> ToolCall:
    """The same call to a predictor, another one to Python: whole numbers as floats, keys the other way round."""
    return ToolCall(call.name, _respelt(dict(call.arguments)), None, call.invalid_arguments)


def _respelt(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _respelt(value[name]) for name in reversed(value)}
    if isinstance(value, float):
        return int(value)
    return float(value) if isinstance(value, int) else value


def decision(seed: int, messages: Sequence[Message]) -> tuple[Decided, float, int]:
    """What the LLM decides after these messages, its seconds, and a number for whatever else is to be drawn."""
    said = "\n".join(f"{m.role}:{m.content}:{[call.spelling for call in m.tool_calls]}" for m in messages)
    draw = random.Random(crc32(f"{seed}|{said}".encode()))
    think_s = draw.choice([0.0, 0.3, 1.0, 2.0]) * (0.5 + draw.random())
    kind = draw.random()
    if kind < 0.2:
        decided = Decided(text=f"answer {draw.randint(0, 9)}")
    else:
        calls = tuple(random_call(draw) for _ in range(1 if kind < 0.85 else draw.randint(2, 3)))
        decided = Decided(calls, "let me look" if draw.random() < 0.15 else "")
    return decided, think_s, draw.randint(0, 10**9)


class ThinkFailure(Exception):
    """What a failing LLM raises."""


def thinker(seed: int, streams: bool = False, fails: bool = False) -> Any:
    """The LLM as a function of the point: it decides, streams its decision, and sometimes raises."""

    def trip(point: DecisionPoint, number: int) -> None:
        if fails and number % 5 == 0:
            raise ThinkFailure(f"{len(point.messages)}|{number}")

    async def plain(point: DecisionPoint) -> Decided:
        decided, think_s, number = decision(seed, point.messages)
        await anyio.sleep(think_s)
        trip(point, number)
        return decided

    async def streamed(point: DecisionPoint) -> Any:
        decided, think_s, number = decision(seed, point.messages)
        await anyio.sleep(think_s / 4)
        for part in (decided.text[:4], decided.text[4:]):
            yield Partial(text=part)
            await anyio.sleep(think_s / 4)
        trip(point, number)
        if decided.calls and decided.calls[0].invalid_arguments is None:
            first = decided.calls[0]
            yield Partial(tool=first.name)
            await anyio.sleep(think_s / 8)
            arguments = copy.deepcopy(dict(first.arguments))
            yield Partial(tool=first.name, arguments=arguments, complete=True)
            arguments.clear()  # the parser uses it again
        await anyio.sleep(think_s / 8)
        yield decided

    return streamed if streams else plain


ADVERSE = ["put", "mystery", "reserve", "get", "flaky", "slow", "panics", "nope"]
TEMPERS = ("right", "close", "wrong", "mixed", "adversarial", "raising", "slow", "garbage", "silent")


class Temper(Predictor):
    """A predictor of some temper; it knows how the agent decides."""

    name = "temper"
    fitted = True

    def __init__(self, seed: int, kind: str) -> None:
        self.seed, self.kind = seed, kind
        self.told: list[tuple[int, ToolCall | None]] = []

    def fit(self, traces: Sequence[Any]) -> Self:
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return _TemperSession(self)

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass


class _TemperSession(Session):
    def __init__(self, predictor: Temper) -> None:
        self.of = predictor
        self.messages: list[Message] = []
        self.said: list[Prediction] = []

    def observe(self, message: Message) -> None:
        self.messages.append(copy.deepcopy(message))
        spoil(*message.tool_calls, *(each.call for each in self.said))

    def predict(self, k: int = 1) -> Any:
        found = self._predict(k)
        if isinstance(found, list):
            self.said.extend(found)
        return found

    def _predict(self, k: int) -> Any:
        kind, seed = self.of.kind, self.of.seed
        decided, _, number = decision(seed, self.messages)
        draw = random.Random(number)
        right = decided.calls[0] if decided.calls else None
        if kind == "mixed":
            kind = draw.choice([each for each in TEMPERS if each != "mixed"])
        if kind == "raising":
            raise RuntimeError("the predictor is broken")
        if kind == "silent":
            return []
        if kind == "garbage":
            return [Prediction(ToolCall("get", {"x": [1, {"y": None}]}), float("nan")), Prediction(ToolCall(""), 2.0)]
        found = [Prediction(right, 0.7), Prediction(random_call(draw), 0.2)]
        if kind == "close" and right is not None:
            found = [Prediction(respelt(right), 0.7), Prediction(random_call(draw), 0.2)]
        if kind == "wrong":
            found = [Prediction(random_call(draw), 0.6), Prediction(random_call(draw), 0.4)]
        if kind == "adversarial":
            found = [
                Prediction(
                    ToolCall(name, {"x": draw.randint(0, 2), "y": 5} if name == "put" else {"x": 1}), 0.99 - 0.1 * at
                )
                for at, name in enumerate(draw.sample(ADVERSE, 4))
            ]
        if kind == "slow":
            return _later(found[:k], draw.choice([0.1, 0.5, 5.0]))
        return found[:k]

    def learn(self, outcome: ToolCall | None) -> None:
        if self.of.kind == "raising":
            raise RuntimeError("the predictor learns nothing")
        self.of.told.append((len(self.messages), outcome))


def spoil(*calls: ToolCall | None) -> None:
    """Do to calls what a careless owner may do to its own."""
    for call in calls:
        if call is not None and isinstance(call.arguments, dict):
            for value in call.arguments.values():
                if isinstance(value, dict):
                    value.clear()
            call.arguments.clear()


async def _later(found: list[Prediction], seconds: float) -> list[Prediction]:
    await anyio.sleep(seconds)
    return found


class Seen(list[tuple[Any, ...]]):
    """What the agent saw, step by step."""

    def add(self, decided: Decided, results: Sequence[ToolResult]) -> None:
        self.append(
            (
                decided.text,
                tuple(call.spelling for call in decided.calls),
                tuple((r.call.spelling, spelling(r.value) if r.error is None else repr(r.error)) for r in results),
            )
        )


FIRST = Message("user", "hello")


def sign_in(seed: int, step: int) -> None:
    """Another user may be at the keyboard."""
    USER.set("ann" if crc32(f"{seed}|{step // 2}".encode()) % 2 else "bob")


async def run_sequential(seed: int, world: World, tools: Sequence[Tool], steps: int, think: Any) -> Seen:
    """The reference: no executor, one thing after the other."""
    from specbench.runtime import StepResult, Toolbox

    seen, box, limiter = Seen(), Toolbox(tools), anyio.CapacityLimiter(10)
    point = DecisionPoint(f"s{seed}", 0, (FIRST,), box.specs)
    for number in range(steps):
        sign_in(seed, number)
        while True:
            try:
                decided = await think_whole(think, point)
                break
            except ThinkFailure as error:
                seen.append(("raised", str(error)))
                point = asked_again(point)
        results = []
        for call in decided.calls:
            try:
                tool = find_tool(box, call)
                results.append(ToolResult(call, copy.deepcopy(await run_call(tool, call, limiter))))
            except (Exception, ToolCallError) as error:
                results.append(ToolResult(call, error=error))
        seen.add(decided, results)
        step = StepResult(point, decided, tuple(results), None)  # type: ignore[arg-type]
        more = () if decided.calls else (Message("user", f"and then? {len(seen)}"),)
        point = step.next_point(*more)
    return seen


def asked_again(point: DecisionPoint) -> DecisionPoint:
    """The user tries once more after a failure."""
    return replace(point, messages=(*point.messages, Message("user", "please try again")))


async def think_whole(think: Any, point: DecisionPoint) -> Decided:
    thinking = think(point)
    if not hasattr(thinking, "__aiter__"):
        decided: Decided = await thinking
        return decided
    last = None
    async for part in thinking:
        last = part
    assert isinstance(last, Decided)
    return last
