"""What runs ahead of a live session: predictions, launches, chains, LLM invocations on speculated results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from anyio.lowlevel import checkpoint

from specbench.core.ledger import Ahead, Fate, Window
from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall
from specbench.policies import TopK
from specbench.runtime.calls import Calls
from specbench.runtime.predictor_sync import Watch
from specbench.runtime.results import Partial, ToolResult
from specbench.runtime.steps import Step, takes_point, think
from specbench.speculation import Book, Launch
from specbench.speculation.partial_decision import narrowed

if TYPE_CHECKING:
    from specbench.runtime.executor import Executor

__all__ = ["Speculator"]

TURNS = 4
"""Turns of the event loop that it takes until the commit or undo of a staged write which waits for nothing is over."""


class Speculator:
    """Predicts and launches for one session; ``step`` is its current step, whose children are run ahead.

    Whatever predictors and policies raise is contained here, and told as the step's reason.
    """

    def __init__(self, executor: Executor, book: Book, calls: Calls) -> None:
        self.executor, self.book, self.calls = executor, book, calls
        predictor = executor.predictor
        self.watch = Watch(predictor, executor.k, learn=executor.learn) if predictor is not None else None
        self.turns = TURNS if any(tool.staging is not None for tool in executor.tools.values()) else 1
        self.step: Step | None = None

    def tick(self) -> float:
        """Return the time, and tell it to all that is shared."""
        now = self.executor.shared.now = anyio.current_time()
        return now

    def hear(self, step: Step, part: Partial) -> None:
        """A part of a streamed decision: show its text, narrow or start speculations."""
        if part.text:
            self.show(step)
        if part.tool is None or step.depth or self.watch is None:
            return
        self.tick()
        for launch in list(self.book.live.values()):
            if launch.wanted_at == step.number and not part.allows(launch.call):
                self.book.contradicted(self.executor.shared.now, launch)
        child = step.child
        if child is not None and child.parent is not None and not part.allows(child.parent.call):
            self.drop(child)
            step.child = None
        if Window.THINK not in self.executor.options.windows:
            return
        if part.complete:
            found = [Prediction(ToolCall(part.tool, part.arguments), 1.0)]
        else:
            found = narrowed(step.predictions or (), part.tool, part.arguments)
        if found:
            best, _ = self.open(step, step.number, Window.THINK, found, sure=part.complete)
            step.best = best if best is not None else step.best
            self.run_ahead(step)

    def show(self, step: Step) -> None:
        """Bring the answer stream up to what this step has written, if it may be shown."""
        answer = self.step.answer if self.step is not None else None
        if answer is None or not step.text or step.dropped:
            return
        if not answer.shows(step):
            step.shown = 0
        if answer.start(step, speculative=step.depth > 0):
            answer.delta(step, "".join(step.text[step.shown :]))
            step.shown = len(step.text)

    async def _think_ahead(self, step: Step) -> None:
        assert step.scope is not None and step.done is not None
        try:
            with step.scope:
                step.decided = await think(step, self.hear)
        except Exception as error:  # contained: asked again if this decision is really needed
            step.error = error
        finally:
            if not step.dropped:
                step.thought_s = self.tick()
                slots = self.executor.shared.llm_slots
                self.executor.wake(slots.vacate(step) if step.depth else slots.leave())
                step.done.set()

    def ask(self, step: Step) -> None:
        """Ask the predictor beside the LLM."""
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
        self.launch(step, step.p)

    async def _predict(self, step: Step, point: DecisionPoint, *, supposed: bool) -> list[Prediction] | None:
        """Ask the predictor; whatever it raises is contained and told as the reason."""
        assert self.watch is not None
        scope = anyio.CancelScope()
        step.predicting.append(scope)
        try:
            with scope:
                found = await self.watch.predict(point, supposed=supposed)
                for _ in range(self.turns):  # results, decisions and commits of this very moment go first
                    await checkpoint()
                return found
        except Exception as error:
            step.reason = f"the predictor raised {type(error).__name__}: {error}"
        finally:
            step.predicting.remove(scope)
        return None

    def launch(self, step: Step, scale: float) -> None:
        """Launch what the policy chooses; ``scale`` is P(the step happens)."""
        assert step.predictions is not None
        predictions = step.predictions
        if scale < 1.0:
            predictions = [Prediction(call, p * scale) for call, p in predictions]
        best, step.reason = self.open(step, step.number, Window.THINK, predictions)
        step.best = best if best is not None else step.best
        self.run_ahead(step)

    def open(
        self,
        step: Step,
        number: int,
        window: Window,
        predictions: list[Prediction],
        parent: Launch | None = None,
        *,
        sure: bool = False,
    ) -> tuple[Launch | None, str]:
        """Open launches in the book and start their work; returns that of the best prediction, and why."""
        policy: Any = TopK(1) if sure else self.executor.policy
        parent = parent if parent is not None else step.parent if step.depth else None
        try:
            opened = self.book.open(
                self.tick(), self.calls.checked(step.point), number, window, predictions, policy, parent
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
                try:
                    self.run_ahead(step)
                except Exception as error:  # contained: whatever a result or a `think` is made of
                    step.reason = f"running ahead raised {type(error).__name__}: {error}"
            step = step.child

    def run_ahead(self, step: Step) -> None:
        """Build on the best result of a step that is not decided: run ahead, or chain, as far as the options allow."""
        best, executor = step.best, self.executor
        if best is None or best.arrived_s is None or best.squashed_s is not None or best.staged:
            return
        if step.child is not None or step.decided_s is not None or step.dropped:
            return
        self.tick()
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
                child.scope, child.done = anyio.CancelScope(), anyio.Event()
                executor.shared.llm_slots.occupy(child)
                executor.spawn(self._think_ahead, child)
                self.ask(child)
                return
        if Window.TOOL in executor.options.windows and step.depth == 0 and not step.chained:
            step.chained = True
            executor.spawn(self._chain, step, best)

    async def _chain(self, step: Step, best: Launch) -> None:
        found = await self._predict(step, self._supposed(step.point, best), supposed=True)
        if found is not None and step.decided_s is None and best.squashed_s is None:
            predictions = [Prediction(call, p * best.p) for call, p in found]
            self.open(step, step.number + 1, Window.TOOL, predictions, best)

    async def foresee(self, step: Step, window: Window, messages: tuple[Message, ...]) -> None:
        """Predict the decision after ``step`` while its tools run or the user types."""
        point = step.point
        ahead = DecisionPoint(point.trace_id, point.index + 1, (*point.messages, *messages), point.tools, point.agent)
        found = await self._predict(step, ahead, supposed=False)
        still = step.ended_s is None if window is Window.TOOL else self.step is step
        if found is not None and still:
            self.open(step, step.number + 1, window, found)

    def _supposed(self, point: DecisionPoint, launch: Launch) -> DecisionPoint:
        """The point after this one, if the launch is what the LLM decides."""
        call = launch.call
        result = ToolResult(call, launch.work.value)
        messages = (*point.messages, Message("assistant", "", (call,)), result.message())
        return DecisionPoint(point.trace_id, point.index + 1, messages, point.tools, point.agent)

    def drop(self, step: Step | None) -> None:
        """Give up a run-ahead and all that builds on it."""
        while step is not None:
            step.dropped = True
            if step.thought_s is None:
                slots = self.executor.shared.llm_slots
                self.executor.wake(slots.vacate(step) if step.depth else slots.leave())  # one that was adopted is real
            step.stop_thinking()
            step.stop_predicting()
            if self.step is not None and self.step.answer is not None:
                self.step.answer.retract(step)
            self.log_ahead(step, Fate.SQUASH if step.error is None else Fate.FAIL)
            step = step.child

    def preempted(self, step: Step) -> bool:
        """Give up a run-ahead whose LLM slot is needed, if it is one of this session."""
        above = self.step
        while above is not None and above.child is not step:
            above = above.child
        if above is None:
            return False
        self.drop(step)
        above.child = None
        return True

    def log_ahead(self, step: Step, fate: Fate) -> None:
        """Write the row of a run-ahead."""
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
