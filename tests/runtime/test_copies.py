"""Arguments and results are handed out as copies; arguments that cannot be handled are a result that says so."""

from __future__ import annotations

import datetime
from typing import Any

import anyio
import pytest

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec
from specbench.policies import TopK
from specbench.runtime import CacheWarmer, Decided, Executor, Partial, Tool, Warmer
from specbench.runtime.copies import MAX_DEPTH, copied
from specbench.speculation import Options, RunAhead, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Says, call, point, sure, thinks

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

HISTORY = (
    Message("user", "hi"),
    Message("assistant", "", (ToolCall("take", {"items": ["a", "b"]}, "c1"),)),
    Message("tool", "b a", (), "c1", "take"),
)


async def take(items: list[str]) -> list[str]:
    await anyio.sleep(1.0)
    return [items.pop() for _ in range(len(items))]


TAKE = Tool(ToolSpec("take", effect=Effect.READ), take)


def test_a_tool_that_empties_its_argument(backend: str) -> None:
    async def main() -> None:
        guess = call("take", items=["a", "b"])
        async with Executor([TAKE], Says(sure(guess)), TopK(1)) as executor:
            at = point(executor)
            for _ in range(3):
                step = await executor.run_step(at, thinks(2.0, call("take", items=["a", "b"])))
                assert (step.results[0].value, step.outcome.hit) == (["b", "a"], True)
                assert step.decided.calls[0].arguments == {"items": ["a", "b"]}
                at = step.next_point()
        assert guess.arguments == {"items": ["a", "b"]}

    run_virtual(main, backend=backend)


def test_a_guess_taken_from_the_history_leaves_it_alone(backend: str) -> None:
    async def main() -> None:
        repeats = Says(lambda seen: sure(next(each for m in seen for each in m.tool_calls)))
        async with Executor([TAKE], repeats, TopK(1)) as executor:
            await executor.run_step(point(executor, *HISTORY), thinks(2.0, text="bye"))
        assert HISTORY[1].tool_calls[0].arguments == {"items": ["a", "b"]}

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("supposed", [False, True])
def test_a_predictor_that_changes_what_it_sees(backend: str, supposed: bool) -> None:
    def say(seen: Any) -> Any:
        for message in seen:
            for each in message.tool_calls:
                each.arguments["items"].clear()
        return sure(call("take", items=["c"]))

    async def think(at: DecisionPoint) -> Decided:
        await anyio.sleep(2.0)
        return Decided((call("take", items=["c"]),))

    async def main() -> None:
        options = Options({"think", "tool"}, run_ahead=RunAhead(2, 0.1)) if supposed else Options()
        async with Executor([TAKE], Says(say), TopK(1), options=options) as executor:
            step = await executor.run_step(point(executor, *HISTORY), think)
            step = await executor.run_step(step.next_point(), think)
        assert HISTORY[1].tool_calls[0].arguments == {"items": ["a", "b"]}
        assert [each.arguments for m in step.point.messages for each in m.tool_calls][1:] == [{"items": ["c"]}]
        assert step.results[0].value == ["c"]

    run_virtual(main, backend=backend)


def test_an_llm_that_uses_its_objects_again(backend: str) -> None:
    parts: dict[str, Any] = {}
    same = ToolCall("take", {"items": []})

    async def think(at: DecisionPoint) -> Any:
        parts["items"] = ["a"]
        yield Partial(tool="take", arguments=parts, complete=True)
        parts["items"].append("never")
        await anyio.sleep(2.0)
        same.arguments["items"][:] = ["a"] if at.index == 0 else ["b"]  # type: ignore[index]
        yield same

    async def main() -> None:
        async with Executor([TAKE], Says([]), TopK(1)) as executor:
            one = await executor.run_step(point(executor), think)
            two = await executor.run_step(one.next_point(), think)
        assert [one.results[0].value, two.results[0].value] == [["a"], ["b"]]
        assert one.decided.calls[0].arguments == {"items": ["a"]}
        assert (one.outcome.hit, two.outcome.hit) == (True, False)

    run_virtual(main, backend=backend)


def test_a_tool_that_writes_all_its_results_on_one_page(backend: str) -> None:
    page: list[Any] = []

    async def look(x: int) -> list[Any]:
        await anyio.sleep(float(x))
        page[:] = [("row", x)]
        return page

    async def main() -> None:
        tool = Tool(ToolSpec("look", effect=Effect.READ), look)
        guesses = Says(sure(call("look", x=1), call("look", x=2)))
        async with Executor([tool], guesses, TopK(2)) as executor:
            decided = (call("look", x=1), call("look", x=3))
            step = await executor.run_step(point(executor), thinks(5.0, *decided))
        assert [result.value for result in step.results] == [[("row", 1)], [("row", 3)]]
        assert step.results[0].speculated

    run_virtual(main, backend=backend)


