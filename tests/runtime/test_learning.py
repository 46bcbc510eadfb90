"""An executor that learns: each decision is told once, where it was made, and nothing of it is in the agent's way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import anyio
import pytest

import specbench
from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.policies import Never, Threshold
from specbench.predictors import make_predictor
from specbench.predictors.base import Session
from specbench.runtime import AnswerStream, Decided, Executor, Partial, Tool
from specbench.speculation import Options, RunAhead
from specbench.study.progressive import predict_then_learn
from specbench.testing import BACKENDS, make_traces, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks


class Pupil(Says):
    """Says always the same, and writes down what it is told, and after which messages."""

    name = "pupil"

    def __init__(self, *calls: ToolCall) -> None:
        super().__init__(sure(*calls))
        self.told: list[tuple[int, str]] = []
        self.asked: list[int] = []
        self.raises: Exception | None = None

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return PupilSession(self)


class PupilSession(Session):
    def __init__(self, pupil: Pupil) -> None:
        self.pupil = pupil
        self.seen = 0

    def observe(self, message: Message) -> None:
        self.seen += 1

    def predict(self, k: int = 1) -> list[Prediction]:
        self.pupil.asked.append(len(self.pupil.told))
        return self.pupil.say([])[:k]

    def learn(self, outcome: ToolCall | None) -> None:
        if self.pupil.raises is not None:
            raise self.pupil.raises
        self.pupil.told.append((self.seen, outcome.name if outcome else "reply"))


def played(trace: Trace) -> Callable[[DecisionPoint], Any]:
    """The LLM of a recorded trace."""
    decisions = {len(each.point.messages): each for each in trace.decisions()}

    async def think(at: DecisionPoint) -> Decided:
        await anyio.sleep(1.0)
        calls = decisions[len(at.messages)].calls
        return Decided(tuple(calls), trace.messages[len(at.messages)].content)

    return think


@pytest.mark.parametrize("name", ["markov", "ngram"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_it_learns_what_a_stream_of_the_same_traces_teaches(name: str, backend: str, tmp_path: Path) -> None:
    traces = make_traces(12)
    first = make_predictor(name).fit(traces[:4])
    second, third = deepcopy(first), deepcopy(first)

    async def main(predictor: Any, learn: bool) -> None:
        async def run(**arguments: Any) -> str:
            await anyio.sleep(0.5)
            return "unused"

        tools = [Tool(spec, run) for spec in traces[4].tools.values()]
        async with Executor(tools, predictor, Threshold(0.3), learn=learn) as executor:
            for trace in traces[4:]:
                think = played(trace)
                for decision in trace.decisions():
                    await executor.run_step(decision.point, think)
                executor.end_session(trace.trace_id)

    run_virtual(main, first, True, backend=backend)
    predict_then_learn(second, traces[4:])
    assert str(first.state()) == str(second.state()) != str(third.state())
    run_virtual(main, third, False, backend=backend)
    assert str(third.state()) == str(make_predictor(name).fit(traces[:4]).state())
    loaded = specbench.load(first.save(tmp_path / "checkpoint"))
    points = [decision.point for decision in traces[5].decisions()]
    assert loaded.predict_batch(points, 3) == first.predict_batch(points, 3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "options", [Options(), Options({"think", "tool", "user"}), Options(run_ahead=RunAhead(2, 0.1))]
)
def test_each_decision_is_told_once_and_where_it_was_made(backend: str, options: Options) -> None:
    pupil = Pupil(call("look"))
    talk = {1: (call("look"),), 3: (call("look"), call("find")), 6: ()}

    async def think(at: DecisionPoint) -> Decided:
        await anyio.sleep(1.0)
        return Decided(talk[len(at.messages)], "" if talk[len(at.messages)] else "Here it is.")

    async def main() -> None:
        tools = Recorder()
        box = [tools.tool("look", 0.5), tools.tool("find", 0.5)]
        async with Executor(box, pupil, options=options, learn=True) as executor:
            at = point(executor)
            for _ in talk:
                step = await executor.run_step(at, think)
                at = step.next_point()
                await anyio.sleep(3.0)

    run_virtual(main, backend=backend)
    assert pupil.told == [(1, "look"), (3, "look"), (6, "reply")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_asked_before_the_last_decision_is_learned(backend: str) -> None:
    pupil = Pupil(call("look"))

    async def main() -> None:
        async with Executor([Recorder().tool("look")], pupil, learn=True) as executor:
            at = point(executor)
            for _ in range(30):
                at = (await executor.run_step(at, thinks(0.1, text="Well."))).next_point()

    run_virtual(main, backend=backend)
    assert pupil.asked == list(range(30))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_last_decision_is_learned_however_soon_it_ends(backend: str) -> None:
    pupil = Pupil(call("look"))

    async def main() -> None:
        async with Executor([Recorder().tool("look")], pupil, learn=True) as executor:
            await executor.run_step(point(executor, trace_id="a"), thinks(0.1, text="Hello."))
            executor.end_session("a")
            await executor.run_step(point(executor, trace_id="b"), thinks(0.1, text="Hello."))

    run_virtual(main, backend=backend)
    assert pupil.told == [(1, "reply")] * 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_was_not_decided_is_not_learned(backend: str) -> None:
    pupil = Pupil(call("look"))

    async def talk() -> Any:
        yield Partial(text="Let me ")
        await anyio.sleep(5.0)
        yield Decided((), "Let me explain at length")

    async def fails() -> Decided:
        raise ConnectionError("the model is away")

    async def main() -> None:
        async with Executor([Recorder().tool("look")], pupil, learn=True) as executor:
            answer = AnswerStream()
            async with anyio.create_task_group() as group:

                async def interrupt() -> None:
                    await anyio.sleep(1.0)
                    answer.interrupt()

                group.start_soon(interrupt)
                step = await executor.run_step(point(executor), talk, answer=answer)
            assert step.interrupted
            with pytest.raises(ConnectionError):
                await executor.run_step(step.next_point(), fails)
        async with Executor([Recorder().tool("look")], pupil, Never(), learn=True) as executor:
            await executor.run_step(point(executor), thinks(0.1, call("look")))  # nothing is asked, so nothing is told

    run_virtual(main, backend=backend)
    assert pupil.told == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_step_that_a_human_edits_teaches_what_the_llm_decided(backend: str) -> None:
    pupil = Pupil(call("look", x=1))

    async def main() -> None:
        async with Executor([Recorder().tool("look")], pupil, learn=True) as executor:
            step = await executor.open_step(point(executor), thinks(0.1, call("look", x=1)))
            await step.obtain(call("look", x=2))
            await step.finish()

    run_virtual(main, backend=backend)
    assert pupil.told == [(1, "look")]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_predictor_that_cannot_learn_is_logged_and_in_nobodys_way(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    pupil = Pupil(call("look"))
    pupil.raises = RuntimeError("full up")

    async def main() -> None:
        async with Executor([Recorder().tool("look")], pupil, learn=True) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("look")))
            assert step.outcome.hit
            step = await executor.run_step(step.next_point(), thinks(2.0, call("look")))
            assert step.outcome.hit

    with caplog.at_level(logging.ERROR, "specbench.runtime"):
        run_virtual(main, backend=backend)
    assert [record.getMessage() for record in caplog.records] == ["pupil could not learn a decision of session 't'"] * 2


class Slow(Pupil):
    """Blocks whoever asks, and notes in which threads it is asked and taught, and whether that overlaps."""

    def __init__(self) -> None:
        super().__init__(call("look"))
        self.busy = 0
        self.seconds = 0.06
        self.overlaps = 0
        self.taught_in: set[str] = set()

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return SlowSession(self)


class SlowSession(PupilSession):
    pupil: Slow

    def work(self, seconds: float) -> None:
        self.pupil.busy += 1
        self.pupil.overlaps += self.pupil.busy > 1
        time.sleep(seconds)
        self.pupil.busy -= 1

    def predict(self, k: int = 1) -> list[Prediction]:
        self.work(self.pupil.seconds)
        return super().predict(k)

    def learn(self, outcome: ToolCall | None) -> None:
        self.pupil.taught_in.add(threading.current_thread().name)
        self.work(0.02)
        super().learn(outcome)


def test_a_slow_predictor_is_taught_in_a_thread_and_never_while_it_is_asked() -> None:
    slow = Slow()

    async def converse(executor: Executor, trace_id: str) -> None:
        at = point(executor, trace_id=trace_id)
        for _ in range(6):
            step = await executor.run_step(at, thinks(0.07, call("look")))
            at = step.next_point()

    async def look() -> str:
        return "seen"

    async def main() -> None:
        box = [Tool(ToolSpec("look", effect=Effect.READ), look)]
        async with Executor(box, slow, learn=True) as executor, anyio.create_task_group() as group:
            for trace_id in "abc":
                group.start_soon(converse, executor, trace_id)

    anyio.run(main)
    assert len(slow.told) == 18
    assert slow.overlaps == 0
    assert slow.taught_in - {threading.current_thread().name}


def test_the_event_loop_never_waits_for_a_thread_that_asks_or_learns() -> None:
    slow, gaps = Slow(), []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.005)
            gaps.append(time.perf_counter() - before)

    async def main() -> None:
        async with Executor([Recorder().tool("look", 0.0)], slow, learn=True) as executor:
            at = point(executor, trace_id="slow")
            for _ in range(3):  # from now on it is asked in a thread
                at = (await executor.run_step(at, thinks(0.1, text="Well."))).next_point()
            await executor.run_step(point(executor, trace_id="other"), thinks(0.1, text="Hello."))
            slow.seconds = 1.0
            async with anyio.create_task_group() as group:
                group.start_soon(tick)
                group.start_soon(executor.run_step, at, thinks(0.3, text="Well."))
                await anyio.sleep(0.1)
                executor.end_session("other")
                await executor.run_step(point(executor, trace_id="third"), thinks(0.1, text="Hello."))
                group.cancel_scope.cancel()

    anyio.run(main)
    assert max(gaps) < 0.7  # a question takes 1 s


def test_questions_that_nobody_waits_for_any_more_are_not_answered() -> None:
    slow = Slow()

    async def converse(executor: Executor, trace_id: str) -> None:
        at = point(executor, trace_id=trace_id)
        for _ in range(8):
            at = (await executor.run_step(at, thinks(0.02, text="Well."))).next_point()

    async def main() -> None:
        executor = Executor([Recorder().tool("look")], slow, learn=True)
        async with executor, anyio.create_task_group() as group:
            for trace_id in "abcd":
                group.start_soon(converse, executor, trace_id)

    anyio.run(main)
    assert len(slow.told) == 32
    assert len(slow.asked) < 32
    assert slow.overlaps == 0


def test_executors_in_two_threads_teach_one_predictor_in_turns() -> None:
    slow = Slow()

    async def main() -> None:
        async with Executor([Recorder().tool("look")], slow, learn=True) as executor:
            at = point(executor)
            for _ in range(5):
                at = (await executor.run_step(at, thinks(0.07, text="Well."))).next_point()

    threads = [threading.Thread(target=anyio.run, args=(main,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(slow.told) == 10
    assert slow.overlaps == 0


def test_what_learns_nothing_is_not_asked_in_turns() -> None:
    executor = Executor([Recorder().tool("look")], Says(sure(call("look"))), learn=True)
    assert executor.learn is False
    assert Executor([Recorder().tool("look")], Pupil(), learn=True).learn is True
    assert Executor([Recorder().tool("look")], Pupil()).learn is False


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_decision_that_is_taken_up_again_is_not_learned_and_a_list_may_grow(backend: str) -> None:
    pupil = Pupil(call("look"))

    async def main() -> None:
        async with Executor([Recorder().tool("look")], pupil, learn=True) as executor:
            messages = [Message("user", "hello")]
            at = DecisionPoint("t", 0, messages, executor.tools.specs)  # type: ignore[arg-type]
            await executor.run_step(at, thinks(0.1, call("look")))
            messages += [Message("assistant", "Hm."), Message("user", "well?")]
            await executor.run_step(point(executor, trace_id="u"), thinks(0.1, call("look")), learn=False)

    run_virtual(main, backend=backend)
    assert pupil.told == [(1, "look")]


def test_a_predictor_that_began_with_nothing_can_be_saved(tmp_path: Path) -> None:
    chain = make_predictor("markov")

    async def main() -> None:
        async with Executor([Recorder().tool("look")], chain, learn=True) as executor:
            await executor.run_step(point(executor), thinks(0.1, call("look")))

    run_virtual(main)
    again = specbench.load(chain.save(tmp_path / "chain"))
    asked = DecisionPoint("t", 0, (Message("user", "hello"),), {"look": ToolSpec("look", effect=Effect.READ)})
    assert again.predict(asked)[0].call == call("look")
