"""In which tasks, threads and event loops an executor may be used."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Message, Prediction, ToolSpec
from specbench.policies import TopK
from specbench.runtime import Executor, Tool
from specbench.testing import run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks


def test_entered_in_one_task_used_in_another_and_left_in_a_third() -> None:
    async def main() -> None:
        tools = Recorder()
        executor = Executor([tools.tool("look", 0.01)], Says(sure(call("look"))), TopK(1))
        await asyncio.create_task(executor.__aenter__())
        step = await asyncio.create_task(executor.run_step(point(executor), thinks(0.05, call("look"))))
        assert step.results[0].speculated
        await asyncio.create_task(executor.__aexit__(None, None, None))
        with pytest.raises(ConfigError, match="not running"):
            await executor.run_step(point(executor), thinks(0.0, text="Hello."))
        async with executor:  # and again
            await executor.run_step(point(executor), thinks(0.0, text="Hello."))
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_trio_says_that_it_cannot() -> None:
    async def main() -> None:
        executor = Executor([])
        await executor.__aenter__()
        found: list[ConfigError] = []

        async def leave() -> None:
            try:
                await executor.__aexit__(None, None, None)
            except ConfigError as error:
                found.append(error)

        async with anyio.create_task_group() as group:
            group.start_soon(leave)
        assert "use `async with` in one function" in str(found[0])
        await executor._place.tasks.end()

    anyio.run(main, backend="trio")


def test_another_event_loop_is_told() -> None:
    async def main() -> None:
        async with Executor([Recorder().tool("look")]) as executor:

            def elsewhere() -> None:
                with pytest.raises(ConfigError, match="entered in another event loop"):
                    asyncio.run(executor.run_step(point(executor, trace_id="u"), thinks(0.0, call("look"))))
                with pytest.raises(ConfigError, match="entered in another event loop"):
                    asyncio.run(executor.__aexit__(None, None, None))
                loop = asyncio.run_coroutine_threadsafe(
                    executor.run_step(point(executor, trace_id="v"), thinks(0.0, text="Hello.")), home
                )
                assert loop.result(5).decided.text == "Hello."

            home = asyncio.get_running_loop()
            await anyio.to_thread.run_sync(elsewhere)

    asyncio.run(main())


def test_a_step_that_the_program_cancels_leaves_an_executor_of_another_task_at_work() -> None:
    async def main() -> None:
        executor = Executor([Recorder().tool("look", 5.0)], Says(sure(call("look"))), TopK(1))
        await asyncio.create_task(executor.__aenter__())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(executor.run_step(point(executor), thinks(0.01, call("look"))), 0.1)
        step = await executor.run_step(point(executor), thinks(0.0, text="Hello."))
        assert step.decided.text == "Hello."
        await asyncio.create_task(executor.__aexit__(None, None, None))

    asyncio.run(main())


def test_a_slow_predictor_is_found_out_once_for_all_conversations() -> None:
    """Two questions block the event loop; from then on every conversation asks in a thread."""

    async def main() -> None:
        where = []

        def says(seen: Sequence[Message]) -> list[Prediction]:
            where.append(threading.current_thread() is threading.main_thread())
            time.sleep(0.06)
            return []

        async with Executor([], Says(says)) as executor:
            for number in range(5):
                await executor.run_step(point(executor, trace_id=f"{number}"), thinks(0.1, text="Hello."))
        assert where == [True, True, False, False, False]

    anyio.run(main)


def test_a_thread_that_nobody_waits_for_any_more_has_ended_when_the_executor_has() -> None:
    async def main() -> None:
        begun, ended = [], []

        def says(seen: Sequence[Message]) -> list[Prediction]:
            begun.append(1)
            time.sleep(0.3)
            ended.append(1)
            return []

        async with Executor([], Says(says)) as executor:
            for number in range(4):
                await executor.run_step(point(executor, trace_id=f"{number}"), thinks(0.01, text="Hello."))
        assert len(ended) == len(begun) >= 2
        time.sleep(0.1)
        assert len(ended) == len(begun)  # and none begins later

    anyio.run(main)


@pytest.mark.parametrize("make", ["wrapper", "object", "lambda"])
def test_a_coroutine_function_behind_a_plain_one_is_awaited(make: str) -> None:
    async def main() -> None:
        done = []

        async def cancel(order: str) -> str:
            await anyio.sleep(1.0)
            done.append(order)
            return f"cancelled {order}"

        class Api:
            def __call__(self, **arguments: Any) -> Any:
                return cancel(**arguments)

        def wrapper(**arguments: Any) -> Any:
            return cancel(**arguments)

        run = {"wrapper": wrapper, "object": Api(), "lambda": lambda order: cancel(order)}[make]
        async with Executor([Tool(ToolSpec("cancel", effect=Effect.WRITE), run)]) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("cancel", order="A")))
            assert step.results[0].value == "cancelled A" and done == ["A"]
            with anyio.move_on_after(0.5):  # it is known by now: it is cancelled like any other
                await executor.run_step(step.next_point(), thinks(0.0, call("cancel", order="B")))
            await anyio.sleep(2.0)
        assert done == ["A"]

    run_virtual(main)
