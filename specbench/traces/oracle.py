"""What a perfect predictor of READ calls saves by overlap, against an agent that runs its parallel calls together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specbench.core.batches import in_batches, seconds_in_batches
from specbench.core.types import Effect

__all__ = ["OracleSaving", "OracleSums"]


@dataclass(frozen=True)
class OracleSaving:
    """What a perfect predictor of READ calls saves by overlapping each with the thinking before it.

    The baseline is concurrent: the READ and local calls of a decision run side by side, a write waits for what stands
    before it. A READ call behind a write of the same decision is not overlapped: it may read what was written.

    Parameters
    ----------
    basis
        ``modelled`` (seconds from a latency model) or ``measured`` (the traces' own timings).
    decision_points
        Number of decisions in the sums: all (modelled), or those whose thinking and whose calls are all timed.
    think_s, tool_s
        Sums, in seconds, over those decisions: LLM thinking, tools running (parallel ones side by side).
    read_s
        The part of ``tool_s`` that would be gone if READ calls took no time.
    saved_s
        Seconds saved.
    """

    basis: str
    decision_points: int
    think_s: float
    tool_s: float
    read_s: float
    saved_s: float

    @property
    def total_s(self) -> float:
        """The end-to-end time: thinking plus tools."""
        return self.think_s + self.tool_s

    @property
    def saved_share(self) -> float:
        """Fraction of the end-to-end time that is saved; 0 when there is none."""
        return self.saved_s / self.total_s if self.total_s else 0.0


@dataclass
class OracleSums:
    """The sums behind an :class:`OracleSaving`, decision by decision.

    Examples
    --------
    >>> sums = OracleSums("measured")
    >>> sums.add(2.0, [(Effect.READ, 1.0), (Effect.READ, 3.0), (Effect.WRITE, 1.0), (Effect.READ, 1.0)])
    >>> sums.saving()
    OracleSaving(basis='measured', decision_points=1, think_s=2.0, tool_s=5.0, read_s=4.0, saved_s=2.0)
    """

    basis: str
    points: int = 0
    think_s: float = 0.0
    tool_s: float = 0.0
    read_s: float = 0.0
    saved_s: float = 0.0

    def add(self, think_s: float, calls: Sequence[tuple[Effect, float]]) -> None:
        """Add a decision: the seconds of its thinking, and effect and seconds of each call, in order."""
        tool_s = _together_s(calls)
        overlapped, written = [], False
        for effect, seconds in calls:
            written = written or _writes(effect)
            hidden_s = think_s if effect is Effect.READ and not written else 0.0
            overlapped.append((effect, max(0.0, seconds - hidden_s)))
        self.points += 1
        self.think_s += think_s
        self.tool_s += tool_s
        self.read_s += tool_s - _together_s([(effect, 0.0 if effect is Effect.READ else s) for effect, s in calls])
        self.saved_s += tool_s - _together_s(overlapped)

    def saving(self) -> OracleSaving:
        """Return what the decisions come to."""
        return OracleSaving(self.basis, self.points, self.think_s, self.tool_s, self.read_s, self.saved_s)


def _writes(effect: Effect) -> bool:
    return effect not in (Effect.READ, Effect.LOCAL)


def _together_s(calls: Sequence[tuple[Effect, float]]) -> float:
    """Return the seconds of a decision's calls, side by side where they may run so."""
    return seconds_in_batches([seconds for _, seconds in calls], in_batches([_writes(effect) for effect, _ in calls]))
