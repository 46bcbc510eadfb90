"""Words that customers of the training conversations put into any phrase: synonyms, slips of the hand, unknown words.

A model that has to cope with phrasings it never saw must not lean on any single word. Every phrase of the training
books is varied before its slots are filled, so that ids, names and addresses stay as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

from specbench.agent.phrases import Book

__all__ = ["VariedBook", "merged"]

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
_SYLLABLES = (
    *(
        "ba",
        "be",
        "bo",
        "cra",
        "da",
        "del",
        "dor",
        "en",
        "fa",
        "fer",
        "gi",
        "gro",
        "ha",
        "hol",
        "in",
        "ja",
        "ka",
        "kel",
    ),
    *("la", "lo", "lum", "ma", "men", "mi", "nar", "ne", "no", "or", "pa", "pel", "po", "qui", "ra", "re", "ri", "sa"),
    *("ser", "sho", "ste", "ta", "ter", "thi", "tor", "u", "va", "ven", "vo", "wa", "wen", "whi", "ya", "yel", "zo"),
)


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

    Examples
    --------
    >>> VariedBook({"yes": ("Please go on with {order}.",)}, random.Random(0), rate=0.0)["yes"]
    ('Please go on with {order}.',)
    """

    def __init__(self, book: Book, rng: random.Random, rate: float) -> None:
        self._book, self._rng, self._rate = book, rng, rate

    def __getitem__(self, act: str) -> tuple[str, ...]:
        line = self._rng.choice(self._book[act])
        return (_WORD.sub(self._vary, line),) if self._rate else (line,)

    def __iter__(self) -> Iterator[str]:
        return iter(self._book)

    def __len__(self) -> int:
        return len(self._book)

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
