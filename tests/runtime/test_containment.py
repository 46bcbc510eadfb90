"""Whatever tools, results, policies and staging pairs do: the agent's run is the sequential one, and it goes on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.policies import Choice, TopK
from specbench.runtime import Compensation, Executor, Journal, Tool
from specbench.speculation import Limit, Options, RunAhead, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks


class Reckless:
    """A policy of somebody's own, which launches whatever was predicted."""

    def choose(self, point: Any, predictions: Any, state: Any) -> Choice:
        return Choice(tuple(predictions), "why not")


class Seats:
    """A seat service with a hold for each token; what was asked of it is in ``log``."""

    def __init__(self, prepare_s: float = 0.2) -> None:
        self.log: list[str] = []
        self.prepare_s = prepare_s
        self.down = False

    async def hold(self, token: str, arguments: Mapping[str, Any]) -> str:
        self.log.append("hold")
        await anyio.sleep(self.prepare_s)
        return "held"

    async def confirm(self, token: str) -> bool:
        self.log.append("confirm")
        return True

    async def undo(self, token: str) -> None:
        if self.down:
            raise ConnectionError("the seat service is down")
        self.log.append("undo")

    def tool(self) -> Tool:
        async def book(**arguments: Any) -> str:
            self.log.append("book")
            return "booked"

        pair = Compensation(self.hold, self.confirm, self.undo)
        return Tool(ToolSpec("book", effect=Effect.STAGED), book, staging=pair)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_policy_cannot_launch_what_is_not_declared(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        box = [tools.tool("refund", 0.1, Effect.WRITE), tools.tool("find", 0.1, Effect.UNKNOWN)]
        guesses = sure(call("refund", order=7), call("find"), call("no_such_tool"))
        async with Executor(box, Says(guesses), Reckless()) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, text="Hello."))
            assert tools.log == [] and "not declared" in step.outcome.reason
            await executor.run_step(step.next_point(), thinks(1.0, call("refund", order=7)))
        assert len(tools.log) == 1 and executor.ledger().speculations == []

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_predictions_without_a_canonical_form_launch_nothing(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        guesses = [Prediction(call("look", x=1), 0.6), Prediction(call("look", x={1, 2}), 0.3)]
        async with Executor([tools.tool("look")], Says(guesses), TopK(2)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("look", x=1)))
            assert step.results[0].speculated
        assert [name for name, *_ in tools.log] == ['look({"x":1})']

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("asked", [True, False])
def test_a_tool_whose_work_is_cancelled_by_somebody_else(asked: bool) -> None:
    async def main() -> None:
        shared: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        runs = []

        async def look() -> int:
            runs.append(1)
            if len(runs) > 1:
                return 7
            await asyncio.sleep(0.01)
            shared.cancel()
            return await shared

        box = [Tool(ToolSpec("look", effect=Effect.READ), look)]
        async with Executor(box, Says(sure(call("look")))) as executor:
            calls = (call("look"),) if asked else ()
            step = await executor.run_step(point(executor), thinks(0.1, *calls))
            assert [result.value for result in step.results] == [7] * asked  # never the nothing that it gave
            assert (await executor.run_step(step.next_point(), thinks(0.0, call("look")))).results[0].value == 7
        assert {row.fate for row in executor.ledger().speculations} == {Fate.FAIL} or asked is False

    asyncio.run(main())


def test_an_unused_speculation_cannot_end_the_program() -> None:
    def look() -> None:
        sys.exit(2)

    async def main() -> str:
        async with Executor([Tool(ToolSpec("look", effect=Effect.READ), look)], Says(sure(call("look")))) as executor:
            return (await executor.run_step(point(executor), thinks(0.2, text="Hello."))).decided.text

    assert asyncio.run(main()) == "Hello."


