"""Embeddings: deterministic, finite, and the same after a round trip through their state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.registry import EMBEDDINGS
from specbench.core.text import tokens
from specbench.embed import Embedding, make_embedding
from specbench.embed.base import MAX_CHARS, clipped

TEXTS = [
    "where is my order #W1234567",
    "cancel my order please",
    "where is my parcel",
    "I want to return the lamp",
    "cancel the second order",
    "return my parcel please",
]


@pytest.fixture(params=sorted(set(EMBEDDINGS) - {"sentence", "hidden"}))  # those need a model
def embedding(request: pytest.FixtureRequest) -> Embedding:
    made = make_embedding(request.param, dim=12)
    made.fit(TEXTS)
    return made


def test_vectors_have_the_length_that_was_asked_for(embedding: Embedding) -> None:
    for text in (*TEXTS, "", "unheard of", "żółć 🙂", "\x00" * 10, "x" * 100_000):
        vector = embedding.encode(text)
        assert (vector.shape, vector.dtype) == ((12,), np.float32)
        assert np.isfinite(vector).all()
    assert not embedding.encode("").any()
    assert embedding.encode(TEXTS[0]).any()


def test_encoding_and_fitting_are_deterministic(embedding: Embedding) -> None:
    again = make_embedding(embedding.name, dim=12)
    again.fit(TEXTS)
    for text in TEXTS:
        assert np.array_equal(embedding.encode(text), embedding.encode(text))
        assert np.array_equal(embedding.encode(text), again.encode(text))


def test_the_state_is_the_embedding(embedding: Embedding) -> None:
    other = make_embedding(embedding.name)
    other.restore(embedding.state())
    assert other.dim == embedding.dim
    for text in (*TEXTS, "where is the lamp"):
        assert np.array_equal(embedding.encode(text), other.encode(text))


def test_texts_that_share_words_are_nearer(embedding: Embedding) -> None:
    near = embedding.encode("where is my order") @ embedding.encode("where is my parcel")
    far = embedding.encode("where is my order") @ embedding.encode("return the lamp")
    assert near > far


@pytest.mark.parametrize("texts", [[], [""], ["one two three"], ["a", "b", "c"], ["same same"] * 5])
def test_little_to_learn_from_is_no_failure(texts: list[str]) -> None:
    made = make_embedding("tfidf", dim=8)
    made.fit(texts)
    assert made.encode("same one").shape == (8,)
    restored = make_embedding("tfidf")
    restored.restore(made.state())
    assert np.array_equal(restored.encode("same one"), made.encode("same one"))


def test_hashing_vectors_have_unit_length() -> None:
    made = make_embedding("hashing", dim=64)
    assert np.linalg.norm(made.encode("where is my order")) == pytest.approx(1.0)


@given(st.text())
def test_tokens_are_words_marks_and_number_shapes(text: str) -> None:
    for token in tokens(text):
        assert token == token.lower() or not token.isascii()
        assert not token.isspace()
        assert not any(character in "123456789" for character in token)


def test_ids_differ_and_their_tokens_do_not() -> None:
    assert tokens("order #W7777777!") == tokens("order #W1234567!") == ["order", "#", "w", "000000", "!"]


def test_only_the_beginning_and_the_end_of_a_long_text_count() -> None:
    filler = "x " * 5000
    assert "first" in tokens(clipped("first " + filler))
    assert "last" in tokens(clipped(filler + " last"))
    assert "middle" not in tokens(clipped(filler + " middle " + filler))
    assert len(" ".join(tokens(clipped("word " * 5000)))) <= MAX_CHARS + 1


def test_an_unknown_embedding_is_told() -> None:
    with pytest.raises(ConfigError, match="no embedding is called 'bert'; use one of tfidf, hashing"):
        make_embedding("bert")
