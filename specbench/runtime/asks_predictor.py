"""A live conversation asks its predictor, beside everything else; whatever that raises is the step's reason."""

from __future__ import annotations

import anyio
from anyio.lowlevel import checkpoint

from specbench.core.errors import PredictorError, in_words
from specbench.core.ledger import Window
from specbench.core.types import DecisionPoint, Message, Prediction
from specbench.predictors.base import checked_predictions
from specbench.runtime.containment import contained
from specbench.runtime.copies import own_predictions
from specbench.runtime.predictor_sync import PredictorSync
from specbench.runtime.supposing import point_after, supposed_point
from specbench.runtime.workplace import Workplace
from specbench.speculation import Course, Launch
from specbench.speculation.step import Step

__all__ = ["AsksPredictor"]

BUSY_S = 0.1
"""An event loop that is further behind is not asked to speculate as well."""
TURNS_A_CALL = 4
"""Turns of the event loop until one more call of a decision has started."""


class AsksPredictor:
    """The part of a :class:`~specbench.runtime.session.LiveSession` that asks what comes next."""

    place: Workplace
    course: Course
    sync: PredictorSync | None

    def predict(self, step: Step) -> None:
        """Ask the predictor beside the LLM."""
        if not step.dropped:
            self.place.tasks.spawn(self._predict, step)

    async def _predict(self, step: Step) -> None:
        late_s = 0.0 if step.asked_s is None else self.place.tick() - step.asked_s
        if late_s > BUSY_S:  # real work comes first
            step.reason = f"the event loop is busy: {1e3 * late_s:.0f} ms behind"
            self.place.tell(self.course.predicted, step, None)
            return
        found = await self._ask(step, step.work.point, supposed=step.depth > 0)
        self.place.tell(self.course.predicted, step, found)

    def predict_next(self, step: Step, window: Window, parent: Launch | None) -> None:
        """Ask about the decision after ``step``: while its tools run or the user types, or on a result (a chain)."""
        if parent is None:
            decided = step.work.decided
            point: DecisionPoint | None = point_after(step, Message("assistant", decided.text, decided.calls))
        else:
            point = supposed_point(step, parent)
        if point is not None:
            self.place.tasks.spawn(self._predict_next, step, window, parent, point)

    async def _predict_next(self, step: Step, window: Window, parent: Launch | None, point: DecisionPoint) -> None:
        found = await self._ask(step, point, supposed=parent is not None)
        if found is not None:
            seen = self.place.as_seen(point)
            self.place.tell(self.course.predicted_next, step, window, parent, seen, found)

    async def _ask(self, step: Step, point: DecisionPoint, *, supposed: bool) -> list[Prediction] | None:
        """Ask the predictor; whatever it raises is contained and told as the reason."""
        sync, scope = self.sync, anyio.CancelScope()
        assert sync is not None
        step.work.predicting.append(scope)
        try:
            with scope:
                found = await contained(sync.predict(point, supposed=supposed))
                # Results, decisions, commits and the start of parallel calls of this very moment go first.
                for _ in range(self.place.turns + TURNS_A_CALL * len(step.calls[1:])):
                    await checkpoint()
                tools = self.place.speculable
                return own_predictions(checked_predictions(found, sync.predictor.name, tools), tools)
        except Exception as error:
            told = isinstance(error, PredictorError)
            step.reason = str(error) if told else f"the predictor raised {in_words(error)}"
        finally:
            step.work.predicting.remove(scope)
        return None
