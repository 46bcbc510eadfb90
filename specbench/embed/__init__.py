"""Embeddings: text → vector. TF-IDF with SVD by default; all are small, on the CPU, and need no download."""

from __future__ import annotations

from specbench.embed.base import Embedding, make_embedding

__all__ = ["Embedding", "make_embedding"]
