"""Why this call, with these values? What the learned predictor looked at, as data for reports and widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from specbench.core.types import Prediction
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import FIRST, LAST
from specbench.predictors.learned.candidates.features import OTHER
from specbench.predictors.learned.counts.tables import ABSENT
from specbench.predictors.learned.tool_head.features import INGREDIENTS

__all__ = ["Explanation", "Value", "explain"]

RUNNERS_UP = 3


@dataclass(frozen=True)
class Value:
    """One argument of a predicted call.

    ``sources`` are the places where the value stood (``get_user.orders[]``, ``user:id``), ``first_message`` and
    ``last_message`` the numbers of the messages where it stood first and last; all empty for a value that does not
    stand in the conversation. ``others`` are the next best texts with their probabilities; ``None`` means "left out".
    """

    parameter: str
    text: str
    p: float
    sources: tuple[str, ...]
    first_message: int | None
    last_message: int | None
    others: tuple[tuple[str | None, float], ...]


@dataclass(frozen=True)
class Explanation:
    """Why a prediction was made.

    ``tool_p`` is P(tool), ``arguments_p`` P(arguments | tool), ``prediction.p`` the calibrated joint probability.
    ``because`` lists the ingredients by what they add to the log-odds of the tool: the log-odds with everything, less
    the log-odds without the ingredient. ``repeated`` says that the same call has been made before in this conversation.
    """

    prediction: Prediction
    tool_p: float
    arguments_p: float | None
    repeated: bool
    because: tuple[tuple[str, float], ...]
    values: tuple[Value, ...]

    def __str__(self) -> str:
        call = self.prediction.call
        head = f"{call.key if call else 'reply'}: p {self.prediction.p:.2f} (tool {self.tool_p:.2f}"
        head += f", arguments {self.arguments_p:.2f})" if self.arguments_p is not None else ")"
        lines = [head, "  because of " + ", ".join(f"{name} {weight:+.1f}" for name, weight in self.because[:3])]
        for value in self.values:
            where = ", ".join(value.sources) if value.sources else "not in the conversation"
            lines.append(f"  {value.parameter} = {value.text} ({value.p:.2f}; {where})")
        return "\n".join(lines)


def explain(session: Any, k: int = 3) -> list[Explanation]:
    """Return explanations of the ``k`` best predictions of a session of the learned predictor, best first.

    Parameters
    ----------
    session
        Of a :class:`~specbench.predictors.learned.predictor.LearnedPredictor`.
    k
        Predictions to explain.
    """
    predictions = session.predict(k)
    names, p, filled = session.now()
    conversation, predictor = session.conversation, session.predictor
    ranked = conversation.ranked([each.call.name for each in predictions if each.call is not None])
    without = {
        group: session.without(group)
        for group in INGREDIENTS
        if group not in ("classes", "calibration", "language") and predictor.head.weights
    }
    out = []
    for prediction in predictions:
        call = prediction.call
        row = len(names) if call is None else names.index(call.name)
        weights = {group: _log_odds(float(p[row])) - _log_odds(float(other[row])) for group, other in without.items()}
        because = tuple(sorted(weights.items(), key=lambda item: -abs(item[1])))
        if call is None:
            out.append(Explanation(prediction, float(p[row]), None, False, because, ()))
            continue
        right = next((each.p for each in filled.get(call.name, ()) if each.call == call), None)
        chosen = {name: str(value) for name, value in call.arguments.items()}
        values = tuple(
            _value(
                candidates.parameter, candidates.texts, candidates.rows, chances.tolist(), chosen, conversation.index
            )
            for candidates, chances, _ in ranked.get(call.name, ())
            if candidates.parameter in chosen
        )
        repeated = call.key in conversation.index.call_counts
        out.append(Explanation(prediction, float(p[row]), right, repeated, because, values))
    return out


def _value(
    parameter: str,
    texts: Sequence[str],
    rows: Sequence[int],
    chances: Sequence[float],
    chosen: dict[str, str],
    index: ContextIndex,
) -> Value:
    order = np.argsort(-np.asarray(chances), kind="stable").tolist()
    at = next((each for each in order if texts[each].lower() == chosen[parameter].lower()), order[0])
    others = tuple(
        (None if texts[each] == ABSENT else texts[each], float(chances[each]))
        for each in order
        if each != at and texts[each] != OTHER
    )[:RUNNERS_UP]
    row = rows[at]
    if row < 0:
        return Value(parameter, chosen[parameter], float(chances[at]), (), None, None, others)
    sources = tuple(index.path_names[path] for path in index.row_paths[row])
    first, last = int(index.table[row, FIRST]), int(index.table[row, LAST])
    return Value(parameter, chosen[parameter], float(chances[at]), sources, first, last, others)


def _log_odds(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))
