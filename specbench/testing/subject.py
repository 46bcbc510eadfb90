"""What a contract check looks at: a way to make the predictor, traces to fit it on, and the words for what broke."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property

from specbench.core.errors import PredictorError
from specbench.core.types import DecisionPoint, Prediction, ToolPrediction, Trace
from specbench.predictors import Predictor
from specbench.predictors.base import Session

__all__ = ["Subject", "require", "require_ranking", "require_same", "require_valid"]

_SUM = 1.0 + 1e-9


class Subject:
    """The predictor under test.

    Parameters
    ----------
    make
        Returns a new, unfitted predictor.
    traces
        At least four conversations; the last quarter is held out of training.
    """

    def __init__(self, make: Callable[[], Predictor], traces: Sequence[Trace]) -> None:
        self.make = make
        held = max(1, len(traces) // 4)
        self.training, self.held_out = list(traces[:-held]), list(traces[-held:])

    @cached_property
    def fitted(self) -> Predictor:
        """The predictor fitted on the training traces; one for all checks, which do not change it."""
        return self.make().fit(self.training)

    def changeable(self) -> Predictor:
        """Return a copy of the fitted predictor that a check may change."""
        return deepcopy(self.fitted)

    @cached_property
    def points(self) -> list[DecisionPoint]:
        """Decision points of held-out traces and of a training trace."""
        return [decision.point for trace in [*self.held_out, self.training[0]] for decision in trace.decisions()]


def require(holds: bool, behaviour: str) -> None:
    """Raise unless ``holds``.

    Raises
    ------
    PredictorError
        Says which behaviour broke.

    Examples
    --------
    >>> require(1 + 1 == 3, "sums are right")
    Traceback (most recent call last):
    ...
    specbench.core.errors.PredictorError: sums are right
    """
    if not holds:
        raise PredictorError(behaviour)


def require_same(predictor: Predictor, other: Predictor, points: Sequence[DecisionPoint], behaviour: str) -> None:
    """Raise unless both predict exactly the same at all ``points``."""
    for point in points:
        first, second = predictor.predict(point, k=8), other.predict(point, k=8)
        require(
            first == second,
            f"{behaviour}: at decision {point.index} of trace {point.trace_id!r} one predicts {_shown(first)}, "
            f"the other {_shown(second)}",
        )


def require_valid(predictor: Predictor, points: Sequence[DecisionPoint], when: str) -> None:
    """Raise unless the predictions at ``points`` are a ranking: sorted, distinct, p in (0, 1], Σp ≤ 1, tools on offer.

    Parameters
    ----------
    predictor
        Fitted.
    points
        Where to ask.
    when
        What is special about this case, for the message.
    """
    for point in points:
        where = f"{when}, decision {point.index} of trace {point.trace_id!r}"
        predictions = predictor.predict(point, k=8)
        require_ranking(predictions, where)
        calls = [each.call for each in predictions]
        require(len(set(calls)) == len(calls), f"{where}: the same outcome is predicted twice: {_shown(predictions)}")
        names = {call.name for call in calls if call is not None}
        if point.tools:
            absent, offer = sorted(names - point.tools.keys()), ", ".join(point.tools)
            require(not absent, f"{where}: predicts {absent}, which is not on offer ({offer})")
        _require_tools(predictor.at(point), where)


def _require_tools(session: Session, where: str) -> None:
    tools = session.predict_tools(k=8)
    require_ranking(tools, f"{where}, predict_tools")
    names = [each.tool for each in tools]
    require(len(set(names)) == len(names), f"{where}: predict_tools names a tool twice: {names}")


def require_ranking(predictions: Sequence[Prediction] | Sequence[ToolPrediction], where: str) -> None:
    """Raise unless predictions are a list sorted by falling p, with p in (0, 1] and Σp ≤ 1."""
    p = [each.p for each in predictions]
    require(isinstance(predictions, list), f"{where}: predictions are a list, got {type(predictions).__name__}")
    require(all(isinstance(each, float) for each in p), f"{where}: probabilities are floats, got {p}")
    require(
        all(math.isfinite(each) and 0.0 < each <= 1.0 for each in p), f"{where}: probabilities are in (0, 1], got {p}"
    )
    require(p == sorted(p, reverse=True), f"{where}: predictions are sorted by falling probability, got {p}")
    require(math.fsum(p) <= _SUM, f"{where}: probabilities add up to at most 1, got {math.fsum(p)!r}")


def _shown(predictions: Sequence[Prediction]) -> str:
    return "[" + ", ".join(f"{each.call or 'reply'}: {each.p:.6g}" for each in predictions[:3]) + "]"
