"""Candidate values of a parameter: the features by which they are ranked, and what all parameters share at a moment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.predictors.context import ContextIndex
from specbench.predictors.counts import ParameterCounts
from specbench.predictors.parameters import ParameterIndex, cue_words
from specbench.predictors.values import (
    FIRST,
    GROUP_SIZE,
    LAST,
    LAST_ASSISTANT,
    LAST_TOOL,
    LAST_USE,
    LAST_USER,
    MENTIONS,
    ORDINAL,
    USES,
)

__all__ = ["FEATURES", "FIXED", "OTHER", "Candidates", "Moment", "cast", "name_tokens"]

OTHER = "\0other"
"""Stands for "none of the candidates"."""

_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")

FIXED = (
    # where the value stands (own counts, counts of other tools, names); what it looks like
    "path_share", "path_rate", "others_share", "others_rate", "key_match", "shape_share", "others_shape",
    "prior", "prior_others", "in_enum", "is_default", "words", "common",
)  # fmt: skip
FEATURES = (
    *FIXED,
    # mentions and uses
    "user_now", "assistant_now", "result_now", "user_age", "assistant_age", "result_age", "first_age", "mentions",
    "used_here", "used_last_here", "used_anywhere", "use_age", "same_as_last_call",
    # order
    "recency_rank", "next_after_used", "first_unused", "ordinal", "group_size", "linked_unused", "candidates", "offset",
    # words around it
    "named_now", "named_ever", "named_best", "named_first", "before_own", "before_others", "further_own",
    "further_others", "before_name", "longer", "asked",
    # closed values
    "cue", "cue_others", "alias", "said_now", "said_ever", "stepped", "user_said",
    # the two that are no value, and the parameter
    "is_absent", "is_other", "absent_rate", "others_absent_rate", "required", "unseen", "found_rate",
)  # fmt: skip


@dataclass
class Candidates:
    """Candidate values of one parameter: texts, and features of shape (candidates, len(FEATURES)).

    The last is :data:`OTHER`; :data:`ABSENT` comes before it where the parameter may be left out. ``rows`` are rows of
    the context index, -1 for a value that does not stand in the conversation.
    """

    parameter: str
    texts: list[str]
    rows: list[int]
    features: npt.NDArray[np.float32]


class Moment:
    """What the parameters of all tools share at one decision point, computed once."""

    def __init__(self, index: ContextIndex) -> None:
        self.index = index
        self.words = cue_words(index)
        self.said = index.user_words.keys()
        self._aliases: dict[int, dict[str, float]] = {}
        self.now = frozenset(index.recent_words[-1] if index.recent_words else ())
        self.last = index.now - 1
        self.named = np.array([index.named_now, index.named_ever, index.named_at], np.float32)
        table = index.table
        self.ages = np.exp(
            (table[:, (LAST_USER, LAST_ASSISTANT, LAST_TOOL, FIRST, LAST_USE)] - self.last) / np.float32(6.0)
        )
        self.logs = np.log1p(table[:, (MENTIONS, USES, GROUP_SIZE)].astype(np.float32))
        # Latest first; in one message the order of the list.
        self.order = table[:, LAST].astype(np.int64) * 4096 - table[:, ORDINAL]

    def aliases(self, counts: ParameterIndex) -> dict[str, float]:
        """Return the values that words of the last user messages stand for, with their shares."""
        known = self._aliases.get(id(counts))
        if known is None:
            table = counts.aliases()
            known = self._aliases[id(counts)] = {}
            for word in sorted(self.words & table.keys()):
                text, share = table[word]
                known[text] = max(share, known.get(text, 0.0))
        return known


@lru_cache(maxsize=4096)
def name_tokens(name: str) -> frozenset[str]:
    """Split an identifier into lower-case words: ``orderId`` and ``order_id`` are the same two.

    Examples
    --------
    >>> sorted(name_tokens("orderId"))
    ['id', 'order']
    """
    return frozenset(part.lower() for part in _NAME.findall(name))


def cast(text: str, counts: ParameterCounts | None, schema: Mapping[str, Any]) -> Any:
    """Return ``text`` as the JSON type that the parameter takes.

    Examples
    --------
    >>> cast("7", None, {"type": "integer"}), cast("7", None, {"type": "string"})
    (7, '7')
    """
    kind = max(counts.kinds, key=lambda name: counts.kinds[name]) if counts and counts.kinds else ""
    kind = kind or {"integer": "int", "number": "float", "boolean": "bool"}.get(str(schema.get("type")), "str")
    if kind in ("int", "float", "bool"):
        try:
            value = json.loads(text.lower() if kind == "bool" else text)
        except ValueError:
            return text
        return value if isinstance(value, bool | int | float) else text
    return text
