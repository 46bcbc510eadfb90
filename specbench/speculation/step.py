"""One LLM invocation of a conversation, as far as speculation knows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from specbench.core.batches import seconds_in_batches
from specbench.core.ledger import Ahead, Fate, Outcome
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall
from specbench.speculation.launch import Launch

__all__ = ["Step"]

TOO_LATE = "the prediction came after the decision"


class Owner(Protocol):
    """The course that a step belongs to."""

    trace_id: str
    task_id: str
    started_s: float
    shared: Any
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
        "asked_s", "batches", "began_s", "best", "calls", "can_run_ahead", "chained", "child", "course", "decided_s",
        "depth", "dropped", "ended_s", "failed", "level", "number", "p", "parent", "point", "predict_s", "predictions",
        "reason", "rest_squashed", "think_s", "thinking_s", "thought_s", "used", "used_tok", "waited_s", "work",
        "writes",
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
        self.waited_s = 0.0  # nobody's seconds: the framework's, between decision, calls and end
        self.used_tok: float | None = None
        self.predictions: list[Prediction] | None = None
        self.calls: tuple[ToolCall, ...] = ()
        self.writes: tuple[bool, ...] = ()
        self.batches: list[range] = []
        self.best: Launch | None = None
        self.used: dict[int, Launch] = {}
        self.child: Step | None = None
        self.can_run_ahead = self.chained = self.dropped = self.failed = self.rest_squashed = False
        self.reason = TOO_LATE
        self.work: Any = None

    @property
    def hits(self) -> list[int]:
        """The numbers of its calls that used a speculation."""
        return [at for at, launch in self.used.items() if launch.committed_at is not None]

    def preempt(self) -> None:
        """Its LLM slot is needed."""
        self.course.preempted(self)

    def outcome(self, ended_s: float, launched: int, seconds: Sequence[float], effect: Effect | None) -> Outcome:
        """Return its row of the ledger; ``effect`` is that of its first call, ``seconds`` the run times of all."""
        first = self.calls[0] if self.calls else None
        tool_s = together_s = seconds[0] if seconds else 0.0
        if len(seconds) > 1:
            tool_s = sum(seconds)
            together_s = seconds_in_batches(seconds, self.batches, self.course.shared.options.tool_slots)
        sequential_s, hits = self.think_s + together_s, self.hits
        others = [call.key for call in self.calls[1:]]
        speculative_s = ended_s - self.began_s - self.waited_s
        return Outcome(
            self.course.trace_id, self.course.task_id, self.number, None if first is None else first.name,
            None if first is None else str(effect), None if first is None else first.key, len(self.calls), 0 in hits,
            launched, self.think_s, tool_s, self.predict_s, sequential_s, speculative_s, sequential_s - speculative_s,
            self.reason, self.began_s - self.course.started_s, len(hits), json.dumps(others) if others else None,
        )  # fmt: skip

    def ahead_row(self, now: float, fate: Fate, tok_per_s: float) -> Ahead:
        """Return its row as a run-ahead; tokens that the LLM has not told are estimated from its seconds."""
        assert self.parent is not None and self.thinking_s is not None
        ended_s = self.thought_s if self.thought_s is not None else now
        used_tok = self.used_tok if self.used_tok is not None else (ended_s - self.thinking_s) * tok_per_s
        start_s = self.course.started_s
        return Ahead(
            self.course.trace_id, self.number, self.parent.key, self.parent.p, self.level, self.thinking_s - start_s,
            ended_s - start_s, fate, used_tok,
        )  # fmt: skip
