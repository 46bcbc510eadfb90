"""Repeat with a result cache: any earlier call of the conversation again, by how calls have come back before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any, Self

from specbench.core.relevant import relevant_call, relevant_message, relevant_traces
from specbench.core.types import Effect, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.predictors.base import Predictor, Session, ranked

__all__ = ["CachedPredictor"]

OLDEST = 8
"""Calls that are told apart by how long ago they were made; older ones are one kind."""
MOST_CALLS = 200
"""Distinct calls of a conversation that are looked at, the latest ones."""


class CachedPredictor(Predictor):
    """The earlier calls of this conversation, each with the share of such calls that came again.

    "Such" is how many distinct calls ago it was made, whether it was made more than once, and whether a write came
    since. Nothing is guessed that was not called before: this is what a cache of results could serve.

    Examples
    --------
    >>> from specbench.core.types import DecisionPoint
    >>> ls = Message("assistant", tool_calls=(ToolCall("ls"),))
    >>> talk = Trace("t", "a", "doc", (Message("user", "list"), ls, Message("tool", "a.py"), ls))
    >>> CachedPredictor().fit([talk]).predict(DecisionPoint("u", 0, talk.messages[:3]))[0].call.name
    'ls'
    """

    name = "cached"
    about = "an earlier call of the conversation again, as a result cache could serve it"

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}

    def fit(self, traces: Collection[Trace]) -> Self:
        """Count which earlier calls come again."""
        self.counts = {}
        for trace in relevant_traces(traces):
            session = CachedSession(self, trace.tools)
            for message in trace.messages:
                if message.role == "assistant":
                    session.learn(message.tool_calls[0] if message.tool_calls else None)
                session.observe(message)
        self.fitted = True
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return CachedSession(self, tools)

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"counts": self.counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.counts = {kind: list(pair) for kind, pair in state["counts"].items()}
        self.fitted = True


class CachedSession(Session):
    """A live conversation of a :class:`CachedPredictor`."""

    def __init__(self, predictor: CachedPredictor, tools: Mapping[str, ToolSpec]) -> None:
        self.predictor, self.tools = predictor, tools
        self.made: dict[ToolCall, tuple[int, int]] = {}
        self.write = -1
        self.now = 0

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        for call in relevant_message(message, self.tools).tool_calls:
            self.now += 1
            spec = self.tools.get(call.name)
            if spec is not None and spec.effect in (Effect.WRITE, Effect.STAGED):
                self.write = self.now
            if call.invalid_arguments is None:
                times, _ = self.made.pop(call, (0, 0))
                self.made[call] = times + 1, self.now

    def learn(self, outcome: ToolCall | None) -> None:
        """Count one more decision."""
        outcome = None if outcome is None else relevant_call(outcome, self.tools)
        for call, kind in self._kinds():
            pair = self.predictor.counts.setdefault(kind, [0, 0])
            pair[0] += call == outcome
            pair[1] += 1

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the earlier calls by how likely they come again."""
        found = []
        for call, kind in self._kinds():
            right, of = self.predictor.counts.get(kind, [0, 0])
            if not self.tools or call.name in self.tools:
                found.append(Prediction(call, (right + 0.1) / (of + 2)))
        total = sum(each.p for each in found)
        return ranked([Prediction(each.call, each.p / max(total, 1.0)) for each in found], k)

    def _kinds(self) -> list[tuple[ToolCall, str]]:
        out = []
        for age, (call, (times, at)) in enumerate(islice(reversed(self.made.items()), MOST_CALLS)):
            out.append((call, f"{min(age, OLDEST)}|{min(times, 3)}|{at < self.write}"))
        return out
