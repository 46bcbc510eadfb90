"""One speculation on its way from launch to fate."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from specbench.core.errors import in_words
from specbench.core.ledger import Fate, Speculation, Window
from specbench.core.types import ToolCall
from specbench.speculation.traits import Traits

__all__ = ["SPECULATION", "Attempt", "Launch"]


class Owner(Protocol):
    """The book that a launch stands in."""

    trace_id: str
    started_s: float
    session: Any

    def preempted(self, launch: Launch) -> None:
        """The tool slot of this speculation is needed."""
        ...


class Launch:
    """One speculation on its way: the row of the ledger that it will be, and what is known so far.

    ``key`` is the canonical form of its call, ``spelling`` what it is found by (:attr:`Shared.key_of`), and ``work``
    whatever the driver keeps with it.
    """

    __slots__ = (
        "arrived_s", "book", "call", "committed_at", "decided_s", "ended_s", "error", "failed", "in_doubt", "index",
        "key", "late", "launched_s", "missed_s", "p", "parent", "size_bytes", "spelling", "squashed_s", "staged",
        "traits", "wanted_at", "window", "work",
    )  # fmt: skip

    def __init__(
        self, book: Owner, call: ToolCall, p: float, window: Window, index: int, launched_s: float, traits: Traits,
        spelling: str,
    ) -> None:  # fmt: skip
        self.book, self.call, self.key, self.spelling, self.p = book, call, call.key, spelling, p
        self.window, self.index, self.wanted_at = window, index, index
        self.launched_s = launched_s
        self.traits = traits
        self.arrived_s: float | None = None
        self.ended_s: float | None = None
        self.squashed_s: float | None = None
        self.missed_s: float | None = None  # when the decision that it was for was made without it
        self.decided_s: float | None = None
        self.committed_at: int | None = None
        self.late = self.failed = self.staged = False
        self.in_doubt = False  # a staged write that the driver could neither make real nor undo for sure
        self.size_bytes = 0
        self.error: str | None = None
        self.parent: Launch | None = None
        self.work: Any = None

    @property
    def fate(self) -> Fate:
        """Its fate, if the session ended now."""
        if self.failed:
            return Fate.FAIL
        return Fate.SQUASH if self.committed_at is None else Fate.COMMIT

    def fail(self) -> None:
        """It raised; what it said stays when the work is gone."""
        self.failed = True
        error = getattr(self.work, "error", None)
        self.error = None if error is None else in_words(error)

    def preempt(self) -> None:
        """Its tool slot is needed."""
        self.book.preempted(self)

    def row(self) -> Speculation:
        """Return the row of the ledger, in seconds since the session started; the work must have ended."""
        assert self.ended_s is not None
        start_s = self.book.started_s
        return Speculation(
            self.book.trace_id, self.index, self.call.name, self.key, self.p, self.window, self.launched_s - start_s,
            self.ended_s - start_s, self.fate, None if self.squashed_s is None else self.squashed_s - start_s,
            self.committed_at, self.late, self.in_doubt, self.error if self.failed else None,
            self.call.aside or None,
        )  # fmt: skip


class Attempt(NamedTuple):
    """What came of a prediction: new launches, the launch of the best one (new, or running already), and why."""

    launches: list[Launch]
    best: Launch | None
    reason: str


SPECULATION: ContextVar[Launch | None] = ContextVar("specbench_speculation", default=None)
"""The speculation that a tool runs for; ``None`` in a real run."""
