"""The values of one conversation: a table with a row each, where they stand, and the groups that they stand in."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Set
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.text import parts_of, singular
from specbench.predictors.context.json_paths import Group
from specbench.predictors.context.spelling import TRUTH, code_of, same_id, shape_of, text_of

__all__ = ["COLUMNS", "TRUTH", "ValueTable", "code_of", "same_id", "shape_of", "text_of"]

MAX_PHRASES = 50
"""Values of several words with one first word that are looked for in texts; a limit against hostile results."""
NEVER = -1000

COLUMNS = (
    "first", "last", "last_user", "last_assistant", "last_tool", "mentions",
    "last_use", "uses", "ordinal", "group", "group_size", "path", "placed", "offset", "shape", "longer", "argument",
)  # fmt: skip
"""Columns of :attr:`ValueTable.table`. ``first``, ``last*``, ``last_use`` and ``placed`` are message numbers (NEVER if
none). ``path``, ``ordinal``, ``group_size`` and ``placed`` say where the value stands: at which path, as which of how
many there, since which message. ``argument`` is the path of its latest use in a call, -1 if none."""
(
    FIRST, LAST, LAST_USER, LAST_ASSISTANT, LAST_TOOL, MENTIONS, LAST_USE, USES, ORDINAL, GROUP, GROUP_SIZE, PATH,
    PLACED, OFFSET, SHAPE, LONGER, ARGUMENT,
) = range(len(COLUMNS))  # fmt: skip
NAMED = ("now", "ever", "first", "title_now", "title_ever", "things_now", "things_ever")
"""Columns of :attr:`ValueTable.named`."""
_SAID = [LAST_USER, LAST_ASSISTANT, MENTIONS, OFFSET]
_PIECE = re.compile(r"#?\w[\w\-@.+]*\w|#?\w")


def _set_apart(text: str, start: int, end: int, first: int, last: int) -> bool:
    """Whether a part of ``text[first:last]`` may be a name: "Pup" of "Pup in Oslo", "Ann Lee" of "Maybe Ann Lee".

    A small word beside it sets it apart, and so does a single word before it that begins the sentence.
    """
    left, right = text[first:start].split(), text[end:last].split()
    if right and not right[0][0].islower():
        return False
    begins = len(left) == 1 and text[:first].rstrip()[-1:] in ("", ".", "?", "!")
    return not left or left[-1][0].islower() or begins


@lru_cache(maxsize=32768)
def _parts(text: str) -> frozenset[str]:
    return parts_of(text)


class ValueTable:
    """Every value that has occurred, once, with its provenance.

    Attributes
    ----------
    table : ndarray of int32, shape (rows, len(COLUMNS))
        The values; ``texts[row]`` and ``values[row]`` are the value as text and as it came.
    rows_by_path, row_paths, path_names
        Path → rows that occurred there, row → path numbers, number → path.
    before, asked
        Words just before the latest mention of a row by role; stems of what the agent had asked when the user named it.
    used_by
        (tool, parameter) → rows that have filled it, with the message number of the last time.
    touched
        Rows whose ``before`` or ``asked`` changed, in order; slots read on from where they were.
    shapes
        Row → its shape and its coarser one.
    row_groups, group_at
        Row → groups of sibling values that it has stood in, and at which path; group → message number.
    things, last_things
        The things of all groups (see :class:`specbench.predictors.context.json_paths.Group`), and those of the latest
        result that was JSON.
    groups, named
        Words of each group of sibling values; in the columns of ``named`` how many of them the user has just said, has
        ever said, where the first of them stands in the latest message, and which share of the group's name the user
        has just said, and ever said; and how many of the things that it holds.
    """

    def __init__(self) -> None:
        self.user_words: dict[str, int] = {}
        self.texts: list[str] = []
        self.values: list[Any] = []
        self.before: list[dict[str, tuple[str, ...]]] = []
        self.asked: list[frozenset[str]] = []
        self.rows_with_before: list[int] = []
        self.used_by: dict[tuple[str, str], dict[int, int]] = {}
        self.row_paths: list[dict[int, None]] = []
        self.rows_by_path: dict[str, list[int]] = {}
        self.path_names: list[str] = []
        self.groups: list[Group] = [Group(frozenset(), (), frozenset())]
        self.group_at: list[int] = [NEVER]
        self.row_groups: list[list[tuple[int, str]]] = []
        self.shapes: list[tuple[str, str]] = []
        self._parts: dict[int, frozenset[str]] = {}
        self.named: npt.NDArray[np.float32] = np.zeros((64, len(NAMED)), np.float32)
        self.named[0, 2] = 1.0
        self._named_ever: set[str] = set()
        self._titles_of: dict[str, list[int]] = {}
        self._holders_of: dict[str, list[int]] = {}
        self.things: set[str] = set()
        self.last_things: frozenset[str] = frozenset()
        self.touched: list[int] = []
        self._groups_of: dict[str, list[int]] = {}
        self._now_words: dict[str, int] = {}
        self.shape_names: list[str] = []
        self._path_ids: dict[str, int] = {}
        self._shape_ids: dict[str, int] = {}
        self._row_of: dict[str, int] = {}
        self._by_lower: dict[str, int] = {}
        self._phrases: dict[str, set[str]] = {}
        self._spellings: dict[str, list[int]] = {}
        self._table: npt.NDArray[np.int32] = np.zeros((64, len(COLUMNS)), np.int32)

    @property
    def table(self) -> npt.NDArray[np.int32]:
        """The rows filled so far; a view."""
        return self._table[: len(self.texts)]

    def rows(self, path: str) -> list[int]:
        """Return the rows that occurred at ``path``, oldest first."""
        return self.rows_by_path.get(path, [])

    def row(self, value: Any) -> int | None:
        """Return the row of a value, if it has occurred."""
        return self._row_of.get(text_of(value))

    def row_of_words(self, words: str) -> int | None:
        """Return the row whose value is spelt like this, whatever its case."""
        return self._by_lower.get(words)

    def parts(self, row: int) -> frozenset[str]:
        """Return the parts of the words of a value."""
        known = self._parts.get(row)
        if known is None:
            known = self._parts[row] = _parts(self.texts[row])
        return known

    def used_rows(self, tool: str, parameter: str) -> dict[int, int]:
        """Return the rows that have filled this parameter, with the message number of the last time."""
        return self.used_by.get((tool, parameter), {})

    def _name_groups(self, words: list[str], stop_words: Container[str]) -> None:
        """Count, for every group of sibling values, the words of it that the user has just said, and ever said."""
        named = self.named
        for word in self._now_words:
            # A group's words are limited, its things are not: each is looked up on its own.
            if groups := self._groups_of.get(word):
                named[groups, 0], named[groups, 2] = 0.0, 1.0
            if titled := self._titles_of.get(word):
                named[titled, 3] = 0.0
            if holders := self._holders_of.get(word):
                named[holders, 5] = 0.0
        self._now_words = {}
        for position, word in enumerate(words):
            if len(word) > 2 and word not in stop_words:
                self._now_words.setdefault(singular(word), position)
        for word, position in self._now_words.items():
            new = word not in self._named_ever
            self._named_ever.add(word)
            if groups := self._groups_of.get(word):
                named[groups, 0] += 1
                named[groups, 1] += new
                named[groups, 2] = np.minimum(named[groups, 2], position / 60)
            for group in self._titles_of.get(word, ()):
                share = 1 / len(self.groups[group].title)
                named[group, 3] += share
                named[group, 4] += share * new
            if holders := self._holders_of.get(word):
                named[holders, 5] += 1
                named[holders, 6] += new

    def things_said(self, known: Set[str]) -> tuple[int, ...]:
        """Count the things that the user has named, just now and ever: of the latest result, of any, missing ones.

        Things are told by the last words of their names ("lamp"); missing are those of ``known`` that no name holds.
        """
        now, ever = self._now_words.keys(), self._named_ever
        sets = self.last_things, self.things, known - self._titles_of.keys()
        return tuple(len(said & each) for each in sets for said in (now, ever))

    def _add_group(self, added: Group, at: int) -> None:
        group = len(self.groups)
        self.groups.append(added)
        self.group_at.append(at)
        if group == len(self.named):
            self.named = np.concatenate([self.named, np.zeros_like(self.named)])
        words, title, now, ever = added.words, set(added.title), self._now_words.keys(), self._named_ever
        first = min((self._now_words[word] / 60 for word in words & now), default=1.0)
        size = len(title) or 1
        self.named[group] = (
            len(words & now), len(words & ever), first, len(title & now) / size, len(title & ever) / size,
            len(added.things & now), len(added.things & ever),
        )  # fmt: skip
        for word in words:
            self._groups_of.setdefault(word, []).append(group)
        for word in title:
            self._titles_of.setdefault(word, []).append(group)
        for word in added.things:
            self._holders_of.setdefault(word, []).append(group)

    def _known_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the rows whose value stands in a text, whatever its case, and where."""
        lower = text.lower()
        for match in _PIECE.finditer(lower):
            piece = match[0].rstrip(".-@+")
            known = self._by_lower.get(piece)
            if known is not None:
                yield known, match.start()
            for phrase in sorted(self._phrases[piece]) if piece in self._phrases else ():
                if lower.startswith(phrase, match.start()):
                    yield self._by_lower[phrase], match.start()

    def _known_words(self, text: str) -> Iterator[int]:
        """Yield the rows whose value stands in a long text as words, whatever its case."""
        lower = text.lower()
        pieces = {piece.rstrip(".-@+") for piece in set(_PIECE.findall(lower))}
        for piece in sorted(pieces & self._by_lower.keys()):
            yield self._by_lower[piece]
        for piece in sorted(pieces & self._phrases.keys()):
            for phrase in sorted(self._phrases[piece]):
                if phrase in lower:
                    yield self._by_lower[phrase]

    def _respell(self, row: int, text: str) -> None:
        """Let a new row know what has been said of other spellings of the same identifier."""
        identity = same_id(text)
        if identity is None:
            return
        known = self._spellings.setdefault(identity, [])
        if known:
            other = known[-1]
            self._table[row, _SAID] = self._table[other, _SAID]
            self.before[row], self.asked[row] = dict(self.before[other]), self.asked[other]
        known.append(row)

    def _spelt_otherwise(self, row: int) -> list[int]:
        """Return the rows that hold other spellings of an identifier."""
        identity = same_id(self.texts[row])
        return [other for other in self._spellings[identity] if other != row] if identity is not None else []

    def _mark_parts(self, text: str, spans: list[tuple[int, int, int]]) -> None:
        """Mark the names (start, end, row) that stand inside a longer name, and those that explain the name before."""
        ends = {end for _, end, _ in spans}
        reach, longest = 0, (-1, -1)
        for start, end, row in sorted(spans, key=lambda span: (span[0], -span[1])):
            inside = end <= reach and (start, end) != longest and not _set_apart(text, start, end, *longest)
            # "Paris, France": the second name explains the first.
            self._table[row, LONGER] = inside or (start - 2 in ends and text[start - 2 : start] == ", ")
            if end > reach:
                reach, longest = end, (start, end)

    def _add(self, value: Any, path: str, at: int, group: int = 0, ordinal: int = 0) -> int:
        text = text_of(value)
        row = self._row_of.get(text)
        if row is None:
            row = len(self.texts)
            if row == len(self._table):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._row_of[text] = row
            self.texts.append(text)
            self.values.append(value)
            self.before.append({})
            self.asked.append(frozenset())
            self.row_paths.append({})
            self.row_groups.append([])
            shape = shape_of(text)
            self.shapes.append((shape, code_of(text)))
            if shape not in self._shape_ids:
                self._shape_ids[shape] = len(self.shape_names)
                self.shape_names.append(shape)
            form = self._shape_ids[shape]
            self._table[row] = (at, at, NEVER, NEVER, NEVER, 0, NEVER, 0, ordinal, group, 1, 0, at, 0, form, 0, -1)
            self._respell(row, text)
            lower = text.lower()
            self._by_lower.setdefault(lower, row)
            head = _PIECE.match(lower)
            if head and head[0] != lower:
                phrases = self._phrases.setdefault(head[0].rstrip(".-@+"), set())
                if len(phrases) < MAX_PHRASES:
                    phrases.add(lower)
        if path not in self._path_ids:
            self._path_ids[path] = len(self.path_names)
            self.path_names.append(path)
            self.rows_by_path[path] = []
        identifier = self._path_ids[path]
        if identifier not in self.row_paths[row]:
            self.row_paths[row][identifier] = None
            self.rows_by_path[path].append(row)
            if len(self.row_paths[row]) == 1:
                self._table[row, PATH] = identifier
        return row
