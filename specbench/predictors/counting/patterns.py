"""Pattern miner: the signature of the last steps → the next tool, and where its arguments come from, by counting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self

from specbench.core.relevant import relevant_call, relevant_message, relevant_traces
from specbench.core.types import Message, Prediction, ToolCall, ToolPrediction, ToolSpec, Trace
from specbench.predictors.base import Predictor, Session, at_most, ranked
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.argument_patterns import ArgumentPatterns, backed_off, signatures_of
from specbench.predictors.counting.composed import ToolModel, on_offer

__all__ = ["PatternPredictor", "PatternTools"]

_REPLY = "<reply>"
LEAST = 0.01
"""Arguments of tools that are less probable than this are not worked out."""


class PatternTools(ToolModel):
    """P(tool) after the longest signature with enough support.

    A signature is the last tool, and the last one to four steps of the conversation: tools, failures, replies and user
    turns. The tool stays in it when more has been said since than the steps reach back.

    Examples
    --------
    >>> tools = PatternTools()
    >>> index = ContextIndex().extend([Message("user", "list it")])
    >>> for _ in range(9):
    ...     tools.learn(index, "ls")
    >>> tools.probabilities(index)
    {'ls': 1.0}
    """

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}

    def learn(self, index: ContextIndex, outcome: str | None) -> None:
        """Count one more decision."""
        name = outcome if outcome is not None else _REPLY
        for signature in signatures_of(index):
            row = self.counts.setdefault(signature, {})
            row[name] = row.get(name, 0) + 1

    def probabilities(self, index: ContextIndex) -> dict[str | None, float]:
        """Return the distribution after the longest signature that is known well enough."""
        p = backed_off([self.counts.get(signature) for signature in signatures_of(index)])
        return {None if name == _REPLY else name: value for name, value in p.items()}

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"counts": self.counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.counts = {signature: dict(row) for signature, row in state["counts"].items()}


class PatternPredictor(Predictor):
    """Signatures of the last steps, with argument mappings mined from earlier outputs, arguments and words.

    P(call) = P(tool | signature) · P(these parameters | signature, tool) · Π confidence of the mappings used. The
    strongest method here that only counts; no schema, no text model, nothing random.

    Notes
    -----
    In the style of PASTE (pattern-aware speculative tool execution): control-flow patterns of recent tool events and
    data-flow mappings from earlier outputs to arguments, both mined from traces.

    Examples
    --------
    >>> from specbench.core.types import DecisionPoint
    >>> def talk(user):
    ...     call = ToolCall("get", {"user": user})
    ...     return Trace(user, user, "doc", (Message("user", f"I am {user}"), Message("assistant", tool_calls=(call,))))
    >>> patterns = PatternPredictor().fit([talk("ann_1"), talk("bob_2"), talk("eva_3")])
    >>> patterns.predict(DecisionPoint("t", 0, (Message("user", "I am joe_4"),)))[0].call.key
    'get({"user":"joe_4"})'
    """

    name = "patterns"
    about = "pattern miner: signatures of the last steps, arguments from mined mappings"

    def __init__(self) -> None:
        self.tools = PatternTools()
        self.arguments = ArgumentPatterns()

    def fit(self, traces: Collection[Trace]) -> Self:
        """Mine ``traces``."""
        traces = relevant_traces(traces)
        self.tools.fit(traces)
        self.arguments.fit(traces)
        self.fitted = True
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return PatternSession(self, tools)

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"tools": self.tools.state(), "arguments": self.arguments.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.tools.restore(state["tools"])
        self.arguments.restore(state["arguments"])
        self.fitted = True


class PatternSession(Session):
    """A live conversation of a :class:`PatternPredictor`."""

    def __init__(self, predictor: PatternPredictor, tools: Mapping[str, ToolSpec]) -> None:
        self.predictor, self.tools = predictor, tools
        self.index = ContextIndex()

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        self.index.append(relevant_message(message, self.tools))

    def learn(self, outcome: ToolCall | None) -> None:
        """Count one more decision, for the tool and for its arguments."""
        self.predictor.tools.learn(self.index, outcome.name if outcome else None)
        if outcome is not None and outcome.invalid_arguments is None:
            self.predictor.arguments.learn(relevant_call(outcome, self.tools), self.index)

    def predict_tools(self, k: int = 1) -> list[ToolPrediction]:
        """Return the ranking of the tools."""
        best = sorted(self._chances().items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
        return [ToolPrediction(tool, p) for tool, p in best[: at_most(k)] if p > 0.0]

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the best calls: for every tool the best combinations of its mappings."""
        out = []
        for tool, p in self._chances().items():
            if tool is None:
                out.append(Prediction(None, p))
                continue
            if p < LEAST:
                continue
            for arguments, right in self.predictor.arguments.propose(tool, self.index):
                out.append(Prediction(ToolCall(tool, arguments), p * right))
        return ranked(out, k)

    def _chances(self) -> dict[str | None, float]:
        return on_offer(self.predictor.tools.probabilities(self.index), self.tools)
