"""Text taken apart: the words of what people say and of names, stems to compare them by; and text as files can hold it.

Everything that embeds, indexes or compares text takes its words from here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TypeVar, cast
from unicodedata import normalize

__all__ = [
    "MARKS", "letter_words", "name_words", "parts_of", "printable", "shown", "singular", "solid_parts", "stem",
    "tokens", "words", "writable",
]  # fmt: skip

T = TypeVar("T")
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17d3"
)
"""Signs that belong to the letter before them and are no letters for Python: vowels of Indic scripts, accents."""
_SOLID = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2,}")
"""Runs of scripts that have no spaces between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer."""
_WORD = re.compile(r"[a-z0-9]+")
_ANY_WORD = re.compile(r"[^\W_]+"), re.compile(rf"(?:[^\W_]|[{MARKS}])+")
_MARKED = re.compile(f"[{MARKS}]")
_TOKEN = re.compile(r"[a-z']+|[0-9]+|[?!#@$]")
_ANY_TOKEN = re.compile(r"(?:[^\W\d_]|')+|\d+|[?!#@$？！]"), re.compile(rf"(?:[^\W\d_]|[{MARKS}'])+|\d+|[?!#@$？！]")
_ANY_LETTERS = re.compile(r"[^\W\d_]+"), re.compile(rf"(?:[^\W\d_]|[{MARKS}])+")
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_ENDINGS = ("ing", "ed", "es", "s", "ure", "or", "er", "ion", "e")


def words(text: str) -> list[str]:
    """Return the lower-case words and numbers of a text, in order, of any script.

    Where a script has no spaces between words, pairs of neighbouring characters stand for them.

    Examples
    --------
    >>> words("Is order #W12 on its way?")
    ['is', 'order', 'w12', 'on', 'its', 'way']
    >>> words("Где мой заказ, Zoé?"), words("हिन्दी में"), words("我的订单 W12")
    (['где', 'мой', 'заказ', 'zoé'], ['हिन्दी', 'में'], ['我的', '的订', '订单', 'w12'])
    """
    return _WORD.findall(text.lower()) if text.isascii() else _any(_ANY_WORD, text)


def _any(patterns: tuple[re.Pattern[str], re.Pattern[str]], text: str) -> list[str]:
    """Return what is found in a text of any script, in lower case; scripts without spaces as pairs of characters.

    The second pattern, which is slow, is for texts that have :data:`MARKS`.
    """
    text = normalize("NFC", text).lower()
    found = patterns[_MARKED.search(text) is not None].findall(text)
    if not _SOLID.search(text):
        return found
    out: list[str] = []
    for word in found:
        start = 0
        for run in _SOLID.finditer(word):
            out += [word[start : run.start()], *(run[0][at : at + 2] for at in range(len(run[0]) - 1))]
            start = run.end()
        out.append(word[start:])
    return [word for word in out if word]


def solid_parts(word: str, most: int = 60) -> list[tuple[str, int]]:
    """Return what may be words in a run of a script without spaces, with where it starts; other words as they are.

    Examples
    --------
    >>> [part for part, _ in solid_parts("去上海")], solid_parts("हिन्दी")
    (['去上海', '去上', '上海'], [('हिन्दी', 0)])
    """
    out = [(word, 0)]
    if _SOLID.search(word):
        spans = ((at, at + size) for size in (2, 3, 4) for at in range(len(word) - size + 1))
        out += [(word[start:end], start) for start, end in islice(spans, most) if end - start < len(word)]
    return out


def letter_words(text: str, least: int) -> list[str]:
    """Return the lower-case runs of ``least`` letters or more, in order: short words tell little.

    Examples
    --------
    >>> letter_words("City of departure", 3)
    ['city', 'departure']
    """
    if text.isascii():
        return _runs(least).findall(text.lower())
    return [
        word for word in _any(_ANY_LETTERS, text) if len(word) >= least or (len(word) == 2 and _SOLID.fullmatch(word))
    ]


@lru_cache
def _runs(least: int) -> re.Pattern[str]:
    return re.compile(rf"[a-z]{{{least},}}")


def tokens(text: str) -> list[str]:
    """Return lower-case words, single marks, and numbers as the token ``0`` repeated by their length, at most 6 times.

    For embeddings: ids differ in every conversation; their shape does not.

    Examples
    --------
    >>> tokens("Order #W123, please?")
    ['order', '#', 'w', '000', 'please', '?']
    >>> tokens("Jörg: 東京")
    ['jörg', '東京']
    """
    found = _TOKEN.findall(text.lower()) if text.isascii() else _any(_ANY_TOKEN, text)
    return [each if not each[0].isdigit() else "0" * min(len(each), 6) for each in found]


@lru_cache(maxsize=4096)
def name_words(name: str) -> frozenset[str]:
    """Return the lower-case words of an identifier: ``orderId`` and ``order_id`` have the same two.

    Examples
    --------
    >>> sorted(name_words("orderId"))
    ['id', 'order']
    """
    if not name.isascii():
        return frozenset(words(name))
    return frozenset(part.lower() for part in _NAME_PART.findall(name))


def parts_of(text: str) -> frozenset[str]:
    """Return the lower-case parts, of three characters or more, of all the words and identifiers in a text.

    Examples
    --------
    >>> sorted(parts_of("Open src/resume_test.go"))
    ['open', 'resume', 'src', 'test']
    """
    if not text.isascii():
        return frozenset(each for each in _any(_ANY_WORD, text) if len(each) > 1)
    return frozenset(part.lower() for part in _NAME_PART.findall(text) if len(part) > 2)


def singular(word: str) -> str:
    """Return a lower-case word without the "s" of its plural; what stands for a word in comparisons, not its spelling.

    Examples
    --------
    >>> singular("shirts"), singular("glass"), singular("bus")
    ('shirt', 'glass', 'bus')
    """
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Return what the forms of a lower-case word have in common: a key for comparisons, not a word.

    Endings are taken off while three letters stay, and six of what is left are kept: rough, but the same for a
    parameter's name and for what people say.

    Examples
    --------
    >>> {stem(word) for word in ("starring", "stars", "starred")}, {stem("leave"), stem("leaving")}
    ({'star'}, {'leav'})
    >>> stem("departure") == stem("departing"), stem("originates") == stem("origin")
    (True, True)
    """
    while True:
        ending = next((each for each in _ENDINGS if word.endswith(each) and len(word) - len(each) >= 3), None)
        if ending is None:
            return word[:6]
        word = word[: -len(ending)]
        if word[-1] == word[-2] and len(word) > 3:
            word = word[:-1]


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


def printable(text: str) -> str:
    r"""Return a text as a terminal may show it: what would steer the terminal, or turn text round, as its escape.

    Examples
    --------
    >>> printable("a red \x1b[31mword\n")
    'a red \\u001b[31mword\n'
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def shown(text: str, most: int = 200) -> str:
    """Return a text for a terminal (:func:`printable`) of at most so many characters, without its middle.

    Examples
    --------
    >>> shown(chr(27) + "[2Jfile"), shown("a" * 9, 5)
    ('\\\\u001b[2Jfile', 'aa…aa')
    """
    return printable(text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 + 1 :]}")
