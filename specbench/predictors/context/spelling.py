"""How values are spelt: as text, by their shape, and what spellings of one identifier have in common."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["TRUTH", "code_of", "same_id", "shape_of", "text_of"]

TRUTH = frozenset(["True", "False", "true", "false"])
"""Texts of truth values."""
_CODE = re.compile(r"(?=.*[A-Z])[A-Z0-9]{3,}")
_NUMBERED = re.compile(r"#?[a-z]{0,3}[-_]?(\d{5,})")
_RUN = re.compile(r"[0-9]+|[A-Z]+(?![a-z])|[A-Z]?[a-zà-þ]+|[^\W\d_]+")


def shape_of(text: str) -> str:
    """Return the shape of a value: what kinds of character runs it has, with the length of short ones.

    Examples
    --------
    >>> shape_of("#W2378156"), shape_of("19122"), shape_of("yusuf_rossi_9620"), shape_of("JFK"), shape_of("2024-05-20")
    ('#A9+', '99999', 'a_a_9999', 'AAA', '9999-99-99')
    >>> shape_of("Desk Lamp"), shape_of("Анна")
    ('Aa Aa', 'Aa')
    """
    return _shape(text[:40])


@lru_cache(maxsize=16384)
def _shape(text: str) -> str:
    return _RUN.sub(_run, text)


def _run(match: re.Match[str]) -> str:
    run = match[0]
    if run[0].isdigit():
        return "9" * len(run) if len(run) <= 5 else "9+"
    if run.isupper():
        return "A" * len(run) if len(run) <= 3 else "A+"
    return "Aa" if run[0].isupper() else "a"


@lru_cache(maxsize=16384)
def code_of(text: str) -> str:
    """Return a coarser shape: codes of capitals and digits count by their length alone, all else by :func:`shape_of`.

    Examples
    --------
    >>> code_of("1N99U6"), code_of("IFOYYZ"), code_of("Lamp")
    ('X6', 'X6', 'Aa')
    """
    return f"X{len(text)}" if len(text) <= 16 and _CODE.fullmatch(text) else shape_of(text)


def same_id(text: str) -> str | None:
    """Return what people's spellings of one identifier have in common; ``None`` for a text that is no such thing.

    Examples
    --------
    >>> same_id("#W2378156"), same_id("w2378156"), same_id("2378156"), same_id("Lamp")
    ('2378156', '2378156', '2378156', None)
    """
    match = _NUMBERED.fullmatch(text.lower()) if text[-1:].isdigit() else None
    return match[1] if match else None


def text_of(value: Any) -> str:
    """Return a scalar as the text under which it is filed: strings as they are, ``7.0`` as ``7``.

    Examples
    --------
    >>> text_of(7.0), text_of(True), text_of("#W1")
    ('7', 'true', '#W1')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
