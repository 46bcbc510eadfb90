"""Times in all the ways that logs write them → seconds since 1970."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

__all__ = ["seconds"]


def seconds(value: Any) -> float | None:
    """Return a time in seconds since 1970, or ``None`` where ``value`` is none.

    Parameters
    ----------
    value
        ISO 8601 text (UTC where it names no zone), or seconds, milliseconds, microseconds or nanoseconds since 1970 as
        a number or its text: which of them is told by the size.

    Examples
    --------
    >>> seconds("2026-01-28T22:35:18.997Z") == seconds(1769639718997) == seconds("1769639718997000000")
    True
    >>> seconds("yesterday"), seconds(None), seconds(True)
    (None, None, None)
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 40:
            return None
        if text.isascii() and text.isdigit():
            value = int(text)
        else:
            try:
                moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            except (ValueError, OverflowError, OSError):
                return None
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 <= value < 1e20
        or not math.isfinite(value)
    ):
        return None
    for unit in (1e9, 1e6, 1e3):
        if value > 1e8 * unit:  # 1e8 s is in 1973
            return value / unit
    return float(value)
