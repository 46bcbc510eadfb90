"""One recorded session on the virtual clock: carries out what its course commands, with the seconds that it takes."""

from __future__ import annotations

from collections.abc import Iterator

from specbench.sim.engine import Engine
from specbench.sim.real_call import RealCall
from specbench.speculation import Course, Launch
from specbench.speculation.commands import PredictNext
from specbench.speculation.partial_decision import PartialCall
from specbench.speculation.rules import ARRIVAL, DECISION, LAUNCH
from specbench.speculation.step import Step

__all__ = ["SimulatedSession", "begin_session"]


class SimulatedSession:
    """Rows ``start`` to ``stop`` of a table: one trace.

    The LLM decides what was recorded, and every call takes the seconds that the latency model says, each drawn once.
    """

    def __init__(self, engine: Engine, trace_id: str, start: int, stop: int) -> None:
        self.engine, self.start, self.stop = engine, start, stop
        self.course = Course(
            trace_id, engine.table.tasks[start], engine.shared, engine.policy, started_s=engine.now, session=self
        )
        self.trace_id = trace_id
        self._commands = engine.shared.commands
        self._seconds: dict[str, float] = {}
        self._batches: Iterator[range] = iter(())
        self._running = 0  # calls of the current step
        self._awaited: set[Launch] = set()

    def begin(self, row: int) -> None:
        """A decision begins: the LLM thinks, the predictor predicts."""
        now = self.engine.now
        step = self.course.begin(now, row - self.start, self.engine.table.points[row])
        self.engine.shared.now = now
        if self.engine.shared.llm_slots.enter((self.think, step)):
            self.think(step)

    def start_tool(self, launch: Launch) -> None:
        """Start the work of a speculation."""
        self.engine.at(self.engine.now + self.tool_s(launch.key), ARRIVAL, self._arrived, launch)

    def predict_next(self, asked: PredictNext) -> None:
        """Ask the predictor about the decision after a step."""
        self.engine.at(self.engine.now + self.engine.predict_s, LAUNCH, self._predicted_next, asked)

    # --- thinking ---------------------------------------------------------------------------------------------------

    def think(self, step: Step) -> None:
        """The LLM starts, for the current step or ahead."""
        engine, row = self.engine, self.start + step.number
        if row < self.stop:
            step.point = engine.table.points[row]
        self.course.thinking(engine.now, step)
        think_s = engine.latency.think_s(self.trace_id, step.number)
        if engine.timeline is not None:
            for part in engine.timeline(self.trace_id, step.number):
                engine.at(engine.now + part.after_s, DECISION, self._partial, (step, part))
        engine.at(engine.now + think_s, DECISION, self._thought, (step, think_s))

    def _partial(self, subject: tuple[Step, PartialCall]) -> None:
        step, (_, tool, arguments, complete) = subject
        self.course.partial(self.engine.now, step, tool, arguments, complete)

    def predicted(self, step: Step) -> None:
        """The predictor has answered."""
        row = self.start + step.number
        found = self.engine.table.predictions[row] if row < self.stop else None
        self.course.predicted(self.engine.now, step, found, self.engine.predict_s)

    def _predicted_next(self, asked: PredictNext) -> None:
        row, table = self.start + asked.step.number + 1, self.engine.table
        if row < self.stop:
            found = table.predictions[row] if asked.parent is not None else table.ahead[row]
            self.course.predicted_next(
                self.engine.now, asked.step, asked.window, asked.parent, table.points[row], found
            )

    def _arrived(self, launch: Launch) -> None:
        if launch.ended_s is None:
            self.course.arrived(self.engine.now, launch)
            if launch in self._awaited:
                self._awaited.remove(launch)
                self._joined(launch)

    def _thought(self, subject: tuple[Step, float]) -> None:
        step, think_s = subject
        if step.dropped:
            return
        self.course.thought(self.engine.now, step, think_s)
        if self._commands:
            self.engine.carry_out()
        if not step.depth:
            self._decide(step)

    # --- deciding, and the calls ------------------------------------------------------------------------------------

    def _decide(self, step: Step) -> None:
        engine, course, row = self.engine, self.course, self.start + step.number
        calls = engine.table.calls[row]
        course.decide(engine.now, step, calls, [engine.writes(row, call) for call in calls])
        self._batches = iter(step.batches)
        self._next_batch(step)

    def _next_batch(self, step: Step) -> None:
        """Claim and run the calls that run together, or end the step when there are no more."""
        engine, course, row = self.engine, self.course, self.start + step.number
        batch = next(self._batches, range(0))
        used = [course.claim(engine.now, step, at, step.calls[at]) for at in batch]
        if not step.rest_squashed:
            alone = step.child is not None and engine.follows(row, alone=True)
            course.squash_rest(engine.now, step, [each for each in used if each is not None], alone=alone)
            course.calls_begin(engine.now, step)
        if self._commands:
            engine.carry_out()
        self._running = len(batch)
        if not batch:
            self._finish(step)
        for at, launch in zip(batch, used, strict=True):
            if launch is None:
                RealCall(self, step, at).begin()
            elif launch.arrived_s is None:
                self._awaited.add(launch)
            else:
                self._joined(launch)

    def _joined(self, launch: Launch) -> None:
        """The result of a claimed speculation is there; a staged write becomes real now."""
        if launch.staged:
            self.course.book.write_starts(self.engine.now, launch.call)
            self.course.book.write_ended(launch.call)
        self.call_ended()

    def call_ended(self) -> None:
        """A call of the current step has its result."""
        self._running -= 1
        if not self._running:
            assert self.course.step is not None
            self._next_batch(self.course.step)

    def tool_s(self, key: str) -> float:
        """Return the seconds of a call; drawn once."""
        seconds = self._seconds.get(key)
        if seconds is None:
            seconds = self._seconds[key] = self.engine.latency.tool_s(self.trace_id, key)
        return seconds

    # --- the end of a step ------------------------------------------------------------------------------------------

    def _finish(self, step: Step) -> None:
        engine, row, calls = self.engine, self.start + step.number, step.calls
        seconds = [self.tool_s(call.key) for call in calls]
        self.course.finish(engine.now, step, seconds, engine.effect(row, calls[0]) if calls else None)
        if row + 1 == self.stop:
            self._close()
            return
        user_s = 0.0 if calls or engine.follows(row) else engine.latency.user_s(self.trace_id, step.number)
        if user_s > 0:
            engine.at(engine.now + user_s, DECISION, self._resume, step)
        else:
            self._resume(step)

    def _resume(self, step: Step) -> None:
        """The next decision begins: with the LLM already running, if it was run ahead on what really came."""
        row = self.start + step.number + 1
        if step.child is None:
            self.begin(row)
            return
        child = self.course.adopt(self.engine.now, self.engine.table.points[row])
        if child.thought_s is not None:
            self._decide(child)

    def _close(self) -> None:
        self.course.close(self.engine.now)
        self.engine.shared.ledger.speculations.extend(self.course.book.rows())
        self.engine.carry_out()
        self.engine.next_session()


def begin_session(engine: Engine, trace_id: str, start: int, stop: int) -> None:
    """Start the session of one trace."""
    SimulatedSession(engine, trace_id, start, stop).begin(start)
