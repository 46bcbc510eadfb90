"""What words and names tell of a parameter's values: names alike, words before a value, words that announce one."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from specbench.core.types import ToolSpec
from specbench.predictors.context.json_paths import stem
from specbench.predictors.learned.counts.tables import Counts

__all__ = ["LONG_WORD", "apart", "lift", "name_tokens", "schema_stems", "similar", "stems_of"]

LONG_WORD = re.compile(r"[a-z]{4,}")
"""Words of a description that may tell something."""
_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=4096)
def name_tokens(name: str) -> frozenset[str]:
    """Split an identifier into lower-case words: ``orderId`` and ``order_id`` are the same two.

    Examples
    --------
    >>> sorted(name_tokens("orderId"))
    ['id', 'order']
    """
    return frozenset(part.lower() for part in _NAME.findall(name))


def apart(parameter: str, spec: ToolSpec) -> frozenset[str]:
    """Return the stems by which a parameter's name and description differ from those of the tool's other parameters.

    Examples
    --------
    >>> place = {"properties": {"origin": {"description": "City of departure"}, "goal": {"description": "City"}}}
    >>> sorted(apart("origin", ToolSpec("search", "", place)))
    ['depart', 'origin']
    """
    own, *others = (
        schema_stems(name, str(spec.schema(name).get("description") or ""))
        for name in (parameter, *(name for name in spec.properties if name != parameter))
    )
    return own.difference(*others)


@lru_cache(maxsize=4096)
def schema_stems(name: str, description: str) -> frozenset[str]:
    """Return the stems of a parameter's name and description."""
    return frozenset(map(stem, (*LONG_WORD.findall(description.lower()), *name_tokens(name))))


@lru_cache(maxsize=16384)
def similar(parameter: str, key: str) -> float:
    """Return the share of words that two names have in common.

    Examples
    --------
    >>> similar("orderId", "order_id"), similar("order_id", "id")
    (1.0, 0.5)
    """
    a, b = name_tokens(parameter), name_tokens(key)
    return len(a & b) / len(a | b) if a and b else 0.0


@lru_cache(maxsize=65536)
def _log_ratio(hits: float, passed: float) -> float:
    return float(np.log((hits + 0.5) / (passed + 1.0)))


def lift(counts: Counts, word: str) -> float:
    """Log-odds that a value after ``word`` is the one, against values after it that were passed over."""
    return _log_ratio(counts.before.get(word, 0), counts.passed.get(word, 0))


@lru_cache(maxsize=16384)
def stems_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the stems of the words around a value, without their marks.

    Examples
    --------
    >>> stems_of(("to", "~flying", ">bags"))
    ('to', 'fly', 'bag')
    """
    return tuple(stem(word.lstrip("~>")) for word in words)
