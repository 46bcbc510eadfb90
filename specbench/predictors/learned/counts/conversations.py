"""What whole conversations have in common: words that many users say, names that are none, things, folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from specbench.predictors.context.index import ContextIndex

__all__ = ["ConversationCounts"]

FILLER = 0.08
"""Share of the conversations from which a word of the user is filler."""
MOST_FOLDERS = 2
"""Folders that relative paths are put behind while a conversation has shown none."""
MOST_THINGS = 1000
"""Things that are looked for in what users say."""
_TABLES = ("common", "things", "roots", "heard")


class ConversationCounts:
    """In how many conversations something came.

    Attributes
    ----------
    conversations
        How many were counted.
    common, heard
        Capitalised words of user and agent, and words of the user.
    things, roots
        What results are about, and the folders in which relative paths begin (see :class:`ContextIndex`).

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> counts = ConversationCounts()
    >>> for name in ("Ann", "Bob", "Eva"):
    ...     counts.take(ContextIndex().extend([Message("user", f"Please find {name}")]))
    >>> sorted(counts.filler()), counts.commonness("Please"), round(counts.commonness("Ann"), 2)
    (['find', 'please'], 1.0, 0.33)
    """

    def __init__(self) -> None:
        self.conversations = 0
        self.common: dict[str, int] = {}
        self.things: dict[str, int] = {}
        self.roots: dict[str, int] = {}
        self.heard: dict[str, int] = {}
        self._filler: frozenset[str] | None = None
        self._known_things: frozenset[str] | None = None

    def take(self, index: ContextIndex) -> None:
        """Count a conversation, as it is at its end."""
        self.conversations += 1
        names = {index.texts[row] for path in ("user:word", "assistant:word") for row in index.rows(path)}
        for table, found in zip(_TABLES, (names, index.things, index.roots, index.user_words), strict=True):
            _count(getattr(self, table), found)

    def filler(self) -> frozenset[str]:
        """Return the words that many users say, whatever they want."""
        if self._filler is None:
            least = max(3, FILLER * self.conversations)
            self._filler = frozenset(word for word, n in self.heard.items() if n >= least)
        return self._filler

    def folders(self) -> list[str]:
        """Return the folders in which relative paths begin most often."""
        return sorted(self.roots, key=lambda root: (-self.roots[root], root))[:MOST_FOLDERS]

    def known_things(self) -> frozenset[str]:
        """Return what results are about again and again."""
        if self._known_things is None:
            often = sorted(self.things, key=lambda thing: (-self.things[thing], thing))[:MOST_THINGS]
            self._known_things = frozenset(thing for thing in often if self.things[thing] >= 2)
        return self._known_things

    def commonness(self, text: str) -> float:
        """Return the share of conversations in which a capitalised word occurs: a common one is nobody's name."""
        return self.common.get(text, 0) / self.conversations if self.conversations else 0.0

    def add(self, other: ConversationCounts) -> None:
        """Add the counts of other conversations."""
        self.conversations += other.conversations
        for name in _TABLES:
            table = getattr(self, name)
            for key, count in getattr(other, name).items():
                table[key] = table.get(key, 0) + count
        self._filler = self._known_things = None

    def compact(self) -> None:
        """Keep what is looked up."""
        self.common = {word: n for word, n in self.common.items() if n >= max(2, 0.01 * self.conversations)}
        self.heard = {word: n for word, n in self.heard.items() if word in self.filler()}
        self.things = {thing: n for thing, n in self.things.items() if thing in self.known_things()}
        self.roots = {root: self.roots[root] for root in sorted(self.roots, key=lambda r: (-self.roots[r], r))[:20]}

    def state(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "conversations": self.conversations,
            **{name: dict(sorted(getattr(self, name).items())) for name in _TABLES},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.conversations = state["conversations"]
        for name in _TABLES:
            setattr(self, name, dict(state[name]))
        self._filler = self._known_things = None


def _count(table: dict[str, int], found: Iterable[str]) -> None:
    for each in found:
        table[each] = table.get(each, 0) + 1
