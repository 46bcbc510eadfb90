"""Whole calls: which values go together.

The argument ranker looks at each parameter alone. The values of one call often stand side by side (a flight's origin,
destination and date), are those of an earlier call with one of them moved on (the next day, the way back), or are the
same query put to another tool. Such combinations are proposed beside the best products of single values.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.language.base import DAY
from specbench.predictors.context.values import TRUTH, shape_of, text_of
from specbench.predictors.learned.candidates.features import OTHER, Candidates
from specbench.predictors.learned.counts.tables import ABSENT

__all__ = ["Combination", "EarlierCalls", "RankedCandidates", "Shapes", "Values", "combine", "day_number"]

Pairs = Mapping[str, Sequence[int]]
"""What :class:`~specbench.predictors.learned.counts.parameters.ParameterIndex` counted of pairs of parameters."""
Values = tuple[str, ...]
Shapes = Mapping[tuple[bool, ...], float]
"""Which of the parameters calls of the tool had together, with the share of these calls."""
BEAM = 6
GROUPS = 12
"""Groups of sibling values that are looked at, the latest ones."""
MOST = 60
"""Combinations that are looked at."""
REPEATS = 4
"""Earlier calls of a tool that are proposed again, the latest ones."""
MOST_DIGITS = 9
"""Digits of a number that may be moved on."""
WAYS = 3
"""Values of one parameter that are put into an otherwise given combination."""
RARE = 1e-4
"""Probability of a value that is not among the candidates."""
BACK = 12
"""Earlier calls that are looked at."""


class RankedCandidates(NamedTuple):
    """The candidates of a parameter, their probabilities, and their positions from the most probable on."""

    candidates: Candidates
    p: npt.NDArray[np.float32]
    order: list[int]


@dataclass(slots=True)
class Combination:
    """Values of all parameters and the product of their probabilities.

    ``group`` is the group of siblings that they come from, ``whole`` whether it holds all of them.
    """

    chosen: Values
    p: float
    group: int | None = None
    whole: bool = False


class EarlierCalls:
    """Earlier calls with the same parameters, as values: of this tool (``here``) and of others, latest first."""

    def __init__(self, tool: str, names: Sequence[str], index: ContextIndex) -> None:
        self.here: list[Values] = []
        self.elsewhere: list[Values] = []
        same = set(names)
        for call in reversed(index.calls[-BACK:]):
            if call.name == tool or call.arguments.keys() == same:
                got = (call.arguments.get(name) for name in names)
                values = tuple(text_of(v) if isinstance(v, str | int | float) else ABSENT for v in got)
                (self.here if call.name == tool else self.elsewhere).append(values)


def combine(
    ranked: Sequence[RankedCandidates],
    pairs: Pairs,
    earlier: EarlierCalls,
    index: ContextIndex,
    shapes: Shapes = MappingProxyType({}),
) -> list[Combination]:
    """Return combinations of values for the parameters of a tool, most probable product first.

    Parameters
    ----------
    ranked
        The candidates of each parameter with their probabilities.
    pairs, earlier, index, shapes
        What real calls have kept to, the earlier calls, the conversation, and which parameters calls had together.
    """
    if len(ranked) == 1:
        return _single(*ranked)
    names = [each.candidates.parameter for each in ranked]
    found = {chosen: Combination(chosen, p) for p, chosen in _beam(ranked, pairs, names)}
    if not names:
        return list(found.values())
    chances = [dict(zip(each.candidates.texts, each.p.tolist(), strict=True)) for each in ranked]
    best = [_best_values(each) for each in ranked]
    further: list[tuple[Values, int | None, bool]] = [(each, None, False) for each in earlier.elsewhere[:3]]
    further += [(each, None, False) for each in _shaped(ranked, shapes)]
    # What has been called is called again, whatever calls keep to.
    for chosen in earlier.here[:REPEATS]:
        found.setdefault(chosen, _weighed(chosen, chances))
    for number, held, below in _groups(ranked, index):
        inside = _inside(held | below, best)
        further += [(each, number, at == 0 and len(held) == len(names)) for at, each in enumerate(inside)]
    if earlier.here:
        further += [
            (each, None, False) for each in (*_continued(earlier.here), *_moved(earlier.here[0], best, chances))
        ]
    for chosen, group, whole in further:
        known = found.get(chosen)
        if known is not None:
            if group is not None and (known.group is None or (whole and not known.whole)):
                known.group, known.whole = group, whole
        elif len(found) < MOST and OTHER not in chosen and _fits(pairs, names, chosen):
            found[chosen] = _weighed(chosen, chances, group, whole)
    return sorted(found.values(), key=_rank)


def _weighed(
    chosen: Values, chances: Sequence[Mapping[str, float]], group: int | None = None, whole: bool = False
) -> Combination:
    p = 1.0
    for chance, text in zip(chances, chosen, strict=True):
        p *= max(chance.get(text, RARE), 1e-9)
    return Combination(chosen, p, group, whole)


def _shaped(ranked: Sequence[RankedCandidates], shapes: Shapes) -> list[Values]:
    """Return the best values of the parameters that calls had together, and the next best of each in turn."""
    out = []
    given = [[text for text in _best_values(each, ABSENT) if text != OTHER] for each in ranked]
    for shape in shapes:
        if not all(values for values, held in zip(given, shape, strict=True) if held):
            continue
        first = tuple(values[0] if held else ABSENT for values, held in zip(given, shape, strict=True))
        out.append(first)
        for at, (values, held) in enumerate(zip(given, shape, strict=True)):
            out += [_with(first, at, text) for text in values[1:]] if held else []
    return out


def _continued(here: Sequence[Values]) -> list[Values]:
    """Return the last call moved on by a number: by one, by another of its numbers, or as far as it had moved."""
    last, out = here[0], []
    for at, text in enumerate(last):
        if not text.isdecimal() or len(text) > MOST_DIGITS:
            continue
        steps = {1, *(int(other) for other in last if other is not text and _counts(other))}
        if len(here) > 1 and _counts(here[1][at]):
            steps.add(int(text) - int(here[1][at]))
        out += [_with(last, at, str(int(text) + step)) for step in sorted(steps) if step and int(text) + step >= 0]
    return out


def _counts(text: str) -> bool:
    return text.isdecimal() and len(text) <= MOST_DIGITS


def _single(ranked: RankedCandidates) -> list[Combination]:
    """Return the best values of an only parameter."""
    texts, p = ranked.candidates.texts, ranked.p
    found = [Combination((texts[at],), float(p[at])) for at in ranked.order[:BEAM] if texts[at] != OTHER]
    found.sort(key=_rank)
    return found


def _rank(each: Combination) -> tuple[float, Values]:
    return -each.p, each.chosen


def _beam(ranked: Sequence[RankedCandidates], pairs: Pairs, names: Sequence[str]) -> list[tuple[float, Values]]:
    beams: list[tuple[float, Values]] = [(1.0, ())]
    for at, (candidates, p, order) in enumerate(ranked):
        best = [(candidates.texts[each], float(p[each])) for each in order[:BEAM]]
        best, before, name = [each for each in best if each[0] != OTHER], names[:at], names[at]
        beams = [
            (score * chance, (*chosen, text))
            for score, chosen in beams
            for text, chance in best
            if (len(text) != len(DAY) and text not in chosen)
            or text == ABSENT
            or _allowed(pairs, before, chosen, name, text)
        ]
        beams.sort(key=_score, reverse=True)
        del beams[BEAM:]
    return beams


def _score(beam: tuple[float, Values]) -> float:
    return beam[0]


def _best_values(ranked: RankedCandidates, but: str | None = None) -> list[str]:
    texts = ranked.candidates.texts
    return [texts[at] for at in ranked.order[: WAYS + 2] if texts[at] not in (OTHER, but)][:WAYS] or [OTHER]


def _with(values: Values, at: int, text: str) -> Values:
    return (*values[:at], text, *values[at + 1 :])


def _fits(pairs: Pairs, names: Sequence[str], chosen: Values) -> bool:
    if len(set(chosen)) == len(chosen) and list(map(len, chosen)).count(len(DAY)) < 2:
        return True
    return all(
        text == ABSENT
        or (len(text) != len(DAY) and chosen.index(text) == at)
        or _allowed(pairs, names[:at], chosen[:at], names[at], text)
        for at, text in enumerate(chosen)
    )


def _groups(
    ranked: Sequence[RankedCandidates], index: ContextIndex
) -> list[tuple[int, dict[int, str], dict[int, str]]]:
    """Return groups that hold values of two or more parameters, those of the most and of the latest result first.

    With each come its best values, and those that it lacks and a group below it holds.
    """
    held: dict[int, dict[int, tuple[float, str]]] = {}
    for at, (candidates, _, _) in enumerate(ranked):
        links = candidates.links
        for row, text in zip(candidates.rows, candidates.texts, strict=True):
            for group, path in index.row_groups[row][-GROUPS:] if row >= 0 else ():
                link = links.get(path)
                if link:
                    place = held.setdefault(group, {})
                    if at not in place or link > place[at][0]:
                        place[at] = link, text
    kept = [group for group, values in held.items() if len(values) > 1]
    kept.sort(key=lambda group: (-len(held[group]), -index.group_at[group], group))
    own = [(group, {at: text for at, (_, text) in held[group].items()}) for group in kept[:GROUPS]]
    return [(group, values, _below(group, held, index)) for group, values in own]


def _below(group: int, held: Mapping[int, Mapping[int, tuple[float, str]]], index: ContextIndex) -> dict[int, str]:
    """Return what a group lacks and the first of the groups below it holds: a booking's date is that of its flights."""
    out: dict[int, str] = {}
    for lower in range(group + 1, min(group + 1 + GROUPS, len(index.group_at))):
        values = held.get(lower, {})
        if index.group_at[lower] != index.group_at[group] or values.keys() == held[group].keys():
            break
        for at, (_, text) in values.items():
            if at not in held[group]:
                out.setdefault(at, text)
    return out


