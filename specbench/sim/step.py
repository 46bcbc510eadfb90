"""One LLM invocation of a simulated session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.speculation import Launch

if TYPE_CHECKING:
    from specbench.sim.session import SimulatedSession

__all__ = ["Step"]

TOO_LATE = "the prediction came after the decision"


class Step:
    """One LLM invocation: the current one (depth 0), or one that is run ahead on the result of ``parent``."""

    __slots__ = (
        "asked_s", "began_s", "best", "chained", "child", "decided_s", "depth", "dropped", "ended_s", "hit", "level",
        "number", "p", "parent", "predict_s", "predicted", "reason", "row", "session", "think_s", "thinking_s",
        "thought_s",
    )  # fmt: skip

    def __init__(self, session: SimulatedSession, row: int, began_s: float, depth: int, parent: Launch | None) -> None:
        self.session, self.row, self.began_s, self.depth, self.parent = session, row, began_s, depth, parent
        self.level = depth  # at the start; depth counts down as steps above are confirmed
        self.thinking_s: float | None = None
        self.think_s = 0.0
        self.thought_s: float | None = None
        self.decided_s: float | None = None
        self.ended_s: float | None = None
        self.best: Launch | None = None
        self.child: Step | None = None
        self.predict_s: float | None = None
        self.asked_s = began_s
        self.chained = self.dropped = self.hit = self.predicted = False
        self.reason = TOO_LATE
        self.number = 0
        self.p = parent.p if parent is not None else 1.0
