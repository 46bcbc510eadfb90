"""Values that stand in a text as they are called: addresses, paths, names of code, numbers, quoted words.

Nothing here knows a language or a domain. A text is read line by line in one pass; a line's *template* says what kind
of line it is (its key, a numbered line, a line of a diff), so that ``Line 123:`` and ``1204:    return x`` are two
places and not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = ["CHUNK", "LONGEST", "Literal", "literals_in", "pieces_of", "read_lines", "template_of"]

LONGEST = 120
"""Characters of a value."""
LONGEST_LINE = 4000
"""Characters from which a line is read in pieces: no person writes such lines."""
CHUNK = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s\"'`<>\\]+|[^\s\"'`<>()\[\]{},;|→=“”‘’«»、。，；：「」]+"  # "=" so that x=1 is two
)
_KEY = re.compile(r"\s*(?:[-*+>•]\s+|#+\s+)?[\"']?([^\W\d][\w .-]{0,30}?)[\"']?\s*(?::(?=\s|$)|\s=\s|\s?→)\s*")
_NUMBERED = re.compile(r"\s*(\d+)\s*(?:[:|→\t])")
_PLACED = re.compile(r"([^\s:]*[\w/]\.\w{1,5}|[^\s:/]*/[^\s:]*)[:-](\d{1,6})[:-]")
_QUOTED = re.compile(r"`([^`\n]{2,80})`|(?<!\w)'([^'\n]{2,80})'(?!\w)|\"([^\"\n]{2,80})\"")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_LINES = re.compile(r"^(.+?):(\d{1,6})(?::\d+)?:?(?:-(\d+))?$")
_CODE = re.compile(r"[^\W\d]\w*_\w*|_\w+|[^\W\d]\w*[a-z][A-Z]\w*|(?:[^\W\d]\w*\.)+[^\W\d]\w*|[^\W\d]+(?:-[^\W\d]+)+")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_MEASURED = re.compile(r"[$€£¥₹]?(\d+(?:\.\d+)?)(?:%|°|[^\W\d_]{1,3})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CELLS = re.compile(r"\t|\|")
_EDGES = ".:!?*#~…·&\\"


class Literal(NamedTuple):
    """A value in a text, what kind of value it is, the template of its line, and which of its kind it is."""

    text: str
    kind: str
    template: str
    ordinal: int


@lru_cache(maxsize=32768)
def pieces_of(chunk: str) -> tuple[tuple[str, str], ...]:
    """Return the values in a run of characters without spaces, each with its kind.

    Kinds: ``url``; ``path``, its ``base`` name, its ``folder`` and the ``tail`` behind its first folder; ``line`` (of
    ``path:line``); ``email``; ``day`` (ISO); ``number``; ``id`` (letters and digits mixed, or a ``#``); ``code`` (an
    identifier of several words); ``caps`` (capitals alone); ``word`` (capitalised, or of a script without capitals).

    Examples
    --------
    >>> pieces_of("src/app/main.go:107:")
    (('src/app/main.go', 'path'), ('main.go', 'base'), ('src/app', 'folder'), ('107', 'line'))
    >>> pieces_of("https://a.b/c-d."), pieces_of("get_user"), pieces_of("#W12."), pieces_of("the")
    ((('https://a.b/c-d', 'url'),), (('get_user', 'code'),), (('#W12', 'id'),), ())
    """
    if "://" in chunk:
        return ((chunk.rstrip(".,:;!?)]}*"), "url"),)
    chunk = chunk.rstrip(_EDGES).lstrip("*:!?…·&\\")
    if not chunk:
        return ()
    if chunk.isalpha():
        if chunk.islower() or len(chunk) == 1:
            return () if chunk.isascii() else ((chunk, "word"),)
        if chunk.isupper():
            return ((chunk, "caps"),)
        return ((chunk, "code" if _CODE.fullmatch(chunk) else "word"),)
    placed = _LINES.match(chunk)
    if placed and not placed[1].isdigit() and (_EXTENSION.search(placed[1]) or "/" in placed[1]):
        return (*_path(placed[1]), *((each, "line") for each in placed.groups()[1:] if each))
    if "/" in chunk.strip("/") or chunk.startswith(("/", "~/", "./")) or chunk.endswith("/"):
        return _path(chunk)
    if "@" in chunk.strip("@"):
        return ((chunk, "email"),) if "." in chunk.partition("@")[2] else ((chunk, "id"),)
    if _NUMBER.fullmatch(chunk):
        return ((chunk, "number"),)
    if _DAY.match(chunk):
        return ((chunk[:10], "day"), *(((chunk, "id"),) if len(chunk) > 10 else ()))
    if _EXTENSION.search(chunk) and chunk[-2:-1] != "." and chunk.count(".") < 4:
        return ((chunk, "base"), (chunk, "code")) if _CODE.fullmatch(chunk) else ((chunk, "base"),)
    if any(map(str.isdigit, chunk)):
        measured = _MEASURED.fullmatch(chunk)
        if measured:
            return ((measured[1], "number"), (chunk, "id"))
        halves = tuple((half, "number" if half.isdigit() else "id") for half in chunk.split(":") if half)
        return ((chunk, "id"), *(halves if ":" in chunk and len(halves) < 4 else ()))
    if _CODE.fullmatch(chunk):
        return ((chunk, "code"),)
    return ((chunk, "word"),) if chunk[0].isupper() or not chunk.isascii() else ()


def _path(chunk: str) -> tuple[tuple[str, str], ...]:
    folder, _, base = chunk.rstrip("/").rpartition("/")
    out = [(chunk, "path")]
    if chunk.startswith("//"):  # a comment
        return ()
    if chunk.startswith(("a/", "b/")):  # of a diff
        out.append((chunk[2:], "path"))
    if base and base != chunk:
        out.append((base, "base"))
    if folder and folder not in (".", "..", "~"):
        out.append((folder, "folder"))
    if chunk.startswith("/") and "/" in folder[1:]:
        out.append((chunk[1:].partition("/")[2], "tail"))
    return tuple(out)


def template_of(line: str) -> tuple[str, int]:
    """Return what kind of line it is, and where what it says begins.

    Examples
    --------
    >>> template_of("Line 123:    def f(x):"), template_of("  - url: https://a.b"), template_of("185:    return")
    (('line', 13), ('url', 9), ('#', 4))
    >>> template_of("+    x = 1"), template_of("Not a key, but prose"), template_of("src/a.py:12: x = 1")
    (('+', 1), ('', 0), (':', 12))
    """
    head = line[:60]
    numbered = _NUMBERED.match(head)
    if numbered:
        return "#", numbered.end()
    placed = _PLACED.match(line)
    if placed:
        return ":", placed.end()
    if head[:1] in "+-@" and not head.startswith("- "):
        return head[:1], 1
    key = _KEY.match(head)
    if key:
        name = key[1].strip(" .-").lower().rstrip("0123456789 ")
        return name[:24], key.end()
    return "", 0


def read_lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each line that is not empty: its template, what it says behind its key, and all of it."""
    for line in text.splitlines():
        if line and not line.isspace():
            template, start = template_of(line)
            yield template, line[start:LONGEST_LINE], line[:LONGEST_LINE]
            for at in range(LONGEST_LINE, len(line), LONGEST_LINE):
                yield "", line[at : at + LONGEST_LINE], line[at : at + LONGEST_LINE]


