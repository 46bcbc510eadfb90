"""What an executor has to tell: the rows of its conversations, and its configuration."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TypeVar

from specbench.core.ledger import Ahead, Ledger, Outcome, Speculation
from specbench.policies import Policy
from specbench.predictors import Predictor
from specbench.runtime.session import LiveSession
from specbench.runtime.warming import CacheWarmer
from specbench.speculation import Options, Shared

__all__ = ["KeepsRows"]


class KeepsRows:
    """The part of an :class:`~specbench.runtime.Executor` that tells what has happened."""

    shared: Shared
    predictor: Predictor | None
    policy: Policy
    options: Options
    learn: bool
    warmer: CacheWarmer | None
    _sessions: dict[str, LiveSession]
    _ending: list[LiveSession]

    def _all(self) -> list[LiveSession]:
        """All conversations, those too that have ended while something of them is still at work."""
        return [*self._sessions.values(), *self._ending]

    def _keep_rows(self, session: LiveSession) -> None:
        """Take over the rows of a conversation that has ended."""
        book = session.course.book
        self.shared.ledger.speculations.extend(book.rows())
        book.launches.clear()

    @property
    def outcomes(self) -> list[Outcome]:
        """The rows of the steps so far, in the order in which they ended."""
        return self.shared.ledger.outcomes

    def ledger(self, trace_id: str | None = None, **config: Any) -> Ledger:
        """Return what has happened so far; after ``async with`` it is complete.

        Speculations whose work goes on are left out, and fates are final for conversations that have ended.

        Parameters
        ----------
        trace_id
            Only the rows of this conversation; by default all.
        config
            To keep with the rows, beside the executor's own configuration.
        """
        rows = self.shared.ledger
        live = (row for session in self._all() for row in session.course.book.rows())
        return Ledger(
            _of(trace_id, rows.outcomes), _of(trace_id, [*rows.speculations, *live]), {**self.describe(), **config},
            _of(trace_id, rows.aheads),
        )  # fmt: skip

    def drain(self) -> Ledger:
        """Return the rows that are final since the last time, and forget them: for a server that runs for long.

        :meth:`ledger` and :attr:`outcomes` know from then on only what comes later.
        """
        rows = self.shared.ledger
        out = Ledger(list(rows.outcomes), list(rows.speculations), self.describe(), list(rows.aheads))
        for each in (rows.outcomes, rows.speculations, rows.aheads):
            each.clear()
        return out

    def describe(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return {
            "predictor": None if self.predictor is None else self.predictor.name,
            "policy": repr(self.policy),
            "latency": {"model": "measured"},
            "options": self.options.describe(),
            "learn": self.learn,
            **({} if self.warmer is None else {"warming": asdict(self.warmer.stats)}),
        }


Row = TypeVar("Row", Outcome, Speculation, Ahead)


def _of(trace_id: str | None, rows: list[Row]) -> list[Row]:
    """Return the rows of one conversation, or of all, one after the other."""
    return sorted((row for row in rows if trace_id in (None, row.trace_id)), key=lambda row: row.trace_id)
