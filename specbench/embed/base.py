"""The embedding protocol and the list of embeddings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from specbench.core.errors import ConfigError
from specbench.core.registry import EMBEDDINGS

__all__ = ["MAX_CHARS", "Embedding", "clipped", "make_embedding"]

Floats = npt.NDArray[np.float32]

MAX_CHARS = 1200
"""Characters of a text that are looked at: the first 800 and the last 400 of a longer one."""


class Embedding(ABC):
    """Turns a text into a vector of ``dim`` numbers.

    Attributes
    ----------
    name
        What the command line calls it.
    dim
        Length of its vectors.
    needs
        What has to stand behind its name and a colon (``sentence:FOLDER``); ``""`` for most.
    """

    name: str
    dim: int
    needs: ClassVar[str] = ""

    @abstractmethod
    def fit(self, texts: Iterable[str]) -> None:
        """Learn from texts."""

    @abstractmethod
    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``, float32 of shape (dim,); zeros for an empty text."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs: JSON values and arrays."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the embedding whose :meth:`state` this is."""


def clipped(text: str) -> str:
    """Return the part of a text that is looked at: its start and its end when it is longer than :data:`MAX_CHARS`.

    Examples
    --------
    >>> clipped("short"), len(clipped("x" * 5000))
    ('short', 1201)
    """
    return text if len(text) <= MAX_CHARS else f"{text[:800]} {text[-400:]}"


def make_embedding(name: str, *, imports: bool = True, **options: Any) -> Embedding:
    """Return a new embedding by name; ``NAME:FOLDER`` for one that reads a model of yours.

    See :data:`specbench.core.registry.EMBEDDINGS` for the names; ``imports`` as in its
    :meth:`~specbench.core.registry.Registry.load`.

    Raises
    ------
    ConfigError
        When there is none of that name, or it does not take these options.

    Examples
    --------
    >>> make_embedding("hashing", dim=16).encode("hello").shape
    (16,)
    """
    made = EMBEDDINGS.make(name, imports=imports, **options)
    if not isinstance(made, Embedding):
        raise ConfigError(f"{name!r} is no embedding: an embedding is a subclass of specbench.embed.Embedding")
    return made
