"""What a predictor said at every decision point of some traces, beside what happened: the raw material of all rates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.core.display import clipped, plural
from specbench.core.errors import PredictorError, SpecbenchError, in_words
from specbench.core.types import Decision, DecisionPoint, Effect, Prediction, ToolCall, ToolPrediction, Trace, effect_of
from specbench.predictors.base import Predictor, Session, checked_predictions

__all__ = ["DEPTH", "Full", "PredictionTable", "predict_traces"]

DEPTH = 8
"""Predictions kept at each decision point."""
WIDE = 256
"""Predictions and tools looked at, at least, before a predictor counts as giving an outcome no probability."""


class Full(NamedTuple):
    """The whole distribution at a decision point, as far as scores need it.

    Parameters
    ----------
    outcome
        The probability of what happened: Σp of the calls of the decision (at most 1), or of the reply.
    others
        Σp² of all other outcomes.
    """

    outcome: float
    others: float

    @classmethod
    def of(cls, predictions: Sequence[Prediction], calls: Sequence[ToolCall]) -> Full:
        """Sum up predictions of a decision; no ``calls`` are a reply.

        Examples
        --------
        >>> Full.of([Prediction(ToolCall("ls"), 0.5), Prediction(None, 0.25)], ())
        Full(outcome=0.25, others=0.25)
        """
        outcomes: Sequence[ToolCall | None] = calls or (None,)
        happened = sum(p for call, p in predictions if call in outcomes)
        return cls(min(1.0, happened), sum(p * p for call, p in predictions if call not in outcomes))


@dataclass(repr=False)
class PredictionTable:
    """Predictions and outcomes, one entry per decision point, in order.

    Attributes
    ----------
    points
        The decision points.
    calls
        What the LLM did: its calls in order, empty for a reply.
    predictions, tools
        The ranked outcomes, the best :data:`DEPTH` of them, and all ranked tools of the predictor.
    tasks
        Task id of each point.
    ahead
        What the predictor said right after the message of the decision *before* each point, when its tools still ran or
        the user still read; ``[]`` at the first point of a trace. Empty when it was not asked.
    full
        What the scores need of the predictions that were not kept; empty where there were none.
    latency_ms
        Milliseconds to take in the new messages and predict, measured; empty when it was not.
    """

    predictor: str
    points: list[DecisionPoint] = field(default_factory=list)
    calls: list[tuple[ToolCall, ...]] = field(default_factory=list)
    predictions: list[list[Prediction]] = field(default_factory=list)
    tools: list[list[ToolPrediction]] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    ahead: list[list[Prediction]] = field(default_factory=list)
    full: list[Full] = field(default_factory=list)
    latency_ms: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"<PredictionTable of {clipped(self.predictor)}: {plural(len(self), 'decision point')}>"

    @property
    def outcomes(self) -> list[ToolCall | None]:
        """The label of each point: its first call, or ``None`` for a reply."""
        return [calls[0] if calls else None for calls in self.calls]

    def in_full(self) -> list[Full]:
        """Return the whole distributions, where only the kept predictions are known from these."""
        return self.full or [Full.of(*row) for row in zip(self.predictions, self.calls, strict=True)]

    def ask(self, session: Session, decision: Decision, k: int = DEPTH) -> None:
        """Add a decision point with what a predictor says there, and keep the ``k`` best predictions."""
        where = f" at decision {decision.point.index} of trace {decision.point.trace_id!r}"
        predictions = checked_predictions(session.predict(max(k, WIDE)), self.predictor, decision.point.tools, where)
        self.points.append(decision.point)
        self.calls.append(decision.calls)
        self.predictions.append(predictions[:k])
        self.tools.append(session.predict_tools(WIDE))
        self.full.append(Full.of(predictions, decision.calls))

    def of_traces(self, trace_ids: frozenset[str]) -> PredictionTable:
        """Return the rows of these traces, without latencies."""
        rows = [at for at, point in enumerate(self.points) if point.trace_id in trace_ids]
        return PredictionTable(
            self.predictor,
            points=[self.points[at] for at in rows],
            calls=[self.calls[at] for at in rows],
            predictions=[self.predictions[at] for at in rows],
            tools=[self.tools[at] for at in rows],
            tasks=[self.tasks[at] for at in rows],
            ahead=[self.ahead[at] for at in rows] if self.ahead else [],
            full=[self.full[at] for at in rows] if self.full else [],
        )

    def effects(self) -> list[list[Effect]]:
        """Return the effect of each call of each decision; empty for a reply."""
        return [
            [effect_of(call, point.tools) for call in calls]
            for point, calls in zip(self.points, self.calls, strict=True)
        ]

    def read_calls(self) -> npt.NDArray[np.float64]:
        """Return how many calls of each decision are declared reads."""
        return np.array([effects.count(Effect.READ) for effects in self.effects()], float)


def predict_traces(
    predictor: Predictor, traces: Sequence[Trace], k: int = DEPTH, *, ahead: bool = False
) -> PredictionTable:
    """Ask ``predictor`` at every decision point of ``traces``, one session a trace, as an agent would.

    The latency of a point is the time to observe the messages that came since the last one, and to predict.

    Parameters
    ----------
    predictor
        Fitted.
    traces
        Recorded conversations.
    k
        Predictions to keep at each point.
    ahead
        Ask a second time right after each assistant message, for the windows ``tool`` and ``user``.
    """
    table = PredictionTable(predictor.name)
    latency: list[float] = []
    for trace in traces:
        sessions = predictor.replay(trace)
        for decision in trace.decisions():
            try:
                started = time.perf_counter()
                session = next(sessions)
                session.predict(k)
                latency.append(1e3 * (time.perf_counter() - started))
                table.ask(session, decision, k)
            except SpecbenchError:
                raise
            except Exception as error:
                raise PredictorError(
                    f"the predictor {predictor.name!r} raised {in_words(error)}, at decision {decision.point.index} "
                    f"of trace {trace.trace_id!r}; specbench.check_predictor tells more"
                ) from error
            table.tasks.append(trace.task_id)
        if ahead:
            sessions = predictor.replay_ahead(trace)
            said = [checked_predictions(session.predict(k), predictor.name, trace.tools) for session in sessions]
            table.ahead += [[], *said[:-1]] if said else []
    table.latency_ms = np.asarray(latency)
    return table