def literals_in(text: str) -> Iterator[Literal]:
    """Yield the values of a text of a tool, each once, in order.

    Besides the kinds of :func:`pieces_of`: ``value`` (all that stands behind a key), ``cell`` of a table, ``row`` (a
    short line as it is) and ``quoted``.

    Examples
    --------
    >>> found = list(literals_in("Matches in the folder src/a.py:\\nLine 12: return get_it()"))
    >>> [(each.text, each.kind, each.template) for each in found if each.kind in ("path", "base", "line", "code")]
    [('src/a.py', 'path', ''), ('a.py', 'base', ''), ('12', 'line', 'line'), ('get_it', 'code', 'line')]
    """
    seen: set[tuple[str, str]] = set()
    counts: dict[tuple[str, str], int] = {}
    for template, said, line in read_lines(text):
        found: list[tuple[str, str]] = []
        if template == ":":
            placed = _PLACED.match(line)
            found += [*_path(placed[1]), (placed[2], "line")] if placed else []
        elif template == "#":
            found.append((line[: len(line) - len(said)].strip(" \t:|→"), "line"))
        elif template and template not in "+-@":
            value = said.strip().strip("\"'`")
            if value and len(value) <= LONGEST:
                found.append((value, "value"))
            head = line[: len(line) - len(said)]
            found += [(number, "line") for number in _NUMBER.findall(head)[:1]]
        elif not template and len(line) <= 60 and 0 < line.count(" ") <= 5 and not line[0].isspace():
            found.append((line.strip(), "row"))
        if " | " in line or ("\t" in line and not template):
            cells = [cell.strip() for cell in _CELLS.split(line)]
            found += [(cell, "cell") for cell in cells if 1 < len(cell) <= LONGEST]
        for chunk in CHUNK.findall(said):
            found += pieces_of(chunk)
        if "`" in said or '"' in said or "'" in said:
            for match in _QUOTED.finditer(said):
                found.append(((match[1] or match[2] or match[3]).strip(), "quoted"))
        for value, kind in found:
            if (value, kind) not in seen and 0 < len(value) <= LONGEST:
                seen.add((value, kind))
                place = counts.get((kind, template), 0)
                counts[kind, template] = place + 1
                yield Literal(value, kind, template, place)
