"""Words that customers of the training conversations put into any phrase: synonyms, slips of the hand, unknown words.

A model that has to cope with phrasings it never saw must not lean on any single word. Every phrase of the training
books is varied before its slots are filled, so that ids, names and addresses stay as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from specbench.desk.phrases.grammar import Book, choose

__all__ = ["ANSWERS", "VariedBook", "vocabulary"]

_WORD = re.compile(r"(\{\w+\}|\[[^\]]*\])|[A-Za-z']+")
_SYNONYMS: dict[str, tuple[str, ...]] = {
    word: tuple(other for other in group if other != word)
    for group in (
        ("want", "wish", "desire", "intend"), ("need", "require", "must have"), ("please", "kindly", "pls"),
        ("parcel", "package", "box", "shipment"), ("return", "give back", "send back"), ("broken", "busted", "faulty"),
        ("swap", "exchange", "trade", "switch"), ("check", "verify", "look at"), ("tell", "inform", "let know"),
        ("buy", "purchase", "get"), ("bought", "purchased", "got"), ("late", "overdue", "delayed"),
        ("money", "cash", "funds"), ("arrive", "come", "reach me", "show up"), ("change", "alter", "modify", "adjust"),
        ("send", "ship", "dispatch", "mail"), ("cancel", "call off", "drop", "stop"), ("shop", "store", "place"),
        ("thanks", "thank you", "cheers", "ta"), ("help", "assist", "aid"), ("problem", "issue", "trouble", "defect"),
        ("new", "fresh", "current"), ("address", "residence", "place"), ("guarantee", "warranty", "coverage"),
        ("refund", "reimbursement", "money back"), ("ticket", "case", "report"), ("wrong", "incorrect", "mistaken"),
        ("find", "locate", "spot"), ("update", "refresh", "amend"), ("sorry", "apologies", "pardon"),
    )
    for word in group if " " not in word
}  # fmt: skip
ANSWERS = frozenset(
    ("give_email", "intro_email", "fix_email", "give_name_zip", "intro_name_zip", "give_name", "intro_name", "give_zip",
     "give_order", "pick_order", "correct", "pick_product")
)  # fmt: skip
"""What customers answer with a value in it: the value is all that matters."""
_SYLLABLES = (
    "ba", "be", "bo", "cra", "da", "del", "dor", "en", "fa", "fer", "gi", "gro", "ha", "hol", "in", "ja", "ka",
    "kel", "la", "lo", "lum", "ma", "men", "mi", "nar", "ne", "no", "or", "pa", "pel", "po", "qui", "ra", "re",
    "ri", "sa", "ser", "sho", "ste", "ta", "ter", "thi", "tor", "u", "va", "ven", "vo", "wa", "wen", "whi", "ya",
    "yel", "zo",
)  # fmt: skip


def vocabulary(book: Book) -> tuple[str, ...]:
    """The words of a book outside its slots, each once, in small letters.

    Examples
    --------
    >>> vocabulary({"give_zip": ("[My|The] code: {zip}.",)})
    ('code', 'my', 'the')
    """
    lines = (line for lines in book.values() for line in lines)
    words = (word[0] for line in lines for word in re.finditer(r"[A-Za-z']{2,}", re.sub(r"\{\w+\}", "", line)))
    return tuple(sorted({word.lower() for word in words}))


class VariedBook(Mapping[str, tuple[str, ...]]):
    """A book that varies a paraphrase each time one is drawn.

    Parameters
    ----------
    book
        The paraphrases.
    rng
        Draws the paraphrase and its variation.
    rate
        How much varies: about this share of the words outside slots.
    scrambled
        Share of the answers (:data:`ANSWERS`) that keep nothing but their slots: other words stand in the place of
        theirs. What is asked for must be found by what it looks like.
    words
        Those other words, of which any will do; needed with ``scrambled``.

    Examples
    --------
    >>> VariedBook({"yes": ("Please go on with {order}.",)}, random.Random(0), rate=0.0)["yes"]
    ('Please go on with {order}.',)
    """

    def __init__(
        self, book: Book, rng: random.Random, rate: float, scrambled: float = 0.0, words: Sequence[str] = ()
    ) -> None:
        self._book, self._rng, self._rate = book, rng, rate
        self._scrambled, self._words = scrambled, words

    def __getitem__(self, act: str) -> tuple[str, ...]:
        line = self._rng.choice(self._book[act])
        if self._scrambled and act in ANSWERS and self._rng.random() < self._scrambled:
            return (_WORD.sub(self._other, choose(line, self._rng)),)
        return (_WORD.sub(self._vary, line),) if self._rate else (line,)

    def __iter__(self) -> Iterator[str]:
        return iter(self._book)

    def __len__(self) -> int:
        return len(self._book)

    def _other(self, match: re.Match[str]) -> str:
        """Any other word, or two, or none; a slot stays."""
        if match[1]:
            return match[0]
        return " ".join(self._rng.choice(self._words) for _ in range(self._rng.choice((0, 1, 1, 1, 2))))

    def _vary(self, match: re.Match[str]) -> str:
        """Another word in its place: a synonym, a typing error, an unknown word before it, or nothing."""
        word, rng = match[0], self._rng
        if match[1] or rng.random() > self._rate:
            return word
        kind = rng.random()
        synonyms = _SYNONYMS.get(word.lower())
        if synonyms and kind < 0.6:
            return rng.choice(synonyms)
        if kind < 0.35 and len(word) > 3:
            at = rng.randrange(len(word) - 1)
            return rng.choice((word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]))
        if kind < 0.75:
            unknown = "".join(rng.choice(_SYLLABLES) for _ in range(rng.randrange(1, 4)))
            return f"{word} {unknown}" if kind < 0.6 else unknown
        return "" if kind < 0.85 else word.upper() if kind < 0.9 else word
