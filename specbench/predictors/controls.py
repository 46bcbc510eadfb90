"""Controls: predictors that frame every comparison. Silent, always wrong, blind, most frequent, repeat last, oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from specbench.core.relevant import relevant_traces
from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.predictors.base import Predictor, Session, at_most, ranked
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.composed import ComposedPredictor, ToolModel, labelled

__all__ = ["Blind", "MostFrequent", "Oracle", "RepeatLast", "Silent", "Wrong"]

_REPLY = "<reply>"
MOST_BLIND = 500
"""Calls that the blind control keeps."""


class _NoSession(Session):
    def observe(self, message: Message) -> None:
        pass

    def predict(self, k: int = 1) -> list[Prediction]:
        return []


class Silent(Predictor):
    """Never predicts anything: speculation switched off.

    Examples
    --------
    >>> Silent().fit([]).predict(DecisionPoint("t", 0, ()))
    []
    """

    name = "silent"
    about = "control: never predicts"
    control = True

    def fit(self, traces: Sequence[Trace]) -> Self:
        """Learn nothing."""
        self.fitted = True
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a session that abstains."""
        return _NoSession()

    def state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over nothing."""
        self.fitted = True


class _WrongSession(_NoSession):
    def __init__(self, tool: str | None) -> None:
        self.tool = tool
        self.turn = 0

    def observe(self, message: Message) -> None:
        self.turn += 1

    def predict(self, k: int = 1) -> list[Prediction]:
        if self.tool is None:
            return []
        return [Prediction(ToolCall(self.tool, {"specbench_wrong": self.turn}), 1.0)]


class Wrong(Silent):
    """Always sure and always wrong: a READ tool with an argument that nobody has. The price of waste."""

    name = "wrong"
    about = "control: always sure, always wrong; the price of waste"
    control = True

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a session that predicts a call which never comes."""
        reads = sorted(name for name, spec in tools.items() if spec.effect is Effect.READ)
        return _WrongSession(reads[0] if reads else None)


class _KnowingSession(_NoSession):
    def __init__(self, calls: Sequence[ToolCall]) -> None:
        self.calls = calls

    def predict(self, k: int = 1) -> list[Prediction]:
        outcomes: list[ToolCall | None] = list(dict.fromkeys(self.calls)) or [None]
        return [Prediction(call, 1.0) for call in outcomes[: at_most(k)]]


