"""Counts of one parameter: where its values came from, what they look like, which words announce them."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Any

import numpy as np

from specbench.predictors.context.values import shape_of

__all__ = ["ABSENT", "Counts", "ParameterCounts", "SummedCounts", "lift"]

ABSENT = "\0absent"
"""Stands for "this optional parameter is left out"."""

MAX_VALUE_KINDS = 400
MAX_CUES = 4000


class Counts:
    """Counts to be read: of one parameter (:class:`ParameterCounts`), or of several (:class:`SummedCounts`)."""

    fills: float
    absent: float
    found: float
    paths: Mapping[str, float]
    present: Mapping[str, float]
    shapes: Mapping[str, float]
    codes: Mapping[str, float]
    values: Mapping[str, float]
    before: Mapping[str, float]
    passed: Mapping[str, float]
    frames: Mapping[str, float]
    cues: Mapping[str, Mapping[str, float]]
    cue_totals: Mapping[str, float]

    def closed(self) -> list[str]:
        """Return the values that this parameter takes again and again, most frequent first; ``[]`` if it does not."""
        kept = [value for value, count in self.values.items() if count >= 2]
        if not kept or sum(self.values[value] for value in kept) < 0.5 * sum(self.values.values()):
            return []
        return sorted(kept, key=lambda value: (-self.values[value], value))[:60]

    def announced(self, word: str) -> list[tuple[str, float]]:
        """Return the values that a word has announced more than once, with their shares of its calls."""
        total = self.cue_totals.get(word, 0) + 1.0
        return [(value, count / total) for value, count in self.cues.get(word, {}).items() if count >= 2]


@dataclass
class ParameterCounts(Counts):
    """Counts of one parameter.

    Attributes
    ----------
    fills, absent, found
        Calls with it; calls of the tool without it; fills whose value stood in the conversation.
    paths
        Path → fills whose value had occurred there.
    present
        Path → fills at which anything had occurred there.
    shapes, codes, kinds
        Shape, coarse shape and JSON type of the values → fills.
    values
        Text of the values → tasks (several trials of one task are no habit).
    before
        Word among the three before the value in the user's text → fills.
    passed
        Word among the three before other values in the user's text → fills.
    frames
        What stood around the part of a value that stood in the conversation → fills.
    described, kind
        What the schema says of the parameter, as in
        :func:`specbench.predictors.learned.counts.similar_parameters.described`.
    cues
        Word of the recent texts → value (or :data:`ABSENT`) → calls; ``cue_totals`` counts the word's calls.
    """

    fills: float = 0
    absent: float = 0
    found: float = 0
    paths: dict[str, float] = field(default_factory=dict)
    present: dict[str, float] = field(default_factory=dict)
    shapes: dict[str, float] = field(default_factory=dict)
    codes: dict[str, float] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, float] = field(default_factory=dict)
    before: dict[str, float] = field(default_factory=dict)
    passed: dict[str, float] = field(default_factory=dict)
    frames: dict[str, float] = field(default_factory=dict)
    cues: dict[str, dict[str, float]] = field(default_factory=dict)
    cue_totals: dict[str, float] = field(default_factory=dict)
    described: str = ""
    kind: str = ""

    _TABLES = ("paths", "present", "shapes", "codes", "values", "kinds", "before", "passed", "frames", "cue_totals")

    def add(self, other: ParameterCounts) -> None:
        """Add the counts of another parameter."""
        self.fills += other.fills
        self.absent += other.absent
        self.found += other.found
        for name in self._TABLES:
            mine, theirs = getattr(self, name), getattr(other, name)
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        self.described, self.kind = self.described or other.described, self.kind or other.kind
        for word, row in other.cues.items():
            mine = self.cues.setdefault(word, {})
            for value, count in row.items():
                mine[value] = mine.get(value, 0) + count

    def fade(self, keep: float) -> None:
        """Let old counts weigh less: multiply them by ``keep``. Cues are shares and stay."""
        self.fills, self.absent, self.found = self.fills * keep, self.absent * keep, self.found * keep
        for name in ("paths", "present", "shapes", "codes", "values", "before", "passed", "frames"):
            table = getattr(self, name)
            for key in table:
                table[key] *= keep

    def spelling(self) -> tuple[str, frozenset[int]] | None:
        """Return what nearly all values begin with, and how many digits follow; ``None`` where they are not like that.

        Examples
        --------
        >>> ParameterCounts(fills=9, values={"#W12345": 5, "#W34567": 4}, shapes={"#A99999": 9}).spelling()
        ('#W', frozenset({5}))
        """
        shape = max(self.shapes, key=lambda each: (self.shapes[each], each), default="")
        values = sorted(value for value in self.values if shape_of(value) == shape)
        if self.fills < 5 or not values or self.shapes[shape] < 0.8 * self.fills:
            return None
        # What the first and the last in order begin with, all begin with.
        equal = takewhile(lambda pair: pair[0] == pair[1], zip(values[0], values[-1], strict=False))
        prefix = "".join(a for a, _ in equal).rstrip("0123456789")
        rests = [value[len(prefix) :] for value in values]
        return (prefix, frozenset(map(len, rests))) if prefix and all(map(str.isdecimal, rests)) else None

    def pruned(self) -> ParameterCounts:
        """Return a copy without the cues that tell nothing, to keep the model small."""
        out = ParameterCounts(**{name: getattr(self, name) for name in self.__dataclass_fields__})
        total = self.fills + self.absent
        kept: list[tuple[float, str, dict[str, float]]] = []
        for word, row in self.cues.items():
            seen = self.cue_totals[word]
            base = {
                value: (self.absent if value == ABSENT else self.values.get(value, 0)) / max(total, 1) for value in row
            }
            # What only one task has used (its own order, its own name) will not be announced by these words again.
            shared = {v: n for v, n in row.items() if v == ABSENT or self.values.get(v, 0) >= 2}
            good = {v: n for v, n in shared.items() if n >= 2 and n / seen >= 0.2 and n / seen > 1.3 * base[v]}
            if good:
                kept.append((max(good.values()), word, good))
        kept.sort(key=lambda each: (-each[0], each[1]))
        out.cues = {word: row for _, word, row in kept[:MAX_CUES]}
        out.cue_totals = {word: self.cue_totals[word] for word in out.cues}
        out.frames = {frame: n for frame, n in self.frames.items() if n >= 2}
        if len(out.values) > MAX_VALUE_KINDS:
            best = sorted(out.values.items(), key=lambda item: (-item[1], item[0]))
            out.values = dict(best[:MAX_VALUE_KINDS])
        return out

    def bound(self) -> None:
        """Forget the newest entries beyond the limits, so that learning on and on takes bounded memory."""
        for name in ("cues", "paths", "present", "shapes", "codes", "values", "before", "passed", "frames"):
            table, most = getattr(self, name), MAX_VALUE_KINDS if name == "values" else MAX_CUES
            while len(table) > most:
                table.popitem()
        if len(self.cue_totals) > len(self.cues):
            self.cue_totals = {word: self.cue_totals[word] for word in self.cues}

    def state(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def cue(self, words: Iterable[str], value: str) -> None:
        """Count that ``value`` (or :data:`ABSENT`) came after these words."""
        for word in words:
            self.cue_totals[word] = self.cue_totals.get(word, 0) + 1
            row = self.cues.setdefault(word, {})
            row[value] = row.get(value, 0) + 1


@lru_cache(maxsize=65536)
def _log_ratio(hits: float, passed: float) -> float:
    return float(np.log((hits + 0.5) / (passed + 1.0)))


def lift(counts: Counts, word: str) -> float:
    """Return the log-odds that a value after ``word`` is the right one, against values after it that were passed over.

    Examples
    --------
    >>> lift(ParameterCounts(before={"to": 8.0}, passed={"to": 1.0}), "to") > 1
    True
    """
    return _log_ratio(counts.before.get(word, 0), counts.passed.get(word, 0))


class SummedCounts(Counts):
    """Counts of several parameters, added up when they are asked for: few of them are before they change again.

    Examples
    --------
    >>> one, other = ParameterCounts(fills=2, values={"Oslo": 2}), ParameterCounts(fills=1, values={"Rome": 1})
    >>> both = SummedCounts([one, other])
    >>> both.fills, both.values["Oslo"], both.closed()
    (3, 2, ['Oslo'])
    """

    def __init__(self, each: Sequence[Counts]) -> None:
        self.fills = self.absent = self.found = 0
        for counts in each:
            self.fills += counts.fills
            self.absent += counts.absent
            self.found += counts.found
        self.paths, self.present = _Sum([of.paths for of in each]), _Sum([of.present for of in each])
        self.shapes, self.codes = _Sum([of.shapes for of in each]), _Sum([of.codes for of in each])
        self.values, self.cue_totals = _Sum([of.values for of in each]), _Sum([of.cue_totals for of in each])
        self.frames = _Sum([of.frames for of in each])
        self.before, self.passed = _Sum([of.before for of in each]), _Sum([of.passed for of in each])
        self.cues = _SummedRows([of.cues for of in each])


class _Sum(Mapping[str, float]):
    """The sum of several tables, key by key."""

    def __init__(self, tables: Sequence[Mapping[str, float]]) -> None:
        self._tables = tables
        self._known: dict[str, float] = {}

    def get(self, key: str, default: Any = None) -> Any:  # what is asked for most: not by way of an exception
        known: float | None = self._known.get(key)
        if known is None:
            for table in self._tables:
                if key in table:
                    known = table[key] if known is None else known + table[key]
            if known is None:
                return default
            self._known[key] = known
        return known

    def items(self) -> ItemsView[str, float]:
        return self._whole().items()

    def values(self) -> ValuesView[float]:
        return self._whole().values()

    def _whole(self) -> dict[str, float]:
        return {key: self.get(key) for key in self}

    def __getitem__(self, key: str) -> float:
        found: float | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key for table in self._tables for key in table))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _SummedRows(Mapping[str, Mapping[str, float]]):
    """The same for tables of tables."""

    def __init__(self, tables: Sequence[Mapping[str, Mapping[str, float]]]) -> None:
        self._tables = tables

    def __getitem__(self, key: str) -> Mapping[str, float]:
        if key not in self:
            raise KeyError(key)
        return _Sum([table[key] for table in self._tables if key in table])

    def __contains__(self, key: object) -> bool:
        for table in self._tables:  # noqa: SIM110 (a generator takes three times as long)
            if key in table:
                return True
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key for table in self._tables for key in table))

    def __len__(self) -> int:
        return sum(1 for _ in self)
