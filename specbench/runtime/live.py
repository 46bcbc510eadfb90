"""A live session: the mirror of :mod:`specbench.sim.session` in real time, with real tools and a real LLM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from anyio.lowlevel import checkpoint

from specbench.errors import ConfigError
from specbench.ledger import Ahead, Fate, Outcome, Window
from specbench.policies import TopK
from specbench.runtime.calls import Calls
from specbench.runtime.results import Decided, Partial, StepResult, ToolResult
from specbench.runtime.steps import Step, Think, takes_point, think
from specbench.runtime.streaming import AnswerStream
from specbench.runtime.watch import Watch, same_messages
from specbench.speculation import Book, Launch
from specbench.types import DecisionPoint, Message, Prediction, ToolCall

if TYPE_CHECKING:
    from specbench.runtime.executor import Executor

__all__ = ["LiveSession"]


class LiveSession:
    """One conversation of an :class:`~specbench.runtime.Executor`."""

    def __init__(self, executor: Executor, trace_id: str, task_id: str) -> None:
        self.executor, self.task_id = executor, task_id
        self.book = Book(trace_id, executor.shared)
        self.book.started_s = anyio.current_time()
        self.watch = Watch(executor.predictor, executor.k) if executor.predictor is not None else None
        self.calls = Calls(self.book, executor)
        self.step: Step | None = None
        self.count = 0
        self.last_used_s = self.book.started_s

    async def run(self, point: DecisionPoint, think_of: Think, answer: AnswerStream | None) -> StepResult:
        """Run one step; see :meth:`specbench.runtime.Executor.run_step`."""
        if self.step is not None and self.step.ended_s is None:
            raise ConfigError(
                f"session {self.book.trace_id!r} is in the middle of a step; one step at a time, or another trace_id"
            )
        step = self._adopt(point, think_of)
        adopted = step is not None
        if step is None:
            number = max(self.count, point.index)
            step = Step(point, number, think_of, anyio.current_time(), 0, None)
            if self.watch is None:
                step.reason = "speculation is off"
        before = self.step.answer if self.step is not None else None  # an adopted step has that of the step before
        if before is not None and before is not answer:
            before.retract(step)
        self.step, step.answer, self.count = step, answer, step.number + 1
        try:
            decided, interrupted = await self._decide(step, adopted)
            results = await self._obtain_all(step, decided)
        except BaseException:
            self._abort(step)
            with anyio.CancelScope(shield=True):
                await self.calls.roll_back()
            raise
        return self._finish(step, decided, results, interrupted)

    # --- thinking ---------------------------------------------------------------------------------------------------

    async def _decide(self, step: Step, adopted: bool) -> tuple[Decided, bool]:
        self._show(step)
        if adopted:
            if step.answer is not None:
                step.answer.on_interrupt(step.scope.cancel)
            await step.done.wait()
            if step.answer is not None:
                step.answer.on_interrupt(None)
            if step.error is not None:  # the run-ahead failed: ask again, as if it had never been
                self._log_ahead(step, Fate.FAIL)
                step.parent, step.error, step.text = None, None, []
                if step.answer is not None:
                    step.answer.retract(step)
                return await self._think(step)
            if step.decided is None:
                return Decided(text="".join(step.text)), True
            return step.decided, False
        if self.watch is not None:
            self._ask(step)
        return await self._think(step)

    async def _think(self, step: Step) -> tuple[Decided, bool]:
        slots = self.executor.shared.llm_slots
        self._tick()
        if not slots.enter(step):
            try:
                await step.slot.wait()
            except BaseException:
                if not slots.give_up(step):
                    self.executor.wake(slots.leave())
                raise
        step.thinking_s = anyio.current_time()
        step.scope = anyio.CancelScope()
        if step.answer is not None:
            step.answer.on_interrupt(step.scope.cancel)
        try:
            with step.scope:
                step.decided = await think(step, self._hear)
            if step.decided is None:
                return Decided(text="".join(step.text)), True
            return step.decided, False
        finally:
            step.thought_s = self._tick()
            if step.answer is not None:
                step.answer.on_interrupt(None)
            self.executor.wake(slots.leave())

    async def _think_ahead(self, step: Step) -> None:
        try:
            with step.scope:
                step.decided = await think(step, self._hear)
        except Exception as error:  # contained: asked again if this decision is really needed
            step.error = error
        finally:
            if not step.dropped:
                step.thought_s = self._tick()
                slots = self.executor.shared.llm_slots
                self.executor.wake(slots.vacate(step) if step.depth else slots.leave())
                step.done.set()

    def _hear(self, step: Step, part: Partial) -> None:
        """A part of a streamed decision: show its text, narrow or start speculations."""
        if part.text:
            self._show(step)
        if part.tool is None or step.depth:
            return
        self._tick()
        for launch in list(self.book.live.values()):
            if launch.wanted_at == step.number and not part.allows(launch.call):
                self.book.contradicted(self.executor.shared.now, launch)
        if part.complete:
            self._open(
                step, step.number, Window.THINK, [Prediction(ToolCall(part.tool, part.arguments), 1.0)], sure=True
            )
            return
        fitting = [each for each in step.predictions or () if each.call is not None and part.allows(each.call)]
        mass = sum(each.p for each in fitting)
        if mass > 0:
            self._open(step, step.number, Window.THINK, [Prediction(call, p / mass) for call, p in fitting])

    def _show(self, step: Step) -> None:
        """Bring the answer stream up to what this step has written, if it may be shown."""
        answer = self.step.answer if self.step is not None else None
        if answer is None or not step.text or step.dropped:
            return
        if not answer.shows(step):
            step.shown = 0
        if answer.start(step, speculative=step.depth > 0):
            answer.delta(step, "".join(step.text[step.shown :]))
            step.shown = len(step.text)

    # --- speculating ------------------------------------------------------------------------------------------------

    def _ask(self, step: Step) -> None:
        step.asked_s = anyio.current_time()
        self.executor.spawn(self._speculate, step)

    async def _speculate(self, step: Step) -> None:
        found = await self._predict(step, step.point, supposed=step.depth > 0)
        if step.asked_s is not None:
            step.predict_s, step.asked_s = anyio.current_time() - step.asked_s, None
        if found is None or step.dropped or step.thought_s is not None:
            return
        step.predictions = found
        if Window.THINK not in self.executor.options.windows:
            step.reason = "the think window is off"
            return
        self._launch(step, step.p)

    async def _predict(self, step: Step, point: DecisionPoint, *, supposed: bool) -> list[Prediction] | None:
        """Ask the predictor; whatever it raises is contained and told as the reason."""
        assert self.watch is not None
        scope = anyio.CancelScope()
        step.predicting.append(scope)
        try:
            with scope:
                found = await self.watch.predict(point, supposed=supposed)
                await checkpoint()  # results and decisions of this very moment go first
                return found
        except Exception as error:
            step.reason = f"the predictor raised {type(error).__name__}: {error}"
        finally:
            step.predicting.remove(scope)
        return None

    def _launch(self, step: Step, scale: float) -> None:
        assert step.predictions is not None
        predictions = step.predictions
        if scale < 1.0:
            predictions = [Prediction(call, p * scale) for call, p in predictions]
        best, step.reason = self._open(step, step.number, Window.THINK, predictions)
        step.best = best if best is not None else step.best
        self._run_ahead(step)

    def _open(
        self,
        step: Step,
        number: int,
        window: Window,
        predictions: list[Prediction],
        parent: Launch | None = None,
        *,
        sure: bool = False,
    ) -> tuple[Launch | None, str]:
        policy: Any = TopK(1) if sure else self.executor.policy
        parent = parent if parent is not None else step.parent if step.depth else None
        try:
            opened = self.book.open(
                self._tick(), self.calls.checked(step.point), number, window, predictions, policy, parent
            )
        except Exception as error:  # a policy that raises launches nothing
            return None, f"the policy raised {type(error).__name__}: {error}"
        for launch in opened.launches:
            self.calls.start(launch, self._arrived)
        return opened.best, opened.reason

    def _arrived(self, launch: Launch) -> None:
        step = self.step
        while step is not None:
            if step.best is launch:
                self._run_ahead(step)
            step = step.child

    def _run_ahead(self, step: Step) -> None:
        best, executor = step.best, self.executor
        if best is None or best.arrived_s is None or best.squashed_s is not None or best.staged:
            return
        if step.child is not None or step.decided_s is not None or step.dropped:
            return
        self._tick()
        ahead = executor.options.run_ahead
        if (
            ahead is not None and best.p >= ahead.p and step.depth < ahead.depth and executor.shared.llm_slots.free
            and takes_point(step.think)
        ):  # fmt: skip
            lost = self.book.state.session.run_ahead_lost_tok
            if ahead.budget_tok is None or lost < ahead.budget_tok:
                now = executor.shared.now
                child = Step(self._supposed(step.point, best), step.number + 1, step.think, now, step.depth + 1, best)
                step.child = child
                child.thinking_s = now
                executor.shared.llm_slots.occupy(child)
                executor.spawn(self._think_ahead, child)
                self._ask(child)
                return
        if Window.TOOL in executor.options.windows and step.depth == 0 and not step.chained:
            step.chained = True
            executor.spawn(self._chain, step, best)

    async def _chain(self, step: Step, best: Launch) -> None:
        found = await self._predict(step, self._supposed(step.point, best), supposed=True)
        if found is not None and step.decided_s is None and best.squashed_s is None:
            predictions = [Prediction(call, p * best.p) for call, p in found]
            self._open(step, step.number + 1, Window.TOOL, predictions, best)

    async def _foresee(self, step: Step, window: Window, messages: tuple[Message, ...]) -> None:
        """Predict the decision after ``step`` while its tools run or the user types."""
        point = step.point
        ahead = DecisionPoint(point.trace_id, point.index + 1, (*point.messages, *messages), point.tools, point.agent)
        found = await self._predict(step, ahead, supposed=False)
        still = step.ended_s is None if window is Window.TOOL else self.step is step
        if found is not None and still:
            self._open(step, step.number + 1, window, found)

    def _supposed(self, point: DecisionPoint, launch: Launch) -> DecisionPoint:
        """The point after this one, if the launch is what the LLM decides."""
        call = launch.call
        result = ToolResult(call, launch.work.value)
        messages = (*point.messages, Message("assistant", "", (call,)), result.message())
        return DecisionPoint(point.trace_id, point.index + 1, messages, point.tools, point.agent)

    # --- deciding ---------------------------------------------------------------------------------------------------

    async def _obtain_all(self, step: Step, decided: Decided) -> list[ToolResult]:
        executor, book = self.executor, self.book
        now = step.decided_s = self._tick()
        step.stop_predicting()
        if step.asked_s is not None:  # the prediction did not come in time
            step.predict_s, step.asked_s = now - step.asked_s, None
        book.state.session.decisions += 1
        assert step.thinking_s is not None and step.thought_s is not None
        executor.shared.expected.saw_think(step.thought_s - step.thinking_s)
        for call in decided.calls:
            book.asked(call)
        if step.parent is not None:
            self._log_ahead(step, Fate.COMMIT)
        first = decided.calls[0] if decided.calls else None
        used = book.claim(now, step.number, first) if first is not None and self.calls.speculable(first) else None
        book.settle(now, step.number, used)
        step.hit = used is not None and not used.failed
        child = step.child
        if child is not None and not (child.parent is used and len(decided.calls) == 1 and not decided.text):
            self._drop(child)
            step.child = None
        await self.calls.roll_back()
        if decided.calls and self.watch is not None and Window.TOOL in executor.options.windows:
            executor.spawn(self._foresee, step, Window.TOOL, (Message("assistant", decided.text, decided.calls),))
        results = []
        for number, call in enumerate(decided.calls):
            if number and self.calls.speculable(call):
                used = book.claim(self._tick(), step.number, call)
            result = await self.calls.obtain(call, used)
            used = None
            if not number:
                step.hit = step.hit and result.speculated
            results.append(result)
        return results

    def _finish(self, step: Step, decided: Decided, results: list[ToolResult], interrupted: bool) -> StepResult:
        now = step.ended_s = self._tick()
        self.last_used_s = now
        calls = decided.calls
        first = calls[0] if calls else None
        assert step.thinking_s is not None and step.thought_s is not None
        think_s, tool_s = step.thought_s - step.thinking_s, self.calls.take_seconds()
        sequential_s, speculative_s = think_s + tool_s, now - step.began_s
        outcome = Outcome(
            self.book.trace_id, self.task_id, step.number, first.name if first else None,
            None if first is None else str(self.calls.effect(first.name)), first.key if first else None, len(calls),
            step.hit, self.book.launched_at.get(step.number, 0), think_s, tool_s, step.predict_s, sequential_s,
            speculative_s, sequential_s - speculative_s, step.reason,
        )  # fmt: skip
        self.executor.outcomes.append(outcome)
        if step.answer is not None:
            if decided.text and not step.text:  # it was not streamed
                step.text.append(decided.text)
                self._show(step)
            step.answer.commit(step)
        if self.watch is not None and not calls and Window.USER in self.executor.options.windows:
            self.executor.spawn(self._foresee, step, Window.USER, (Message("assistant", decided.text),))
        return StepResult(step.point, decided, tuple(results), outcome, interrupted)

    def _adopt(self, point: DecisionPoint, think_of: Think) -> Step | None:
        """Return the run-ahead that is just this step, if there is one; give up one that is not."""
        above = self.step
        if above is None:
            return None
        above.stop_predicting()
        child = above.child
        if child is None:
            return None
        above.child = None
        now = self._tick()
        if child.think != think_of or not same_messages(child.point.messages, point.messages):
            self._drop(child)
            return None
        child.answer = above.answer
        self.step = child
        child.began_s, child.point = now, point
        below: Step | None = child
        while below is not None:
            below.depth -= 1
            below = below.child
        if child.thought_s is None:
            self.executor.shared.llm_slots.adopt(child)
            child.p = 1.0
            if child.predictions is not None and Window.THINK in self.executor.options.windows:
                self._launch(child, 1.0)
            below = child
            while below is not None:
                self._run_ahead(below)
                below = below.child
        return child

    # --- giving up --------------------------------------------------------------------------------------------------

    def _drop(self, step: Step | None) -> None:
        """Give up a run-ahead and all that builds on it."""
        while step is not None:
            step.dropped = True
            if step.thought_s is None:
                self.executor.wake(self.executor.shared.llm_slots.vacate(step))
            step.scope.cancel()
            step.stop_predicting()
            if self.step is not None and self.step.answer is not None:
                self.step.answer.retract(step)
            self._log_ahead(step, Fate.SQUASH if step.error is None else Fate.FAIL)
            step = step.child

    def preempted(self, step: Step) -> bool:
        """Give up a run-ahead whose LLM slot is needed, if it is one of this session."""
        above = self.step
        while above is not None and above.child is not step:
            above = above.child
        if above is None:
            return False
        self._drop(step)
        above.child = None
        return True

    def _abort(self, step: Step) -> None:
        """The step was cancelled or the LLM raised: nothing that was launched for it may be left behind."""
        now = step.ended_s = self._tick()
        step.stop_predicting()
        if step.parent is not None and step.decided_s is None:
            self._drop(step)
            step.parent = None
        elif step.child is not None:
            self._drop(step.child)
        step.child = None
        if step.answer is not None:
            step.answer.retract(step)
        self.calls.take_seconds()
        self.book.aborted(now, step.number)
        self.count = step.number

    def close(self) -> None:
        """The conversation is over."""
        now = self._tick()
        if self.step is not None:
            self.step.stop_predicting()
            if self.step.child is not None:
                self._drop(self.step.child)
                self.step.child = None
        self.book.close(now)

    def _log_ahead(self, step: Step, fate: Fate) -> None:
        ahead, start_s = self.executor.options.run_ahead, self.book.started_s
        assert ahead is not None and step.parent is not None and step.thinking_s is not None
        ended_s = step.thought_s if step.thought_s is not None else self.executor.shared.now
        told = step.decided.used_tok if step.decided is not None else None
        used_tok = told if told is not None else (ended_s - step.thinking_s) * ahead.tok_per_s
        if fate is not Fate.COMMIT:
            for counts in (self.book.state.session, self.executor.shared.total):
                counts.run_ahead_lost_tok += used_tok
        self.executor.aheads.append(
            Ahead(
                self.book.trace_id, step.number, step.parent.key, step.parent.p, step.level,
                step.thinking_s - start_s, ended_s - start_s, fate, used_tok,
            )
        )  # fmt: skip

    def _tick(self) -> float:
        now = self.executor.shared.now = anyio.current_time()
        return now
