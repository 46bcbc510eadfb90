"""A live session: the mirror of :mod:`specbench.sim.session` in real time, with real tools and a real LLM."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate, Outcome, Window
from specbench.core.types import DecisionPoint, Message, ToolCall
from specbench.runtime.calls import Calls
from specbench.runtime.open_step import OpenStep
from specbench.runtime.predictor_sync import same_messages
from specbench.runtime.results import Decided, StepResult, ToolResult
from specbench.runtime.speculator import Speculator
from specbench.runtime.steps import Step, Think, think
from specbench.runtime.streaming import AnswerStream
from specbench.speculation import Book, Launch

if TYPE_CHECKING:
    from specbench.runtime.executor import Executor

__all__ = ["LiveSession"]


class LiveSession:
    """One conversation of an :class:`~specbench.runtime.Executor`."""

    def __init__(self, executor: Executor, trace_id: str, task_id: str) -> None:
        self.executor, self.task_id = executor, task_id
        self.book = Book(trace_id, executor.shared)
        self.book.started_s = anyio.current_time()
        self.calls = Calls(self.book, executor)
        self.ahead = Speculator(executor, self.book, self.calls)
        self.count = 0

    async def run(
        self, point: DecisionPoint, think_of: Think, answer: AnswerStream | None, *, learn: bool = True
    ) -> StepResult:
        """Run one step; see :meth:`specbench.runtime.Executor.run_step`."""
        step, decided, interrupted = await self._begin(point, think_of, answer, learn)
        try:
            results = []
            for at, call in enumerate(decided.calls):
                used = await self.claim(step, decided, call, at)
                results.append(await self.obtain(step, call, at, used))
            await self.settle(step, decided)
        except BaseException:
            await self.give_up(step)
            raise
        return self.finish(step, decided, results, interrupted)

    async def open(self, point: DecisionPoint, think_of: Think) -> OpenStep:
        """Run one step up to its decision; see :meth:`specbench.runtime.Executor.open_step`."""
        step, decided, interrupted = await self._begin(point, think_of, None, learn=True)
        try:
            await self._narrow(step, decided)
        except BaseException:
            await self.give_up(step)
            raise
        return OpenStep(self, step, decided, interrupted)

    async def _begin(
        self, point: DecisionPoint, think_of: Think, answer: AnswerStream | None, learn: bool
    ) -> tuple[Step, Decided, bool]:
        if self.ahead.step is not None and self.ahead.step.ended_s is None:
            raise ConfigError(
                f"session {self.book.trace_id!r} is in the middle of a step; one step at a time, or another trace_id"
            )
        step = self._adopt(point, think_of)
        adopted = step is not None
        if step is None:
            number = max(self.count, point.index)
            step = Step(point, number, think_of, anyio.current_time(), 0, None)
            if self.ahead.watch is None:
                step.reason = "speculation is off"
        # An adopted step has the answer stream of the step before.
        before = self.ahead.step.answer if self.ahead.step is not None else None
        if before is not None and before is not answer:
            before.retract(step)
        self.ahead.step, step.answer, self.count = step, answer, step.number + 1
        try:
            decided, interrupted = await self._decide(step, adopted)
        except BaseException:
            await self.give_up(step)
            raise
        self._decided(step, decided)
        if learn and self.executor.learn and self.ahead.watch is not None and not interrupted:
            self.ahead.watch.decided(step.point, decided.calls[0] if decided.calls else None)
            self.executor.spawn(self.ahead.watch.catch_up)
        return step, decided, interrupted

    # --- thinking ---------------------------------------------------------------------------------------------------

    async def _decide(self, step: Step, adopted: bool) -> tuple[Decided, bool]:
        self.ahead.show(step)
        if adopted:
            if step.answer is not None:
                step.answer.on_interrupt(step.stop_thinking)
            assert step.done is not None
            await step.done.wait()
            if step.answer is not None:
                step.answer.on_interrupt(None)
            if step.error is not None:  # the run-ahead failed: ask again, as if it had never been
                self.ahead.log_ahead(step, Fate.FAIL)
                step.parent, step.error, step.text = None, None, []
                if step.answer is not None:
                    step.answer.retract(step)
                return await self._think(step)
            if step.decided is None:
                return Decided(text="".join(step.text)), True
            return step.decided, False
        if self.ahead.watch is not None:
            self.ahead.ask(step)
        return await self._think(step)

    async def _think(self, step: Step) -> tuple[Decided, bool]:
        slots = self.executor.shared.llm_slots
        self.ahead.tick()
        if not slots.enter(step):
            step.slot = anyio.Event()
            try:
                await step.slot.wait()
            except BaseException:
                if not slots.give_up(step):
                    self.executor.wake(slots.leave())
                raise
        step.thinking_s = anyio.current_time()
        scope = step.scope = anyio.CancelScope()
        if step.answer is not None:
            step.answer.on_interrupt(step.stop_thinking)
        try:
            with scope:
                step.decided = await think(step, self.ahead.hear)
            if step.decided is None:
                return Decided(text="".join(step.text)), True
            return step.decided, False
        finally:
            step.thought_s = self.ahead.tick()
            if step.answer is not None:
                step.answer.on_interrupt(None)
            self.executor.wake(slots.leave())

    # --- deciding ---------------------------------------------------------------------------------------------------

    def _decided(self, step: Step, decided: Decided) -> None:
        """The decision is there: nothing more is predicted or built on a guess of it."""
        now = step.decided_s = self.ahead.tick()
        step.stop_predicting()
        if step.asked_s is not None:  # the prediction did not come in time
            step.predict_s, step.asked_s = now - step.asked_s, None
        self.book.state.session.decisions += 1
        assert step.thinking_s is not None and step.thought_s is not None
        self.executor.shared.expected.saw_think(step.thought_s - step.thinking_s)
        for call in decided.calls:
            self.book.asked(call)
        if step.parent is not None:
            self.ahead.log_ahead(step, Fate.COMMIT)

    async def _narrow(self, step: Step, decided: Decided) -> None:
        """Give up what the decision rules out, without waiting for its calls."""
        now = self.ahead.tick()
        for launch in list(self.book.live.values()):
            if launch.wanted_at == step.number and launch.call not in decided.calls:
                self.book.contradicted(now, launch)
        child = step.child
        if child is not None and child.parent is not None and decided.calls != (child.parent.call,):
            self.ahead.drop(child)
            step.child = None
        await self.calls.roll_back()

    async def claim(self, step: Step, decided: Decided, call: ToolCall, at: int | None) -> Launch | None:
        """Return the speculation of call number ``at`` of the decision; ``None`` for one that was never decided."""
        used = None
        if at is not None and self.calls.speculable(call):
            used = self.book.claim(self.ahead.tick(), step.number, call)
        try:
            await self.settle(step, decided, used)
        except BaseException:
            if used is not None:
                self.book.abandoned(self.ahead.tick(), used)
            raise
        return used

    async def obtain(
        self, step: Step, call: ToolCall, at: int | None, used: Launch | None, run: Callable[..., Any] | None = None
    ) -> ToolResult:
        """Return the result of a call, from the speculation that it has claimed or by running it."""
        result = await self.calls.obtain(call, used, run)
        if at == 0:
            step.hit = used is not None and not used.failed and result.speculated
        return result

    async def settle(self, step: Step, decided: Decided, used: Launch | None = None) -> None:
        """Before the first real call, or the end: give up all that is neither ``used`` nor for later; once a step."""
        if step.settled:
            return
        step.settled = True
        self.book.settle(self.ahead.tick(), step.number, used)
        child = step.child
        if child is not None and not (child.parent is used and len(decided.calls) == 1 and not decided.text):
            self.ahead.drop(child)
            step.child = None
        await self.calls.roll_back()
        if decided.calls and self.ahead.watch is not None and Window.TOOL in self.executor.options.windows:
            said = Message("assistant", decided.text, decided.calls)
            self.executor.spawn(self.ahead.foresee, step, Window.TOOL, (said,))

    def finish(self, step: Step, decided: Decided, results: list[ToolResult], interrupted: bool) -> StepResult:
        """The step is over: write its row."""
        now = step.ended_s = self.ahead.tick()
        calls = decided.calls
        first = calls[0] if calls else None
        assert step.thinking_s is not None and step.thought_s is not None
        think_s, tool_s = step.thought_s - step.thinking_s, self.calls.take_seconds()
        sequential_s, speculative_s = think_s + tool_s - step.beside_s, now - step.began_s - step.waited_s
        outcome = Outcome(
            self.book.trace_id, self.task_id, step.number, first.name if first else None,
            None if first is None else str(self.calls.effect(first.name)), first.key if first else None, len(calls),
            step.hit, self.book.launched_at.get(step.number, 0), think_s, tool_s, step.predict_s, sequential_s,
            speculative_s, sequential_s - speculative_s, step.reason, step.began_s - self.book.started_s,
        )  # fmt: skip
        self.executor.outcomes.append(outcome)
        if step.answer is not None:
            if decided.text and not step.text:  # it was not streamed
                step.text.append(decided.text)
                self.ahead.show(step)
            step.answer.commit(step)
        if self.ahead.watch is not None and not calls and Window.USER in self.executor.options.windows:
            self.executor.spawn(self.ahead.foresee, step, Window.USER, (Message("assistant", decided.text),))
        return StepResult(step.point, decided, tuple(results), outcome, interrupted)

    def _adopt(self, point: DecisionPoint, think_of: Think) -> Step | None:
        """Return the run-ahead that is just this step, if there is one; give up one that is not."""
        above = self.ahead.step
        if above is None:
            return None
        above.stop_predicting()
        child = above.child
        if child is None:
            return None
        above.child = None
        now = self.ahead.tick()
        if child.think != think_of or not same_messages(child.point.messages, point.messages):
            self.ahead.drop(child)
            return None
        child.answer = above.answer
        self.ahead.step = child
        child.began_s, child.point = now, point
        below: Step | None = child
        while below is not None:
            below.depth -= 1
            below = below.child
        if child.thought_s is None:
            self.executor.shared.llm_slots.adopt(child)
            child.p = 1.0
            if child.predictions is not None and Window.THINK in self.executor.options.windows:
                self.ahead.launch(child, 1.0)
            below = child
            while below is not None:
                self.ahead.run_ahead(below)
                below = below.child
        return child

    # --- giving up --------------------------------------------------------------------------------------------------

    async def give_up(self, step: Step) -> None:
        """The step was cancelled or the LLM raised: nothing that was launched for it may be left behind."""
        self._abort(step)
        with anyio.CancelScope(shield=True):
            await self.calls.roll_back()

    def _abort(self, step: Step) -> None:
        now = step.ended_s = self.ahead.tick()
        step.stop_predicting()
        if step.parent is not None and step.decided_s is None:
            self.ahead.drop(step)
            step.parent = None
        elif step.child is not None:
            self.ahead.drop(step.child)
        step.child = None
        if step.answer is not None:
            step.answer.retract(step)
        self.calls.take_seconds()
        self.book.aborted(now, step.number)
        self.count = step.number

    def close(self) -> None:
        """The conversation is over."""
        now = self.ahead.tick()
        if self.ahead.step is not None:
            self.ahead.step.stop_predicting()
            if self.ahead.step.child is not None:
                self.ahead.drop(self.ahead.step.child)
                self.ahead.step.child = None
        self.book.close(now)

    async def wind_up(self) -> None:
        """After :meth:`close`: wait for what is still at work, and for what there is to learn."""
        await self.calls.finish()
        if self.ahead.watch is not None:
            await self.ahead.watch.catch_up()
