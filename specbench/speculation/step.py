"""One LLM invocation of a conversation, as far as speculation knows it."""

from __future__ import annotations

from typing import Any, Protocol

from specbench.core.types import DecisionPoint, Prediction, ToolCall
from specbench.speculation.launch import Launch

__all__ = ["Step"]

TOO_LATE = "the prediction came after the decision"


class Owner(Protocol):
    """The course that a step belongs to."""

    session: Any

    def preempted(self, step: Step) -> None:
        """The LLM slot of this run-ahead is needed."""
        ...


class Step:
    """One LLM invocation: the current one (depth 0), or one that is run ahead on the result of ``parent``.

    Times are seconds on the run's clock, ``None`` for what has not happened. ``point`` is what policies see, and
    ``work`` whatever the driver keeps with it; for a run-ahead the driver sets both when it starts the LLM.
    """

    __slots__ = (
        "asked_s", "began_s", "beside_s", "best", "calls", "can_run_ahead", "chained", "child", "course", "decided_s",
        "depth", "dropped", "ended_s", "failed", "level", "number", "p", "parent", "point", "predict_s", "predictions",
        "reason", "rest_squashed", "think_s", "thinking_s", "thought_s", "used", "used_tok", "waited_s", "work",
    )  # fmt: skip

    def __init__(self, course: Owner, number: int, began_s: float, depth: int = 0, parent: Launch | None = None):
        self.course, self.number, self.began_s = course, number, began_s
        self.depth = self.level = depth  # depth counts down as the steps above are confirmed, level stays
        self.parent = parent
        self.p = parent.p if parent is not None else 1.0
        self.point: DecisionPoint | None = None
        self.thinking_s: float | None = None
        self.thought_s: float | None = None
        self.asked_s: float | None = None
        self.decided_s: float | None = None
        self.ended_s: float | None = None
        self.think_s = self.predict_s = 0.0
        self.waited_s = self.beside_s = 0.0  # nobody's seconds, and those in which several calls ran side by side
        self.used_tok: float | None = None
        self.predictions: list[Prediction] | None = None
        self.calls: tuple[ToolCall, ...] = ()
        self.best: Launch | None = None
        self.used: Launch | None = None
        self.child: Step | None = None
        self.can_run_ahead = self.chained = self.dropped = self.failed = self.rest_squashed = False
        self.reason = TOO_LATE
        self.work: Any = None

    @property
    def hit(self) -> bool:
        """Whether its first call used a speculation."""
        return self.used is not None and self.used.committed_at is not None

    def preempt(self) -> None:
        """Its LLM slot is needed."""
        self.course.preempted(self)
