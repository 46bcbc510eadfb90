"""How amounts, dates, addresses and lists are written in a sentence; no locale involved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["address_text", "date_text", "list_text", "money"]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def money(amount: float) -> str:
    """Format dollars.

    Examples
    --------
    >>> money(12.5)
    '$12.50'
    """
    return f"${amount:.2f}"


def date_text(iso: str) -> str:
    """Format an ISO date for reading.

    Examples
    --------
    >>> date_text("2026-03-04")
    'March 4'
    """
    _, month, day = iso.split("-")
    return f"{_MONTHS[int(month) - 1]} {int(day)}"


def address_text(address: Mapping[str, str]) -> str:
    """Put an address on one line.

    Examples
    --------
    >>> address_text({"street": "12 Oak Lane", "city": "Ashford", "state": "OH", "zip": "43002"})
    '12 Oak Lane, Ashford, OH 43002'
    """
    return "{street}, {city}, {state} {zip}".format_map(address)


def list_text(parts: Sequence[str]) -> str:
    """Put a list into a sentence.

    Examples
    --------
    >>> list_text(["a kettle", "a tent", "a kite"])
    'a kettle, a tent and a kite'
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
