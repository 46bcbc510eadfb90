"""The executor, one behaviour a test; on a virtual clock, on both backends."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate, Window
from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.policies import Never, Threshold, TopK
from specbench.runtime import AnswerStream, Decided, Executor, Partial, Tool, assemble
from specbench.runtime.session import LiveSession
from specbench.speculation import Breaker, Limit, Options, RunAhead, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


def test_a_hit_joins_what_has_run_beside_the_llm(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor([tools.tool("get", 3.0)], Says(sure(call("get", x=1)))) as executor:
            step = await executor.run_step(point(executor), thinks(4.2, call("get", x=1)))
            assert step.outcome.hit and step.results[0].speculated
            assert anyio.current_time() - step.outcome.speculative_s == pytest.approx(executor_start)
            assert step.outcome.saved_s == pytest.approx(3.0)  # the query is hidden entirely
        assert len(tools.log) == 1

    executor_start = 0.0
    run_virtual(main, backend=backend)


def test_the_tool_alone_is_no_hit(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        async with Executor([tools.tool("get", 3.0)], Says(sure(call("get", x=1)))) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("get", x=2)))
            assert not step.outcome.hit and step.results[0].value == 'get({"x":2}) at 2'
        (row,) = executor.ledger().speculations
        assert (row.fate, row.squashed_s, row.ended_s) == (Fate.SQUASH, pytest.approx(1.0), pytest.approx(1.0))
        assert tools.log[0][2] is None  # it was really cancelled

    run_virtual(main, backend=backend)


def test_an_exception_of_the_llm_leaves_nothing_running(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()

        async def think() -> Decided:
            await anyio.sleep(0.5)
            raise ValueError("no tokens left")

        async with Executor([tools.tool("get", 3.0)], Says(sure(call("get", x=1)))) as executor:
            with pytest.raises(ValueError, match="no tokens left"):
                await executor.run_step(point(executor), think)
            await anyio.sleep(10)
            assert tools.log[0][2] is None
            step = await executor.run_step(point(executor), thinks(4.0, call("get", x=1)))
            assert step.outcome.hit and step.outcome.index == 0
        assert [row.fate for row in executor.ledger().speculations] == [Fate.SQUASH, Fate.COMMIT]

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("after_s", [0.2, 1.5, 3.5])
def test_a_cancelled_step_leaves_nothing_behind(backend: str, after_s: float) -> None:
    async def main() -> None:
        tools = Recorder()
        options = Options({"think", "tool", "user"}, run_ahead=RunAhead(2, 0.1))
        box = [tools.tool("get", 3.0), tools.tool("put", 3.0, Effect.WRITE)]
        async with Executor(box, Says(sure(call("get", x=1))), options=options) as executor:
            with anyio.move_on_after(after_s) as scope:
                await executor.run_step(point(executor), thinks(1.0, call("get", x=1), call("put", x=1)))
            assert scope.cancelled_caught
            await anyio.sleep(10)
            assert all(end is None or end <= after_s for _, _, end in tools.log)
            step = await executor.run_step(point(executor), thinks(1.0, call("get", x=2)))
            assert step.results[0].error is None
        for row in executor.ledger().speculations:
            assert row.fate == Fate.SQUASH or row.committed_at is not None

    run_virtual(main, backend=backend)


def test_a_failed_speculation_is_contained_and_the_real_call_runs_again(backend: str) -> None:
    async def main(retry: bool) -> tuple[Any, int, str]:
        runs = 0

        async def fails_first(x: int) -> str:
            nonlocal runs
            runs += 1
            await anyio.sleep(1.0)
            if runs == 1:
                raise RuntimeError("overloaded")
            return "fine"

        tool = Tool(ToolSpec("get", effect=Effect.READ), fails_first)
        async with Executor([tool], Says(sure(call("get", x=1))), options=Options(retry_failed=retry)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("get", x=1)))
        return step.results[0], runs, executor.ledger().speculations[0].fate

    result, runs, fate = run_virtual(main, True, backend=backend)
    assert (result.value, runs, fate) == ("fine", 2, Fate.FAIL)
    result, runs, fate = run_virtual(main, False, backend=backend)
    assert (str(result.error), runs, fate) == ("overloaded", 1, Fate.FAIL)


def test_a_failed_speculation_that_nobody_asked_for_is_never_seen(backend: str) -> None:
    async def main() -> None:
        async def fails(x: int) -> str:
            raise RuntimeError("nobody sees this")

        box = [Tool(ToolSpec("get", effect=Effect.READ), fails), Recorder().tool("look")]
        async with Executor(box, Says(sure(call("get", x=1)))) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("look")))
            assert step.results[0].error is None

    run_virtual(main, backend=backend)


def test_the_agent_sees_errors_as_results(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        box = [tools.tool("get", 9.0, timeout_s=2.0)]
        async with Executor(box) as executor:
            calls = (call("get"), call("nope"), ToolCall("get", {}, invalid_arguments="{x"))
            step = await executor.run_step(point(executor), thinks(0.0, *calls))
            assert [str(each.error) for each in step.results] == [
                "get took longer than 2 s",
                "no tool is called 'nope'; use one of get",
                "the arguments of get are not a JSON object: {x",
            ]
            assert step.messages[1].content == "Error: get took longer than 2 s" and step.messages[1].error

    run_virtual(main, backend=backend)


def test_windows_and_carried_commits(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()

        def say(messages: Any) -> list[Prediction]:
            return sure(call("get", x=2)) if messages[-1].role == "assistant" else []

        options = Options({"think", "user"}, carry_ttl_s=60.0)
        async with Executor([tools.tool("get", 1.0), tools.tool("other", 1.0)], Says(say), options=options) as executor:
            first = await executor.run_step(point(executor), thinks(1.0, text="Anything else?"))
            await anyio.sleep(5)  # the user types, the prefetch runs
            there = first.next_point(Message("user", "hm"))
            second = await executor.run_step(there, thinks(1.0, call("other")))
            third = await executor.run_step(second.next_point(), thinks(1.0, call("get", x=2)))
            assert third.outcome.hit and third.outcome.speculative_s == pytest.approx(1.0)
        (row,) = executor.ledger().speculations
        assert (row.window, row.index, row.committed_at) == (Window.USER, 1, 2)

    run_virtual(main, backend=backend)


def test_a_write_voids_what_it_may_touch_even_in_flight(backend: str) -> None:
    async def main(keys: bool) -> list[tuple[str, str]]:
        tools = Recorder()
        own = Traits(("item:{x}",)) if keys else Traits()
        box = [tools.tool("get", 5.0, traits=own), tools.tool("put", 1.0, Effect.WRITE, own)]
        options = Options(carry_ttl_s=60.0)
        says = Says(sure(call("get", x=1), call("get", x=2)))
        async with Executor(box, says, TopK(2), options=options) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("put", x=1)))
            await executor.run_step(step.next_point(), thinks(9.0, call("get", x=2)))
        return [(row.call, str(row.fate)) for row in executor.ledger().speculations[:2]]

    assert run_virtual(main, True, backend=backend) == [('get({"x":1})', "squash"), ('get({"x":2})', "commit")]
    assert run_virtual(main, False, backend=backend) == [('get({"x":1})', "squash"), ('get({"x":2})', "squash")]


def test_a_volatile_read_counts_only_for_its_staleness(backend: str) -> None:
    async def main(think_s: float) -> bool:
        tools = Recorder()
        tool = tools.tool("price", 0.5, traits=Traits(max_staleness_s=2.0))
        async with Executor([tool], Says(sure(call("price")))) as executor:
            return (await executor.run_step(point(executor), thinks(think_s, call("price")))).outcome.hit

    assert run_virtual(main, 1.5, backend=backend) is True
    assert run_virtual(main, 2.5, backend=backend) is False


def test_repeated_reads_come_from_the_cache_only_where_the_tool_allows_it(backend: str) -> None:
    async def main(ttl_s: float) -> int:
        tools = Recorder()
        box = [tools.tool("get", 1.0, traits=Traits(cache_ttl_s=ttl_s)), tools.tool("put", 1.0, Effect.WRITE)]
        async with Executor(box) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("get")))
            step = await executor.run_step(step.next_point(), thinks(1.0, call("get")))
            step = await executor.run_step(step.next_point(), thinks(1.0, call("put"), call("get")))
        return sum(name == "get({})" for name, _, _ in tools.log)

    assert run_virtual(main, 60.0, backend=backend) == 2  # the write voids it
    assert run_virtual(main, 0.0, backend=backend) == 3


def test_run_ahead_starts_the_next_invocation_on_the_result(backend: str) -> None:
    async def main() -> list[float]:
        tools = Recorder()

        async def think(at: Any) -> Decided:
            await anyio.sleep(2.0)
            done = sum(message.role == "tool" for message in at.messages)
            return Decided((call("get", x=done),)) if done < 4 else Decided(text="done")

        def say(messages: Any) -> list[Prediction]:
            done = sum(message.role == "tool" for message in messages)
            return sure(call("get", x=done)) if done < 4 else [Prediction(None, 0.9)]

        async with Executor([tools.tool("get", 1.0)], Says(say), options=Options(run_ahead=RunAhead())) as executor:
            at, ends = point(executor), []
            while True:
                step = await executor.run_step(at, think)
                ends.append(anyio.current_time())
                if not step.decided.calls:
                    break
                at = step.next_point()
        assert {row.fate for row in executor.ledger().aheads} == {Fate.COMMIT}
        assert sum(row.saved_s for row in executor.outcomes) == pytest.approx(14.0 - ends[-1])
        return ends

    # Sequential: 3, 6, 9, 12, 14. A hit step takes the tool's second instead of three.
    assert run_virtual(main, backend=backend) == pytest.approx([2.0, 3.0, 4.0, 5.0, 6.0])


def test_a_wrong_run_ahead_is_cancelled_and_counted_apart(backend: str) -> None:
    async def main() -> None:
        tools, cancelled = Recorder(), []

        async def think(at: Any) -> Decided:
            try:
                await anyio.sleep(2.0)
            except anyio.get_cancelled_exc_class():
                cancelled.append(anyio.current_time())
                raise
            return Decided(text="no call at all")

        options = Options(run_ahead=RunAhead(tok_per_s=30.0))
        async with Executor([tools.tool("get", 0.5)], Says(sure(call("get", x=1))), options=options) as executor:
            await executor.run_step(point(executor), think)
        (row,) = executor.ledger().aheads
        assert (row.fate, row.run_s, row.used_tok) == (Fate.SQUASH, pytest.approx(1.5), pytest.approx(45.0))
        assert cancelled == [pytest.approx(2.0)]
        assert executor.shared.total.run_ahead_lost_tok == pytest.approx(45.0)

    run_virtual(main, backend=backend)


def test_early_start_from_the_stream(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()

        async def think() -> AsyncIterator[Any]:
            await anyio.sleep(1.0)
            yield Partial(tool="get")
            await anyio.sleep(0.5)
            yield Partial(tool="get", arguments={"x": 7}, complete=True)
            await anyio.sleep(2.5)
            yield Decided((call("get", x=7),))

        box = [tools.tool("get", 2.0), tools.tool("look", 9.0)]
        says = Says(
            [Prediction(call("look"), 0.6), Prediction(call("get", x=1), 0.2), Prediction(call("get", x=2), 0.1)]
        )
        async with Executor(box, says, Threshold(0.5)) as executor:
            step = await executor.run_step(point(executor), think)
            assert step.outcome.hit and step.outcome.speculative_s == pytest.approx(4.0)
        rows = [(r.call, r.launched_s, r.squashed_s, str(r.fate)) for r in executor.ledger().speculations]
        assert rows == [
            ("look({})", 0.0, pytest.approx(1.0), "squash"),  # the name rules it out
            ('get({"x":1})', pytest.approx(1.0), pytest.approx(1.5), "squash"),  # likely, given the name
            ('get({"x":7})', pytest.approx(1.5), None, "commit"),  # known before the LLM has ended
        ]

    run_virtual(main, backend=backend)


def test_rate_limits_stop_speculation_first_and_say_so(backend: str) -> None:
    async def main() -> list[str]:
        tools = Recorder()
        options = Options(limits={"get": Limit(per_s=1.0, burst=10.0)})
        reasons = []
        async with Executor([tools.tool("get", 0.1)], Says(sure(call("get", x=0))), options=options) as executor:
            at = point(executor)
            for _ in range(9):
                step = await executor.run_step(at, thinks(0.01, call("get", x=1)))
                reasons.append(step.outcome.reason)
                at = step.next_point()
        return reasons

    reasons = run_virtual(main, backend=backend)
    assert reasons[:2] == ["p 0.90 reaches 0.60"] * 2
    assert reasons[2] == "rate limit of get: the reserve for speculation is used up"
    assert len(tools_waits := [r for r in reasons if r.startswith("rate limit")]) >= 5, tools_waits


def test_a_real_call_preempts_a_speculation(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        box = [tools.tool("get", 9.0), tools.tool("put", 1.0, Effect.WRITE, Traits(("other",)))]
        options = Options(tool_slots=1, carry_ttl_s=60.0)
        async with Executor(box, Says(sure(call("get"))), options=options) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("put")))
            assert step.outcome.speculative_s == pytest.approx(2.0)  # not delayed
        assert executor.ledger().speculations[0].squashed_s == pytest.approx(1.0)

    run_virtual(main, backend=backend)


def test_the_breaker_switches_off_and_comes_back(backend: str) -> None:
    async def main() -> list[str]:
        tools = Recorder()
        breaker = Breaker(window=4, at_least=4, probe_every=2, probes=2)
        reasons, right = [], False

        def say(messages: Any) -> list[Prediction]:
            return sure(call("get", x=len(messages) if right else -1))

        async with Executor([tools.tool("get", 0.1)], Says(say), options=Options(breaker=breaker)) as executor:
            at = point(executor)
            for number in range(14):
                right = number >= 6
                step = await executor.run_step(at, thinks(1.0, call("get", x=len(at.messages))))
                reasons.append("off" if step.outcome.reason.startswith("circuit breaker") else "on")
                at = step.next_point()
        return reasons

    expected = ["on"] * 4 + ["off", "on", "off", "on"] + ["on"] * 6  # of two probes one hits
    assert run_virtual(main, backend=backend) == expected


@pytest.mark.parametrize("kind", ["predictor", "policy", "observe"])
def test_predictors_and_policies_that_raise_cost_nothing_but_speculation(backend: str, kind: str) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    class Policy:
        choose = broken

    async def main() -> None:
        policy: Any = Policy() if kind == "policy" else TopK()
        says = Says(sure(call("get"))) if kind == "policy" else Says(broken)
        async with Executor([Recorder().tool("get")], says, policy) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("get")))
            assert "raised RuntimeError: broken" in step.outcome.reason
            assert step.results[0].error is None

    run_virtual(main, backend=backend)


def test_edited_history_starts_the_predictor_anew(backend: str) -> None:
    async def main() -> None:
        seen: list[list[str]] = []

        def say(messages: Any) -> list[Prediction]:
            seen.append([message.content for message in messages])
            return []

        async with Executor([Recorder().tool("get")], Says(say)) as executor:
            await executor.run_step(point(executor, Message("user", "a"), Message("user", "b")), thinks(1.0, text="x"))
            await executor.run_step(point(executor, Message("user", "a"), Message("user", "c")), thinks(1.0, text="x"))
        assert seen == [["a", "b"], ["a", "c"]]

    run_virtual(main, backend=backend)


def test_streamed_answers_can_be_taken_back_and_interrupted(backend: str) -> None:
    async def main() -> list[Any]:
        tools = Recorder()

        async def think(at: Any) -> AsyncIterator[Any]:
            if at.messages[-1].role == "tool":
                for word in ("Your ", "parcel ", "is ", "here."):
                    await anyio.sleep(0.2)
                    yield Partial(text=word)
                yield Decided()
            else:
                await anyio.sleep(2.0)
                for word in ("Which ", "parcel?"):
                    yield Partial(text=word)
                    await anyio.sleep(1.0)
                yield Decided(text="Which parcel?")

        stream = AnswerStream()
        options = Options(run_ahead=RunAhead())
        async with Executor([tools.tool("get", 0.5)], Says(sure(call("get"))), options=options) as executor:
            step = await executor.run_step(point(executor), think, answer=stream)
            assert step.decided.text == "Which parcel?"
            async with anyio.create_task_group() as group:
                group.start_soon(interrupt, stream)
                late = await executor.run_step(step.next_point(Message("user", "well")), think, answer=stream)
            assert late.interrupted and late.decided == Decided(text="Which ")
        stream.close()
        return [event async for event in stream]

    async def interrupt(stream: AnswerStream) -> None:
        await anyio.sleep(2.5)
        assert stream.interrupt()

    events = run_virtual(main, backend=backend)
    assert [event.kind for event in events[:6]] == ["start", "delta", "delta", "delta", "delta", "retract"]
    assert events[0].speculative and not events[6].speculative
    assert assemble(events) == "Which parcel?Which "


def test_a_session_that_ended_is_forgotten(backend: str) -> None:
    async def main() -> None:
        says = Says(sure(call("get")))
        async with Executor([Recorder().tool("get", 9.0)], says, options=Options()) as executor:
            for number in range(50):
                await executor.run_step(point(executor, trace_id=f"t{number}"), thinks(1.0, text="hello"))
                executor.end_session(f"t{number}")
            await anyio.sleep(1)
            assert not executor._sessions
        ledger = executor.ledger()
        assert len(ledger.outcomes) == len(ledger.speculations) == 50

    run_virtual(main, backend=backend)


def test_wrong_use_is_told(backend: str) -> None:
    async def main() -> None:
        executor = Executor([Recorder().tool("get")])
        with pytest.raises(ConfigError, match=r"not running; use `async with Executor"):
            await executor.run_step(point(executor), thinks(1.0))
        async with executor:
            with pytest.raises(ConfigError, match="in use already"):
                await executor.__aenter__()
            with pytest.raises(ConfigError, match="think returned int; it returns Decided"):
                await executor.run_step(point(executor), lambda: 7)
            async with anyio.create_task_group() as group:
                group.start_soon(executor.run_step, point(executor), thinks(1.0))
                await anyio.sleep(0.1)
                with pytest.raises(ConfigError, match="one step at a time"):
                    await executor.run_step(point(executor), thinks(1.0))

    run_virtual(main, backend=backend)


def test_off_is_off(backend: str) -> None:
    async def main() -> None:
        async with Executor([Recorder().tool("get")], Says(sure(call("get"))), Never()) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("get")))
            assert (step.outcome.reason, step.outcome.launched) == ("speculation is off", 0)

    run_virtual(main, backend=backend)


def test_a_tool_in_a_thread_counts_until_it_really_ended(backend: str) -> None:
    ended = threading.Event()

    def slow() -> str:
        time.sleep(0.2)
        ended.set()
        return "late"

    async def main() -> None:
        box = [Tool(ToolSpec("slow", effect=Effect.READ), slow), Recorder().tool("look", 0.0)]
        async with Executor(box, Says(sure(call("slow")))) as executor:
            await executor.run_step(point(executor), thinks(0.05, call("look")))
            assert not ended.is_set()
        assert ended.is_set()  # leaving waits for the thread
        (row,) = executor.ledger().speculations
        assert row.squashed_s is not None and row.squashed_s < 0.15 < row.ended_s

    anyio.run(main, backend=backend)


def test_a_predictor_that_blocks_is_asked_in_a_thread_from_then_on(backend: str) -> None:
    threads: list[bool] = []

    def say(messages: Any) -> list[Prediction]:
        threads.append(threading.current_thread() is threading.main_thread())
        time.sleep(0.06)
        return sure(call("get"))

    async def main() -> None:
        async with Executor([Recorder().tool("get", 0.01)], Says(say)) as executor:
            at = point(executor)
            for _ in range(4):
                step = await executor.run_step(at, thinks(0.3, call("get")))
                assert step.outcome.hit
                at = step.next_point()

    anyio.run(main, backend=backend)
    assert threads == [True, True, False, False]


def test_no_task_and_no_session_is_left_in_memory(backend: str) -> None:
    def sessions() -> list[LiveSession]:
        gc.collect()
        return [each for each in gc.get_objects() if type(each) is LiveSession]

    before = sessions()  # a failed test beside this one keeps its own alive

    async def main() -> None:
        async with Executor([Recorder().tool("get", 9.0)], Says(sure(call("get")))) as executor:
            await executor.run_step(point(executor), thinks(1.0, call("get")))
            assert len(sessions()) == len(before) + 1

    run_virtual(main, backend=backend)
    assert sessions() == before


def test_an_executor_that_has_ended_holds_no_model_alive(backend: str) -> None:
    class Model:
        pass

    model = Model()
    alive = weakref.ref(model)

    def thinking(held: Model) -> Any:
        async def think(point: DecisionPoint) -> Decided:
            assert held is not None
            return Decided(text="Done.")

        return think

    async def main(think: Any) -> None:
        async with Executor([Recorder().tool("get", 1.0)], Says(sure(call("get", x=1)))) as executor:
            await executor.run_step(point(executor), think)

    run_virtual(partial(main, thinking(model)), backend=backend)
    del model
    gc.collect()
    assert alive() is None


def test_a_run_ahead_is_not_used_when_the_user_has_said_something_else(backend: str) -> None:
    """The LLM has been run ahead on the result; then the user says "stop, cancel it instead": it is asked again."""

    async def main() -> None:
        thought: list[str] = []

        async def think(at: Any) -> Decided:
            thought.append(at.messages[-1].content)
            await anyio.sleep(2.0)
            if at.messages[-1].role == "user" and "cancel" in at.messages[-1].content:
                return Decided((call("cancel"),))
            if at.messages[-1].role == "user":
                return Decided((call("get"),))
            return Decided(text="It is on its way.")

        tools = Recorder()
        box = [tools.tool("get", 1.0), tools.tool("cancel", 1.0, Effect.WRITE)]
        options = Options(run_ahead=RunAhead())
        async with Executor(box, Says(sure(call("get"))), TopK(1), options=options) as executor:
            step = await executor.run_step(point(executor, Message("user", "Where is it?")), think)
            assert step.outcome.hit
            await anyio.sleep(2.0)  # the next answer is ready by now
            step = await executor.run_step(step.next_point(Message("user", "Stop, cancel it instead.")), think)
            assert [each.name for each in step.decided.calls] == ["cancel"]
        assert {row.fate for row in executor.ledger().aheads} == {Fate.SQUASH}
        assert "Stop, cancel it instead." in thought

    run_virtual(main, backend=backend)


def test_a_tool_that_keeps_failing_is_not_speculated_any_more(backend: str) -> None:
    async def main() -> None:
        ran = [0]

        async def fails() -> None:
            ran[0] += 1
            raise ConnectionError("down")

        tool = Tool(ToolSpec("get", effect=Effect.READ), fails)
        async with Executor([tool], Says(sure(call("get"))), TopK(1)) as executor:  # with the breaker, by default
            reasons = []
            for index in range(5):
                step = await executor.run_step(point(executor, index=index), thinks(1.0, text="Hm."))
                reasons.append(step.outcome.reason)
            assert ran == [3] and "get failed 3 times in a row, off for" in reasons[3]
            await anyio.sleep(31.0)
            await executor.run_step(point(executor, index=9), thinks(1.0, text="Hm."))
            assert ran == [4]

    run_virtual(main, backend=backend)
