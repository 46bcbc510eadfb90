"""Which arguments' values come back in calls of other tools: a flight's destination in the search for a hotel there,
hardly ever its origin.

Counted by the name of the argument, over calls of tools that have no parameter of that name: for those that have one,
its own counts say more. Of a name that was never counted, its words tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.core.text import name_words
from specbench.core.types import ToolCall, ToolSpec
from specbench.predictors.context.values import text_of

__all__ = ["ReuseRates"]

BACK = 12
"""Earlier calls that are looked at."""
MOST_NAMES = 2000
"""Names that are counted."""
PRIOR = 4.0
"""Calls of a name that its words are worth."""


class ReuseRates:
    """How often calls reuse the value of an argument of an earlier call of another tool.

    Examples
    --------
    >>> rates, flight = ReuseRates(), ToolCall("fly", {"origin": "Oslo", "destination": "Rome"})
    >>> for _ in range(9):
    ...     rates.count(ToolCall("find_hotel", {"city": "Rome"}), None, [flight])
    >>> rates.of("origin") < 0.2, rates.of("destination") > 0.8, rates.of("destination_city") > 0.8
    (True, True, True)
    """

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}
        self._known: dict[str, float] = {}
        self._words: dict[str, list[int]] | None = None

    def count(self, call: ToolCall, spec: ToolSpec | None, before: Sequence[ToolCall]) -> None:
        """Count which values of the calls ``before`` it a call reuses."""
        own = call.arguments.keys() | (spec.properties if spec else {}).keys()
        latest = {
            name: text_of(value)
            for earlier in before[-BACK:]
            if earlier.name != call.name
            for name, value in earlier.arguments.items()
            if name not in own and isinstance(value, str | int | float)
        }
        if not latest:
            return
        values = {text_of(value) for value in call.arguments.values() if isinstance(value, str | int | float)}
        for name, text in latest.items():
            if name in self.counts or len(self.counts) < MOST_NAMES:
                self._count(name, 1, text in values)
        self._forget()

    def _count(self, name: str, calls: int, reused: int) -> None:
        row = self.counts.setdefault(name, [0, 0])
        row[0], row[1] = row[0] + calls, row[1] + reused

    def of(self, name: str) -> float:
        """Return how probably the value of an argument of this name is reused."""
        rate = self._known.get(name)
        if rate is None:
            calls, reused = self.counts.get(name, (0, 0))
            rate = self._known[name] = (reused + PRIOR * self._by_words(name)) / (calls + PRIOR)
        return rate

    def _by_words(self, name: str) -> float:
        """What names with the same words tell; a word that few of them have says more."""
        if self._words is None:
            self._words = {}
            for each, (calls, reused) in self.counts.items():
                for word in name_words(each):
                    row = self._words.setdefault(word, [0, 0, 0])
                    row[0], row[1], row[2] = row[0] + calls, row[1] + reused, row[2] + 1
        calls = sum(row[0] for row in self.counts.values())
        overall = sum(row[1] for row in self.counts.values()) / calls if calls else 0.0
        known = [self._words[word] for word in sorted(name_words(name)) if word in self._words]
        weight = sum(1 / names for _, _, names in known)
        return sum((b + overall) / (a + 1) / names for a, b, names in known) / weight if known else overall

    def _forget(self) -> None:
        self._known, self._words = {}, None

    def add(self, other: ReuseRates) -> None:
        """Add the counts of another."""
        for name, (calls, reused) in other.counts.items():
            self._count(name, calls, reused)
        self._forget()

    def state(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return dict(sorted(self.counts.items()))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.counts = {name: list(row) for name, row in state.items()}
        self._forget()
