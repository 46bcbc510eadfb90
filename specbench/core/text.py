"""Text taken apart: the words of what people say and of names, stems to compare them by; and text as files can hold it.

Everything that embeds, indexes or compares text takes its words from here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeVar, cast

__all__ = [
    "letter_words", "name_words", "printable", "shown", "singular", "stem", "tokens", "words", "writable",
]  # fmt: skip

T = TypeVar("T")
_WORD = re.compile(r"[a-z0-9]+")
_TOKEN = re.compile(r"[a-zà-þ']+|[0-9]+|[?!#@$]")
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_ENDINGS = ("ing", "ed", "es", "s", "ure", "or", "er", "ion", "e")


def words(text: str) -> list[str]:
    """Return the lower-case words and numbers of a text, in order.

    Examples
    --------
    >>> words("Is order #W12 on its way?")
    ['is', 'order', 'w12', 'on', 'its', 'way']
    """
    return _WORD.findall(text.lower())


def letter_words(text: str, least: int) -> list[str]:
    """Return the lower-case runs of ``least`` letters or more, in order: short words tell little.

    Examples
    --------
    >>> letter_words("City of departure", 3)
    ['city', 'departure']
    """
    return _runs(least).findall(text.lower())


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
    """
    return [each if not each[0].isdigit() else "0" * min(len(each), 6) for each in _TOKEN.findall(text.lower())]


@lru_cache(maxsize=4096)
def name_words(name: str) -> frozenset[str]:
    """Return the lower-case words of an identifier: ``orderId`` and ``order_id`` have the same two.

    Examples
    --------
    >>> sorted(name_words("orderId"))
    ['id', 'order']
    """
    return frozenset(part.lower() for part in _NAME_PART.findall(name))


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
