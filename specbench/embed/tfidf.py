"""TF-IDF of words and word pairs, reduced by a truncated SVD (latent semantic analysis)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from specbench.core.extras import named_extras
from specbench.core.text import tokens
from specbench.embed.base import Embedding, Floats, clipped

__all__ = ["TfidfEmbedding"]


def _terms(text: str) -> list[str]:
    words = tokens(clipped(text))
    return [*words, *map(" ".join, pairwise(words))]


class TfidfEmbedding(Embedding):
    """Fitted with scikit-learn, applied with numpy alone: encoding looks up the rows of its terms and adds them.

    Parameters
    ----------
    dim
        Length of the vectors; fewer when the texts have fewer terms.
    max_terms
        Terms kept, the most frequent ones.
    seed
        Of the randomised SVD.

    References
    ----------
    S. Deerwester et al. (1990), *Indexing by Latent Semantic Analysis*, JASIS 41(6).

    Examples
    --------
    >>> embedding = TfidfEmbedding(dim=2)
    >>> embedding.fit(["where is my order", "cancel my order", "where is my parcel", "cancel it"])
    >>> a, b, c = (embedding.encode(text) for text in ("where is it", "where is my order", "cancel"))
    >>> bool(a @ b > a @ c)
    True
    """

    name = "tfidf"

    def __init__(self, dim: int = 48, max_terms: int = 6000, seed: int = 0) -> None:
        self.dim = dim
        self.max_terms = max_terms
        self.seed = seed
        self._terms: dict[str, int] = {}
        self._rows: Floats = np.zeros((0, dim), np.float32)
        self._idf: Floats = np.zeros(0, np.float32)

    def fit(self, texts: Iterable[str]) -> None:
        """Learn vocabulary, weights and axes. Texts without any term leave an embedding that gives zeros."""
        with named_extras():
            from sklearn.decomposition import TruncatedSVD
            from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer=_terms, min_df=2, max_features=self.max_terms, sublinear_tf=True)
        try:
            matrix = vectorizer.fit_transform(texts)
        except ValueError:  # no term occurs twice
            self._terms, self._rows = {}, np.zeros((0, self.dim), np.float32)
            self._idf = np.zeros(0, np.float32)
            return
        names = vectorizer.get_feature_names_out().tolist()
        self._idf = vectorizer.idf_.astype(np.float32)
        width = min(self.dim, matrix.shape[1] - 1, matrix.shape[0] - 1)
        rows = np.zeros((len(names), self.dim), np.float32)
        if width > 0:
            with np.errstate(invalid="ignore", divide="ignore"):  # texts that are all alike have no variance to explain
                svd = TruncatedSVD(width, random_state=self.seed).fit(matrix)
            # Unit variance per axis: later models see all axes at one scale.
            scale = np.sqrt(np.maximum((svd.transform(matrix) ** 2).mean(axis=0), 1e-9))
            rows[:, :width] = (svd.components_ / scale[:, None]).T.astype(np.float32)
        self._terms = {name: at for at, name in enumerate(names)}
        self._rows = rows.astype(np.float16).astype(np.float32)

    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``."""
        counts = Counter(map(self._terms.get, _terms(text)))
        counts.pop(None, None)
        if not counts:
            return np.zeros(self.dim, np.float32)
        where = np.fromiter(counts, np.intp, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self._idf[where]
        weights /= np.sqrt(weights @ weights)
        return np.asarray(weights @ self._rows[where], np.float32)

    def state(self) -> dict[str, Any]:
        """Return vocabulary, weights and axes (axes in half precision)."""
        return {
            "dim": self.dim,
            "terms": list(self._terms),
            "idf": self._idf,
            "rows": self._rows.astype(np.float16),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over vocabulary, weights and axes."""
        self.dim = state["dim"]
        self._terms = {name: at for at, name in enumerate(state["terms"])}
        self._idf = np.asarray(state["idf"], np.float32)
        self._rows = np.asarray(state["rows"], np.float16).astype(np.float32)
