"""The embedding protocol and the list of embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from specbench.core.errors import ConfigError

__all__ = ["EMBEDDINGS", "MAX_CHARS", "Embedding", "clipped", "make_embedding"]

Floats = npt.NDArray[np.float32]

MAX_CHARS = 1200
"""Characters of a text that are looked at: the first 800 and the last 400 of a longer one."""

EMBEDDINGS = {
    "tfidf": "specbench.embed.tfidf:TfidfEmbedding",
    "hashing": "specbench.embed.hashing:HashingEmbedding",
    "sentence": "specbench.embed.sentence:SentenceEmbedding",
    "hidden": "specbench.embed.hidden:HiddenStateEmbedding",
}
"""Name → ``module:class``. One that reads a model of yours is written with its folder: ``sentence:FOLDER``."""


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


def clipped(text: str) -> str:
    """Return the part of a text that is looked at: its start and its end when it is longer than :data:`MAX_CHARS`.

    Examples
    --------
    >>> clipped("short"), len(clipped("x" * 5000))
    ('short', 1201)
    """
    return text if len(text) <= MAX_CHARS else f"{text[:800]} {text[-400:]}"


def make_embedding(name: str, **options: Any) -> Embedding:
    """Return a new embedding by name; ``NAME:FOLDER`` for one that reads a model of yours (see :data:`EMBEDDINGS`).

    Raises
    ------
    ConfigError
        When there is none of that name, or it does not take these options.

    Examples
    --------
    >>> make_embedding("hashing", dim=16).encode("hello").shape
    (16,)
    """
    base, _, path = name.partition(":")
    if base not in EMBEDDINGS:
        raise ConfigError(f"no embedding is called {base!r}; use one of {', '.join(EMBEDDINGS)}")
    module, _, attribute = EMBEDDINGS[base].partition(":")
    if path:
        options["path"] = path
    try:
        made: Embedding = getattr(import_module(module), attribute)(**options)
    except TypeError as error:
        raise ConfigError(f"embedding {name!r} does not take these options: {error}") from error
    return made
