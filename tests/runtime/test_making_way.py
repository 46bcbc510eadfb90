"""Staged writes that are locks, asyncio's own cancellation, and leaving: nothing waits for itself, nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.policies import Never, Policy, TopK
from specbench.runtime import CacheWarmer, Executor, Journal, SqliteSavepoint, Tool, TTLCache, Warmer
from specbench.speculation import Limit, Options, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

KEYS = Traits(keys=("order:{id}",))


class Lock:
    """A staging pair that locks everybody out; ``open`` are the tokens that are neither real nor undone."""

    exclusive = True

    def __init__(self, commit_s: float = 0.0) -> None:
        self.open: set[str] = set()
        self.log: list[str] = []
        self.commit_s = commit_s

    async def stage(self, token: str, arguments: Mapping[str, Any]) -> str:
        assert not self.open, "two at a time"
        self.open.add(token)
        self.log.append("lock")
        return "staged"

    async def commit(self, token: str) -> bool:
        await anyio.sleep(self.commit_s)
        self.open.remove(token)
        self.log.append("real")
        return True

    async def rollback(self, token: str) -> None:
        await anyio.sleep(self.commit_s)
        self.open.discard(token)
        self.log.append("undone")

    def tool(self) -> Tool:
        async def write(**arguments: Any) -> str:
            assert not self.open, "locked out"
            self.log.append("write")
            return "written"

        return Tool(ToolSpec("lock", effect=Effect.STAGED), write, KEYS, staging=self)


@pytest.mark.parametrize("policy", [Never(), TopK(1)])
def test_a_conversation_does_not_lock_itself_out(tmp_path: Path, policy: Policy) -> None:
    path = tmp_path / "orders.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id, v)")
    connection.close()

    def write(connection: sqlite3.Connection, id: int) -> str:
        connection.execute("INSERT INTO orders VALUES (?, 'staged')", (id,))
        return "staged"

    def put(id: int) -> str:
        with sqlite3.connect(path, timeout=0.3) as connection:
            connection.execute("INSERT INTO orders VALUES (?, 'put')", (id,))
        connection.close()
        return "put"

    async def read(id: int) -> int:
        await anyio.sleep(0.2)
        return id

    async def main() -> None:
        pair = SqliteSavepoint(path, write, busy_s=0.3)
        box = [
            Tool(ToolSpec("stage", effect=Effect.STAGED), pair.run, KEYS, staging=pair),
            Tool(ToolSpec("read", effect=Effect.READ), read, KEYS),
            Tool(ToolSpec("put", effect=Effect.WRITE), put, KEYS),
        ]
        says = Says(lambda messages: sure(call("stage", id=2)) if messages[-1].role == "assistant" else [])
        async with Executor(box, says, policy, options=Options({"tool"})) as executor:
            step = await executor.run_step(point(executor), thinks(0.05, call("read", id=1), call("put", id=1)))
            assert [result.error for result in step.results] == [None, None]

    anyio.run(main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_lock_at_a_time_and_real_writes_first(backend: str) -> None:
    """A human looks at one conversation's decision, while others write, staged and really."""

    async def main() -> None:
        pair, tools = Lock(), Recorder()
        box = [pair.tool(), tools.tool("put", 1.0, Effect.WRITE)]
        async with Executor(box, Says(lambda messages: sure(call("lock", id=len(messages[0].content))))) as executor:
            first = await executor.open_step(
                point(executor, Message("user", "a"), trace_id="a"), thinks(1.0, call("lock", id=1))
            )
            assert pair.log == ["lock"]
            other = point(executor, Message("user", "bb"), trace_id="b")
            step = await executor.run_step(other, thinks(1.0, call("lock", id=2)))
            assert "another staged write holds the lock" in step.outcome.reason and step.results[0].value == "written"
            assert pair.log == ["lock", "undone", "write"]
            assert (await first.obtain(first.decided.calls[0])).value == "written"  # what it had is gone
            await first.finish()
            async with anyio.create_task_group() as group:
                group.start_soon(executor.run_step, point(executor, trace_id="c"), thinks(0.0, call("put")))
                await anyio.sleep(0.5)
                step = await executor.run_step(point(executor, Message("user", "d"), trace_id="d"), thinks(0.1))
                assert "lock out a write that is running" in step.outcome.reason
        assert not pair.open

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_tool_that_asks_another_agent_of_the_same_executor(backend: str) -> None:
    async def main() -> float:
        pair = Lock()

        async def ask() -> Any:  # undeclared, so a write
            step = await executor.run_step(point(executor, trace_id="inner"), thinks(1.0, call("lock", id=1)))
            return step.results[0].value

        says = Says(sure(call("lock", id=1)))
        async with Executor([pair.tool(), Tool(ToolSpec("ask"), ask)], says) as executor:
            with anyio.fail_after(60):
                step = await executor.run_step(point(executor), thinks(1.0, call("ask")))
        assert step.results[0].value == "written" and not pair.open
        return anyio.current_time()

    assert run_virtual(main, backend=backend) == pytest.approx(2.0)


