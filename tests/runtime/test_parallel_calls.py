"""The calls of one decision: reads side by side, writes in the model's order, results in the order of the calls."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, ToolCall
from specbench.policies import TopK
from specbench.runtime import Executor
from specbench.speculation import Limit, Options, RunAhead
from specbench.speculation.launch import SPECULATION
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

backends = pytest.mark.parametrize("backend", BACKENDS)
MIXED = (call("get", x=1), call("get", x=2), call("put", x=1), call("get", x=1), call("put", x=2), call("put", x=3))


def box(tools: Recorder) -> list[Any]:
    return [tools.tool("get", 1.0), tools.tool("put", 1.0, Effect.WRITE)]


@backends
@pytest.mark.parametrize(
    ("parallel", "starts"), [("reads", [0, 0, 1, 2, 3, 4]), ("all", [0] * 6), ("off", [0, 1, 2, 3, 4, 5])]
)
def test_what_runs_side_by_side(backend: str, parallel: str, starts: list[float]) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor(box(tools), options=Options(parallel=parallel)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, *MIXED))
        assert [result.call for result in step.results] == list(MIXED)
        assert sorted(start for _, start, _ in tools.log) == [pytest.approx(2.0 + at) for at in starts]
        assert [key for key, *_ in tools.log if key.startswith("put")] == [
            each.key for each in MIXED if each.name == "put"
        ]
        row = step.outcome
        assert (row.calls, row.tool_s, row.saved_s) == (6, pytest.approx(6.0), pytest.approx(0.0))

    run_virtual(main, backend=backend)


@backends
def test_every_call_of_a_batch_may_have_been_guessed(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        gets = (call("get", x=1), call("get", x=2))
        async with Executor(box(tools), Says(sure(*gets)), TopK(2)) as executor:
            row = (await executor.run_step(point(executor), thinks(2.0, *gets, call("put", x=1)))).outcome
        assert len(tools.log) == 3 and executor.ledger().speculations[1].committed_at == 0
        assert (row.sequential_s, row.speculative_s) == (pytest.approx(4.0), pytest.approx(3.0))

    run_virtual(main, backend=backend)


@backends
def test_what_was_read_before_a_write_of_the_decision_is_read_again_behind_it(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor(box(tools), Says(sure(call("get", x=1))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("put", x=1), call("get", x=1)))
        assert not step.results[1].speculated and len(tools.log) == 3

    run_virtual(main, backend=backend)


@backends
@pytest.mark.parametrize("after_s", [2.5, 3.5])
def test_a_cancelled_agent_leaves_none_of_them_running(backend: str, after_s: float) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor(box(tools), Says(sure(call("get", x=2))), TopK(1)) as executor:
            with anyio.move_on_after(after_s):
                await executor.run_step(point(executor), thinks(2.0, *MIXED[:3]))
            ended = [key for key, _, end in tools.log if end is not None]
            assert ended == (['get({"x":2})'] if after_s < 3 else ['get({"x":2})', 'get({"x":1})'])
            step = await executor.run_step(point(executor), thinks(2.0, *MIXED[:2]))  # and the conversation goes on
            assert [result.error for result in step.results] == [None, None]

    run_virtual(main, backend=backend)


@backends
def test_a_failure_is_the_result_of_its_own_call(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor(box(tools)) as executor:
            calls = (call("get", x=1), call("nothing"), ToolCall("get", {}, None, "{oops"), call("get", x=2))
            step = await executor.run_step(point(executor), thinks(2.0, *calls))
        assert [result.error is None for result in step.results] == [True, False, False, True]

    run_virtual(main, backend=backend)


@backends
def test_an_open_step_runs_them_in_the_same_way(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor(box(tools)) as executor:
            step = await executor.open_step(point(executor), thinks(2.0, *MIXED))
            await anyio.sleep(9.0)
            done = await step.run()
        assert [result.call for result in done.results] == list(MIXED)
        assert (done.outcome.sequential_s, done.outcome.speculative_s) == (pytest.approx(7.0), pytest.approx(7.0))

    run_virtual(main, backend=backend)


@backends
def test_tokens_are_taken_when_calls_start_and_not_while_they_wait_for_a_slot(backend: str) -> None:
    """A slot is short for two seconds: the ten calls that waited do not all come at once then."""

    async def main() -> None:
        tools = Recorder()
        options = Options(tool_slots=1, limits={"api": Limit(5.0, 1.0, 0.0)})
        async with Executor([tools.tool("api", 0.0), tools.tool("slow", 2.0)], options=options) as executor:

            async def one(trace_id: str, wanted: ToolCall, think_s: float) -> None:
                await executor.run_step(point(executor, trace_id=trace_id), thinks(think_s, wanted))

            async with anyio.create_task_group() as group:
                group.start_soon(one, "s", call("slow"), 0.0)
                for number in range(10):
                    group.start_soon(one, f"a{number}", call("api", i=number), 0.05)
        starts = [start for key, start, _ in tools.log if key.startswith("api")]
        assert starts == [pytest.approx(2.0 + 0.2 * at) for at in range(10)]

    run_virtual(main, backend=backend)


@backends
def test_a_slot_is_free_for_others_while_a_call_waits_for_its_limit(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        options = Options(tool_slots=1, limits={"api": Limit(1.0, 1.0, 0.0)})
        async with Executor([tools.tool("api", 0.0), tools.tool("other", 0.5)], options=options) as executor:
            calls = (call("api", i=1), call("api", i=2), call("other"))
            await executor.run_step(point(executor), thinks(0.0, *calls))
        assert [(key[:5], start) for key, start, _ in tools.log] == [
            ("api({", 0.0), ("other", 0.0), ("api({", pytest.approx(1.0)),
        ]  # fmt: skip

    run_virtual(main, backend=backend)


@backends
@pytest.mark.parametrize("after_s", [1.9, 2.0, 2.1])
def test_claimed_guesses_of_an_agent_that_is_cancelled_are_given_up(backend: str, after_s: float) -> None:
    async def main() -> None:
        tools = Recorder()
        gets = tuple(call("get", x=x) for x in range(4))
        async with Executor([tools.tool("get", 9.0)], Says(sure(*gets)), TopK(4)) as executor:
            with anyio.move_on_after(after_s):
                await executor.run_step(point(executor), thinks(2.0, *gets))
            await anyio.sleep(0.1)
            assert [str(row.fate) for row in executor.ledger().speculations] == ["squash"] * 4
        assert [end for _, _, end in tools.log] == [None] * 4

    run_virtual(main, backend=backend)


@backends
def test_what_is_begun_on_the_result_of_a_guess_is_not_done_for_it(backend: str) -> None:
    """An LLM that is run ahead asks an agent; that one's calls keep to the slots."""

    async def main() -> None:
        seen = []

        async def think(at: Any) -> Any:
            await anyio.sleep(1.0)
            seen.append(SPECULATION.get())
            return call("get", x=1) if at.index == 0 else "Done."

        options = Options(run_ahead=RunAhead())
        async with Executor(
            [Recorder().tool("get", 0.1)], Says(sure(call("get", x=1))), TopK(1), options=options
        ) as executor:
            step = await executor.run_step(point(executor), think)
            await executor.run_step(step.next_point(), think)
        assert len(executor.ledger().aheads) >= 1 and set(seen) == {None}

    run_virtual(main, backend=backend)


@backends
def test_a_call_that_is_heard_of_later_belongs_to_the_decision_and_may_use_a_guess(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        first, second = call("get", x=1), call("get", x=2)
        claims: list[bool] = []
        options = Options(carry_ttl_s=60)
        async with Executor(box(tools), Says(sure(second)), TopK(1), options=options) as executor:
            step = await executor.open_step(point(executor), thinks(2.0, first))
            await step.obtain(first, on_claim=claims.append)
            step.also(second)
            assert (await step.obtain(second, on_claim=claims.append)).speculated
            row = (await step.finish()).outcome
        assert claims == [False, True]
        assert (row.calls, row.hits, row.all_calls) == (2, 1, [first.key, second.key])
        with pytest.raises(ConfigError, match="has ended; nothing more can run in it"):
            step.also(first)

    run_virtual(main, backend=backend)
