"""Which values the words of a message announce, looked up for all parameters at once."""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
import numpy.typing as npt

from specbench.predictors.learned.counts.tables import Counts

__all__ = ["CueTable"]

Floats = npt.NDArray[np.float64]


class CueTable:
    """The cues of several parameters, by word.

    A word's row holds what it announces for any of them, so that a message costs a look-up for each of its words and
    not for each of them and of the parameters. Rows are made when a word is first looked up.

    Examples
    --------
    >>> from specbench.predictors.learned.counts.tables import ParameterCounts
    >>> counts = ParameterCounts(cues={"nyc": {"New York": 9, "Boston": 1}}, cue_totals={"nyc": 9})
    >>> table = CueTable()
    >>> table.add(counts)
    >>> table.values(counts, table.announced_by(["to", "nyc"]))
    [('New York', 0.9)]
    """

    def __init__(self) -> None:
        self._counts: list[Counts] = []
        self._number: dict[int, int] = {}
        self._pairs: dict[tuple[int, str], int] = {}
        self._values: list[list[str]] = []
        self._places: list[npt.NDArray[np.intp]] = []
        self._rows: dict[str, tuple[int, npt.NDArray[np.intp], Floats]] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, counts: Counts) -> None:
        """Let a parameter join the others; once is enough."""
        if id(counts) not in self._number:
            self._number[id(counts)] = len(self._counts)
            self._counts.append(counts)
            self._values.append([])
            self._places.append(np.zeros(0, np.intp))

    def drop(self, numbers: Container[int]) -> None:
        """Forget the counts with these numbers (``id``), which have changed; they may join anew.

        What was looked up of them stays in the rows, so that a table of which much was ``dropped`` is better made anew.
        """
        for number in [each for each in self._number if each in numbers]:
            del self._number[number]
            self.dropped += 1

    def announced_by(self, words: Iterable[str]) -> Floats:
        """Return the greatest share that any of the words gives to each pair of parameter and value."""
        rows = [self._row(word) for word in words]
        out = np.zeros(len(self._pairs))
        if rows:
            np.maximum.at(out, np.concatenate([pairs for pairs, _ in rows]), np.concatenate([each for _, each in rows]))
        return out

    def merged(self, messages: Iterable[Floats]) -> Floats:
        """Return the greatest shares of several messages, each as of :meth:`announced_by`."""
        messages = list(messages)
        best = np.zeros(len(self._pairs))
        for shares in messages:
            np.maximum(best[: len(shares)], shares, out=best[: len(shares)])
        return best

    def values(self, counts: Counts, shares: Floats) -> list[tuple[str, float]]:
        """Return the values of a parameter that have joined and are announced, with their shares, in their order."""
        number = self._number.get(id(counts))
        if number is None or not self._values[number]:
            return []
        values, places = self._values[number], self._places[number]
        if len(places) != len(values):
            places = self._places[number] = np.array([self._pairs[number, value] for value in values], np.intp)
        # Values that came later, in another conversation, were not looked up.
        mine = shares[places[: places.searchsorted(len(shares))]]
        found = mine.nonzero()[0].tolist()
        return sorted((values[at], float(mine[at])) for at in found)

    def _row(self, word: str) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return the pairs of parameter and value that a word announces, and their shares."""
        known, pairs, shares = self._rows.get(word) or (0, np.zeros(0, np.intp), np.zeros(0))
        if known < len(self._counts):
            found = [
                (self._pair(number, value), share)
                for number, counts in enumerate(self._counts[known:], start=known)
                if word in counts.cues
                for value, share in counts.announced(word)
            ]
            if found:
                numbers, values = zip(*found, strict=True)
                pairs = np.concatenate([pairs, np.array(numbers, np.intp)])
                shares = np.concatenate([shares, np.array(values)])
            self._rows[word] = len(self._counts), pairs, shares
        return pairs, shares

    def _pair(self, number: int, value: str) -> int:
        pair = self._pairs.get((number, value))
        if pair is None:
            pair = self._pairs[number, value] = len(self._pairs)
            self._values[number].append(value)
        return pair
