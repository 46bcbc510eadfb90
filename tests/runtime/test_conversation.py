"""A live conversation as an object: it runs steps until the agent replies, and becomes a trace; on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Message, Timing, ToolCall, Trace
from specbench.policies import TopK
from specbench.predictors import make_predictor
from specbench.runtime import AnswerStream, Decided, Executor, Options, RunAhead, assemble
from specbench.sim import Empirical
from specbench.testing import BACKENDS, run_virtual
from specbench.traces.store import read_traces, write_traces
from tests.runtime.agent import Recorder, Says, call, sure

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


async def think(point: DecisionPoint) -> Decided:
    """Two seconds; looks once for every message of the user, then replies."""
    await anyio.sleep(2.0)
    asked = sum(message.role == "user" for message in point.messages)
    looked = sum(message.role == "tool" for message in point.messages)
    return Decided((call("look", x=asked),)) if looked < asked else Decided(text=f"Reply {asked}.")


def executor(**more: Any) -> Executor:
    return Executor([Recorder().tool("look", 1.0)], Says(sure(call("look", x=1))), TopK(), **more)


def test_the_user_is_answered_after_as_many_steps_as_it_takes(backend: str) -> None:
    async def main() -> None:
        async with executor() as running:
            conversation = running.conversation("c1", messages=[Message("system", "be kind")])
            first = await conversation.user("hi", think)
            assert first.text == "Reply 1." and len(first.steps) == 2
            assert [result.speculated for result in first.results] == [True] and first.saved_s == pytest.approx(1.0)
            second = await conversation.user("again", think)
            assert [result.speculated for result in second.results] == [False]
            roles = [message.role for message in conversation.messages]
            assert roles == ["system", *["user", "assistant", "tool", "assistant"] * 2]
            assert conversation.turns == [first, second]
            assert repr(conversation) == "Conversation('c1', 9 messages)"

    run_virtual(main, backend=backend)


def test_its_trace_has_the_seconds_that_were_measured(backend: str) -> None:
    async def main() -> Trace:
        async with executor() as running:
            conversation = running.conversation("c1", task_id="task", agent="kind")
            await conversation.user("hi", think)
            await anyio.sleep(5.0)  # the user types
            await conversation.user("again", think)
            assert conversation.trace() == running.trace("c1")
        return running.trace("c1")

    trace = run_virtual(main, backend=backend)
    assert (trace.trace_id, trace.task_id, trace.agent) == ("c1", "task", "kind")
    seconds = [(message.role, message.timing) for message in trace.messages]
    expected = [
        ("user", None), ("assistant", (0, 2)), ("tool", (0, 1)), ("assistant", (2, 4)),  # the tool ran ahead
        ("user", (4, 9)), ("assistant", (9, 11)), ("tool", (11, 12)), ("assistant", (12, 14)),
    ]  # fmt: skip
    assert seconds == [(role, None if at is None else Timing(*map(pytest.approx, at))) for role, at in expected]


def test_its_trace_can_be_written_and_learned_from(backend: str, tmp_path: Path) -> None:
    async def look_once(point: DecisionPoint) -> Any:
        await anyio.sleep(2.0)
        return "Done." if point.messages[-1].role == "tool" else call("look")

    async def main() -> Executor:
        async with executor() as running:
            for name in ("c1", "c2"):
                await running.conversation(name).user("hi", look_once)
        return running

    running = run_virtual(main, backend=backend)
    traces = [running.trace("c1"), running.trace("c2")]
    assert write_traces(tmp_path / "traces.jsonl", traces) == 2
    again = list(read_traces(tmp_path / "traces.jsonl"))
    assert [trace.messages for trace in again] == [trace.messages for trace in traces]
    predictor = make_predictor("ngram").fit(again)
    point = next(iter(again[0].decisions())).point
    assert predictor.at(point).predict(1)[0].call == ToolCall("look")
    assert Empirical.of(again).think_s("c1", 0) == pytest.approx(2.0)


def test_any_conversation_of_an_executor_is_a_trace(backend: str) -> None:
    async def main() -> None:
        async with executor() as running:
            point = DecisionPoint("plain", 0, (Message("user", "hi"),), running.tools.specs)
            step = await running.run_step(point, think)
            edited = step.next_point(Message("user", "well"))
            edited = DecisionPoint("plain", 1, (Message("user", "edited"), *edited.messages[1:]), edited.tools)
            await running.run_step(edited, think)
            trace = running.trace("plain")
            assert [message.content for message in trace.messages[:2]] == ["edited", ""]
            assert trace.messages[0].timing is None and trace.messages[1].timing is not None
            running.end_session("plain")
            with pytest.raises(ConfigError, match=r"no step of a conversation 'plain' is known; there are none"):
                running.trace("plain")

    run_virtual(main, backend=backend)


def test_the_ledger_of_one_conversation(backend: str) -> None:
    async def main() -> Executor:
        async with executor(options=Options(run_ahead=RunAhead(1, 0.1))) as running:
            for name in ("c1", "c2"):
                await running.conversation(name).user("hi", think)
        return running

    running = run_virtual(main, backend=backend)
    whole, one = running.ledger(), running.ledger(trace_id="c1")
    for rows, all_rows in (
        (one.outcomes, whole.outcomes), (one.speculations, whole.speculations), (one.aheads, whole.aheads),
    ):  # fmt: skip
        assert rows and rows == [row for row in all_rows if row.trace_id == "c1"] != all_rows


def test_the_reply_can_be_followed_as_it_is_written(backend: str) -> None:
    async def main() -> str:
        stream = AnswerStream()
        async with executor() as running:
            await running.conversation("c1").user("hi", think, answer=stream)
        stream.close()
        return assemble([event async for event in stream])

    assert run_virtual(main, backend=backend) == "Reply 1."


def test_an_llm_that_raises_leaves_the_messages_as_they_were(backend: str) -> None:
    async def main() -> None:
        tries = []

        async def fails_once(point: DecisionPoint) -> Decided:
            tries.append(len(point.messages))
            if len(tries) == 2:
                raise ValueError("no tokens left")
            return await think(point)

        async with executor() as running:
            conversation = running.conversation("c1")
            with pytest.raises(ValueError, match="no tokens left"):
                await conversation.user("hi", fails_once)
            assert [message.role for message in conversation.messages] == ["user", "assistant", "tool"]
            step = await conversation.step(fails_once)
            assert step.decided.text == "Reply 1." and tries == [1, 3, 3]

    run_virtual(main, backend=backend)


def test_wrong_use_is_told(backend: str) -> None:
    async def main() -> None:
        async with executor() as running:
            conversation = running.conversation("c1")
            with pytest.raises(ConfigError, match="'c1' has no step yet; let the user say something first"):
                conversation.trace()
            with pytest.raises(ConfigError, match="'c1' is under way; end_session"):
                running.conversation("c1")
            with pytest.raises(ConfigError, match="3 steps without a reply; raise most_steps"):
                await conversation.user("hi", lambda: call("look"), most_steps=3)
        with pytest.raises(ConfigError, match="not running"):
            running.conversation("c2")

    run_virtual(main, backend=backend)


def test_a_text_that_was_not_taken_is_in_no_conversation(backend: str) -> None:
    async def breaks(point: DecisionPoint) -> Decided:
        raise OSError("the LLM is away")

    async def main() -> None:
        async with executor() as running:
            conversation = running.conversation("c1")
            async with anyio.create_task_group() as group:
                group.start_soon(conversation.user, "hi", think)
                await anyio.sleep(0.5)
                with pytest.raises(ConfigError, match="in the middle of a step"):
                    await conversation.user("and another thing", think)
            assert [message.content for message in conversation.messages if message.role == "user"] == ["hi"]
            with pytest.raises(OSError, match="the LLM is away"):
                await conversation.user("again", breaks)
            turn = await conversation.user("again", think)
            assert turn.text == "Reply 2." and repr(turn) == "<Turn: 2 steps, 1 call, 'Reply 2.'>"
            with pytest.raises(ConfigError, match="the user says a text; got None"):
                await conversation.user(None, think)  # type: ignore[arg-type]

    run_virtual(main, backend=backend)


def test_nothing_runs_after_the_executor_was_left(backend: str) -> None:
    async def main() -> None:
        async with executor() as running:
            conversation = running.conversation("c1")
            await conversation.user("hi", think)
        before = list(conversation.messages)
        with pytest.raises(ConfigError, match="'c1' is over: the executor was left"):
            await conversation.user("more", think)
        with pytest.raises(ConfigError, match="'c1' is over: the executor was left"):
            await conversation.step(think)
        assert conversation.messages == before

    run_virtual(main, backend=backend)
