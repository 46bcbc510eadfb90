"""Hashing embedding: signed feature hashing of words and word pairs. Nothing to learn, nothing to store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np

from specbench.core.text import tokens
from specbench.embed.base import Embedding, Floats, clipped

__all__ = ["HashingEmbedding"]


class HashingEmbedding(Embedding):
    """Each word and word pair adds ±1 to the coordinate that its CRC-32 names; the vector has unit length.

    Parameters
    ----------
    dim
        Length of the vectors.

    References
    ----------
    K. Weinberger et al. (2009), *Feature Hashing for Large Scale Multitask Learning*, ICML.
    """

    name = "hashing"

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim

    def fit(self, texts: Iterable[str]) -> None:
        """Learn nothing."""

    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``."""
        out = np.zeros(self.dim, np.float32)
        words = tokens(clipped(text))
        for term in [*words, *(f"{a} {b}" for a, b in pairwise(words))]:
            code = crc32(term.encode())
            out[(code >> 1) % self.dim] += 1.0 if code & 1 else -1.0
        length = float(np.sqrt(out @ out))
        return out / np.float32(length) if length else out

    def state(self) -> dict[str, Any]:
        """Return the length."""
        return {"dim": self.dim}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the length."""
        self.dim = state["dim"]
