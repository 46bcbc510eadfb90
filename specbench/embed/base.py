"""The embedding protocol and the list of embeddings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from specbench.errors import ConfigError

__all__ = ["EMBEDDINGS", "MAX_CHARS", "Embedding", "make_embedding", "tokens"]

Floats = npt.NDArray[np.float32]

MAX_CHARS = 1200
"""Characters of a text that are looked at: the first 800 and the last 400 of a longer one."""

_TOKEN = re.compile(r"[a-zà-þ']+|[0-9]+|[?!#@$]")

EMBEDDINGS = {
    "tfidf": "specbench.embed.tfidf:TfidfEmbedding",
    "hashing": "specbench.embed.hashing:HashingEmbedding",
}


@runtime_checkable
class Embedding(Protocol):
    """Turns a text into a vector of ``dim`` numbers."""

    name: str
    dim: int

    def fit(self, texts: Iterable[str]) -> None:
        """Learn from texts."""
        ...

    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``, float32 of shape (dim,); zeros for an empty text."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs: JSON values and arrays."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the embedding whose :meth:`state` this is."""
        ...


def tokens(text: str) -> list[str]:
    """Split a text into lower-case words, single marks, and numbers as the token ``0`` repeated by their length.

    Ids differ in every conversation; their shape does not.

    Examples
    --------
    >>> tokens("Order #W123, please?")
    ['order', '#', 'w', '000', 'please', '?']
    """
    if len(text) > MAX_CHARS:
        text = text[:800] + " " + text[-400:]
    return [each if not each[0].isdigit() else "0" * min(len(each), 6) for each in _TOKEN.findall(text.lower())]


def make_embedding(name: str, **options: Any) -> Embedding:
    """Return a new embedding by name.

    Raises
    ------
    ConfigError
        When there is none of that name.

    Examples
    --------
    >>> make_embedding("hashing", dim=16).encode("hello").shape
    (16,)
    """
    if name not in EMBEDDINGS:
        raise ConfigError(f"no embedding is called {name!r}; use one of {', '.join(EMBEDDINGS)}")
    module, _, attribute = EMBEDDINGS[name].partition(":")
    made: Embedding = getattr(import_module(module), attribute)(**options)
    return made
