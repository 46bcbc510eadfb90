"""Back-off n-gram: the last few steps of the history, outcomes included, by counting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specbench.core.errors import ConfigError
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.composed import ComposedPredictor, ToolModel

__all__ = ["NgramPredictor", "NgramTools", "histories"]

_REPLY = "<reply>"


def histories(index: ContextIndex, longest: int) -> list[str]:
    """Return the last 0, 1, … ``longest`` steps as texts: tools (``!`` if failed), replies, user turns.

    Examples
    --------
    >>> from specbench.core.types import Message, ToolCall
    >>> histories(ContextIndex().extend([Message("user"), Message("assistant", tool_calls=(ToolCall("ls"),))]), 4)
    ['', 'ls', '<user> ls']
    """
    steps = []
    for event in index.events[-longest:] if longest > 0 else ():
        steps.append(f"{event.tool}{'!' if event.error else ''}" if event.tool else f"<{event.kind}>")
    return [" ".join(steps[len(steps) - n :]) for n in range(len(steps) + 1)]


class NgramTools(ToolModel):
    """Interpolated n-gram over the history of tools, failures, replies and user turns.

    Witten–Bell smoothing: a context seen ``c`` times with ``t`` different outcomes gives its own counts the weight
    ``c / (c + t)`` and leaves the rest to the next shorter context.

    Parameters
    ----------
    order
        Steps of history looked at, plus one.

    References
    ----------
    I. Witten, T. Bell (1991), *The zero-frequency problem*, IEEE Transactions on Information Theory 37(4).
    """

    def __init__(self, order: int = 5) -> None:
        if order < 1:
            raise ConfigError(f"the order of an n-gram is at least 1; got {order!r}")
        self.order = order
        self.counts: dict[str, dict[str, int]] = {}

    def learn(self, index: ContextIndex, outcome: str | None) -> None:
        """Count one more decision."""
        for context in histories(index, self.order - 1):
            row = self.counts.setdefault(context, {})
            name = outcome if outcome is not None else _REPLY
            row[name] = row.get(name, 0) + 1

    def probabilities(self, index: ContextIndex) -> dict[str | None, float]:
        """Return the interpolated distribution, from the empty context up to the longest one known."""
        p: dict[str, float] = {}
        for context in histories(index, self.order - 1):
            row = self.counts.get(context)
            if not row:
                break
            total, kinds = sum(row.values()), len(row)
            keep = total / (total + kinds) if p else 1.0
            p = {
                name: (1 - keep) * p.get(name, 0.0) + keep * row.get(name, 0) / total for name in p.keys() | row.keys()
            }
        return {None if name == _REPLY else name: value for name, value in sorted(p.items())}

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"order": self.order, "counts": self.counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.order = state["order"]
        self.counts = {name: dict(row) for name, row in state["counts"].items()}


class NgramPredictor(ComposedPredictor):
    """Back-off n-gram over tools and outcomes, with an argument filler.

    Parameters
    ----------
    filler
        Argument filler: ``usual``, ``none``, ``recent`` or ``linked``.
    order
        Steps of history looked at, plus one.

    Examples
    --------
    >>> from specbench.core.types import DecisionPoint, Message, ToolCall, Trace
    >>> talk = Trace("t", "a", "doc", (Message("user", "list"), Message("assistant", tool_calls=(ToolCall("ls"),))))
    >>> NgramPredictor().fit([talk]).predict(DecisionPoint("u", 0, talk.messages[:1]))[0].call
    ToolCall(name='ls', arguments={}, id=None, invalid_arguments=None)
    """

    name = "ngram"
    about = "back-off n-gram over the last steps and their outcomes"

    def __init__(self, filler: str = "usual", order: int = 5) -> None:
        super().__init__(NgramTools(order), filler)
