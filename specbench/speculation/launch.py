"""One speculation on its way from launch to fate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specbench.core.ledger import Fate, Speculation, Window
from specbench.core.types import ToolCall
from specbench.speculation.traits import Traits

if TYPE_CHECKING:
    from specbench.speculation.book import Book

__all__ = ["Launch"]


class Launch:
    """One speculation on its way: the row of the ledger that it will be, and what is known so far."""

    __slots__ = (
        "arrived_s", "book", "call", "committed_at", "decided_s", "ended_s", "failed", "index", "key", "late",
        "launched_s", "p", "parent", "settled_s", "size_bytes", "squashed_s", "staged", "traits", "wanted_at", "window",
        "work",
    )  # fmt: skip

    def __init__(
        self, book: Book, call: ToolCall, p: float, window: Window, index: int, launched_s: float, traits: Traits
    ) -> None:
        self.book, self.call, self.key, self.p = book, call, call.key, p
        self.window, self.index, self.wanted_at = window, index, index
        self.launched_s = launched_s
        self.traits = traits
        self.arrived_s: float | None = None
        self.ended_s: float | None = None
        self.squashed_s: float | None = None
        self.settled_s: float | None = None
        self.decided_s: float | None = None
        self.committed_at: int | None = None
        self.late = self.failed = self.staged = False
        self.size_bytes = 0
        self.parent: Launch | None = None
        self.work: Any = None

    @property
    def fate(self) -> Fate:
        """Its fate, if the session ended now."""
        if self.failed:
            return Fate.FAIL
        return Fate.SQUASH if self.committed_at is None else Fate.COMMIT

    def row(self) -> Speculation:
        """Return the row of the ledger, in seconds since the session started; the work must have ended."""
        assert self.ended_s is not None
        start_s = self.book.started_s
        return Speculation(
            self.book.trace_id, self.index, self.call.name, self.key, self.p, self.window, self.launched_s - start_s,
            self.ended_s - start_s, self.fate, None if self.squashed_s is None else self.squashed_s - start_s,
            self.committed_at, self.late,
        )  # fmt: skip