def _inside(held: Mapping[int, str], best: Sequence[Sequence[str]]) -> list[Values]:
    """Return a group's values, with the best ones of the parameters that it does not hold, or another day."""
    out = [tuple(held.get(at, values[0]) for at, values in enumerate(best))]
    for at, values in enumerate(best):
        if at not in held:
            out += [_with(out[0], at, text) for text in values[1:]]
        elif len(held[at]) == len(DAY):
            days = (values[0], _day_after(held[at], 1), _day_after(held[at], -1))
            out += [_with(out[0], at, day) for day in days if day]
    return out


def _moved(last: Values, best: Sequence[Sequence[str]], missed: Sequence[Container[str]]) -> list[Values]:
    """Return the last call's values with one moved on: the next day or the day before, another value, two swapped.

    ``missed`` holds :data:`ABSENT` for parameters that may be left out: one of them that was there before may go.
    """
    out = []
    for at, text in enumerate(last):
        out += [_with(last, at, day) for day in (_day_after(text, 1), _day_after(text, -1)) if day]
        out += [_with(last, at, other) for other in best[at]]
        if text != ABSENT and ABSENT in missed[at]:
            out.append(_with(last, at, ABSENT))
    for a, b in combinations(range(len(last)), 2):
        if last[a] != last[b] and shape_of(last[a]) == shape_of(last[b]):
            back = _with(_with(last, a, last[b]), b, last[a])
            out += [back, *(_with(back, at, text) for at, each in enumerate(best) for text in each if at not in (a, b))]
    return out