class Unshowable:
    def __str__(self) -> str:
        raise RuntimeError("detached")

    __repr__ = __str__


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("options", [Options({"think", "tool"}), Options(run_ahead=RunAhead(2, 0.1))])
@pytest.mark.parametrize("value", [{(1, 2): 3}, Unshowable(), object()], ids=["keys", "unshowable", "object"])
def test_results_that_are_no_json(backend: str, options: Options, value: Any) -> None:
    async def main() -> None:
        async def look() -> Any:
            await anyio.sleep(0.5)
            return value

        async def think(point: Any) -> Any:
            await anyio.sleep(2.0)
            return call("look") if len(point.messages) == 1 else "Done."

        async with Executor(
            [Tool(ToolSpec("look", effect=Effect.READ), look)], Says(sure(call("look"))), options=options
        ) as executor:
            step = await executor.run_step(point(executor), think)
            assert step.results[0].value is value and isinstance(step.results[0].text, str)
            assert (await executor.run_step(step.next_point(), think)).decided.text == "Done."

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("think_s", [0.1, 1.0])
def test_an_undo_that_fails_is_left_to_the_journal(backend: str, think_s: float, tmp_path: Path) -> None:
    async def main() -> None:
        seats = Seats()
        seats.down = True
        tool = seats.tool()
        async with Executor([tool], Says(sure(call("book"))), journal=Journal(tmp_path / "journal")) as executor:
            step = await executor.run_step(point(executor), thinks(think_s, text="No booking."))
            assert step.decided.text == "No booking."
        seats.down = False
        async with Executor([tool], journal=Journal(tmp_path / "journal")) as executor:
            assert [done for _, _, done in executor.journal.recovered] == ["rolled back"]
        assert seats.log == ["hold", "undo"]

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("deadline_s", [0.9, 1.0, 1.05])
def test_a_staged_write_is_made_real_or_undone_whenever_the_agent_is_cancelled(backend: str, deadline_s: float) -> None:
    async def main() -> None:
        seats = Seats()
        async with Executor([seats.tool()], Says(sure(call("book")))) as executor:
            with anyio.move_on_after(deadline_s) as scope:
                await executor.run_step(point(executor), thinks(1.0, call("book")))
        committed = [row.fate for row in executor.ledger().speculations] == [Fate.COMMIT]
        assert seats.log == (["hold", "confirm"] if committed else ["hold", "undo"])
        assert committed or scope.cancel_called
        assert executor.shared.total.committed == int(committed)

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_launched_for_a_conversation_that_has_ended(backend: str) -> None:
    async def main() -> None:
        seats = Seats()
        async with Executor([seats.tool()], Says(sure(call("book"))), options=Options({"user"})) as executor:
            await executor.run_step(point(executor), thinks(1.0, text="Hello."))
            executor.end_session("t")
            await anyio.sleep(5.0)
            assert seats.log == []
        assert executor.ledger().speculations == []

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ending_a_conversation_twice_or_amid_a_step_keeps_the_rows_right(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor([tools.tool("look", 0.5)], Says(sure(call("look")))) as executor:
            for _ in range(3):
                await executor.run_step(point(executor), thinks(1.0, call("look")))
                executor.end_session("t")
                executor.end_session("t")
            async with anyio.create_task_group() as group:
                group.start_soon(executor.run_step, point(executor), thinks(1.0, call("look")))
                await anyio.sleep(0.7)
                executor.end_session("t")
        assert [row.fate for row in executor.ledger().speculations] == [Fate.COMMIT] * 3 + [Fate.SQUASH]
        assert executor.shared.total.launched == 4 and len(executor.ledger().outcomes) == 4

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("fails", ["once", "always"])
def test_a_journal_that_cannot_be_emptied_never_doubles_a_write(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("a disk that fails")

    async def main() -> None:
        seats = Seats(prepare_s=0.0)
        journal = Journal(tmp_path / "journal")
        async with Executor([seats.tool()], Says(sure(call("book"))), journal=journal) as executor:
            monkeypatch.setattr(Path, "replace", refuse)  # how a file is replaced
            step = await executor.run_step(point(executor), thinks(0.1, call("book")))
            assert step.results[0].value == "held" and seats.log == ["hold", "confirm"]
            if fails == "once":
                monkeypatch.undo()
            step = await executor.run_step(step.next_point(), thinks(0.1, call("book")))
            assert step.results[0].value == "held"
        assert "undo" not in seats.log and "book" not in seats.log

    asyncio.run(main())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_ahead_that_became_real_and_was_cancelled_frees_its_slot(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        options = Options(run_ahead=RunAhead(1, 0.1), llm_slots=2)

        async def think(point: Any) -> Any:
            await anyio.sleep(2.0)
            return call("look") if len(point.messages) == 1 else "Done."

        async with Executor([tools.tool("look", 0.5)], Says(sure(call("look"))), options=options) as executor:
            for number in range(3):
                step = await executor.run_step(point(executor, trace_id=str(number)), think)
                with anyio.move_on_after(0.1):
                    await executor.run_step(step.next_point(), think)
            assert executor.shared.llm_slots.real == 0 and executor.shared.llm_slots.free

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_calls_given_up_while_they_wait_cost_no_token(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        options = Options(limits={"look": Limit(per_s=1.0, burst=1.0, reserve=0.0)})
        async with Executor([tools.tool("look", 0.0)], options=options) as executor:
            await executor.run_step(point(executor), thinks(0.0, call("look")))
            for _ in range(20):
                with anyio.move_on_after(0.01):
                    await executor.run_step(point(executor, index=1), thinks(0.0, call("look")))
            began = anyio.current_time()
            await executor.run_step(point(executor, index=1), thinks(0.0, call("look")))
            assert anyio.current_time() - began <= 1.0

    run_virtual(main, backend=backend)


def test_a_plain_function_is_told_that_it_took_too_long() -> None:
    done = []

    def look() -> str:
        import time

        time.sleep(0.05)
        done.append(1)
        return "late"

    async def main() -> Any:
        async with Executor([Tool(ToolSpec("look", effect=Effect.READ), look, timeout_s=0.01)]) as executor:
            return (await executor.run_step(point(executor), thinks(0.0, call("look")))).results[0]

    result = asyncio.run(main())
    assert isinstance(result.error, TimeoutError) and done == [1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_result_that_cannot_be_copied_is_not_cached(backend: str) -> None:
    async def main() -> None:
        values = iter([1, 2])

        async def look() -> Any:
            return (each for each in [next(values)])  # a generator

        box = [Tool(ToolSpec("look", effect=Effect.READ), look, Traits(cache_ttl_s=60.0))]
        async with Executor(box) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("look")))
            again = await executor.run_step(step.next_point(), thinks(0.0, call("look")))
            assert list(step.results[0].value) == [1] and list(again.results[0].value) == [2]

    run_virtual(main, backend=backend)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Executor([print]),
        lambda: Executor([], k=0),
        lambda: Executor([], options=Options(limits={"serach": Limit(1.0, 1.0)})),
        lambda: Options(tool_slots=float("nan")),  # type: ignore[arg-type]
        lambda: RunAhead(depth=1.5),  # type: ignore[arg-type]
        lambda: RunAhead(budget_tok=-5),
    ],
)
def test_settings_that_mean_nothing_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"got|no tool"):
        make()


def test_leaving_the_executor_amid_a_step_says_so() -> None:
    async def main() -> None:
        box, says = [Recorder().tool("look")], Says(sure(call("look")))
        executor = Executor(box, says, options=Options({"tool"}))

        async def late() -> None:
            with pytest.raises(ConfigError, match="left while a step"):
                await executor.run_step(point(executor), thinks(0.05, call("look")))

        async with anyio.create_task_group() as group, executor:
            group.start_soon(late)
            await anyio.sleep(0.01)

    anyio.run(main)


def test_messages_have_texts_whatever_a_value_is() -> None:
    from specbench.runtime import ToolResult

    assert ToolResult(ToolCall("look"), Unshowable()).message() == Message(
        "tool", "<Unshowable that cannot be shown>", (), None, "look"
    )
