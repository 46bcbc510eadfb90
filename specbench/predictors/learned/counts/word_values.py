"""What words of the user stand for, whatever the parameter: "nyc" for ``New York``, "atlanta" for ``ATL``."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from specbench.core.text import name_words
from specbench.core.types import ToolCall
from specbench.predictors.context.index import ContextIndex

__all__ = ["Meanings"]

MOST_NAMES = 600
"""Names that are taken down from results."""


class Meanings:
    """Counts which values come after which words, and takes down what results call by which name.

    Attributes
    ----------
    heard, meant
        Word or word pair → calls that followed it; → value → those of them that had it.
    names
        What the maps in results call by which name: ``{"atlanta": "ATL"}``.
    """

    def __init__(self) -> None:
        self.heard: dict[str, int] = {}
        self.meant: dict[str, dict[str, int]] = {}
        self.names: dict[str, str] = {}
        self._known: dict[str, tuple[str, float] | None] = {}

    def count(self, call: ToolCall, words: Iterable[str], index: ContextIndex) -> None:
        """Count the values of a call after these words."""
        values = {value for value in call.arguments.values() if isinstance(value, str) and len(value) <= 40}
        # What the user has said in so many words, no other word of theirs stands for.
        said = index.user_words.keys()
        values = {v for v in values if v[:1].isupper() and not name_words(v.lower()) <= said}
        if not values:
            return
        for word in words:
            if word[0] != "@":
                self._known.pop(word, None)
                self.heard[word] = self.heard.get(word, 0) + 1
                row = self.meant.setdefault(word, {})
                for text in values:
                    row[text] = row.get(text, 0) + 1

    def take_names(self, index: ContextIndex) -> None:
        """Take down what the maps in a conversation's results call by which name: ``{"ATL": "Atlanta", ...}``."""
        for pair in index.named_values:
            for phrase, meant in (pair, pair[::-1]):
                words = phrase.lower().split()
                if len(words) <= 2 and phrase[:1].isupper() and len(self.names) < MOST_NAMES:
                    self.names.setdefault(" ".join(words), meant)

    def aliases(self, taken: Collection[Container[str]]) -> dict[str, tuple[str, float]]:
        """Return word or word pair → (value, share of its calls).

        Parameters
        ----------
        taken
            The values that each parameter takes: only these are looked for by their names.
        """
        used = {value for value in set(self.names.values()) if any(value in values for values in taken)}
        out = {phrase: (value, 1.0) for phrase, value in self.names.items() if value in used}
        for word in self.meant:
            if word not in self._known:
                self._known[word] = self._meaning(word)
            meaning = self._known[word]
            if meaning is not None:
                out.setdefault(word, meaning)
        return out

    def _meaning(self, word: str) -> tuple[str, float] | None:
        """Return what a word stands for, with the share of its calls; ``None`` where it stands for nothing."""
        row = self.meant[word]
        text = max(row, key=lambda each: (row[each], each))
        share = row[text] / (self.heard[word] + 1)
        return (text, share) if row[text] >= 3 and share >= 0.5 and word not in text.lower() else None

    def add(self, other: Meanings) -> None:
        """Add the counts of another one."""
        for word, count in other.heard.items():
            self.heard[word] = self.heard.get(word, 0) + count
        for word, meanings in other.meant.items():
            total = self.meant.setdefault(word, {})
            for text, count in meanings.items():
                total[text] = total.get(text, 0) + count
        for phrase, value in other.names.items():
            self.names.setdefault(phrase, value)
        self._known.clear()

    def keep(self, words: Container[str]) -> None:
        """Forget all words but these."""
        self.meant = {word: row for word, row in self.meant.items() if word in words}
        self.heard = {word: self.heard[word] for word in self.meant}
        self._known = {word: known for word, known in self._known.items() if word in self.meant}

    def compact(self, aliases: Mapping[str, tuple[str, float]]) -> None:
        """Keep of each word what it stands for."""
        kept = {word: text for word, (text, _) in aliases.items() if text in self.meant.get(word, ())}
        self.meant = {word: {text: self.meant[word][text]} for word, text in kept.items()}
        self.heard = {word: self.heard[word] for word in kept}
        self._known.clear()

    def state(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        # Counted from sets: sorted, so that training twice gives the same bytes.
        return {
            "heard": dict(sorted(self.heard.items())),
            "meant": dict(sorted(self.meant.items())),
            "names": self.names,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.heard, self.meant = dict(state["heard"]), {word: dict(row) for word, row in state["meant"].items()}
        self.names = dict(state["names"])
        self._known.clear()