@lru_cache(maxsize=4096)
def _day_after(text: str, days: int) -> str | None:
    if len(text) != len(DAY):
        return None
    try:
        return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def day_number(text: str) -> int | None:
    """Return the proleptic ordinal of an ISO date; ``None`` for a text that is no date.

    Examples
    --------
    >>> day_number("2024-05-20") - day_number("2024-05-19"), day_number("JFK")
    (1, None)
    """
    if len(text) != len(DAY):
        return None
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        return None


def _allowed(
    pairs: Mapping[str, Sequence[int]], names: Sequence[str], chosen: Sequence[str], parameter: str, text: str
) -> bool:
    """Whether a value goes with those already chosen: equal, or in this order, only if real calls had it so.

    Only what is equal, or dates, of which one comes first, has to be asked for.
    """
    dated = len(text) == len(DAY)
    for other, second in zip(names, chosen, strict=True):
        if second == ABSENT or (second != text and not (dated and len(second) == len(DAY))):
            continue
        first, last = sorted(((other, second), (parameter, text)))
        row = pairs.get(f"{first[0]}|{last[0]}")
        if row is None or row[0] < 5:
            if second == text and not text.isdigit() and text not in TRUTH:
                return False
            continue
        together, equal, before, dates = row
        if second == text and equal <= 0.02 * together:
            return False
        if dates >= 0.9 * together and len(first[1]) == 10:
            if first[1] < last[1] and before <= 0.02 * together:
                return False
            if first[1] > last[1] and before >= 0.98 * together:
                return False
    return True
