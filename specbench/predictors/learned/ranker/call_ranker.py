"""The call ranker: of several combinations of values, which one is the call.

A listwise network over the combinations of :mod:`specbench.predictors.learned.ranker.combinations`, with one more item
for "none of these". It sees what no parameter sees alone: whether the values stand side by side, whether the call has
been made, and how it differs from the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from itertools import combinations as pairs_of
from math import exp, log
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import LAST_ASSISTANT, LAST_TOOL, LAST_USER
from specbench.predictors.learned.counts.tables import ABSENT
from specbench.predictors.learned.network import ListwiseNet, segment_softmax
from specbench.predictors.learned.ranker.combinations import Combination, EarlierCalls, Shapes, Values, day_number

__all__ = ["COMBINED", "CallRanker", "combined_features"]

Floats = npt.NDArray[np.float32]
COMBINED = (
    # the product of the single values
    "log_p", "rank", "lead", "absent",
    # values that stand side by side
    "whole_group", "part_group", "group_age", "group_named_now", "group_named_ever", "first_whole", "next_whole",
    # earlier calls
    "repeat", "elsewhere", "elsewhere_last", "same", "one_changed", "next_day", "day_before", "other_day",
    "swapped_last", "swapped_ever", "called_here", "called_elsewhere",
    # who has said the values
    "user_now", "user_ever", "assistant_now", "result_now",
    # how many of the values that the user has stated and that wait for a call; how many stand in it twice, or within
    # another one
    "placed", "placed_most", "doubled", "inside",
    # how often calls had these parameters together; the same ones as in the last call; a number of it moved on
    "shape_share", "shape_kept", "moved_on", "moved_by",
    # the tool
    "parameters", "unseen", "is_other",
)  # fmt: skip
_AT = {name: at for at, name in enumerate(COMBINED)}
_NONE: frozenset[str] = frozenset()
_BESIDE = slice(_AT["whole_group"], _AT["next_whole"] + 1)
_ALONE = (0.0,) * (_BESIDE.stop - _BESIDE.start)
_SAID = slice(_AT["user_now"], _AT["result_now"] + 1)


def combined_features(
    combinations: Sequence[Combination],
    earlier: EarlierCalls,
    index: ContextIndex,
    shapes: Shapes = MappingProxyType({}),
    *,
    unseen: bool = False,
) -> Floats:
    """Return the features of combinations and, last, of "none of these"; shape (combinations + 1, len(COMBINED))."""
    n, parameters = len(combinations), len(combinations[0].chosen) if combinations else 0
    out = np.zeros((n + 1, len(COMBINED)), np.float32)
    logs = [log(max(each.p, 1e-12)) for each in combinations]
    top = logs[0] if logs else -12.0
    out[:, _AT["called_here"]], out[:, _AT["called_elsewhere"]] = len(earlier.here), len(earlier.elsewhere)
    out[:, _AT["parameters"]], out[:, _AT["unseen"]] = parameters, unseen
    out[n, _AT["log_p"]], out[n, _AT["is_other"]] = top / 4, 1.0
    if not n:
        return out
    chosen = [each.chosen for each in combinations]
    out[:n, : _AT["absent"] + 1] = [
        (value / 4, 1 / (1 + row), max(value - top, -8.0), values.count(ABSENT))
        for row, (value, values) in enumerate(zip(logs, chosen, strict=True))
    ]
    here, elsewhere = set(earlier.here), set(earlier.elsewhere)
    kinds = [tuple(text != ABSENT for text in values) for values in chosen]
    out[:n, _AT["shape_share"]] = [shapes.get(kind, 0.0) for kind in kinds]
    if here:
        kept = tuple(text != ABSENT for text in earlier.here[0])
        out[:n, _AT["shape_kept"]] = [kind == kept for kind in kinds]
        out[:n, _AT["repeat"]] = [values in here for values in chosen]
    if elsewhere:
        first = earlier.elsewhere[0]
        out[:n, _AT["elsewhere"] : _AT["elsewhere_last"] + 1] = [(each in elsewhere, each == first) for each in chosen]
    _beside(out, combinations, earlier, index)
    flat = list(chain.from_iterable(chosen))
    texts = {text: at for at, text in enumerate(dict.fromkeys(flat))}
    ids = np.array(list(map(texts.__getitem__, flat))).reshape(n, parameters)
    out[:n, _SAID] = _said(texts, index)[ids].sum(axis=1) / parameters
    out[:n, _AT["doubled"]] = [_doubled(values) for values in chosen]
    inside = _inside(texts)
    if inside:
        out[:n, _AT["inside"]] = [
            sum(not inside[text].isdisjoint(values) for text in inside.keys() & set(values)) for values in chosen
        ]
    waiting = index.unplaced() & texts.keys()
    if waiting:
        # "High" is not placed beside "High Life".
        within = {text: longer for text in waiting if (longer := {each for each in texts if text in each} - {text})}
        placed = [
            sum(within.get(text, _NONE).isdisjoint(values) for text in waiting.intersection(values))
            for values in chosen
        ]
        most = max(placed)
        out[:n, _AT["placed"]] = placed
        out[:n, _AT["placed_most"]] = [each == most for each in placed]
    if earlier.here:
        _changes(out, chosen, ids, list(texts), earlier)
    return out


def _inside(texts: Iterable[str]) -> dict[str, set[str]]:
    """For texts whose words stand within longer ones, these: "Oslo" in "Opera in Oslo"."""
    spaced = {text: f" {text} " for text in texts if text[:1].isalpha()}
    long = [text for text in spaced if " " in text]
    found = {text: {each for each in long if each != text and spaced[text] in spaced[each]} for text in spaced if long}
    return {text: longer for text, longer in found.items() if longer}


def _doubled(values: Values) -> int:
    """How many values stand for two parameters: "3 stars" are not 3 rooms as well."""
    return len(values) - len(set(values)) - max(values.count(ABSENT) - 1, 0)


def _beside(out: Floats, combinations: Sequence[Combination], earlier: EarlierCalls, index: ContextIndex) -> None:
    """Fill from ``whole_group`` to ``next_whole``: the groups of siblings that combinations come from."""
    here, last = set(earlier.here), earlier.here[0] if earlier.here else None
    groups = [(each.group, each.chosen) for each in combinations if each.group is not None and each.whole]
    first = min((group for group, chosen in groups if chosen not in here), default=None)
    made = next((group for group, chosen in groups if chosen == last), None)
    after = None
    if made is not None:
        after = min((group for group, chosen in groups if chosen not in here and group > made), default=None)
    inside = list(dict.fromkeys(each.group for each in combinations if each.group is not None))
    if inside:
        told = {
            group: (exp((index.group_at[group] - index.now + 1) / 6), now / 4, ever / 4)
            for group, (now, ever) in zip(inside, index.named[inside, :2].tolist(), strict=True)
        }
        out[: len(combinations), _BESIDE] = [
            _ALONE
            if each.group is None
            else (
                each.whole,
                not each.whole,
                *told[each.group],
                each.whole and each.group == first,
                each.whole and each.group == after,
            )
            for each in combinations
        ]


def _changes(
    out: Floats, chosen: Sequence[Values], ids: npt.NDArray[np.intp], texts: Sequence[str], earlier: EarlierCalls
) -> None:
    """Fill from ``same`` to ``swapped_ever``: how combinations differ from the last call, and from those before."""
    n, last = len(chosen), earlier.here[0]
    before = [day_number(text) or 0 for text in last]
    at = {text: number for number, text in enumerate(texts)}
    changed = ids != [at.get(text, -1) for text in last]
    out[:n, _AT["same"]] = 1 - changed.sum(axis=1) / len(last)
    out[:n, _AT["one_changed"]] = changed.sum(axis=1) == 1
    if any(before):
        days = np.array([day_number(text) or 0 for text in texts])[ids]
        moved = changed & (days > 0) & (np.array(before) > 0)
        gaps = np.where(moved, days - before, 0)
        alone, total = moved.sum(axis=1) == 1, gaps.sum(axis=1)
        out[:n, _AT["next_day"]] = alone & (total == 1)
        out[:n, _AT["day_before"]] = alone & (total == -1)
        out[:n, _AT["other_day"]] = np.abs(gaps[np.arange(n), moved.argmax(axis=1)]) > 1
    single = changed.sum(axis=1) == 1
    for row in np.flatnonzero(single).tolist():
        place = int(changed[row].argmax())
        old, new = last[place], chosen[row][place]
        if old.isdecimal() and new.isdecimal() and len(old) < 10 and len(new) < 10 and int(new) > int(old):
            gap = int(new) - int(old)
            out[row, _AT["moved_on"]] = 1
            out[row, _AT["moved_by"]] = gap == 1 or str(gap) in last
    columns = list(zip(*chosen, strict=True))
    for row in _swapped(columns, earlier.here[:1]):
        out[row, _AT["swapped_last"]] = 1
    for row in _swapped(columns, earlier.here):
        out[row, _AT["swapped_ever"]] = 1


def _swapped(columns: Sequence[Values], here: Sequence[Values]) -> set[int]:
    """Return which combinations hold two values of some earlier call in the other order."""
    rows: set[int] = set()
    held = [set(column) for column in columns]
    for values in here:
        for a, b in pairs_of(range(len(values)), 2):
            if values[b] in held[a] and values[a] in held[b] and values[a] != values[b]:
                swapped = values[b], values[a]
                rows.update(row for row, pair in enumerate(zip(columns[a], columns[b], strict=True)) if pair == swapped)
    return rows


def _said(texts: Iterable[str], index: ContextIndex) -> Floats:
    """From ``user_now`` to ``result_now``: who has said each value, shape (texts, 4)."""
    rows = [-1 if text == ABSENT or (row := index.row(text)) is None else row for text in texts]
    said = np.zeros((len(rows), 4), np.float32)
    known = [at for at, row in enumerate(rows) if row >= 0]
    if known:
        table, now = index.table[[rows[at] for at in known]], index.now
        user, assistant, tool = table[:, LAST_USER], table[:, LAST_ASSISTANT], table[:, LAST_TOOL]
        said[known] = np.array([user == index.last_user_at, user >= 0, assistant >= now - 3, tool == now - 1]).T
    return said


class CallRanker:
    """Learns to choose among combinations of values; see the module's text."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.net = ListwiseNet((32,), members=2, epochs=30, rate=6e-3, dropout=0.1, seed=seed)

    def fit(self, lists: Sequence[Floats], targets: Sequence[int]) -> None:
        """Train on lists of :func:`combined_features`; ``targets`` are the rows of what was called."""
        self.net = ListwiseNet((32,), members=2, epochs=30, rate=6e-3, dropout=0.1, seed=self.seed)
        if lists:
            lengths = np.array([len(each) for each in lists])
            starts = np.cumsum(lengths) - lengths
            self.net.fit(np.concatenate(lists), starts, starts + np.array(targets))

    def probabilities(self, lists: Sequence[Floats]) -> list[Floats]:
        """Return the probabilities of the items of each list."""
        lengths = np.array([len(each) for each in lists])
        starts = np.cumsum(lengths) - lengths
        p = segment_softmax(self.net.scores(np.concatenate(lists)), starts)
        return [p[start:end] for start, end in pairwise([*starts.tolist(), len(p)])]

    @property
    def fitted(self) -> bool:
        """Whether there were lists to train on."""
        return bool(self.net.layers)

    def state(self) -> dict[str, Any]:
        """Return the weights."""
        return {"net": self.net.state(), "features": list(COMBINED)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the weights."""
        if list(state["features"]) != list(COMBINED):
            raise ValueError("its call ranker was trained on other features than this version computes")
        self.net = ListwiseNet()
        self.net.restore(state["net"])
