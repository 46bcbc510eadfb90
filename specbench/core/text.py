"""Half surrogate pairs: JSON may carry them in any text, but UTF-8 has no form for them."""

from __future__ import annotations

from typing import TypeVar, cast

__all__ = ["writable"]

T = TypeVar("T")


def writable(value: T) -> T:
    r"""Return a text as a file or table can hold it, half surrogate pairs as their escapes; anything else as it is.

    For pages and tables that people read; what must come back exactly is JSON, which has escapes of its own.

    Examples
    --------
    >>> writable("¿qué? \ud83d"), writable(None)
    ('¿qué? \\ud83d', None)
    """
    if not isinstance(value, str) or value.isascii():
        return value
    return cast("T", value.encode("utf-8", "backslashreplace").decode("utf-8"))
