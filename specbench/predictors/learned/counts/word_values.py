"""What words of the user stand for, whatever the parameter: "nyc" for ``New York``, "atlanta" for ``ATL``."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from specbench.core.text import name_words
from specbench.core.types import ToolCall
from specbench.predictors.context.index import ContextIndex

__all__ = ["WordValues"]

MOST_NAMES = 600
"""Names that are taken down from results."""


class WordValues:
    """Counts which values come after which words, and takes down what results call by which name.

    Attributes
    ----------
    calls_after, values_after
        Word or word pair → calls that followed it; → value → those of them that had it.
    names
        What the maps in results call by which name: ``{"atlanta": "ATL"}``.
    """

    def __init__(self) -> None:
        self.calls_after: dict[str, int] = {}
        self.values_after: dict[str, dict[str, int]] = {}
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
                self.calls_after[word] = self.calls_after.get(word, 0) + 1
                row = self.values_after.setdefault(word, {})
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
        for word in self.values_after:
            if word not in self._known:
                self._known[word] = self._value_of(word)
            value = self._known[word]
            if value is not None:
                out.setdefault(word, value)
        return out

    def _value_of(self, word: str) -> tuple[str, float] | None:
        """Return what a word stands for, with the share of its calls; ``None`` where it stands for nothing."""
        row = self.values_after[word]
        text = max(row, key=lambda each: (row[each], each))
        share = row[text] / (self.calls_after[word] + 1)
        return (text, share) if row[text] >= 3 and share >= 0.5 and word not in text.lower() else None

    def add(self, other: WordValues) -> None:
        """Add the counts of another one."""
        for word, count in other.calls_after.items():
            self.calls_after[word] = self.calls_after.get(word, 0) + count
        for word, values in other.values_after.items():
            total = self.values_after.setdefault(word, {})
            for text, count in values.items():
                total[text] = total.get(text, 0) + count
        for phrase, value in other.names.items():
            self.names.setdefault(phrase, value)
        self._known.clear()

    def keep(self, words: Container[str]) -> None:
        """Forget all words but these."""
        self.values_after = {word: row for word, row in self.values_after.items() if word in words}
        self.calls_after = {word: self.calls_after[word] for word in self.values_after}
        self._known = {word: known for word, known in self._known.items() if word in self.values_after}

    def compact(self, aliases: Mapping[str, tuple[str, float]]) -> None:
        """Keep of each word what it stands for."""
        kept = {word: text for word, (text, _) in aliases.items() if text in self.values_after.get(word, ())}
        self.values_after = {word: {text: self.values_after[word][text]} for word, text in kept.items()}
        self.calls_after = {word: self.calls_after[word] for word in kept}
        self._known.clear()

    def state(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        # Counted from sets: sorted, so that training twice gives the same bytes.
        return {
            "heard": dict(sorted(self.calls_after.items())),
            "meant": dict(sorted(self.values_after.items())),
            "names": self.names,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.calls_after, self.values_after = (
            dict(state["heard"]),
            {word: dict(row) for word, row in state["meant"].items()},
        )
        self.names = dict(state["names"])
        self._known.clear()
