"""A small phrase grammar: acts, paraphrases, alternatives, slots.

A phrase book is a text: ``# act`` starts an act, each line below it is one paraphrase. ``[a|b]`` takes one of the
alternatives (one may be empty), ``{slot}`` is filled in. Lines that start with ``//`` are comments.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import NoReturn

from specbench.core.errors import ConfigError

__all__ = ["Book", "choose", "expansions", "merged", "parse", "render", "say"]

Book = Mapping[str, tuple[str, ...]]
"""Paraphrases by act."""

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{[a-z_]+\}")
# The first letter of a sentence, unless its first word is an email address.
_START = re.compile(r"(^|[.?!] )([a-z])(?!\S*@)")


def parse(text: str, path: str = "phrases") -> Book:
    """Read a phrase book.

    Parameters
    ----------
    text
        The book.
    path
        The name of its file, for error messages.

    Raises
    ------
    ConfigError
        When a line cannot be used; the message names file and line.

    Examples
    --------
    >>> parse('''
    ... // How people meet.
    ... # greet
    ... Hi[| there].
    ... Hello.
    ... ''')
    {'greet': ('Hi[| there].', 'Hello.')}
    >>> parse("# greet\\nHi[| there.", path="my.txt")
    Traceback (most recent call last):
    ...
    specbench.core.errors.ConfigError: my.txt, line 2: a bracket has no partner in 'Hi[| there.'; write [a|b] or {slot}
    """
    acts: dict[str, list[str]] = {}
    headings: dict[str, int] = {}
    act = ""

    def refuse(number: int, problem: str) -> NoReturn:
        raise ConfigError(f"{path}, line {number}: {problem}")

    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("//"):
            continue
        if line.startswith("#"):
            act = line[1:].strip()
            if not act or act in acts:
                refuse(number, f"the act {act!r} is here twice" if act else "an act has no name; write # and its name")
            acts[act], headings[act] = [], number
        elif not act:
            refuse(number, f"{line!r} belongs to no act; begin an act with # and its name, a comment with //")
        elif set("[]{}") & set(_CHOICE.sub(r"\1", _SLOT.sub("", line))):
            refuse(number, f"a bracket has no partner in {line!r}; write [a|b] or {{slot}}")
        else:
            acts[act].append(line)
    for act, lines in acts.items():
        if not lines:
            refuse(headings[act], f"the act {act!r} has no paraphrase; write one on each line below it")
    return {act: tuple(lines) for act, lines in acts.items()}


def merged(*books: Book) -> Book:
    """One book with the paraphrases of all.

    Examples
    --------
    >>> merged({"yes": ("Yes.",)}, {"yes": ("Sure.",), "no": ("No.",)})
    {'yes': ('Yes.', 'Sure.'), 'no': ('No.',)}
    """
    acts: dict[str, tuple[str, ...]] = {}
    for book in books:
        for act, lines in book.items():
            acts[act] = acts.get(act, ()) + lines
    return acts


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


def choose(line: str, rng: random.Random) -> str:
    """Draw one of each of the alternatives.

    Examples
    --------
    >>> choose("[Hi|Hello][| there].", random.Random(2))
    'Hi.'
    """
    return _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), line)


def render(line: str, rng: random.Random, *, lower: bool = False, slots: Mapping[str, str] | None = None) -> str:
    """Draw the alternatives, fill the slots, and begin sentences with capitals (unless ``lower``).

    Examples
    --------
    >>> render("[Hi. ]{order} is late.", random.Random(1), slots={"order": "order #D48213"})
    'Hi. Order #D48213 is late.'
    """
    text = choose(line, rng)
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
