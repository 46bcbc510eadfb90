"""Days and times in free text: "tomorrow", "half past six in the evening", "the day after"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from specbench.predictors.context.language.base import to_date

__all__ = [
    "NUMBER_WORDS",
    "begins_date",
    "dates_in",
    "find_today",
    "holds_date",
    "infer_today",
    "moved",
    "times_in",
]

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
            ("july", "jul"), ("august", "aug"), ("september", "sep", "sept"), ("october", "oct"),
            ("november", "nov"), ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
WEEKDAYS = {d: i for i, d in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))}
NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_STARTS = sorted({name[:3] for name in MONTHS})
_RELATIVE_STARTS = "tomorrow", "today", "tonight", "this "
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_NUMBER = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))

_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_MONTH_DAY = re.compile(rf"\b({_MONTH})\.?\s+(?:the\s+)?{_DAY}\b(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_DAY_MONTH = re.compile(rf"\b{_DAY}\s+(?:of\s+)?({_MONTH})\b(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_DAY_ONLY = re.compile(r"\b(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)\b(?!\s+(?:of\s+)?(?:" + _MONTH + r"))", re.IGNORECASE)
_IN_NAME = re.compile(
    rf"\b(?:{_MONTH})\.?\s+(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+of\s+(?:{_MONTH})\b"
    rf"|\bon\s+(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)\b|\b(?:next|this)\s+(?:{'|'.join(WEEKDAYS)})\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"\b(" + "|".join(WEEKDAYS) + r")\b(\s+next\s+week)?", re.IGNORECASE)
_RELATIVE = re.compile(
    r"\b(day after tomorrow|tomorrow|today|tonight|this (?:morning|afternoon|evening))\b", re.IGNORECASE
)
_AHEAD = re.compile(
    rf"\b(in\s+)?(\d{{1,2}}|{_NUMBER}|a)\s+(day|week)s?\s*(from (?:now|today)\b)?(?:later\b)?", re.IGNORECASE
)
_MOVED = re.compile(
    rf"\b(?:(?:(\d{{1,2}}|{_NUMBER}|an?|the)\s+)?(day|week)s?\s+(?:later|after|earlier|before|sooner)"
    rf"(?!\s+(?:tomorrow|yesterday))|(?:next|following|previous)\s+day|by\s+(\d{{1,2}}|{_NUMBER}|an?)\s+(day|week)s?)\b",
    re.IGNORECASE,
)
_AGO = re.compile(
    rf"\b(?:(?:the\s+)?(?:last|past)\s+(\d{{1,3}}|{_NUMBER})\s+(day|week)s?|(\d{{1,3}}|{_NUMBER}|an?)\s+(day|week)s?\s+ago"
    r"|(yesterday))\b",
    re.IGNORECASE,
)
_BACKWARDS = re.compile(r"earlier|before|sooner|previous", re.IGNORECASE)
_PART = r"(?:\s*(a\.?m\b\.?|p\.?m\b\.?|(?:in the |at )?(?:morning|afternoon|evening|night)\b))?"
_CLOCK = re.compile(r"(?:\b(morning|afternoon|evening)\s+)?\b(\d{1,2}):(\d{2})(?!:?\d)" + _PART, re.IGNORECASE)
_HOUR = re.compile(
    r"(?:\b(morning|afternoon|evening)\s+)?\b(\d{1,2}|" + _NUMBER + r")(\s+o['’]?clock)?" + _PART, re.IGNORECASE
)
_PAST = re.compile(
    r"(?:\b(morning|afternoon|evening)\s+)?\b(half|quarter)\s+(past|to)\s+(\d{1,2}|" + _NUMBER + r")\b" + _PART,
    re.IGNORECASE,
)
_NOON = re.compile(r"\b(noon|midnight)\b", re.IGNORECASE)
_OF_HOURS = re.compile(r"clock|[ap]\.?m\b|morning|noon|evening|night")
"""Without any of these no bare number is an hour."""
_TODAY = re.compile(r"(?:current (?:time|date)|today(?:'s date)?)\s*(?:is|:)?\s*(\d{4})-(\d{2})-(\d{2})", re.IGNORECASE)


def find_today(text: str) -> date | None:
    """Return the date that a system prompt states ("The current time is 2024-05-15 ..."), if it states one.

    Examples
    --------
    >>> find_today("The current time is 2024-05-15 15:00:00 EST.")
    datetime.date(2024, 5, 15)
    """
    match = _TODAY.search(text)
    return to_date(int(match[1]), int(match[2]), int(match[3])) if match else None


def infer_today(texts_and_dates: Iterable[tuple[str, Sequence[str]]]) -> date | None:
    """Return the day that relative dates in a set of conversations refer to, where nothing states it.

    Conversations of one data set often share an unstated "today". Where people say "tomorrow" and the agent then
    calls with a date, each such pair votes for the day before that date; the most voted day wins if it has three votes.

    Parameters
    ----------
    texts_and_dates
        What the user said so far, and the ISO dates among the arguments of a call.

    Examples
    --------
    >>> infer_today([("tomorrow please", ["2019-03-02"])] * 3)
    datetime.date(2019, 3, 1)
    """
    votes: Counter[date] = Counter()
    years: Counter[int] = Counter()
    for text, dates in texts_and_dates:
        words = {match[1].lower() for match in _RELATIVE.finditer(text)}
        offsets = {2 if word.startswith("day") else 1 if word == "tomorrow" else 0 for word in words}
        for each in dates:
            try:
                value = date.fromisoformat(each)
            except ValueError:
                continue
            years[value.year] += 1
            votes.update(day for days in offsets if (day := _ahead(value, -days)) is not None)
    best = max(votes.items(), key=lambda item: (item[1], item[0]), default=None)
    if best is not None and best[1] >= 3:
        return best[0]
    year = max(years, key=lambda each: (years[each], each), default=None)
    return date(year, 1, 1) if year is not None else None


def moved(text: str, dates: Iterable[str]) -> list[tuple[date, int]]:
    """Return the days that a text means by "the day after", "two days later", "by one day", and where it says so.

    Parameters
    ----------
    text
        Free text.
    dates
        The ISO dates that may be meant, of a booking for example.

    Examples
    --------
    >>> moved("Can I fly two days earlier?", ["2024-05-20"])
    [(datetime.date(2024, 5, 18), 10)]
    """
    out = []
    lower = text.lower()
    for match in _MOVED.finditer(text) if "day" in lower or "week" in lower else ():
        days = _days(match[1] or match[3], match[2] or match[4])
        days = -days if _BACKWARDS.search(match[0]) else days
        for each in dates:
            day = _ahead(date.fromisoformat(each), days)
            if day is not None:
                out.append((day, match.start()))
    return out


def dates_in(text: str, today: date | None) -> list[tuple[date, str, int]]:
    """Return the days that a text names, each with its kind (``date``, ``later``, ``ahead``) and where it starts.

    Kinds are those of :func:`specbench.predictors.context.extraction.extract`.

    Examples
    --------
    >>> dates_in("tomorrow", date(2019, 3, 1))
    [(datetime.date(2019, 3, 2), 'date', 0)]
    """
    # Most texts name no day: what has to stand in one is looked for first, as that takes a tenth of the time.
    out: list[tuple[date | None, str, int]] = []
    lower = text.lower()
    digits = any(map(str.isdigit, text))
    if digits and "-" in text:
        for match in _ISO.finditer(text):
            out.append((to_date(int(match[1]), int(match[2]), int(match[3])), "date", match.start()))
    if digits and any(map(lower.__contains__, _MONTH_STARTS)):
        for match in _MONTH_DAY.finditer(text):
            year = int(match[3]) if match[3] else today.year if today else 0
            out.append((to_date(year, MONTHS[match[1].lower()], int(match[2])), "date", match.start()))
        for match in _DAY_MONTH.finditer(text):
            year = int(match[3]) if match[3] else today.year if today else 0
            out.append((to_date(year, MONTHS[match[2].lower()], int(match[1])), "date", match.start()))
    if today is None:
        return _only_dates(out)
    if digits:
        for match in _DAY_ONLY.finditer(text):
            out.append((to_date(today.year, today.month, int(match[1])), "date", match.start()))
    if any(map(lower.__contains__, _RELATIVE_STARTS)):
        for match in _RELATIVE.finditer(text):
            word = match[1].lower()
            days = 2 if word.startswith("day") else 1 if word == "tomorrow" else 0
            out.append((_ahead(today, days), "date", match.start()))
    if "day" in lower:
        for match in _WEEKDAY.finditer(text):
            days = (WEEKDAYS[match[1].lower()] - today.weekday()) % 7 or 7
            out.append((_ahead(today, days), "date", match.start()))
            out.append((_ahead(today, days - 7 if days < 7 else -7), "ago", match.start()))
            if match[2] or text[max(0, match.start() - 5) : match.start()].lower() == "next ":
                # "next Friday": people differ in whether that is the coming one.
                out.append((_ahead(today, days + 7), "later", match.start()))
    if "day" in lower or "week" in lower:
        for match in _AHEAD.finditer(text):
            days = _days(match[2], match[3])
            out.append((_ahead(today, days), "date" if match[1] or match[4] else "ahead", match.start()))
        for match in _AGO.finditer(text):
            days = 1 if match[5] else _days(match[1] or match[3], match[2] or match[4])
            out.append((_ahead(today, -days), "ago", match.start()))
    return _only_dates(out)


def _only_dates(found: list[tuple[date | None, str, int]]) -> list[tuple[date, str, int]]:
    return [(value, kind, start) for value, kind, start in found if value is not None]


def _days(number: str | None, unit: str | None) -> int:
    """Return how many days "two weeks" are; ``None`` is one, and a day."""
    word = (number or "a").lower()
    count = int(word) if word.isdigit() else NUMBER_WORDS.get(word, 1)
    return count * (7 if (unit or "").lower() == "week" else 1)


def _ahead(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:  # the calendar ends with the year 9999
        return None


def times_in(text: str) -> list[tuple[str, int]]:
    """Return the times of day that a text names, as ``HH:MM``, and where they start.

    Examples
    --------
    >>> times_in("half past six in the evening")
    [('18:30', 0)]
    """
    out: list[tuple[str, int]] = []
    taken: list[tuple[int, int]] = []
    lower = text.lower()
    for match in _PAST.finditer(text) if "half" in lower or "quarter" in lower else ():
        hour = _clock_hour(match[4])
        minute = {"half": 30, "quarter": 15}[match[2].lower()]
        if match[3].lower() == "to":
            hour, minute = hour - 1, 60 - minute
        out.append((_clock(hour, minute, match[5] or match[1]), match.start()))
        taken.append(match.span())
    for match in _CLOCK.finditer(text) if ":" in text else ():
        out.append((_clock(int(match[2]), int(match[3]), match[4] or match[1]), match.start()))
        taken.append(match.span())
    for match in _HOUR.finditer(text) if _OF_HOURS.search(lower) else ():
        if (match[3] or match[4] or match[1]) and not any(a <= match.start(2) < b for a, b in taken):
            out.append((_clock(_clock_hour(match[2]), 0, match[4] or match[1]), match.start()))
    for match in _NOON.finditer(text) if "noon" in lower or "midnight" in lower else ():
        out.append(("12:00" if match[1].lower() == "noon" else "00:00", match.start()))
    return [(value, start) for value, start in out if value]


def _clock_hour(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS[word.lower()]


def _clock(hour: int, minute: int, part: str | None) -> str:
    part = (part or "").lower()
    if hour > 24 or minute > 59:
        return ""
    if hour < 12 and (part.startswith("p") or "afternoon" in part or "evening" in part or "night" in part):
        hour += 12
    elif hour == 12 and (part.startswith("a") or "morning" in part):
        hour = 0
    return f"{hour % 24:02d}:{minute:02d}"


def begins_date(text: str, start: int) -> bool:
    """Whether a month and a day stand at ``start``.

    Examples
    --------
    >>> begins_date("on March 9th", 3), begins_date("for May Lee", 4)
    (True, False)
    """
    return _MONTH_DAY.match(text, start) is not None


def holds_date(name: str) -> bool:
    """Whether capitalised words hold a day, so that they are no name.

    Examples
    --------
    >>> holds_date("March 9th"), holds_date("Next Tuesday"), holds_date("May Lee"), holds_date("Oslo on the 4th")
    (True, True, False, True)
    """
    return _IN_NAME.search(name) is not None
