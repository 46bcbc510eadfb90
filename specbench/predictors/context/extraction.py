"""Values in free text: ids, e-mails, numbers, names, dates, times, each with where it stands.

Tools want canonical values (``2019-03-02``, ``18:30``); people write "tomorrow" and "half past six in the evening".
:func:`extract` finds what is written and says it the way tools do. Ambiguous text gives several candidates; choosing
is the predictor's job.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from specbench.core.text import MARKS, solid_parts
from specbench.predictors.context.language import Language
from specbench.predictors.context.language.english import English
from specbench.predictors.context.literals import CHUNK, pieces_of

__all__ = ["Found", "extract"]


ENGLISH = English()


class Found(NamedTuple):
    """A value found in a text: the value as tools spell it, its kind, where it starts, and the words before it.

    ``before`` holds up to three words of the same sentence, nearest first; all but the nearest are marked ``~``. A
    number has the two words after it there, too, marked ``>`` ("3 star hotel"); at the start of a sentence ``""`` is
    the nearest.
    """

    text: str
    kind: str
    start: int
    before: tuple[str, ...]


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CAPITAL = "A-Z" + "".join(char for char in map(chr, range(0xC0, 0x2000)) if char.isupper())
_TOKEN = re.compile(rf"#?[^\W_](?:[\w\-{MARKS}]*(?:[^\W_]|[{MARKS}]))?")
_NAME = re.compile(
    rf"[{_CAPITAL}][\w'’.!\-]*(?:(?<![^\W\d_]{{3}}[.!])\s+(?:(?:of|the|and|&|de|la|at|in|on|for|a|to|with)\s+){{0,2}}"
    rf"[{_CAPITAL}0-9][\w'’.!\-]*)*"
)
_BEFORE = re.compile(r"(?:[^\W\d_]|')+")
_AFTER = re.compile(r"[ -]((?:[^\W\d_]|')+)(?: ((?:[^\W\d_]|')+))?")
_LETTERS = re.compile(r"[A-Za-z]+")
_SHORTENED = re.compile(r"\b[A-Z]\.[A-Z]$")
_SOLID = re.compile(r"\S+")
_QUOTED = re.compile(r"[\"“«„]([^\"“”«»„\n]{2,60})[\"”»“]|`([^`\n]{2,80})`|(?<!\w)'([^'\n]{2,60})'(?!\w)")
_LITERAL = frozenset(["url", "path", "base", "folder", "line", "code"])
"""Kinds of :func:`specbench.predictors.context.literals.pieces_of` that are looked for in what people say."""


def extract(
    text: str, today: date | None = None, known: Iterable[str] = (), language: Language = ENGLISH
) -> list[Found]:
    """Return the values in ``text``, in no particular order; one place may give several.

    Parameters
    ----------
    text
        Free text.
    today
        The day that relative dates refer to; without it only dates with a year are found.
    known
        ISO dates that "the day after" may refer to, of a booking for example.
    language
        Knows words for days, times and numbers.

    Returns
    -------
    list of Found
        Kinds: ``email``, ``part`` (of an e-mail address or a user name), ``id`` (letters and digits mixed, a ``#``, or
        capitals alone), ``number``, ``name`` (capitalised words), ``word`` (one capitalised word), ``quoted``, ``date``
        (ISO; ``ago`` is "the last six days", and the weekday before today;
        ``later`` is the week after that, where "next" may mean it; ``ahead`` is "two days" from today, where
        nothing says that they begin today; ``moved`` is one of ``known``, moved), ``time`` (24 h ``HH:MM``).

    Examples
    --------
    >>> day = date(2019, 3, 1)
    >>> sorted((f.kind, f.text) for f in extract("order #W12 for Ann Lee, tomorrow at half past 6 in the evening", day)
    ...        if f.kind in {"id", "date", "time"})
    [('date', '2019-03-02'), ('id', '#W12'), ('time', '18:30')]
    """
    found: list[tuple[str, str, int]] = []
    taken: list[tuple[int, int]] = []
    for match in _EMAIL.finditer(text):
        found.append((match[0].rstrip("."), "email", match.start()))
        found += [(part, "part", match.start()) for part in _parts(match[0].partition("@")[0])]
        taken.append(match.span())
    for match in CHUNK.finditer(text):
        chunk = match[0]
        if len(chunk) > 2 and not (chunk.isalpha() and chunk[1:].islower()):
            pieces = [(value, kind) for value, kind in pieces_of(chunk) if kind in _LITERAL]
            found += [(value, kind, match.start() + max(chunk.find(value), 0)) for value, kind in pieces]
            if any(kind in ("url", "path") for _, kind in pieces):
                taken.append(match.span())
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if taken and any(a <= start < b for a, b in taken):
            continue
        token = match[0]
        if not token.isalpha() and any(map(str.isdigit, token)):
            if token.isdigit():
                found.append((token, "number", start))
            elif not token[0].isdigit() or not token[-1].isalpha() or len(token) > 4:
                found.append((token, "id", start))
                if "_" in token:
                    found += [(part, "part", start) for part in _parts(token)[1:]]
        elif token.lower() in language.number_words and language.counts(text, start):
            found.append((str(language.number_words[token.lower()]), "number", start))
        elif token[0].isupper() and not language.begins_date(text, start):
            found.append((token, "word", start))
            if len(token) > 4 and token.isupper():
                found.append((token, "id", start))
        elif token[0].isalpha() and not token[0].isascii() and not token[0].islower():
            # A script without capitals: any word may be a name.
            found += [(part, "word", start + at) for part, at in solid_parts(token)]
    for match in _NAME.finditer(text):
        whole = match[0].rstrip(".,")
        if _SHORTENED.search(whole) and match[0].startswith(f"{whole}."):
            whole += "."
        if whole.endswith(("'s", "’s")):
            whole = whole[:-2]
        words = list(_SOLID.finditer(whole))
        if len(words) > 1:
            if not language.holds_date(whole):
                found.append((whole, "name", match.start()))
            # The start or the end of a span may be the value: "Can Ann Lee", "Ann Lee at Sino".
            for cut in range(1, min(len(words), 5)) if len(words) > 2 else ():
                for piece in (words[:cut], words[cut:]):
                    if len(piece) > 1 and piece[0][0][0].isupper() and piece[-1][0][0].isupper():
                        start, end = piece[0].start(), piece[-1].end()
                        last = match.start() + piece[-1].start()
                        if not language.holds_date(whole[start:end]) and not language.begins_date(text, last):
                            found.append((whole[start:end], "name", match.start() + start))
        elif not whole.isalpha():
            found.append((whole, "word", match.start()))
    for match in _QUOTED.finditer(text):
        said = match[1] or match[2] or match[3]
        found.append((said.strip(), "quoted", match.start() + 1))
    found += [(value.isoformat(), kind, start) for value, kind, start in language.dates(text, today)]
    found += [(value, "time", start) for value, start in language.times(text)]
    found += [(value.isoformat(), "moved", start) for value, start in language.moved(text, known)]
    before = {start: _before(text, start) for _, _, start in found}
    return [
        Found(value, kind, start, _around(text, start, before[start]) if kind == "number" else before[start])
        for value, kind, start in found
    ]


def _parts(handle: str) -> list[str]:
    """Return a handle and the names in it.

    Examples
    --------
    >>> _parts("ann.lee_7")
    ['ann.lee_7', 'Ann', 'Lee']
    """
    return [handle, *(part.capitalize() for part in _LETTERS.findall(handle) if len(part) > 1)]


def _around(text: str, start: int, before: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words before a number, and the two after it."""
    number = _TOKEN.match(text, start)
    after = _AFTER.match(text, number.end()) if number else None
    return (*(before or ("",)), *(f">{word.lower()}" for word in after.groups() if word)) if after else before


def _before(text: str, start: int) -> tuple[str, ...]:
    near = text[max(0, start - 32) : start].lower()
    # Words of the same sentence only.
    near = near[max(near.rfind(". "), near.rfind("? "), near.rfind("! "), near.rfind("\n")) + 1 :]
    words = _BEFORE.findall(near)[-3:]
    return tuple(words[-1:] + [f"~{word}" for word in reversed(words[:-1])])
