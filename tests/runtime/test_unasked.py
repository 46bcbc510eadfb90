"""Whatever work that nobody has asked for raises: no conversation notices."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest

from specbench.core.types import Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.policies import Choice, TopK
from specbench.runtime import CacheWarmer, Executor, Tool, ToolResult, TTLCache, Warmer
from specbench.runtime.results import Decided
from specbench.speculation import Options, RunAhead
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks


class Panic(BaseException):
    """As a library written in another language raises it."""


class Speechless(Exception):
    """Its text cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


ALL = Options(windows={"think", "tool", "user"}, carry_ttl_s=5, run_ahead=RunAhead(depth=3, p=0.0))
RAISED = [Panic, GeneratorExit, Speechless, StopIteration, MemoryError]  # classes: an instance keeps its traceback
kinds = pytest.mark.parametrize("error", RAISED)


def raises(error: BaseException | type[BaseException]) -> Any:
    raise error


async def two_conversations(executor: Executor) -> None:
    """One that asks for ``look`` and one that never asks for anything; both are as they are without speculation."""
    ended = []

    async def asks() -> None:
        step = await executor.run_step(point(executor), thinks(1.0, call("look", x=1)))
        assert step.results[0].value == "saw 1"
        ended.append((await executor.run_step(step.next_point(), thinks(1.0, text="There."))).decided.text)

    async def talks() -> None:
        ended.append((await executor.run_step(point(executor, trace_id="u"), thinks(4.0, text="Well."))).decided.text)

    async with anyio.create_task_group() as group:
        group.start_soon(asks)
        group.start_soon(talks)
    assert ended == ["There.", "Well."]


async def look(x: int) -> str:
    await anyio.sleep(0.1)
    return f"saw {x}"


LOOK = Tool(ToolSpec("look", effect=Effect.READ), look)


