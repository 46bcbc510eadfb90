"""What holds in any language, and the hooks where a language may know more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import ClassVar

__all__ = ["DAY", "DatedText", "Language", "is_day", "to_date"]

DAY = "2024-05-20"
"""How long an ISO date is."""
DatedText = tuple[date, str, int]
"""A day, its kind as in :func:`specbench.predictors.context.extraction.extract`, and where it stands."""
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?!:?\d)")


def to_date(year: int, month: int, day: int) -> date | None:
    """Return a day of the calendar; ``None`` where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def is_day(text: str) -> bool:
    """Whether a text is an ISO date.

    Examples
    --------
    >>> is_day("2024-05-20"), is_day("2024-05-99")
    (True, False)
    """
    match = _ISO.fullmatch(text) if len(text) == len(DAY) else None
    return match is not None and to_date(int(match[1]), int(match[2]), int(match[3])) is not None


class Language:
    """No language: days as ISO writes them, times as ``HH:MM``. A language is a subclass that knows its words.

    Attributes
    ----------
    number_words
        Words for numbers, with these.
    latest
        What people say who mean the end of a list, in small letters.
    negations
        Words that turn a statement round.
    stop_words
        Words that name nothing.

    Examples
    --------
    >>> Language().dates("am 2024-05-20", None), Language().times("um 18:30")
    ([(datetime.date(2024, 5, 20), 'date', 3)], [('18:30', 3)])
    """

    name: ClassVar[str] = "base"
    number_words: Mapping[str, int] = {}
    latest: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    stop_words: frozenset[str] = frozenset()

    def counts(self, text: str, start: int) -> bool:
        """Whether the word for a number at ``start`` is meant as one."""
        return True

    def dates(self, text: str, today: date | None) -> list[DatedText]:
        """Return the days that a text names; ``today`` is what relative ones refer to."""
        found = ((to_date(int(m[1]), int(m[2]), int(m[3])), "date", m.start()) for m in _ISO.finditer(text))
        return [(day, kind, start) for day, kind, start in found if day is not None]

    def times(self, text: str) -> list[tuple[str, int]]:
        """Return the times of day that a text names, as ``HH:MM``, and where they stand."""
        return [(f"{int(match[1]):02d}:{match[2]}", match.start()) for match in _CLOCK.finditer(text)]

    def moved(self, text: str, known: Iterable[str]) -> list[tuple[date, int]]:
        """Return the days that are some of the ``known`` ISO dates moved on or back, and where a text says so."""
        return []

    def today(self, text: str) -> date | None:
        """Return the date that a system prompt states, if it states one."""
        return None

    def begins_date(self, text: str, start: int) -> bool:
        """Whether a day without its year stands at ``start``, whose words are no name."""
        return False

    def holds_date(self, name: str) -> bool:
        """Whether capitalised words hold a day, so that they are no name."""
        return False

    def infer_today(self, texts_and_dates: Iterable[tuple[str, Sequence[str]]]) -> date | None:
        """Return the day that relative dates refer to, from what was said and the dates that were then called with.

        Without words for days: the first day of the most frequent year.

        Examples
        --------
        >>> Language().infer_today([("", ["2019-03-02"])])
        datetime.date(2019, 1, 1)
        """
        years = Counter(int(each[:4]) for _, dates in texts_and_dates for each in dates if is_day(each))
        return date(max(years, key=lambda year: (years[year], year)), 1, 1) if years else None
