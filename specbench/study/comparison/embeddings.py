"""Embeddings compared: what the learned predictor makes of each, what encoding costs, how large it is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from specbench.core.types import Trace
from specbench.embed import Embedding
from specbench.study.comparison.bench import Bench, Variant, row_of

__all__ = ["embedding_cost", "embedding_table", "embedding_variants", "texts_to_encode"]

MOST_TEXTS = 500


def embedding_variants(names: Sequence[str], default: str = "tfidf") -> dict[str, Variant]:
    """Return, for each embedding, the learned predictor that uses it."""
    return {
        name: Variant(f"embedding {name}", "learned", {} if name == default else {"embedding": name}) for name in names
    }


def embedding_table(bench: Bench, variants: Mapping[str, Variant]) -> pd.DataFrame:
    """Return one row an embedding: rates with paired differences to the first one, and its own cost."""
    texts = texts_to_encode(bench.test)
    bench.measure_all(list(variants.values()))
    results = {name: bench.measure(variant) for name, variant in variants.items()}
    first = next(iter(results.values()))
    rows = []
    for name, result in results.items():
        bench.progress.note(f"embedding {name}: encoding {len(texts)} messages")
        cost = embedding_cost(result.predictor.embedding, texts)  # type: ignore[attr-defined]
        row = row_of(result, bench.differences(result, first), "first")
        rows.append({"embedding": name, **cost, **row})
    return pd.DataFrame(rows)


def embedding_cost(embedding: Embedding, texts: Sequence[str]) -> dict[str, Any]:
    """Return ``dim``, ``encode_p50_ms`` and ``encode_p99_ms`` of one text (measured), and ``embedding_bytes``.

    Parameters
    ----------
    embedding
        Fitted.
    texts
        Encoded one by one; the first one twice, its first time is not counted.

    Examples
    --------
    >>> from specbench.embed import make_embedding
    >>> cost = embedding_cost(make_embedding("hashing", dim=16), ["where is it"])
    >>> cost["dim"], cost["embedding_bytes"] < 100
    (16, True)
    """
    took_ms = []
    for text in [*texts[:1], *texts]:
        started = time.perf_counter()
        embedding.encode(text)
        took_ms.append(1e3 * (time.perf_counter() - started))
    p50, p99 = np.percentile(took_ms[1:], [50, 99]).tolist() if texts else (None, None)
    size = _state_bytes(embedding.state())
    return {"dim": embedding.dim, "encode_p50_ms": p50, "encode_p99_ms": p99, "embedding_bytes": size}


def texts_to_encode(traces: Sequence[Trace], most: int = MOST_TEXTS) -> list[str]:
    """Return the texts of the first ``most`` messages that have one; system messages aside."""
    texts = (message.content for trace in traces for message in trace.messages if message.role != "system")
    return [text for text, _ in zip((text for text in texts if text), range(most), strict=False)]


def _state_bytes(state: Mapping[str, Any]) -> int:
    """Return the bytes of a state: its arrays, and the rest as JSON."""
    arrays = [value for value in state.values() if isinstance(value, np.ndarray)]
    rest = {key: value for key, value in state.items() if not isinstance(value, np.ndarray)}
    return sum(int(array.nbytes) for array in arrays) + len(json.dumps(rest).encode())
