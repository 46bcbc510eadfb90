"""One conversation with its simulated run, decision by decision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from specbench.core.ledger import Ledger, Outcome
from specbench.core.types import Effect, Message, Prediction, Trace
from specbench.metrics import PredictionTable, SpeculationMetrics

__all__ = ["Episode"]


@dataclass(frozen=True)
class Episode:
    """One conversation with its simulated run."""

    trace: Trace
    table: PredictionTable
    ledger: Ledger
    metrics: SpeculationMetrics

    def __len__(self) -> int:
        return len(self.table)

    def outcome(self, index: int) -> Outcome:
        """Return the row of a decision."""
        return self.ledger.outcomes[index]

    def predictions(self, index: int) -> list[Prediction]:
        """Return what was predicted there."""
        return self.table.predictions[index]

    def messages(self, index: int) -> tuple[Message, ...]:
        """Return the messages that came since the decision before."""
        start = len(self.table.points[index - 1].messages) if index else 0
        return self.table.points[index].messages[start:]

    def history(self, index: int) -> tuple[Message, ...]:
        """Return all messages before a decision."""
        return self.table.points[index].messages

    def misses(self) -> list[int]:
        """Return the decisions with a READ call that no speculation had run."""
        return [at for at, row in enumerate(self.ledger.outcomes) if row.effect == Effect.READ and not row.hit]

    def starts_s(self) -> list[float]:
        """Return when each decision begins in the speculative run, user time aside."""
        return [0.0, *np.cumsum([row.speculative_s for row in self.ledger.outcomes])[:-1].tolist()]
