"""A small phrase grammar: acts, paraphrases, alternatives, slots.

A book is a text: ``# act`` starts an act, every line below it is one paraphrase. ``[a|b]`` takes one alternative (which
may be empty), ``{slot}`` is filled in.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

__all__ = ["Book", "date_text", "expansions", "money", "parse", "render", "say"]

Book = Mapping[str, tuple[str, ...]]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
# The first letter of a sentence, unless its first word is an email address.
_START = re.compile(r"(^|[.?!] )([a-z])(?!\S*@)")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def parse(text: str) -> Book:
    """Read a book.

    Examples
    --------
    >>> parse('''
    ... # greet
    ... Hi[| there].
    ... Hello.
    ... ''')
    {'greet': ('Hi[| there].', 'Hello.')}
    """
    acts: dict[str, list[str]] = {}
    lines: list[str] = []
    for raw in text.strip().splitlines():
        line = raw.strip()
        if line.startswith("# "):
            lines = acts.setdefault(line[2:], [])
        elif line:
            lines.append(line)
    return {act: tuple(lines) for act, lines in acts.items()}


def expansions(line: str) -> int:
    """How many texts a paraphrase can become, slots apart.

    Examples
    --------
    >>> expansions("[Hi|Hello][| there].")
    4
    """
    count = 1
    for choice in _CHOICE.findall(line):
        count *= choice.count("|") + 1
    return count


def render(line: str, rng: random.Random, *, lower: bool = False, slots: Mapping[str, str] | None = None) -> str:
    """Draw the alternatives, fill the slots, and begin sentences with capitals (unless ``lower``).

    Examples
    --------
    >>> render("[Hi. ]{order} is late.", random.Random(1), slots={"order": "order #D48213"})
    'Hi. Order #D48213 is late.'
    """
    text = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), line)
    if lower:
        text = text.lower()
    text = text.format_map(slots or {})
    text = re.sub(r" +([ ,.?!])", r"\1", text).strip()
    return text if lower else _START.sub(lambda match: match[1] + match[2].upper(), text)


def say(
    book: Book, rng: random.Random, act: str, slots: Mapping[str, str] | None = None, *, lower: bool = False
) -> str:
    """Draw a paraphrase of an act and render it."""
    return render(rng.choice(book[act]), rng, lower=lower, slots=slots)


def money(amount: float) -> str:
    """Format dollars.

    Examples
    --------
    >>> money(12.5)
    '$12.50'
    """
    return f"${amount:.2f}"


def date_text(iso: str) -> str:
    """Format an ISO date for reading; no locale involved.

    Examples
    --------
    >>> date_text("2026-03-04")
    'March 4'
    """
    _, month, day = iso.split("-")
    return f"{_MONTHS[int(month) - 1]} {int(day)}"
