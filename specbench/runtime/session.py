"""A live conversation: carries out what its course commands, with a real LLM, real tools and a real predictor.

The counterpart of :mod:`specbench.sim.session`. Whatever predictors raise is contained, and told as the step's reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio

from specbench.core.types import DecisionPoint, ToolCall
from specbench.policies import Policy
from specbench.runtime.asks_predictor import AsksPredictor
from specbench.runtime.calls import Calls
from specbench.runtime.containment import contained
from specbench.runtime.copies import own_call
from specbench.runtime.held_slots import holding, lending
from specbench.runtime.predictor_sync import PredictorSync, read_alike
from specbench.runtime.recording import Recording
from specbench.runtime.results import Decided, Partial, StepResult, ToolResult
from specbench.runtime.staged_writes import WriteOrder
from specbench.runtime.streaming import AnswerStream
from specbench.runtime.supposing import supposed_point
from specbench.runtime.thinking import Think, Thinking, takes_point
from specbench.runtime.workplace import Workplace
from specbench.speculation import Course, Launch
from specbench.speculation.final_rows import take_final
from specbench.speculation.step import Step

__all__ = ["LiveSession"]


class LiveSession(AsksPredictor):
    """One conversation of an :class:`~specbench.runtime.Executor`.

    Parameters
    ----------
    trace_id, task_id
        The conversation, and what it is about.
    place, order
        What it shares with the other ones.
    policy
        What to launch.
    sync
        Asks the predictor; ``None`` never speculates.
    learns
        Whether the predictor is told what was decided.
    """

    def __init__(
        self,
        trace_id: str,
        task_id: str,
        place: Workplace,
        order: WriteOrder,
        policy: Policy,
        sync: PredictorSync | None,
        *,
        learns: bool = False,
    ) -> None:
        self.place, self.sync, self.learns = place, sync, learns
        self.course = Course(
            trace_id, task_id, place.shared, policy,
            started_s=anyio.current_time(), predicts=sync is not None, session=self,
        )  # fmt: skip
        self.calls = Calls(self.course, place, order)
        self.recording = Recording(trace_id, task_id, self.course.started_s, place.recorder)
        self.answer: AnswerStream | None = None
        self.pinned = False  # somebody keeps it

    @property
    def busy(self) -> bool:
        """Whether its LLM thinks, or a call of it runs."""
        step = self.course.step
        return self.calls.running > 0 or (step is not None and step.decided_s is None and step.ended_s is None)

    @property
    def used_s(self) -> float:
        """When something was last decided or has ended, on the clock of the run."""
        step = self.course.step
        return self.course.started_s if step is None else step.ended_s or step.decided_s or step.began_s

    async def run(self, point: DecisionPoint, think: Think, answer: AnswerStream | None, *, learn: bool) -> StepResult:
        """Run one step; see :meth:`specbench.runtime.Executor.run_step`."""
        step, decided, interrupted = await self.decide(point, think, answer, learn=learn)
        try:
            results = await self.obtain_all(step, decided)
        except BaseException:
            await self.give_up(step)
            raise
        return self.finish(step, decided, results, interrupted)

    async def decide(
        self, point: DecisionPoint, think: Think, answer: AnswerStream | None = None, *, learn: bool = True
    ) -> tuple[Step, Decided, bool]:
        """Run one step up to its decision; returns that too, and whether it was interrupted."""
        course, place = self.course, self.place
        place.check_free(course)
        step = self._adopt(point, think)
        adopted = step is not None
        if step is None:
            ahead = place.shared.options.run_ahead is not None and takes_point(think)
            number = max(course.next_number, point.index)
            work = Thinking(think, point)
            step = place.tell(course.begin, number, place.as_seen(point), work, can_run_ahead=ahead)
        if self.answer is not None and self.answer is not answer:
            self.answer.retract(step)
        self.answer = answer
        try:
            self._show(step)
            decided, interrupted = await (self._await(step) if adopted else self._think(step))
        except BaseException:
            await self.give_up(step)
            raise
        step.work.decided = decided
        step.work.stop_predicting()
        calls = [place.tools.own(call) for call in decided.calls]
        place.tell(course.decide, step, calls, [place.tools.may_write(call) for call in calls])
        if learn and self.learns and self.sync is not None and not interrupted:
            self.sync.decided(step.work.point, calls[0] if calls else None)
            place.tasks.spawn(self.sync.catch_up)
        return step, decided, interrupted

    def _adopt(self, point: DecisionPoint, think: Think) -> Step | None:
        """Return the run-ahead that is just this step, if there is one; give up one that is not."""
        above = self.course.step
        if above is None:
            return None
        above.work.stop_predicting()
        if above.child is None:
            return None
        supposed = above.child.work
        if supposed.think != think or not read_alike(supposed.point.messages, point.messages, self.place.tools):
            self.place.tell(self.course.drop_ahead, above)
            return None
        supposed.point = point
        return self.place.tell(self.course.adopt, self.place.as_seen(point))

    # --- thinking ---------------------------------------------------------------------------------------------------

    async def _think(self, step: Step) -> tuple[Decided, bool]:
        slots = self.place.shared.llm_slots
        if slots.count is None:
            return await self._think_now(step)
        async with lending(slots, self.place.enter, self.place.leave):
            await self.place.enter(slots)
            with holding(slots):
                return await self._think_now(step)

    async def _think_now(self, step: Step) -> tuple[Decided, bool]:
        work: Thinking = step.work
        self.course.thinking(self.place.tick(), step)
        scope = work.scope = anyio.CancelScope()
        if self.answer is not None:
            self.answer.on_interrupt(work.stop)
        try:
            with scope:
                await work.decide(lambda part: self._on_part(step, part))
            return work.outcome()
        finally:
            if self.answer is not None:
                self.answer.on_interrupt(None)
            self._thought(step)

    async def _await(self, step: Step) -> tuple[Decided, bool]:
        """Wait for an LLM that was run ahead, and is real now."""
        work: Thinking = step.work
        assert work.done is not None
        if self.answer is not None:
            self.answer.on_interrupt(work.stop)
        await work.done.wait()
        if self.answer is not None:
            self.answer.on_interrupt(None)
        if work.error is None:
            return work.outcome()
        self.place.tell(self.course.think_again, step)
        work.error, work.text = None, []
        if self.answer is not None:
            self.answer.retract(step)
        return await self._think(step)

    async def _think_ahead(self, step: Step) -> None:
        work = step.work
        try:
            with work.scope:
                await contained(work.decide(lambda part: self._on_part(step, part)))
        except Exception as error:  # asked again if this decision is really needed
            work.error = error
        finally:
            self._thought(step)
            work.done.set()

    def _thought(self, step: Step) -> None:
        work = step.work
        used_tok = work.decided.used_tok if work.decided is not None else None
        self.place.tell(self.course.thought, step, used_tok=used_tok, failed=work.error is not None)

    def _on_part(self, step: Step, part: Partial) -> None:
        """A part of a streamed decision: show its text, narrow or start speculations."""
        if part.text:
            self._show(step)
        if part.tool is not None:
            call = self.place.tools.own(own_call(ToolCall(part.tool, part.arguments)))
            if call.invalid_arguments is None:  # else the whole decision will tell
                self.place.tell(self.course.partial, step, call.name, call.arguments, part.complete)

    def _show(self, step: Step) -> None:
        """Bring the answer stream up to what this step has written, if it may be shown."""
        answer, work = self.answer, step.work
        if answer is None or not work.text or step.dropped:
            return
        if not answer.shows(step):
            work.shown = 0
        if answer.start(step, speculative=step.depth > 0):
            answer.delta(step, "".join(work.text[work.shown :]))
            work.shown = len(work.text)

    # --- the calls, and the end -------------------------------------------------------------------------------------

    async def rule_out(self, step: Step) -> None:
        """Give up what the decision rules out, without waiting for its calls."""
        self.place.tell(self.course.rule_out, step)
        await self.calls.staged.roll_back()

    async def obtain_all(self, step: Step, decided: Decided) -> list[ToolResult]:
        """Run the calls of the decision, batch after batch, and return their results in its order."""
        results: list[ToolResult] = []
        for batch in step.batches:
            calls = {at: decided.calls[at] for at in batch}
            used = await self.claim(step, decided, calls)
            results += await self.calls.obtain_together(list(calls.values()), used)
        await self.squash_rest(step, decided)
        return results

    def also(self, step: Step, call: ToolCall) -> None:
        """One more call of a decision that was made is known."""
        own = self.place.tools.own(call)
        self.place.tell(self.course.also, step, own, self.place.tools.may_write(own))

    async def claim(self, step: Step, decided: Decided, calls: Mapping[int, ToolCall]) -> list[Launch | None]:
        """Return the speculations of calls of the decision, by number; ``None`` for those that have none."""
        found = [self.place.tell(self.course.claim, step, at, self.place.tools.own(call)) for at, call in calls.items()]
        used = [launch for launch in found if launch is not None]
        try:
            await self.squash_rest(step, decided, used)
        except BaseException:
            for launch in used:
                self.calls.abandon(launch)
            raise
        return found

    async def squash_rest(self, step: Step, decided: Decided, used: Sequence[Launch] = ()) -> None:
        """Before the first real call, or the end: give up all that is neither ``used`` nor for later; once a step."""
        if not step.rest_squashed:
            alone = len(decided.calls) == 1 and not decided.text
            self.place.tell(self.course.squash_rest, step, used, alone=alone)
            await self.calls.staged.roll_back()
            self.place.tell(self.course.calls_begin, step)

    def finish(
        self,
        step: Step,
        decided: Decided,
        results: list[ToolResult],
        interrupted: bool,
        others: Sequence[ToolResult] = (),
    ) -> StepResult:
        """The step is over: write its row. ``others`` are results of calls that ran in it but were not decided."""
        effect = self.place.effect(decided.calls[0]) if decided.calls else None
        warm = [each.call.name for each in results if each.warm]
        step.reason = f"{', '.join(warm)} came from the warm cache" if warm else step.reason
        outcome = self.place.tell(self.course.finish, step, [each.run_s for each in (*results, *others)], effect)
        if self.answer is not None:
            if decided.text and not step.work.text:  # it was not streamed
                step.work.text.append(decided.text)
                self._show(step)
            self.answer.commit(step)
        result = StepResult(step.work.point, decided, tuple(results), outcome, interrupted)
        self.recording.add(step, result)
        self.place.shared.ledger.speculations += take_final(self.course.book, step.number, self.calls.is_busy)
        return result

    async def give_up(self, step: Step) -> None:
        """The step was cancelled or the LLM raised: nothing that was launched for it may be left behind."""
        step.work.stop_predicting()
        self.place.tell(self.course.abort, step)
        if self.answer is not None:
            self.answer.retract(step)
        with anyio.CancelScope(shield=True):
            await self.calls.staged.roll_back()

    def close(self) -> None:
        """The conversation is over."""
        if self.course.step is not None:
            self.course.step.work.stop_predicting()
        self.place.tell(self.course.close)

    async def wind_up(self) -> None:
        """After :meth:`close`: wait for what is still at work, and for what there is to learn."""
        self.recording.end()
        await self.calls.finish()
        if self.sync is not None:
            await self.sync.catch_up()

    # --- commands of the course -------------------------------------------------------------------------------------

    def start_tool(self, launch: Launch) -> None:
        """Start the work of a speculation."""
        self.calls.start(launch)

    def undo(self, launch: Launch) -> None:
        """A staged write was given up."""
        self.calls.staged.undo(launch)

    def start_thinking(self, step: Step, after: Step) -> None:
        """Run the LLM ahead."""
        assert step.parent is not None
        point = supposed_point(after, step.parent)
        if point is None:
            self.course.drop_ahead(self.place.tick(), after)
            return
        step.point = self.place.as_seen(point)
        work = step.work = Thinking(after.work.think, point)
        work.scope, work.done = anyio.CancelScope(), anyio.Event()
        self.place.tasks.spawn(self._think_ahead, step)

    def stop_thinking(self, step: Step) -> None:
        """A run-ahead was given up."""
        if step.work is not None:
            step.work.stop()
            step.work.stop_predicting()
        if self.answer is not None:
            self.answer.retract(step)
