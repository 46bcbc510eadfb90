"""Ablations of the learned predictor: each ingredient left out, its filler and its embedding replaced."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from specbench.core.registry import EMBEDDINGS
from specbench.predictors.counting.fillers import FILLERS
from specbench.study.comparison.bench import Bench, Variant, row_of

__all__ = ["COMPLETE", "ablations", "embedding_names", "learned_variants"]

COMPLETE = "learned"
DEFAULT_EMBEDDING = "tfidf"
NEED_PATH = ("sentence", "hidden")


def embedding_names(sentence: str | None = None, hidden: str | None = None) -> list[str]:
    """Return the embeddings that can be tried here; ``sentence`` and ``hidden`` are folders of the user's own models.

    Examples
    --------
    >>> embedding_names(), embedding_names("models/mini", "models/micro-llama")[-2:]
    (['tfidf', 'hashing'], ['sentence:models/mini', 'hidden:models/micro-llama'])
    """
    names = [name for name, made in EMBEDDINGS.loaded().items() if not getattr(made, "needs", "")]
    return names + [
        f"{name}:{path}" for name, path in zip(NEED_PATH, (sentence, hidden), strict=True) if path is not None
    ]


def learned_variants(sentence: str | None = None) -> list[Variant]:
    """Return the learned predictor, complete and with one thing changed at a time."""
    from specbench.predictors.learned.predictor import INGREDIENTS

    variants = [Variant(COMPLETE, COMPLETE, {}, "complete")]
    variants += [Variant(f"without {name}", COMPLETE, {"drop": (name,)}, about) for name, about in INGREDIENTS.items()]
    variants += [Variant(f"filler {name}", f"{COMPLETE}+{name}", {}, "arguments by counting") for name in FILLERS]
    variants += [
        Variant(f"embedding {name}", COMPLETE, {"embedding": name}, f"instead of {DEFAULT_EMBEDDING}")
        for name in embedding_names(sentence)
        if name != DEFAULT_EMBEDDING
    ]
    return variants


def ablations(bench: Bench, variants: Sequence[Variant]) -> pd.DataFrame:
    """Return one row a variant, in order, with paired differences to the first of them: the complete predictor."""
    bench.measure_all(variants)
    complete = bench.measure(variants[0])
    rows = []
    for variant in variants:
        result = bench.measure(variant)
        row = row_of(result, bench.differences(result, complete), "complete")
        rows.append({"variant": variant.label, "about": variant.about, **row})
    return pd.DataFrame(rows)
