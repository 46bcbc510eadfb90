"""English: days and times as people say them, and the few words that turn a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from specbench.predictors.context.language import english_dates
from specbench.predictors.context.language.base import DatedText, Language

__all__ = ["English"]

_NO_NUMBER = re.compile(r"one(?: way| of)\b|(?<=this )one|(?<=that )one|(?<=other )one|(?<=which )one", re.IGNORECASE)


class English(Language):
    """English.

    Examples
    --------
    >>> English().times("half past six in the evening"), English().counts("this one", 5)
    ([('18:30', 0)], False)
    """

    name = "en"
    number_words = english_dates.NUMBER_WORDS
    latest = frozenset(
        [
            "latest", "newest", "most recent", "most recently",
            *(f"last {what}" for what in ("order", "purchase", "booking", "reservation", "trip", "flight", "one")),
        ]
    )  # fmt: skip
    negations = frozenset(["no", "not", "without", "don", "doesn", "never"])
    stop_words = frozenset((
        "the", "and", "for", "with", "that", "this", "have", "please", "you", "your", "can", "could", "would", "like",
        "want", "need", "are", "was", "from", "not", "but", "its", "it's", "what", "sure", "yes", "thanks", "thank",
        "order", "orders", "item", "items", "also", "one", "any",
    ))  # fmt: skip

    def counts(self, text: str, start: int) -> bool:
        """Whether the word for a number at ``start`` is meant as one: "one of them" is not."""
        return not _NO_NUMBER.match(text, start)

    def dates(self, text: str, today: date | None) -> list[DatedText]:
        """Return the days that a text names."""
        return english_dates.dates_in(text, today)

    def times(self, text: str) -> list[tuple[str, int]]:
        """Return the times of day that a text names."""
        return english_dates.times_in(text)

    def moved(self, text: str, known: Iterable[str]) -> list[tuple[date, int]]:
        """Return the days that a text means by "the day after"."""
        return english_dates.moved(text, known)

    def today(self, text: str) -> date | None:
        """Return the date that a system prompt states."""
        return english_dates.find_today(text)

    def begins_date(self, text: str, start: int) -> bool:
        """Whether a month and a day stand at ``start``."""
        return english_dates.begins_date(text, start)

    def holds_date(self, name: str) -> bool:
        """Whether capitalised words hold a day."""
        return english_dates.holds_date(name)

    def infer_today(self, texts_and_dates: Iterable[tuple[str, Sequence[str]]]) -> date | None:
        """Return the day that "tomorrow" and the like refer to."""
        return english_dates.infer_today(texts_and_dates)
