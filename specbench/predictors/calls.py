"""The call ranker: of several combinations of values, which one is the call.

A listwise network over the combinations of :mod:`specbench.predictors.combine`, with one more item for "none of
these". It sees what no parameter sees alone: whether the values stand side by side, whether the call has been made, and
how it differs from the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import combinations as pairs_of
from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.predictors.combine import Combination, Past, Values, days_between
from specbench.predictors.context import ContextIndex
from specbench.predictors.counts import ABSENT
from specbench.predictors.network import ListwiseNet, segment_softmax
from specbench.predictors.values import LAST_ASSISTANT, LAST_TOOL, LAST_USER

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
    # the tool
    "parameters", "unseen", "is_other",
)  # fmt: skip
_AT = {name: at for at, name in enumerate(COMBINED)}
_NO_GROUP = (0.0,) * 7
_NO_CHANGE = (0.0,) * 7
_UNSAID = (False,) * 4


def combined_features(
    combinations: Sequence[Combination], past: Past, index: ContextIndex, *, unseen: bool = False
) -> Floats:
    """Return the features of combinations and, last, of "none of these"; shape (combinations + 1, len(COMBINED))."""
    last = past.here[0] if past.here else None
    top = log(max(combinations[0].p, 1e-12)) if combinations else -12.0
    here, elsewhere = set(past.here), set(past.elsewhere)
    groups = [(each.group, each.chosen) for each in combinations if each.group is not None and each.whole]
    whole = sorted(group for group, chosen in groups if chosen not in here)
    made = [group for group, chosen in groups if chosen == last]
    first = whole[0] if whole else None
    after = min((group for group in whole if made and group > made[0]), default=None)
    said = _said({text for each in combinations for text in each.chosen}, index)
    swaps = _swaps(past.here[:1]), _swaps(past.here)
    parameters = len(combinations[0].chosen) if combinations else 0
    tail = (len(past.here), len(past.elsewhere))
    records = []
    for row, each in enumerate(combinations):
        chosen, group, value = each.chosen, each.group, log(max(each.p, 1e-12))
        side = _NO_GROUP
        if group is not None:
            now, ever = index.named[group, :2].tolist()
            age = exp((index.group_at[group] - index.now + 1) / 6)
            side = (
                each.whole, not each.whole, age, now / 4, ever / 4,
                each.whole and group == first, each.whole and group == after,
            )  # fmt: skip
        records.append(
            (
                value / 4, 1 / (1 + row), max(value - top, -8.0), sum(text == ABSENT for text in chosen),
                *side,
                chosen in here, chosen in elsewhere, bool(past.elsewhere) and chosen == past.elsewhere[0],
                *(_change(last, chosen, swaps) if last is not None else _NO_CHANGE), *tail,
                *(sum(flags) / parameters for flags in zip(*(said[text] for text in chosen), strict=True)),
                parameters, unseen, 0.0,
            )
        )  # fmt: skip
    none = [0.0] * len(COMBINED)
    none[0], none[-1], none[-2], none[-3] = top / 4, 1.0, unseen, parameters
    none[_AT["called_here"]], none[_AT["called_elsewhere"]] = tail
    return np.array([*records, none], np.float32)


def _swaps(here: Sequence[Values]) -> dict[tuple[int, int], set[tuple[str, str]]]:
    """For two places, the pairs of different values that some earlier call has there, in the other order."""
    out: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for values in here:
        for a, b in pairs_of(range(len(values)), 2):
            if values[a] != values[b]:
                out.setdefault((a, b), set()).add((values[b], values[a]))
    return out


def _change(
    last: Values, chosen: Values, swaps: Sequence[Mapping[tuple[int, int], set[tuple[str, str]]]]
) -> tuple[float, ...]:
    """From ``same`` to ``swapped_ever``: how a combination differs from the last call."""
    changed = [place for place, (a, b) in enumerate(zip(last, chosen, strict=True)) if a != b]
    days = [gap for place in changed if (gap := days_between(last[place], chosen[place])) is not None]
    return (
        1 - len(changed) / len(chosen), len(changed) == 1, days == [1], days == [-1], bool(days) and abs(days[0]) > 1,
        *(any((chosen[a], chosen[b]) in pairs for (a, b), pairs in each.items()) for each in swaps),
    )  # fmt: skip


def _said(texts: Set[str], index: ContextIndex) -> dict[str, tuple[bool, ...]]:
    """From ``user_now`` to ``result_now``: who has said each value."""
    rows = {text: row for text in texts if text != ABSENT and (row := index.row(text)) is not None}
    said: dict[str, tuple[bool, ...]] = dict.fromkeys(texts, _UNSAID)
    now, last = index.now, index.last_user_at
    table = index.table[list(rows.values())][:, (LAST_USER, LAST_ASSISTANT, LAST_TOOL)].tolist() if rows else []
    for text, (user, assistant, tool) in zip(rows, table, strict=True):
        said[text] = user == last, user >= 0, assistant >= now - 3, tool == now - 1
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
        return np.split(p, starts[1:])

    @property
    def fitted(self) -> bool:
        """Whether there were lists to train on."""
        return bool(self.net.layers)

    def state(self) -> dict[str, Any]:
        """Return the weights."""
        return {"net": self.net.state(), "features": list(COMBINED)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the weights."""
        self.net = ListwiseNet()
        self.net.restore(state["net"])