def test_an_agent_that_changes_its_results(backend: str) -> None:
    async def look() -> dict[str, Any]:
        return {"ids": [1, 2]}

    async def main() -> None:
        tool = Tool(ToolSpec("look", effect=Effect.READ), look, Traits(cache_ttl_s=60.0))
        async with Executor([tool], Says(sure(call("look"))), TopK(1)) as executor:
            at = point(executor)
            for _ in range(3):
                step = await executor.run_step(at, thinks(1.0, call("look")))
                assert step.results[0].value == {"ids": [1, 2]}
                step.results[0].value["ids"].append(99)
                at = step.next_point()
                assert at.messages[-1].content == '{"ids": [1, 2]}'  # what the agent was told
            step.decided.calls[0].arguments["x"] = 1  # type: ignore[index]
            assert executor.trace("t").messages[-2].tool_calls == (call("look"),)

    run_virtual(main, backend=backend)


def test_a_rule_for_warming_that_changes_what_it_sees(backend: str) -> None:
    def rule(asked: ToolCall, value: Any) -> list[ToolCall]:
        asked.arguments["items"].clear()
        value.clear()
        return [call("take", items=["x"])]

    async def main() -> None:
        async with Executor([TAKE], warmer=CacheWarmer([Warmer("take", rule, 60.0)])) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("take", items=["a"])))
            assert (step.results[0].value, step.decided.calls) == (["a"], (call("take", items=["a"]),))
            for _ in range(2):
                step = await executor.run_step(step.next_point(), thinks(5.0, call("take", items=["x"])))
                assert step.results[0].value == ["x"]
                step.results[0].value.clear()

    run_virtual(main, backend=backend)


def test_what_cannot_be_copied_is_not_kept(backend: str) -> None:
    async def rows() -> Any:
        return (each for each in "ab")

    async def main() -> None:
        tool = Tool(ToolSpec("rows", effect=Effect.READ), rows, Traits(cache_ttl_s=60.0))
        async with Executor([tool], Says(sure(call("rows"))), TopK(1)) as executor:
            at = point(executor)
            for _ in range(2):
                step = await executor.run_step(at, thinks(1.0, call("rows")))
                assert list(step.results[0].value) == ["a", "b"]
                at = step.next_point()

    run_virtual(main, backend=backend)


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"x": datetime.date(2026, 1, 2)}, r"not a JSON value: datetime\.date\(2026, 1, 2\)"),
        ({"x": {3: 1}}, "a JSON object has string keys; got 3"),
        ({"x": nested(980)}, f"nested deeper than {MAX_DEPTH} levels"),
        ({"x": nested(100_000)}, f"nested deeper than {MAX_DEPTH} levels"),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
def test_arguments_that_cannot_be_handled_are_a_result_and_nothing_runs(
    backend: str, arguments: dict[str, Any], words: str, opened: bool
) -> None:
    ran = []

    async def book(x: Any) -> str:
        ran.append(x)
        return "booked"

    async def main() -> None:
        async with Executor([Tool(ToolSpec("book", effect=Effect.WRITE), book)]) as executor:
            bad = ToolCall("book", arguments, "c1")
            if opened:
                begun = await executor.open_step(point(executor), thinks(1.0, bad))
                await begun.obtain(bad)
                step = await begun.finish()
            else:
                step = await executor.run_step(point(executor), thinks(1.0, bad, call("book", x=1)))
            assert step.results[0].error is not None and step.results[0].call.id == "c1"
            with pytest.raises(type(step.results[0].error), match=words):
                raise step.results[0].error
            assert executor.trace("t").messages[1].tool_calls[0].invalid_arguments is not None
        assert ran == ([] if opened else [1])
        assert len(executor.ledger().outcomes) == 1

    run_virtual(main, backend=backend)


def test_arguments_that_are_deep_but_not_too_deep(backend: str) -> None:
    async def book(x: Any) -> str:
        return "booked"

    async def main() -> None:
        async with Executor([Tool(ToolSpec("book", effect=Effect.WRITE), book)]) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("book", x=nested(MAX_DEPTH - 1))))
            assert step.results[0].value == "booked"
            assert copied(nested(MAX_DEPTH)) == nested(MAX_DEPTH)

    run_virtual(main, backend=backend)


def test_a_part_that_is_no_json_says_nothing(backend: str) -> None:
    async def think() -> Any:
        yield Partial(tool="take", arguments={"items": datetime.date(2026, 1, 1)})
        await anyio.sleep(2.0)
        yield Decided((call("take", items=["a"]),))

    async def main() -> None:
        async with Executor([TAKE], Says(sure(call("take", items=["a"]))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), think)
        assert (step.results[0].value, step.outcome.hit) == (["a"], True)

    run_virtual(main, backend=backend)