class Oracle(Silent):
    """Knows the recorded outcome: the ceiling. It reads the future of the trace it replays, so it is a control only.

    Each of parallel calls is certain: their probabilities alone add up to more than 1.

    ``predict(point)`` knows the traces it was fitted on; :meth:`replay` knows the trace at hand.
    """

    name = "oracle"
    about = "control: knows the future; the ceiling"
    control = True

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, int], tuple[ToolCall, ...]] = {}

    def fit(self, traces: Sequence[Trace]) -> Self:
        """Remember every outcome of ``traces``."""
        for trace in traces:
            for point, calls in trace.decisions():
                self.outcomes[trace.trace_id, point.index] = calls
        return super().fit(traces)

    def predict(self, point: DecisionPoint, k: int = 1) -> list[Prediction]:
        """Return the remembered outcome with certainty; ``[]`` at a point it was not fitted on."""
        self._check_fitted()
        if (point.trace_id, point.index) not in self.outcomes:
            return []
        return _KnowingSession(self.outcomes[point.trace_id, point.index]).predict(k)

    def replay(self, trace: Trace) -> Iterator[Session]:
        """Yield sessions that know the recorded outcomes of ``trace``."""
        self._check_fitted()
        for message in trace.messages:
            if message.role == "assistant":
                yield _KnowingSession(message.tool_calls)

    def replay_ahead(self, trace: Trace) -> Iterator[Session]:
        """Yield sessions that know the outcome after the one just seen."""
        sessions = list(self.replay(trace))
        yield from [*sessions[1:], _KnowingSession(())] if sessions else []

    def state(self) -> dict[str, Any]:
        """Return the remembered outcomes."""
        return {
            "outcomes": [
                [trace_id, index, [[call.name, dict(call.arguments), call.invalid_arguments] for call in calls]]
                for (trace_id, index), calls in self.outcomes.items()
            ]
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over remembered outcomes."""
        self.outcomes = {
            (trace_id, index): tuple(ToolCall(name, each, invalid_arguments=raw) for name, each, raw in calls)
            for trace_id, index, calls in state["outcomes"]
        }
        self.fitted = True


class _Frequencies(ToolModel):
    """P(tool) = its share of all outcomes, whatever the conversation."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def learn(self, index: ContextIndex, outcome: str | None) -> None:
        name = outcome if outcome is not None else _REPLY
        self.counts[name] = self.counts.get(name, 0) + 1

    def probabilities(self, index: ContextIndex) -> dict[str | None, float]:
        total = sum(self.counts.values())
        return {None if name == _REPLY else name: count / total for name, count in self.counts.items()}

    def state(self) -> dict[str, Any]:
        return {"counts": self.counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.counts = dict(state["counts"])


class MostFrequent(ComposedPredictor):
    """The most frequent tools of the training traces, always; arguments by a filler."""

    name = "frequent"
    about = "control: always the most frequent tools"
    control = True

    def __init__(self, filler: str = "usual") -> None:
        super().__init__(_Frequencies(), filler)


class Blind(Silent):
    """The most frequent calls of the training traces, arguments and all, whatever was said.

    The control of equal width: a predictor that launches ``k`` calls has to beat the ``k`` calls of this one.

    Examples
    --------
    >>> talk = Trace("t", "a", "doc", (Message("assistant", tool_calls=(ToolCall("ls", {"folder": "src"}),)),))
    >>> Blind().fit([talk]).predict(DecisionPoint("u", 0, ()))
    [Prediction(call=ToolCall(name='ls', arguments={'folder': 'src'}, id=None, invalid_arguments=None), p=1.0)]
    """

    name = "blind"
    about = "control: the most frequent calls, whatever was said"
    control = True

    def __init__(self) -> None:
        self.calls: list[tuple[ToolCall | None, float]] = []

    def fit(self, traces: Sequence[Trace]) -> Self:
        """Count whole calls; the most frequent :data:`MOST_BLIND` are kept."""
        counts = Counter(outcome for _, _, outcome in labelled(relevant_traces(traces)))
        total = sum(counts.values())
        order = sorted(counts, key=lambda call: (-counts[call], call is None, call.key if call else ""))
        self.calls = [(call, counts[call] / total) for call in order[:MOST_BLIND]]
        return super().fit(traces)

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a session that says the same at every point."""
        return _BlindSession([each for each in self.calls if each[0] is None or not tools or each[0].name in tools])

    def state(self) -> dict[str, Any]:
        """Return the calls with their shares."""
        return {"calls": [[None if call is None else [call.name, dict(call.arguments)], p] for call, p in self.calls]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over calls."""
        self.calls = [(None if call is None else ToolCall(call[0], call[1]), p) for call, p in state["calls"]]
        self.fitted = True


class _BlindSession(_NoSession):
    def __init__(self, calls: Sequence[tuple[ToolCall | None, float]]) -> None:
        self.calls = calls

    def predict(self, k: int = 1) -> list[Prediction]:
        return ranked([Prediction(call, p) for call, p in self.calls], k)


class _RepeatSession(Session):
    def __init__(self, p: float, tools: Mapping[str, ToolSpec]) -> None:
        self.p = p
        self.tools = tools
        self.last: ToolCall | None = None

    def observe(self, message: Message) -> None:
        if message.tool_calls:
            self.last = message.tool_calls[-1]

    def predict(self, k: int = 1) -> list[Prediction]:
        if self.last is None or (self.tools and self.last.name not in self.tools):
            return []
        return ranked([Prediction(ToolCall(self.last.name, self.last.arguments), self.p)], k)


class RepeatLast(Predictor):
    """The last call again, with the share of the training decisions at which that was right.

    Examples
    --------
    >>> RepeatLast().fit([]).predict(DecisionPoint("t", 0, (Message("assistant", tool_calls=(ToolCall("ls"),)),)))[0].p
    0.5
    """

    name = "repeat"
    about = "control: the last call again"
    control = True

    def __init__(self) -> None:
        self.right, self.of = 0, 0

    def fit(self, traces: Sequence[Trace]) -> Self:
        """Count how often a call is followed by itself."""
        self.right, self.of = 0, 0
        for _, index, outcome in labelled(traces):
            if index.calls:
                self.of += 1
                self.right += outcome == index.calls[-1]
        self.fitted = True
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return _RepeatSession((self.right + 1) / (self.of + 2), tools)

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"right": self.right, "of": self.of}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.right, self.of = state["right"], state["of"]
        self.fitted = True
