"""A predictor made of two parts: which tool (a :class:`ToolModel`), with which arguments (an argument filler).

P(call) = P(tool) · P(the filler's arguments are right | tool). The two parts vary independently.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Self

from specbench.core.relevant import relevant_call, relevant_message, relevant_traces
from specbench.core.types import Message, Prediction, ToolCall, ToolPrediction, ToolSpec, Trace
from specbench.predictors.base import Predictor, Session, at_most, ranked
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.argument_fillers import ArgumentFiller
from specbench.predictors.counting.fillers import make_filler

__all__ = ["ComposedPredictor", "ComposedSession", "ToolModel", "labelled", "on_offer"]


class ToolModel(ABC):
    """Guesses the next tool, or a reply (``None``), from the state of the conversation. What it knows is ``counts``."""

    counts: dict[str, Any]

    def fit(self, traces: Collection[Trace]) -> None:
        """Count the decisions of ``traces``, from nothing."""
        self.counts = {}
        for _, index, outcome in labelled(traces):
            self.learn(index, outcome.name if outcome else None)

    @abstractmethod
    def probabilities(self, index: ContextIndex) -> dict[str | None, float]:
        """Return P(tool) for each outcome it knows; Σ ≤ 1."""

    def learn(self, index: ContextIndex, outcome: str | None) -> None:
        """Take in one labelled decision point (online update)."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs, as JSON values and arrays."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the model whose :meth:`state` this is."""


def labelled(traces: Collection[Trace]) -> Iterator[tuple[Trace, ContextIndex, ToolCall | None]]:
    """Yield every decision point of ``traces`` as the state just before it and its outcome.

    The index is live: it goes on to the next message when the iterator does.
    """
    for trace in traces:
        index = ContextIndex()
        for message in trace.messages:
            if message.role == "assistant":
                yield trace, index, message.tool_calls[0] if message.tool_calls else None
            index.append(message)


class ComposedPredictor(Predictor):
    """A tool model and an argument filler.

    Parameters
    ----------
    tool_model
        Guesses the tool.
    filler
        ``usual``, ``none``, ``recent`` or ``linked``; see :mod:`specbench.predictors.counting.argument_fillers`.
    """

    filler_by_default = "usual"

    def __init__(self, tool_model: ToolModel, filler: str = "usual") -> None:
        self.tool_model = tool_model
        self.filler: ArgumentFiller = make_filler(filler)

    def fit(self, traces: Collection[Trace]) -> Self:
        """Learn from ``traces``."""
        traces = relevant_traces(traces)
        self.filler = make_filler(self.filler.name)
        self.tool_model.fit(traces)
        self.filler.fit(traces)
        self.fitted = True
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return ComposedSession(self, tools)

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs."""
        return {
            "tool_model": self.tool_model.state(),
            "filler": {"name": self.filler.name, **self.filler.state()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the predictor whose :meth:`state` this is."""
        self.tool_model.restore(state["tool_model"])
        self.filler = make_filler(state["filler"]["name"])
        self.filler.restore(state["filler"])
        self.fitted = True


class ComposedSession(Session):
    """A live conversation of a :class:`ComposedPredictor`. Tools that are not on offer are left out."""

    def __init__(self, predictor: ComposedPredictor, tools: Mapping[str, ToolSpec]) -> None:
        self.predictor = predictor
        self.tools = tools
        self.index = ContextIndex()

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        self.index.append(relevant_message(message, self.tools))

    def learn(self, outcome: ToolCall | None) -> None:
        """Count one more decision, for the tool and for its arguments."""
        self.predictor.tool_model.learn(self.index, outcome.name if outcome else None)
        if outcome is not None and outcome.invalid_arguments is None:
            self.predictor.filler.learn(relevant_call(outcome, self.tools), self.index)

    def predict_tools(self, k: int = 1) -> list[ToolPrediction]:
        """Return the tool model's own ranking."""
        chances = self._chances()
        best = sorted(chances.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
        return [ToolPrediction(tool, p) for tool, p in best[: at_most(k)] if p > 0.0]

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the best calls: the filler's first proposal for every tool, then further ones."""
        filler = self.predictor.filler
        out = []
        for tool, p in self._chances().items():
            if tool is None:
                out.append(Prediction(None, p))
                continue
            rest = p
            for arguments in filler.fill(tool, self.index, k):
                right = rest * filler.reliability(tool)
                rest -= right
                out.append(Prediction(ToolCall(tool, arguments), right))
        return ranked(out, k)

    def _chances(self) -> dict[str | None, float]:
        return on_offer(self.predictor.tool_model.probabilities(self.index), self.tools)


def on_offer(chances: dict[str | None, float], tools: Mapping[str, ToolSpec]) -> dict[str | None, float]:
    """Return ``chances`` without tools that are not on offer, scaled up to the same sum; all where no tool is declared.

    Examples
    --------
    >>> on_offer({"ls": 0.5, "rm": 0.25, None: 0.25}, {"ls": ToolSpec("ls")})
    {'ls': 0.6666666666666666, None: 0.3333333333333333}
    """
    if not tools:
        return chances
    offered = {tool: p for tool, p in chances.items() if tool is None or tool in tools}
    total, kept = sum(chances.values()), sum(offered.values())
    return {tool: min(1.0, p * total / kept) for tool, p in offered.items()} if kept else {}
