"""Runs of one to four words of what a user says: a query, a name in small letters, whatever has no form of its own."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import pairwise
from typing import NamedTuple

from specbench.core.text import MARKS

__all__ = ["MARK", "Span", "spans_in"]

LONGEST = 4
"""Words of a run."""
EDGE = 40
"""Words at the beginning, and at the end, of a text of which runs are looked at."""
MARK = "§"
"""Stands before the words around a run: they say more, and less, than those around a value that has a form."""
_WORD = re.compile(rf"[^\W_](?:[\w'’{MARKS}-]*(?:[^\W_]|[{MARKS}]))?")


class Span(NamedTuple):
    """A run of words, where it starts, and the marked words around it: before, ``~`` two before, ``>`` after."""

    text: str
    start: int
    around: tuple[str, ...]


def spans_in(text: str, filler: Container[str] = ()) -> list[Span]:
    """Return the runs of words in a text that do not begin or end with a filler word.

    Parameters
    ----------
    text
        What somebody said.
    filler
        Words that many conversations have, in lower case: "the", "please".

    Examples
    --------
    >>> [each.text for each in spans_in("delete the tech roundup", {"delete", "the"})]
    ['tech', 'tech roundup', 'roundup']
    >>> spans_in("find kim, please", {"please"})[-1]
    Span(text='kim', start=5, around=('§find', '§>'))
    """
    found = list(_WORD.finditer(text))
    if len(found) > 2 * EDGE:
        found = [*found[:EDGE], *found[-EDGE:]]
    words = [each[0].lower() for each in found]
    joined = [text[a.end() : b.start()] == " " for a, b in pairwise(found)]
    out = []
    for at, first in enumerate(found):
        if words[at] in filler or (len(words[at]) < 3 and words[at].isascii()):
            continue
        for end in range(at, min(at + LONGEST, len(found))):
            if end > at and not joined[end - 1]:
                break
            if words[end] not in filler:
                before = words[at - 1] if at and joined[at - 1] else ""
                after = words[end + 1] if end + 1 < len(found) and joined[end] else ""
                further = (f"{MARK}~{words[at - 2]}",) if at > 1 and before and joined[at - 2] else ()
                span = text[first.start() : found[end].end()]
                out.append(Span(span, first.start(), (f"{MARK}{before}", *further, f"{MARK}>{after}")))
    return out
