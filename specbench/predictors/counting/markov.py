"""The Markov baseline: which tool follows which, by counting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, overload

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Prediction, ToolPrediction, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.composed import ComposedPredictor, ToolModel

__all__ = ["MarkovPredictor", "ToolTransitions"]

_START, _REPLY = "<start>", "<reply>"


class ToolTransitions(ToolModel):
    """Transition counts of an order-1 Markov chain: from the last tool called to the next outcome.

    The state is the last tool (``None`` before the first call) and stays while the agent only replies; the outcome is a
    tool or a reply (``None``). Equal counts are ordered by name, so a rerun gives the same ranking.

    Examples
    --------
    >>> chain = ToolTransitions()
    >>> for _ in range(3):
    ...     chain.record("find_user", "get_user")
    >>> chain.record("find_user", None)
    >>> chain.best("find_user")
    ToolPrediction(tool='get_user', p=0.75)
    """

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self._best: dict[str, ToolPrediction] = {}

    def record(self, prev_tool: str | None, next_tool: str | None) -> None:
        """Count one transition."""
        state = prev_tool if prev_tool is not None else _START
        row = self.counts.setdefault(state, {})
        outcome = next_tool if next_tool is not None else _REPLY
        row[outcome] = row.get(outcome, 0) + 1
        self._best.pop(state, None)

    def best(self, current_tool: str | None) -> ToolPrediction | None:
        """Return the most frequent outcome after ``current_tool`` with its relative frequency; ``None`` if unknown."""
        state = current_tool if current_tool is not None else _START
        known = self._best.get(state)
        if known is None:
            row = self.counts.get(state)
            if not row:
                return None
            outcome = min(row, key=lambda name: (-row[name], name == _REPLY, name))
            known = ToolPrediction(None if outcome == _REPLY else outcome, row[outcome] / sum(row.values()))
            self._best[state] = known
        return known

    def fit(self, traces: Collection[Trace]) -> None:
        """Count the transitions of ``traces``."""
        self.counts, self._best = {}, {}
        for trace in traces:
            last: str | None = None
            for message in trace.messages:
                if message.role != "assistant":
                    continue
                self.record(last, message.tool_calls[0].name if message.tool_calls else None)
                if message.tool_calls:
                    last = message.tool_calls[-1].name

    def probabilities(self, index: ContextIndex) -> dict[str | None, float]:
        """Return the relative frequencies after the last tool called."""
        row = self.counts.get(index.last_tool if index.last_tool is not None else _START, {})
        total = sum(row.values())
        return {None if name == _REPLY else name: count / total for name, count in row.items()}

    def learn(self, index: ContextIndex, outcome: str | None) -> None:
        """Count one more transition."""
        self.record(index.last_tool, outcome)

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"counts": self.counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.counts = {name: dict(row) for name, row in state["counts"].items()}
        self._best = {}


class MarkovPredictor(ComposedPredictor):
    """Markov chain over tools, with an argument filler.

    Two ways to use it. As a plain chain: :meth:`record` transitions and ask ``predict(current_tool)``, which answers
    only when its confidence reaches ``threshold``. As a predictor like all others: :meth:`fit` on traces and
    ``predict(point, k)``, which always gives the full ranking (there, thresholds belong to the policy).

    Parameters
    ----------
    filler
        Argument filler: ``usual``, ``none``, ``recent`` or ``linked``.
    threshold
        Least confidence of ``predict(current_tool)``, in [0, 1].

    References
    ----------
    A. A. Markov (1913), *An example of statistical investigation of the text Eugene Onegin*.

    Examples
    --------
    >>> markov = MarkovPredictor()
    >>> for _ in range(9):
    ...     markov.record("find_user", "get_user")
    >>> markov.record("get_user", "get_order")
    >>> markov.record("get_user", "cancel_order")
    >>> markov.predict("find_user")
    ToolPrediction(tool='get_user', p=1.0)
    >>> markov.predict("get_user") is None          # 0.5 is below the threshold of 0.6
    True
    """

    name = "markov"
    about = "Markov chain: which tool follows which, by counting"

    def __init__(self, filler: str = "usual", threshold: float = 0.6) -> None:
        if not 0.0 <= threshold <= 1.0:
            raise ConfigError(f"threshold is a probability in [0, 1]; got {threshold!r}")
        self.transitions = ToolTransitions()
        self.threshold = threshold
        super().__init__(self.transitions, filler)

    def record(self, prev_tool: str | None, next_tool: str | None) -> None:
        """Count one transition (``None``: start of the conversation, or a reply)."""
        self.transitions.record(prev_tool, next_tool)
        self.fitted = True

    @overload
    def predict(self, point: DecisionPoint, k: int = 1) -> list[Prediction]: ...
    @overload
    def predict(self, point: str | None, k: int = 1) -> ToolPrediction | None: ...
    def predict(self, point: DecisionPoint | str | None, k: int = 1) -> list[Prediction] | ToolPrediction | None:
        """Return the ranking at a decision point or, for the name of the current tool, the confident next outcome."""
        if isinstance(point, DecisionPoint):
            return super().predict(point, k)
        best = self.transitions.best(point)
        return best if best is not None and best.p >= self.threshold else None

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs."""
        return {**super().state(), "threshold": self.threshold}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the predictor whose :meth:`state` this is."""
        super().restore(state)
        self.threshold = state["threshold"]
