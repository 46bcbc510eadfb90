"""On whose behalf a call runs: what a tool may read from context variables, such as the user who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from hashlib import sha256
from typing import Any
from uuid import uuid4

__all__ = ["caller_of", "surroundings"]

PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
"""Types of context variables that name somebody or something; others hold the machinery of frameworks."""


def surroundings() -> int:
    """Return a number that is the same only where the context variables with plain values are the same.

    Texts, numbers and tuples of them count: who is signed in, which tenant, which language. What frameworks keep in
    context variables (runs, spans, configurations) changes from step to step and does not.

    Examples
    --------
    >>> from contextvars import ContextVar
    >>> user, before = ContextVar("user"), surroundings()
    >>> token = user.set("ann")
    >>> surroundings() == before
    False
    >>> user.reset(token)
    >>> surroundings() == before
    True
    """
    return hash(frozenset((id(name), value) for name, value in copy_context().items() if _is_plain(value)))


def _is_plain(value: Any) -> bool:
    kind = type(value)
    return kind in PLAIN or (kind is tuple and all(map(_is_plain, value)))


def caller_of(scope: Callable[[], Any]) -> str:
    """Return a text for the caller that ``scope`` names; one that it cannot name is like nobody else.

    Examples
    --------
    >>> caller_of(lambda: "ann") == caller_of(lambda: "ann")
    True
    >>> caller_of(lambda: 1 / 0) == caller_of(lambda: 1 / 0)
    False
    """
    try:
        told = repr(scope())
    except Exception:
        told = uuid4().hex
    return sha256(told.encode(errors="surrogatepass")).hexdigest()[:16]
