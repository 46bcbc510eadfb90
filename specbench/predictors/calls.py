"""The call ranker: of several combinations of values, which one is the call.

A listwise network over the combinations of :mod:`specbench.predictors.combine`, with one more item for "none of
these". It sees what no parameter sees alone: whether the values stand side by side, whether the call has been made, and
how it differs from the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.predictors.combine import Combination, Past, days_between, swapped
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


def combined_features(
    combinations: Sequence[Combination], past: Past, index: ContextIndex, *, unseen: bool = False
) -> Floats:
    """Return the features of combinations and, last, of "none of these"; shape (combinations + 1, len(COMBINED))."""
    out = np.zeros((len(combinations) + 1, len(COMBINED)), np.float32)
    at, last = _AT, past.here[0] if past.here else None
    top = log(max(combinations[0].p, 1e-12)) if combinations else -12.0
    here, elsewhere = set(past.here), set(past.elsewhere)
    groups = [(each.group, each.chosen) for each in combinations if each.group is not None and each.whole]
    whole = sorted(group for group, chosen in groups if chosen not in here)
    made = [group for group, chosen in groups if chosen == last]
    after = min((group for group in whole if made and group > made[0]), default=None)
    for row, (each, record) in enumerate(zip(combinations, out, strict=False)):
        chosen = each.chosen
        value = log(max(each.p, 1e-12))
        record[at["log_p"]], record[at["lead"]] = value / 4, max(value - top, -8.0)
        record[at["rank"]] = 1 / (1 + row)
        record[at["absent"]] = sum(text == ABSENT for text in chosen)
        if each.group is not None:
            record[at["whole_group"]], record[at["part_group"]] = each.whole, not each.whole
            record[at["group_age"]] = exp((index.group_at[each.group] - index.now + 1) / 6)
            record[at["group_named_now"] : at["group_named_ever"] + 1] = index.named[each.group, :2] / 4
            record[at["first_whole"]] = each.whole and bool(whole) and each.group == whole[0]
            record[at["next_whole"]] = each.whole and each.group == after
        record[at["repeat"]] = chosen in here
        record[at["elsewhere"]] = chosen in elsewhere
        record[at["elsewhere_last"]] = bool(past.elsewhere) and chosen == past.elsewhere[0]
        if last is not None:
            changed = [place for place, (a, b) in enumerate(zip(last, chosen, strict=True)) if a != b]
            record[at["same"]] = 1 - len(changed) / len(chosen)
            record[at["one_changed"]] = len(changed) == 1
            days = [gap for place in changed if (gap := days_between(last[place], chosen[place])) is not None]
            record[at["next_day"]], record[at["day_before"]] = days == [1], days == [-1]
            record[at["other_day"]] = bool(days) and abs(days[0]) > 1
            record[at["swapped_last"]] = swapped(last, chosen)
            record[at["swapped_ever"]] = any(swapped(values, chosen) for values in past.here)
        rows = [index.row(text) for text in chosen if text != ABSENT]
        known = index.table[[place for place in rows if place is not None]]
        if len(known):
            record[at["user_now"]] = np.mean(known[:, LAST_USER] == index.last_user_at)
            record[at["user_ever"]] = np.mean(known[:, LAST_USER] >= 0)
            record[at["assistant_now"]] = np.mean(known[:, LAST_ASSISTANT] >= index.now - 3)
            record[at["result_now"]] = np.mean(known[:, LAST_TOOL] == index.now - 1)
    out[:, at["called_here"]], out[:, at["called_elsewhere"]] = len(past.here), len(past.elsewhere)
    out[:, at["parameters"]] = len(combinations[0].chosen) if combinations else 0
    out[:, at["unseen"]] = unseen
    out[-1, at["log_p"]] = top / 4
    out[-1, at["is_other"]] = 1
    return out


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