@kinds
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("options", [Options(), ALL], ids=["plain", "all"])
def test_a_guess(backend: str, options: Options, error: type[BaseException]) -> None:
    async def main() -> None:
        async def bad() -> None:
            raise error

        tools = [LOOK, Tool(ToolSpec("bad", effect=Effect.READ), bad)]
        async with Executor(tools, Says(sure(call("bad"), call("look", x=2))), TopK(2), options=options) as executor:
            await two_conversations(executor)

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("error", [*RAISED[:3], KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_guess_in_a_thread(backend: str, error: type[BaseException]) -> None:
    async def main() -> None:
        tool = Tool(ToolSpec("bad", effect=Effect.READ), lambda: raises(error))
        async with Executor([LOOK, tool], Says(sure(call("bad"))), TopK(1)) as executor:
            await two_conversations(executor)

    run_virtual(main, backend=backend)


def test_what_a_real_call_raises_ends_its_own_conversation_alone() -> None:
    async def main() -> None:
        tool = Tool(ToolSpec("bad", effect=Effect.READ), lambda: raises(Panic("for its own agent")))
        async with Executor([LOOK, tool], Says(sure(call("bad"))), TopK(1)) as executor:
            with pytest.raises(Panic, match="own agent"):
                await executor.run_step(point(executor, trace_id="v"), thinks(1.0, call("bad")))
            await two_conversations(executor)

    run_virtual(main)


@pytest.mark.parametrize("error", [*RAISED, asyncio.CancelledError])
@pytest.mark.parametrize("options", [Options(), ALL], ids=["plain", "all"])
def test_a_predictor(options: Options, error: type[BaseException]) -> None:
    async def main() -> None:
        async with Executor([LOOK], Says(lambda seen: raises(error)), TopK(1), options=options) as executor:
            await two_conversations(executor)
            assert "the predictor raised" in executor.outcomes[0].reason

    run_virtual(main)


def test_a_slow_predictor_in_its_thread() -> None:
    async def main() -> None:
        def says(seen: Sequence[Message]) -> list[Prediction]:
            threading.Event().wait(0.06)
            if threading.current_thread() is threading.main_thread():
                return []
            raise KeyboardInterrupt  # in the event loop's own thread it could be the user's

        async with Executor([LOOK], Says(says), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(0.2, call("look", x=1)))
            for _ in range(2):
                step = await executor.run_step(step.next_point(), thinks(0.2, call("look", x=1)))
            assert "KeyboardInterrupt" in step.outcome.reason

    anyio.run(main)


MALFORMED: list[Any] = [
    [Prediction(call("look", x=2), "0.9")],
    [Prediction(call("look", x=2), None)],
    [Prediction(call("look", x=2), float("nan"))],
    [Prediction(call("look", x=2), 1.5)],
    [(call("look", x=2), 0.9)],
    [Prediction(call("look", x=2), 0.9), (1,)],
    [Prediction("look", 0.9)],
    [Prediction(ToolCall(7, {}), 0.9)],
    [Prediction(ToolCall("look", [1]), 0.9)],
    "abc",
    None,
    5,
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("found", MALFORMED, ids=repr)
def test_malformed_predictions_are_an_abstention_that_says_why(found: Any, stream: bool) -> None:
    async def main() -> None:
        says = Says([])
        says.say = lambda seen: type("Any", (), {"__getitem__": lambda self, _: found})()
        async with Executor([LOOK], says, TopK(2), options=ALL) as executor:
            await two_conversations(executor)
            assert "'says' gave" in executor.outcomes[0].reason and "Prediction(call, p)" in executor.outcomes[0].reason
        assert executor.ledger().speculations == []

    run_virtual(main)


@kinds
def test_a_policy(error: type[BaseException]) -> None:
    class Bad:
        def choose(self, point: Any, predictions: Any, state: Any) -> Choice:
            raise error

    async def main() -> None:
        async with Executor([LOOK], Says(sure(call("look", x=1))), Bad()) as executor:
            await two_conversations(executor)
            assert executor.outcomes[0].reason.startswith(f"the policy raised {error.__name__}")

    run_virtual(main)


@kinds
def test_a_run_ahead(error: type[BaseException]) -> None:
    async def main() -> None:
        asked: list[int] = []

        async def think(at: Any) -> Decided:
            asked.append(at.index)
            await anyio.sleep(1.0)
            if at.index == 1 and asked.count(1) == 1:
                raise error
            return Decided((call("look", x=1),)) if at.index == 0 else Decided((), "There.")

        async with Executor([LOOK], Says(sure(call("look", x=1))), TopK(1), options=ALL) as executor:
            step = await executor.run_step(point(executor), think)
            assert (await executor.run_step(step.next_point(), think)).decided.text == "There."
        assert asked.count(1) == 2

    run_virtual(main)


@kinds
@pytest.mark.parametrize("where", ["rule", "load"])
def test_warming(where: str, error: type[BaseException]) -> None:
    async def main() -> None:
        async def bad() -> None:
            raise error

        tools = [LOOK, Tool(ToolSpec("bad", effect=Effect.READ), bad)]
        rule: Callable[..., Any] = (lambda *_: raises(error)) if where == "rule" else (lambda *_: [call("bad")])
        warmer = CacheWarmer([Warmer("look", rule, ttl_s=9)])
        async with Executor(tools, warmer=warmer) as executor:
            await two_conversations(executor)
        assert warmer.stats.errors == 1

    run_virtual(main)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", ["get", "set", "delete", "calls"])
def test_a_cache(method: str, backend: str) -> None:
    async def main() -> None:
        class Bad(TTLCache):
            pass

        def bad(*_: Any) -> Any:
            raise Panic("cache")

        setattr(Bad, method, bad)
        tools = [LOOK, Recorder().tool("put", 0.1, Effect.WRITE)]
        warmer = CacheWarmer([Warmer("look", lambda *_: [call("look", x=2)], ttl_s=9)], Bad())
        async with Executor(tools, warmer=warmer) as executor:
            await two_conversations(executor)
            for wanted in (call("put"), call("look", x=2), call("look", x=1), call("put")):
                step = await executor.run_step(point(executor, trace_id="v"), thinks(1.0, wanted))
                assert step.results[0].error is None
        assert warmer.stats.errors >= 1 or method in ("delete",)

    run_virtual(main, backend=backend)


@kinds
def test_learning(error: type[BaseException]) -> None:
    async def main() -> None:
        class Bad(Says):
            learns_from_points = True

            def learn(self, at: Any, outcome: Any) -> None:
                raise error

        async with Executor([LOOK], Bad(sure(call("look", x=1))), TopK(1), learn=True) as executor:
            await two_conversations(executor)

    run_virtual(main)


def test_the_text_of_an_error_that_has_none() -> None:
    assert ToolResult(call("look"), error=Speechless()).text == "Error: Speechless: (its text cannot be shown)"
    assert ToolResult(call("look"), error=TimeoutError()).text == "Error: TimeoutError"
    asks = Recorder().tool("look")

    async def main() -> None:
        async def look() -> None:
            raise Speechless

        async with Executor([Tool(asks.spec, look)], Says(sure(call("look"))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("look")))
            assert step.messages[-1].error and "Speechless" in step.messages[-1].content

    run_virtual(main)
