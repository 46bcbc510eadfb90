"""One recorded session on the virtual clock: its decisions in order, and what is run ahead of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from specbench.core.ledger import Ahead, Fate, Outcome, Window
from specbench.core.types import Effect, Prediction, ToolCall
from specbench.sim.early import hear
from specbench.sim.step import Step
from specbench.speculation import Book, Launch
from specbench.speculation.book import Opened
from specbench.speculation.rules import ARRIVAL, DECISION, LAUNCH

if TYPE_CHECKING:
    from specbench.sim.engine import Engine

__all__ = ["SimulatedSession"]

WRITES = frozenset({Effect.WRITE, Effect.STAGED, Effect.UNKNOWN})


class SimulatedSession:
    """Rows ``start`` to ``stop`` of a table: one trace."""

    def __init__(self, engine: Engine, trace_id: str, start: int, stop: int) -> None:
        self.engine, self.start, self.stop = engine, start, stop
        self.book = Book(trace_id, engine.shared)
        self.step: Step | None = None
        self._seconds: dict[str, float] = {}

    def tool_s(self, key: str) -> float:
        """Return the seconds of a call; drawn once."""
        seconds = self._seconds.get(key)
        if seconds is None:
            seconds = self._seconds[key] = self.engine.latency.tool_s(self.book.trace_id, key)
        return seconds

    def begin(self, row: int) -> None:
        """A decision begins: the LLM thinks, the predictor predicts."""
        engine = self.engine
        step = self.step = Step(self, row, engine.now, 0, None)
        if engine.shared.llm_slots.enter(step):
            self.think(step)
        self._ask(step)

    def think(self, step: Step) -> None:
        """The LLM starts."""
        engine = self.engine
        step.thinking_s = engine.now
        step.think_s = engine.latency.think_s(self.book.trace_id, step.row - self.start)
        if engine.heard is not None:
            for part in engine.heard(self.book.trace_id, step.row - self.start):
                engine.at(engine.now + part.after_s, DECISION, partial(hear, self, step), part)
        engine.at(engine.now + step.think_s, DECISION, self._thought, step)

    def _ask(self, step: Step) -> None:
        engine = self.engine
        step.asked_s = engine.now
        engine.at(engine.now + engine.predict_s, LAUNCH, self._predicted, step)

    def _predicted(self, step: Step) -> None:
        if step.dropped or step.decided_s is not None:
            return
        step.predict_s = self.engine.predict_s
        if step.thought_s is not None:
            return
        step.predicted = True
        if Window.THINK in self.engine.options.windows:
            self._launch(step, step.p)
        else:
            step.reason = "the think window is off"

    def _launch(self, step: Step, scale: float) -> None:
        """Launch what the policy chooses at a step whose prediction is known; ``scale`` is P(the step happens)."""
        engine, table = self.engine, self.engine.table
        if step.row >= self.stop:
            return
        predictions = table.predictions[step.row]
        if scale < 1.0:
            predictions = [Prediction(call, p * scale) for call, p in predictions]
        opened = self.book.open(
            engine.now, table.points[step.row], step.row - self.start, Window.THINK, predictions, engine.policy,
            step.parent if step.depth else None,
        )  # fmt: skip
        step.reason = opened.reason
        self.build_on(step, opened)

    def build_on(self, step: Step, opened: Opened) -> None:
        """Start what was launched, and run ahead on the best of it."""
        step.best = opened.best if opened.best is not None else step.best
        for launch in opened.launches:
            self._start(launch)
        self._run_ahead(step)

    def _start(self, launch: Launch) -> None:
        engine = self.engine
        engine.at(engine.now + self.tool_s(launch.key), ARRIVAL, self._arrive, launch)

    def _arrive(self, launch: Launch) -> None:
        if launch.ended_s is not None:
            return
        self.book.arrived(self.engine.now, launch)
        if launch.work is not None:
            self._joined(launch.work, launch)
            return
        step = self.step
        while step is not None:
            if step.best is launch:
                self._run_ahead(step)
            step = step.child

    def _run_ahead(self, step: Step) -> None:
        """Build on the best result of a step that is not decided: run ahead, or chain, as far as the options allow."""
        best, engine = step.best, self.engine
        if best is None or best.arrived_s is None or best.squashed_s is not None or best.staged:
            return
        if step.child is not None or step.decided_s is not None or step.dropped:
            return
        ahead = engine.options.run_ahead
        if ahead is not None and best.p >= ahead.p and step.depth < ahead.depth and engine.shared.llm_slots.free:
            lost = self.book.state.session.run_ahead_lost_tok
            if ahead.budget_tok is None or lost < ahead.budget_tok:
                child = step.child = Step(self, step.row + 1, engine.now, step.depth + 1, best)
                engine.shared.llm_slots.occupy(child)
                self.think(child)
                self._ask(child)
                return
        if Window.TOOL in engine.options.windows and step.depth == 0 and not step.chained:
            step.chained = True
            engine.at(engine.now + engine.predict_s, LAUNCH, self._chain, step)

    def _chain(self, step: Step) -> None:
        best = step.best
        if step.decided_s is not None or step.row + 1 >= self.stop or best is None or best.squashed_s is not None:
            return
        table = self.engine.table
        predictions = [Prediction(call, p * best.p) for call, p in table.predictions[step.row + 1]]
        self._foresee(step.row + 1, Window.TOOL, predictions, best)

    def _foresee(self, row: int, window: Window, predictions: list[Prediction], parent: Launch | None) -> None:
        engine = self.engine
        point = engine.table.points[row]
        opened = self.book.open(engine.now, point, row - self.start, window, predictions, engine.policy, parent)
        for launch in opened.launches:
            self._start(launch)

    def _thought(self, step: Step) -> None:
        if step.dropped:
            return
        engine = self.engine
        step.thought_s = engine.now
        if step.depth:
            engine.wake(engine.shared.llm_slots.vacate(step))
        else:
            engine.wake(engine.shared.llm_slots.leave())
            self._decide(step)

    def _decide(self, step: Step) -> None:
        engine, book = self.engine, self.book
        now = step.decided_s = engine.now
        if step.predict_s is None:
            step.predict_s = now - step.asked_s  # it was cancelled
        index = step.row - self.start
        calls = engine.table.calls[step.row]
        book.state.session.decisions += 1
        engine.shared.expected.saw_think(step.think_s)
        for call in calls:
            book.asked(call)
        if step.parent is not None:
            self._log_ahead(step, Fate.COMMIT)
        used = book.claim(now, index, calls[0]) if calls else None
        book.settle(now, index, used)
        step.hit = used is not None
        child = step.child
        if child is not None and not (child.parent is used and engine.follows(step.row, alone=True)):
            self.drop(child)
            step.child = None
        if not calls:
            self._finish(step)
            return
        if used is not None:
            self._wait(step, used)
        else:
            self._real(step)
        if Window.TOOL in engine.options.windows and step.ended_s is None and step.row + 1 < self.stop:
            engine.at(now + engine.predict_s, LAUNCH, self._in_tool_window, step)

    def _in_tool_window(self, step: Step) -> None:
        if step.ended_s is None:
            self._foresee(step.row + 1, Window.TOOL, self.engine.table.ahead[step.row + 1], None)

    def _wait(self, step: Step, launch: Launch) -> None:
        if launch.arrived_s is None:
            launch.work = step
        else:
            self._joined(step, launch)

    def _joined(self, step: Step, launch: Launch) -> None:
        """The result of a claimed speculation is there; a staged write becomes real now."""
        if launch.staged:
            self.book.write_starts(self.engine.now, launch.call)
            self.book.write_ended(launch.call)
        self._next_call(step)

    def _call(self, step: Step) -> ToolCall:
        return self.engine.table.calls[step.row][step.number]

    def _real(self, step: Step) -> None:
        engine = self.engine
        call = self._call(step)
        wait_s = engine.shared.limits.wait_s(engine.now, call.name, engine.shared.traits_of(call.name).group)
        if wait_s > 0:
            engine.at(engine.now + wait_s, DECISION, self._enter, step)
        else:
            self._enter(step)

    def _enter(self, step: Step) -> None:
        if self.engine.shared.tool_slots.enter((self.run, step)):
            self.run(step)

    def run(self, step: Step) -> None:
        """A real call has its slot."""
        engine = self.engine
        call = self._call(step)
        if engine.effect(step.row, call.name) in WRITES:
            self.book.write_starts(engine.now, call)
        engine.at(engine.now + self.tool_s(call.key), ARRIVAL, self._ran, step)

    def _ran(self, step: Step) -> None:
        engine = self.engine
        call = self._call(step)
        if engine.effect(step.row, call.name) in WRITES:
            self.book.write_ended(call)
        engine.wake(engine.shared.tool_slots.leave())
        engine.shared.expected.saw_tool(call.name, self.tool_s(call.key))
        self._next_call(step)

    def _next_call(self, step: Step) -> None:
        step.number += 1
        if step.number == len(self.engine.table.calls[step.row]):
            self._finish(step)
            return
        launch = self.book.claim(self.engine.now, step.row - self.start, self._call(step))
        if launch is not None:
            self._wait(step, launch)
        else:
            self._real(step)

    def _finish(self, step: Step) -> None:
        engine, table, row = self.engine, self.engine.table, step.row
        now = step.ended_s = engine.now
        index, trace_id = row - self.start, self.book.trace_id
        calls = table.calls[row]
        first = calls[0] if calls else None
        think_s = step.think_s
        tool_s = sum(self.tool_s(call.key) for call in calls)
        sequential_s, speculative_s = think_s + tool_s, now - step.began_s
        engine.ledger.outcomes.append(
            Outcome(
                trace_id, table.tasks[row], index,
                first.name if first else None,
                None if first is None else str(engine.effect(row, first.name)),
                first.key if first else None,
                len(calls), step.hit, self.book.launched_at.get(index, 0), think_s, tool_s, step.predict_s or 0.0,
                sequential_s, speculative_s, sequential_s - speculative_s, step.reason,
                step.began_s - self.book.started_s,
            )
        )  # fmt: skip
        if row + 1 == self.stop:
            self._close(step)
            return
        follows = engine.follows(row)
        user_s = 0.0 if follows or calls else engine.latency.user_s(trace_id, index)
        if user_s > 0:
            if Window.USER in engine.options.windows:
                engine.at(now + engine.predict_s, LAUNCH, self._in_user_window, step)
            engine.at(now + user_s, DECISION, self._resume, step)
        else:
            self._resume(step)

    def _in_user_window(self, step: Step) -> None:
        if self.step is step:
            self._foresee(step.row + 1, Window.USER, self.engine.table.ahead[step.row + 1], None)

    def _resume(self, step: Step) -> None:
        """The next decision begins: with the LLM already running, if it was run ahead on what really came."""
        child = step.child
        if child is None:
            self.begin(step.row + 1)
            return
        engine = self.engine
        self.step = child
        child.began_s = engine.now
        below: Step | None = child
        while below is not None:
            below.depth -= 1
            below = below.child
        if child.thought_s is not None:
            self._decide(child)
            return
        engine.shared.llm_slots.adopt(child)
        child.p = 1.0
        if child.predicted and Window.THINK in engine.options.windows:
            self._launch(child, 1.0)  # chosen again, now that the step does happen
        below = child
        while below is not None:
            self._run_ahead(below)
            below = below.child

    def drop(self, step: Step | None) -> None:
        """Give up a run-ahead and all that builds on it."""
        while step is not None:
            step.dropped = True
            if step.thought_s is None:
                self.engine.wake(self.engine.shared.llm_slots.vacate(step))
            self._log_ahead(step, Fate.SQUASH)
            step = step.child

    def _log_ahead(self, step: Step, fate: Fate) -> None:
        engine, ahead = self.engine, self.engine.options.run_ahead
        assert ahead is not None and step.parent is not None and step.thinking_s is not None
        ended_s = step.thought_s if step.thought_s is not None else engine.now
        used_tok = (ended_s - step.thinking_s) * ahead.tok_per_s
        if fate is not Fate.COMMIT:
            for counts in (self.book.state.session, engine.shared.total):
                counts.run_ahead_lost_tok += used_tok
        engine.ledger.aheads.append(
            Ahead(
                self.book.trace_id, step.row - self.start, step.parent.key, step.parent.p, step.level,
                step.thinking_s - self.book.started_s, ended_s - self.book.started_s, fate, used_tok,
            )
        )  # fmt: skip

    def _close(self, step: Step) -> None:
        self.book.close(self.engine.now)
        if step.child is not None:
            self.drop(step.child)
        self.engine.ledger.speculations.extend(self.book.rows())
        self.step = None
        self.engine.next_session()
