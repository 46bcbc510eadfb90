"""The steps of a conversation that are run ahead of the current one: when one starts, and how it is given up."""

from __future__ import annotations

from typing import Any

from specbench.core.ledger import Fate, Window
from specbench.speculation.book import Book
from specbench.speculation.commands import Predict, PredictNext, StartThinking, StopThinking
from specbench.speculation.shared import Shared
from specbench.speculation.step import Step

__all__ = ["StepsAhead"]


class StepsAhead:
    """The current ``step``, its child (run ahead on a result that it may ask for), the child of that, and so on.

    The part of a :class:`~specbench.speculation.Course` that is the same wherever a step stands; parameters are there.
    """

    def __init__(
        self, trace_id: str, task_id: str, shared: Shared, *, started_s: float, predicts: bool, session: Any
    ) -> None:
        self.trace_id, self.task_id, self.started_s = trace_id, task_id, started_s
        self.shared, self.predicts, self.session = shared, predicts, session
        self.book = Book(trace_id, shared, started_s, session)
        self.step: Step | None = None
        self._tool_window = Window.TOOL in shared.options.windows

    def _ask(self, now: float, step: Step) -> None:
        if self.predicts:
            step.asked_s = now
            self.shared.commands.append(Predict(step))
        else:
            step.reason = "speculation is off"

    def _run_ahead(self, now: float, step: Step) -> None:
        """Build on the best result of a step that is not decided: run ahead, or chain, as far as the options allow."""
        best, shared = step.best, self.shared
        if best is None or best.arrived_s is None or best.squashed_s is not None or best.staged:
            return
        if step.child is not None or step.decided_s is not None or step.dropped:
            return
        ahead = shared.options.run_ahead
        if (
            ahead is not None and step.can_run_ahead and best.p >= ahead.p and step.depth < ahead.depth
            and shared.llm_slots.free
            and (ahead.budget_tok is None or self.book.state.session.run_ahead_lost_tok < ahead.budget_tok)
        ):  # fmt: skip
            child = step.child = Step(self, step.number + 1, now, step.depth + 1, best)
            child.thinking_s, child.can_run_ahead = now, True
            shared.llm_slots.occupy(child)
            shared.commands.append(StartThinking(child, step))
            self._ask(now, child)
        elif self._tool_window and step.depth == 0 and not step.chained:
            step.chained = True
            shared.commands.append(PredictNext(step, Window.TOOL, best))

    def drop_ahead(self, now: float, step: Step) -> None:
        """Give up what is run ahead of ``step``, if anything is, and all that builds on it."""
        child, step.child = step.child, None
        if child is not None:
            self._drop(now, child)

    def _drop(self, now: float, step: Step | None) -> None:
        while step is not None:
            step.dropped = True
            if step.thought_s is None:
                self._free_llm(step)
            self.shared.commands.append(StopThinking(step))
            self._write_ahead(now, step, Fate.FAIL if step.failed else Fate.SQUASH)
            step = step.child

    def preempted(self, step: Step) -> None:
        """The LLM slot of a run-ahead is needed for a real invocation."""
        above = self.step
        while above is not None and above.child is not step:
            above = above.child
        if above is not None:
            self.drop_ahead(self.shared.now, above)

    def _free_llm(self, step: Step) -> None:
        slots = self.shared.llm_slots
        if slots.count is not None:
            self.shared.wake(slots.vacate(step) if step.depth else slots.leave())  # one that was adopted is real

    def _write_ahead(self, now: float, step: Step, fate: Fate) -> None:
        """Write the row of a run-ahead."""
        assert self.shared.options.run_ahead is not None
        row = step.ahead_row(now, fate, self.shared.options.run_ahead.tok_per_s)
        self.shared.ledger.aheads.append(row)
        if fate is not Fate.COMMIT:
            for counts in (self.book.state.session, self.shared.total):
                counts.run_ahead_lost_tok += row.used_tok
