"""German: days and times as people say them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from specbench.predictors.context.language.base import DatedText, Language, to_date

__all__ = ["German"]

_NUMBERS = (
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
)  # fmt: skip
_MONTHS = (
    "januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
    "dezember",
)  # fmt: skip
_WEEKDAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_RELATIVE = {"vorgestern": -2, "gestern": -1, "heute": 0, "morgen": 1, "übermorgen": 2}
_NUMBER = "|".join(_NUMBERS)
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})\.\s*(?:({'|'.join(_MONTHS)})\b|(\d{{1,2}})\.)(?:\s*(\d{{4}}))?", re.IGNORECASE)
_WORDS = re.compile(rf"\b({'|'.join(sorted(_RELATIVE, key=len, reverse=True))})\b", re.IGNORECASE)
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})\b", re.IGNORECASE)
_AHEAD = re.compile(rf"\b(in|vor)\s+(\d{{1,2}}|einem|einer|{_NUMBER})\s+(tag|woche)(?:en|n)?\b", re.IGNORECASE)
_TIME = re.compile(rf"\b(halb\s+)?(\d{{1,2}}|{_NUMBER})(?::(\d{{2}}))?\s*uhr(?:\s+(\d{{1,2}}))?", re.IGNORECASE)
_HALF = re.compile(rf"\bhalb\s+(\d{{1,2}}|{_NUMBER})\b", re.IGNORECASE)


class German(Language):
    """German.

    Examples
    --------
    >>> day = date(2024, 5, 20)
    >>> [found.isoformat() for found, _, _ in German().dates("übermorgen oder am 3. Juni", day)]
    ['2024-06-03', '2024-05-22']
    >>> German().times("um halb sieben"), German().times("um 18 Uhr 30")
    ([('06:30', 3)], [('18:30', 3)])
    """

    name = "de"
    number_words = {word: number for number, word in enumerate(_NUMBERS)} | {"ein": 1, "eine": 1, "einen": 1}
    latest = frozenset(["letzte", "letzten", "neueste", "neuesten", "jüngste", "jüngsten"])
    negations = frozenset(["nein", "nicht", "kein", "keine", "keinen", "ohne", "nie"])
    stop_words = frozenset((
        "der", "die", "das", "und", "für", "mit", "ich", "bitte", "sie", "ihr", "mein", "meine", "meinen", "haben",
        "habe", "möchte", "will", "ist", "sind", "war", "von", "nicht", "aber", "was", "danke", "auch", "ein", "eine",
        "den", "dem", "einen",
    ))  # fmt: skip

    def dates(self, text: str, today: date | None) -> list[DatedText]:
        """Return the days that a text names."""
        found: list[tuple[date | None, str, int]] = []
        for match in _DAY_MONTH.finditer(text):
            month = _MONTHS.index(match[2].lower()) + 1 if match[2] else int(match[3])
            year = int(match[4]) if match[4] else today.year if today else 0
            found.append((to_date(year, month, int(match[1])), "date", match.start()))
        if today is not None:
            for match in _WORDS.finditer(text):
                found.append((_ahead(today, _RELATIVE[match[1].lower()]), "date", match.start()))
            for match in _WEEKDAY.finditer(text):
                days = (_WEEKDAYS.index(match[1].lower()) - today.weekday()) % 7 or 7
                found.append((_ahead(today, days), "date", match.start()))
                found.append((_ahead(today, days - 7), "ago", match.start()))
            for match in _AHEAD.finditer(text):
                days = _number(match[2]) * (7 if match[3].lower() == "woche" else 1)
                back = match[1].lower() == "vor"
                found.append((_ahead(today, -days if back else days), "ago" if back else "date", match.start()))
        out = super().dates(text, today)
        return out + [(day, kind, start) for day, kind, start in found if day is not None]

    def times(self, text: str) -> list[tuple[str, int]]:
        """Return the times of day that a text names."""
        out = super().times(text)
        for match in _TIME.finditer(text):
            hour, minute = _number(match[2]), int(match[3] or match[4] or 0)
            if not match[1] and not match[3] and hour < 24 and minute < 60:
                out.append((f"{hour:02d}:{minute:02d}", match.start()))
        for match in _HALF.finditer(text):
            hour = _number(match[1])
            if 0 < hour <= 24:
                out.append((f"{hour - 1:02d}:30", match.start()))
        return out

    def begins_date(self, text: str, start: int) -> bool:
        """Whether a day and a month stand at ``start``."""
        return _DAY_MONTH.match(text, start) is not None


def _ahead(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None


def _number(word: str) -> int:
    word = word.lower()
    return int(word) if word.isdecimal() else _NUMBERS.index(word) if word in _NUMBERS else 1
