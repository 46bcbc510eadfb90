"""What several want at once: slots of agents within agents, locks, connections. The agent's own call gets them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.ledger import Fate
from specbench.core.types import Effect, Message, ToolSpec
from specbench.policies import TopK
from specbench.runtime import Compensation, Executor, SqliteSavepoint, Tool
from specbench.runtime.calls import LEFT_S
from specbench.runtime.staged_writes import UNDO_S
from specbench.speculation import Options
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

backends = pytest.mark.parametrize("backend", BACKENDS)


@backends
@pytest.mark.parametrize("tool_slots", [1, 2, 3])
@pytest.mark.parametrize("llm_slots", [1, 2, None])
@pytest.mark.parametrize("width", [1, 3])
def test_agents_within_agents_never_wait_for_themselves(
    backend: str, tool_slots: int, llm_slots: int | None, width: int
) -> None:
    """Three levels, several conversations and calls at once: all end, and never do more run than there are slots."""

    async def main() -> None:
        running, most = [0], [0]

        async def leaf(x: int) -> int:
            running[0] += 1
            most[0] = max(most[0], running[0])
            await anyio.sleep(1.0)
            running[0] -= 1
            return x

        async def agent(level: int, who: str) -> int:
            calls = [
                call("agent", level=level - 1, who=f"{who}.{at}") if level else call("leaf", x=at)
                for at in range(width)
            ]
            step = await executor.run_step(point(executor, trace_id=who), thinks(0.5, *calls))
            return sum(result.value for result in step.results)

        tools = [
            Tool(ToolSpec("leaf", effect=Effect.READ), leaf),
            Tool(ToolSpec("agent", effect=Effect.READ), agent),
        ]
        options = Options(tool_slots=tool_slots, llm_slots=llm_slots)
        async with Executor(tools, options=options) as executor:
            with anyio.fail_after(1000):
                async with anyio.create_task_group() as group:
                    for number in range(2):
                        group.start_soon(agent, 2, f"{number}")
            assert most[0] <= tool_slots
            shared = executor.shared
            assert (shared.tool_slots.real, shared.llm_slots.real) == (0, 0)

    run_virtual(main, backend=backend)


@backends
@pytest.mark.parametrize(("tool_slots", "llm_slots"), [(1, 1), (1, None), (1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("conversations", [1, 2, 4])
def test_a_guess_that_is_an_agent_does_not_wait_for_itself(
    backend: str, tool_slots: int, llm_slots: int | None, conversations: int
) -> None:
    async def main() -> None:
        async def leaf() -> str:
            await anyio.sleep(0.1)
            return "leaf"

        async def agent(who: str) -> str:
            step = await executor.run_step(point(executor, trace_id=f"in {who}"), thinks(0.1, call("leaf")))
            return str(step.results[0].value)

        def say(seen: Any) -> Any:
            return sure(call("agent", who=seen[0].content)) if seen[0].content != "hello" else []

        box = [Tool(ToolSpec("leaf", effect=Effect.READ), leaf), Tool(ToolSpec("agent", effect=Effect.READ), agent)]
        options = Options(tool_slots=tool_slots, llm_slots=llm_slots)
        async with Executor(box, Says(say), TopK(1), options=options) as executor:

            async def talk(who: str) -> None:
                at = point(executor, Message("user", who), trace_id=who)
                step = await executor.run_step(at, thinks(0.5, call("agent", who=who)))
                assert step.results[0].value == "leaf"

            with anyio.fail_after(60):
                async with anyio.create_task_group() as group:
                    for number in range(conversations):
                        group.start_soon(talk, f"{number}")
            assert (executor.shared.tool_slots.real, executor.shared.llm_slots.real) == (0, 0)

    run_virtual(main, backend=backend)


@backends
def test_an_llm_that_asks_an_agent_lends_it_its_slot(backend: str) -> None:
    async def main() -> None:
        async with Executor([Recorder().tool("look")], options=Options(llm_slots=1)) as executor:

            async def think() -> str:
                inner = await executor.run_step(point(executor, trace_id="inner"), thinks(1.0, text="42"))
                return inner.decided.text

            with anyio.fail_after(10):
                assert (await executor.run_step(point(executor), think)).decided.text == "42"
            assert executor.shared.llm_slots.real == 0

    run_virtual(main, backend=backend)


@backends
@pytest.mark.parametrize("after_s", [0.2, 0.7, 1.2])
def test_an_agent_within_an_agent_that_is_cancelled_leaves_the_slots_right(backend: str, after_s: float) -> None:
    async def main() -> None:
        async def agent() -> int:
            step = await executor.run_step(point(executor, trace_id="inner"), thinks(0.5, call("leaf")))
            await anyio.sleep(0.5)
            return len(step.results)

        tools = [Recorder().tool("leaf", 0.5), Tool(ToolSpec("agent", effect=Effect.READ), agent)]
        async with Executor(tools, options=Options(tool_slots=1, llm_slots=1)) as executor:
            with anyio.move_on_after(after_s):
                await executor.run_step(point(executor), thinks(0.0, call("agent")))
            assert (executor.shared.tool_slots.real, executor.shared.llm_slots.real) == (0, 0)
            assert (await executor.run_step(point(executor), thinks(0.0, call("agent")))).results[0].value == 1

    run_virtual(main, backend=backend)


def test_a_lock_that_a_guess_in_a_thread_holds_does_not_cost_the_real_call_its_time() -> None:
    async def main() -> None:
        lock = threading.Lock()

        def look(x: int) -> int:
            with lock:
                time.sleep(0.15)
            return x

        tool = Tool(ToolSpec("look", effect=Effect.READ), look, timeout_s=0.2)
        async with Executor([tool], Says(sure(call("look", x=2))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(0.02, call("look", x=1)))
        assert (step.results[0].value, step.results[0].error) == (1, None)

    anyio.run(main)


class Pool:
    """One connection, for which nobody waits longer than a tenth of a second; cancelling what runs changes nothing."""

    def __init__(self, busy_s: float) -> None:
        self.busy_s, self.taken, self.ran = busy_s, False, 0

    async def use(self, x: int) -> int:
        waited_s = 0.0
        while self.taken:
            if waited_s > 0.1:
                raise TimeoutError("no connection is free")
            await anyio.sleep(0.02)
            waited_s += 0.02
        self.taken = True
        with anyio.CancelScope(shield=True):
            await anyio.sleep(self.busy_s)
        self.taken, self.ran = False, self.ran + 1
        return x


@backends
@pytest.mark.parametrize("effect", [Effect.READ, Effect.WRITE])
def test_a_connection_that_a_guess_keeps(backend: str, effect: Effect) -> None:
    """The real call gets it as without speculation, within the bound; a write runs once."""

    async def main(busy_s: float) -> Any:
        pool = Pool(busy_s)
        tools = [Tool(ToolSpec("look", effect=Effect.READ), pool.use), Tool(ToolSpec("act", effect=effect), pool.use)]
        async with Executor(tools, Says(sure(call("look", x=2))), TopK(1)) as executor:
            began = anyio.current_time()
            step = await executor.run_step(point(executor), thinks(0.1, call("act", x=1)))
            took_s = anyio.current_time() - began
        assert pool.ran == 2 or isinstance(step.results[0].error, TimeoutError)
        assert took_s <= 0.1 + 2 * busy_s + LEFT_S
        return step.results[0]

    assert run_virtual(main, 1.0, backend=backend).value == 1
    run_virtual(main, LEFT_S + 3.0, backend=backend)  # beyond the bound it may fail, and does not wait


@backends
def test_a_read_that_fails_by_itself_is_not_run_again(backend: str) -> None:
    async def main() -> None:
        ran = []

        async def fails(x: int) -> None:
            ran.append(x)
            raise ValueError("no")

        tools = [Recorder().tool("look", 9.0), Tool(ToolSpec("act", effect=Effect.READ), fails)]
        async with Executor(tools, Says(sure(call("look"))), TopK(1)) as executor:
            await executor.run_step(point(executor), thinks(1.0, call("act", x=1)))
        assert ran == [1]

    run_virtual(main, backend=backend)


@backends
def test_a_slow_undo_delays_the_agent_up_to_its_bound_and_ends(backend: str) -> None:
    async def main() -> None:
        undone = []

        async def hold(token: str, arguments: Mapping[str, Any]) -> str:
            return "held"

        async def confirm(token: str) -> bool:
            return True

        async def undo(token: str) -> None:
            await anyio.sleep(60.0)
            undone.append(token)

        tools = Recorder()
        spec = ToolSpec("book", effect=Effect.STAGED)
        box = [tools.tool("get", 1.0), Tool(spec, hold, staging=Compensation(hold, confirm, undo))]
        async with Executor(box, Says(sure(call("book", seat=1))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("get")))
            assert step.outcome.speculative_s == pytest.approx(2.0 + UNDO_S) and not undone
        assert len(undone) == 1

    run_virtual(main, backend=backend)


def test_a_database_is_not_locked_while_a_human_thinks(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "seats.db"
        with sqlite3.connect(path) as made:
            made.execute("CREATE TABLE seats (name TEXT)")
        made.close()
        pair = SqliteSavepoint(
            path,
            lambda connection, who: connection.execute("INSERT INTO seats VALUES (?)", (who,)).rowcount,
            hold_s=0.2,
        )
        tool = Tool(ToolSpec("book", effect=Effect.STAGED), pair.run, staging=pair)
        async with Executor([tool], Says(sure(call("book", who="Ann"))), TopK(1)) as executor:
            step = await executor.open_step(point(executor), thinks(0.1, call("book", who="Ann")))
            await anyio.sleep(0.6)  # somebody looks at it
            with sqlite3.connect(path, timeout=0.05) as other:
                other.execute("INSERT INTO seats VALUES ('Bob')")
            other.close()
            result = await step.obtain(step.decided.calls[0])
            await step.finish()
        assert (result.value, result.speculated) == (1, False)
        with sqlite3.connect(path) as made:
            assert sorted(made.execute("SELECT name FROM seats")) == [("Ann",), ("Bob",)]
        made.close()
        assert [row.fate for row in executor.ledger().speculations] == [Fate.SQUASH]

    anyio.run(main)


def test_guesses_are_shed_when_the_event_loop_is_behind() -> None:
    async def main() -> None:
        async with Executor([Recorder().tool("look", 0.01)], Says(sure(call("look"))), TopK(1)) as executor:

            async def block() -> None:
                time.sleep(0.15)

            async with anyio.create_task_group() as group:
                group.start_soon(executor.run_step, point(executor), thinks(0.1, call("look")))
                group.start_soon(block)
            (row,) = executor.outcomes
            assert row.launched == 0 and row.reason.startswith("the event loop is busy: ")
            step = await executor.run_step(point(executor, index=1), thinks(0.1, call("look")))
            assert step.outcome.hit

    anyio.run(main)
