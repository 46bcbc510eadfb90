"""The features of each tool on offer beside the conversation: their names, and what arguments add to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import FEATURES
from specbench.predictors.learned.counts.tables import ABSENT
from specbench.predictors.learned.ranker.argument_ranker import FilledCall
from specbench.predictors.learned.ranker.combinations import RankedCandidates

__all__ = ["PAIR_FEATURES", "argument_features", "left_out", "reply_sees", "without_arguments"]

Floats = npt.NDArray[np.float32]

_SUMMED = (
    "user_now", "assistant_now", "result_now", "used_here", "linked_unused", "first_unused", "named_now", "named_best",
    "title_ever", "title_best", "things_now", "things_best", "first_said", "user_age", "assistant_age", "result_age",
)  # fmt: skip
_ARGUMENTS = ("p_arguments", "p_second", "weakest", "missing", "filled", *_SUMMED, "repeat", "parameters")
_CALLED = ("called", "called_since_user", "is_last", "last_failed")
SCHEMA = (
    "name_now", "name_ever", "name_asked", "apart_now", "apart_asked", "named", "parameter_asked", "read", "write",
    "local", "unseen", "same_family",
)  # fmt: skip
_SIMILAR = ("similar_user", "similar_assistant", "similar_ever", "apart_best")
PAIR_FEATURES = ("is_reply", *_ARGUMENTS, *_CALLED, *SCHEMA, *_SIMILAR, "offered")
PAIR = {name: at for at, name in enumerate(PAIR_FEATURES)}
_SUMS = [FEATURES.index(name) for name in _SUMMED]
FILLED = slice(PAIR["p_arguments"], PAIR["parameters"] + 1)
CALLS = slice(PAIR["called"], PAIR["last_failed"] + 1)
BESIDE = slice(PAIR["name_now"], PAIR["apart_best"] + 1)
LAST = [PAIR["named"], PAIR["same_family"]]


def reply_sees(pairs: Floats) -> Floats:
    """Return the features of some of the tools on offer, the reply last: it sees the best arguments among these."""
    out = pairs.copy()
    if len(out) > 1:
        out[-1, FILLED] = out[:-1, FILLED].max(axis=0)
    return out


def without_arguments(pairs: Floats) -> Floats:
    """Return the features of the tools on offer as they are before arguments are looked at."""
    out = pairs.copy()
    out[:, FILLED] = 0
    return out


def left_out(drop: frozenset[str]) -> list[int]:
    """Return the features that belong to ingredients of the predictor that are left out."""
    schema = [name for name in (*SCHEMA, *_SIMILAR) if name != "unseen"]
    groups = (("schema", schema), ("history", _CALLED))
    return [PAIR[name] for group, names in groups if group in drop for name in names]


def argument_features(
    ranked: Sequence[RankedCandidates], filled: Sequence[FilledCall], index: ContextIndex
) -> list[float]:
    """From ``p_arguments`` to ``parameters``: how well a tool's arguments can be filled."""
    weakest, missing, present = 1.0, 0.0, 0
    sums = np.zeros(len(_SUMS), np.float32)
    for candidates, p, order in ranked:
        best, end = order[0], len(p) - 1
        missing = max(missing, float(p[end]))
        if end:
            weakest = min(weakest, float(p[best if best != end else order[1]]))
        else:
            weakest = 0.0
        if best != end and candidates.texts[best] != ABSENT:
            present += 1
            sums += candidates.features[best, _SUMS]
    first = filled[0].p if filled else 0.0
    second = filled[1].p if len(filled) > 1 else 0.0
    repeat = bool(filled) and filled[0].call.key in index.call_counts
    return [first, second, weakest, missing, present, *sums.tolist(), repeat, len(ranked)]
