"""What names and descriptions of parameters have in common, by the stems of their words."""

from __future__ import annotations

from functools import lru_cache

from specbench.core.text import letter_words, name_words, stem
from specbench.core.types import ToolSpec

__all__ = ["LONG", "apart", "schema_stems", "similar", "stems_of"]

LONG = 4
"""Letters of the words of a description that may tell something."""


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
    return frozenset(map(stem, (*letter_words(description, LONG), *name_words(name))))


@lru_cache(maxsize=16384)
def similar(parameter: str, key: str) -> float:
    """Return the share of words that two names have in common.

    Examples
    --------
    >>> similar("orderId", "order_id"), similar("order_id", "id")
    (1.0, 0.5)
    """
    a, b = name_words(parameter), name_words(key)
    return len(a & b) / len(a | b) if a and b else 0.0


@lru_cache(maxsize=16384)
def stems_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the stems of the words around a value, without their marks.

    Examples
    --------
    >>> stems_of(("to", "~flying", ">bags"))
    ('to', 'fly', 'bag')
    """
    return tuple(stem(word.lstrip("~>§")) for word in words)
