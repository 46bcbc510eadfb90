"""Is it worth it? Yes, no, or too few tasks to tell: from the net gain, its interval, and what is worth having."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from specbench.core.errors import ConfigError
from specbench.metrics.intervals import MIN_TASKS

__all__ = ["LEAST_GAIN", "WASTE_PRICE", "Answer", "Worth"]

WASTE_PRICE = 1.0
"""Seconds of waiting that a second of an unused tool run costs, unless the user says otherwise.

1 is strict: for most users a second of their own is dearer than a second of a database.
"""
LEAST_GAIN = 0.02
"""Net gain, as a share of the sequential time, below which nobody would bother."""
LEVEL = 0.95


class Answer(StrEnum):
    """What the numbers allow to say."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Worth:
    """The net gain of an operating point, and what follows from it.

    net = (saved − ``waste_price`` · wasted) ÷ sequential seconds. **Yes**: the whole interval lies above
    ``least_gain``. **No**: the whole interval lies below it, and rare tasks could not change that. Otherwise, and with
    fewer than five tasks, it **cannot** be told. In each direction the chance of a wrong answer is at most 2.5 %,
    where the interval holds what it says.

    "Rare tasks": an interval says nothing of tasks of a kind that was not seen. What is rarer than 1 − 0.025^(1/n) may
    have been missed in n tasks. Where fewer than five tasks have a launch, such tasks may bring what a perfect
    predictor would (``ceiling``): that is added to the upper end before it is compared. Where fewer than five tasks
    waste anything, in such tasks every launch may miss (``at_risk``): they lose the gain and that much more, and the
    lower end with them. (Tasks that are much longer than all that were seen weigh more; that is beyond any interval.)

    Parameters
    ----------
    net_share
        The estimate.
    low, high
        Its 95 % interval by task; ``None`` below five tasks.
    tasks, tasks_launched
        Test tasks, and those of them with a launch.
    tasks_wasting, at_risk
        Test tasks with waste; the share of the time that would be lost if every launch missed, at the price of waste.
    ceiling
        Share of the time that a perfect predictor of READ calls saves.
    waste_price, least_gain
        What the user says; see :data:`WASTE_PRICE` and :data:`LEAST_GAIN`.

    Examples
    --------
    >>> Worth(0.05, 0.03, 0.07, 23, 20, 0.1).answer.value, Worth(0.01, -0.01, 0.015, 23, 20, 0.1).answer.value
    ('yes', 'no')
    >>> Worth(0.05, 0.01, 0.09, 23, 20, 0.1).answer.value, Worth(0.0, 0.0, 0.0, 6, 0, 0.3).answer.value
    ('cannot tell', 'cannot tell')
    """

    net_share: float
    low: float | None
    high: float | None
    tasks: int
    tasks_launched: int
    ceiling: float
    waste_price: float = WASTE_PRICE
    least_gain: float = LEAST_GAIN
    tasks_wasting: int = MIN_TASKS
    at_risk: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.waste_price < float("inf"):
            raise ConfigError(
                "the price of waste is seconds of waiting that a wasted second costs, 0 or more; got "
                f"{self.waste_price!r}"
            )
        if not 0 <= self.least_gain < 1:
            raise ConfigError(f"the least gain is a share of the time, from 0 to below 1; got {self.least_gain!r}")

    @property
    def answer(self) -> Answer:
        """Yes, no, or cannot tell."""
        if self.low is None or self.high is None:
            return Answer.UNKNOWN
        if self.low - self.risked >= self.least_gain:
            return Answer.YES
        return Answer.NO if self.high + self.missed < self.least_gain else Answer.UNKNOWN

    @property
    def missed(self) -> float:
        """What tasks that are too rare to have been seen could add to the net share."""
        return 0.0 if self.tasks_launched >= MIN_TASKS else self.ceiling * self._unseen

    @property
    def risked(self) -> float:
        """What tasks that are too rare to have been seen could take from the net share."""
        return 0.0 if self.tasks_wasting >= MIN_TASKS else (max(0.0, self.net_share) + self.at_risk) * self._unseen

    @property
    def _unseen(self) -> float:
        """Share of the tasks of a kind that may not be among those seen."""
        return float(1 - ((1 - LEVEL) / 2) ** (1 / self.tasks)) if self.tasks else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"answer": self.answer.value, **asdict(self)}