@pytest.mark.parametrize("after_s", [0.01, 0.045, 0.06, 0.075, 0.1, 0.125])
@pytest.mark.parametrize("used", [True, False])
def test_asyncios_own_cancellation_leaves_no_write_half_done(after_s: float, used: bool, tmp_path: Path) -> None:
    """``task.cancel()`` goes through the shields of anyio: while it thinks, is committed, or undone."""

    async def main() -> None:
        pair, journal = Lock(commit_s=0.04), Journal(tmp_path / "journal")
        async with Executor([pair.tool()], Says(sure(call("lock", id=1))), journal=journal) as executor:
            calls = (call("lock", id=1),) if used else ()
            task = asyncio.create_task(executor.run_step(point(executor), thinks(0.05, *calls)))
            await asyncio.sleep(after_s)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert not pair.open and len(pair.log) % 2 == 0
        fates = [row.fate for row in executor.ledger().speculations]
        assert fates in ([], [Fate.COMMIT if "real" in pair.log else Fate.SQUASH])
        assert (tmp_path / "journal").read_bytes() == b"" if pair.log else True

    asyncio.run(main())


def test_a_write_in_a_thread_is_waited_for_whoever_cancels() -> None:
    log = []

    def put() -> None:
        log.append("begins")
        time.sleep(0.2)
        log.append("ends")

    async def main() -> None:
        async with Executor([Tool(ToolSpec("put", effect=Effect.WRITE), put)]) as executor:
            task = asyncio.create_task(executor.run_step(point(executor), thinks(0.0, call("put"))))
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        log.append("left")

    asyncio.run(main())
    assert log == ["begins", "ends", "left"]


def test_leaving_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async def main() -> None:
        journal = Journal(tmp_path / "journal")
        box = [Tool(ToolSpec("look", effect=Effect.READ), lambda: time.sleep(0.3))]

        async def agent() -> None:
            async with Executor(box, Says(sure(call("look"))), journal=journal) as executor:
                await executor.run_step(point(executor), thinks(0.05, text="Hello."))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(agent(), 0.1)  # amid waiting for the thread
        assert asyncio.all_tasks() == {asyncio.current_task()}
        async with Executor(box, journal=Journal(tmp_path / "journal")):
            pass  # the journal is free

    asyncio.run(main())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_write_while_a_load_is_being_kept(backend: str) -> None:
    class Slow(TTLCache):
        async def set(self, call: ToolCall, value: Any, ttl_s: float) -> None:
            await anyio.sleep(1.0)
            await super().set(call, value, ttl_s)

    async def main() -> None:
        state = ["old"]

        async def look() -> str:
            return state[0]

        async def put() -> None:
            state[0] = "new"

        box = [
            Recorder().tool("find", 0.0),
            Tool(ToolSpec("look", effect=Effect.READ), look),
            Tool(ToolSpec("put", effect=Effect.WRITE), put),
        ]
        async with Executor(
            box, warmer=CacheWarmer([Warmer("find", lambda *_: [call("look")], 60.0)], Slow())
        ) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("find")))
            step = await executor.run_step(step.next_point(), thinks(0.5, call("put")))
            step = await executor.run_step(step.next_point(), thinks(2.0, call("look")))
            assert step.results[0].value == "new"

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_tokens_come_back_from_calls_that_were_given_up_before_a_slot(backend: str) -> None:
    async def main() -> None:
        tools, options = Recorder(), Options(tool_slots=1, limits={"look": Limit(0.001, 5.0, 0.0)})
        async with Executor([tools.tool("look", 0.0), tools.tool("slow", 50.0)], options=options) as executor:
            async with anyio.create_task_group() as group:
                group.start_soon(executor.run_step, point(executor, trace_id="slow"), thinks(0.0, call("slow")))
                await anyio.sleep(0.1)
                for _ in range(5):
                    with anyio.move_on_after(1.0):
                        await executor.run_step(point(executor), thinks(0.0, call("look")))
            began = anyio.current_time()
            await executor.run_step(point(executor), thinks(0.0, call("look")))
            assert anyio.current_time() - began < 1.0

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_calls_of_an_open_step_may_run_side_by_side(backend: str) -> None:
    async def main() -> None:
        tools, calls = Recorder(), (call("look", x=1), call("look", x=2), call("look", x=1))
        says = Says([Prediction(calls[0], 0.9)])
        async with Executor([tools.tool("look", 1.0)], says, TopK(1)) as executor:
            step = await executor.open_step(point(executor), thinks(2.0, *calls))
            await anyio.sleep(100.0)  # a human looks at it
            async with anyio.create_task_group() as group:
                for each in step.decided.calls:
                    group.start_soon(step.obtain, each)
                    await anyio.sleep(0)  # the first one first: what nobody has claimed then is given up
            row = (await step.finish()).outcome
            assert (row.tool_s, row.sequential_s, row.speculative_s) == (
                pytest.approx(3.0), pytest.approx(3.0), pytest.approx(3.0),
            )  # fmt: skip
            over = await executor.open_step(point(executor, index=1), thinks(1.0, call("look", x=3)))
            await over.abandon()
            for late in (over.obtain(over.decided.calls[0]), over.finish()):
                with pytest.raises(ConfigError, match=r"has ended|was abandoned"):
                    await late

    run_virtual(main, backend=backend)
