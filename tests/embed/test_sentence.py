"""The sentence embedding, with a stand-in for sentence-transformers: nothing is installed or downloaded."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from specbench.core.errors import CheckpointError, ConfigError, MissingExtraError
from specbench.embed import Embedding, make_embedding
from specbench.embed.sentence import SentenceEmbedding


class StandIn:
    made: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012

    def __init__(self, path: str, **options: Any) -> None:
        self.made.append((path, options))

    def encode(self, text: str, **options: Any) -> np.ndarray[Any, Any]:
        assert options["normalize_embeddings"] is True
        assert len(text) <= 1201
        vector = np.array([len(text), text.count("e") + 1, 1.0])
        return vector / np.linalg.norm(vector)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    return folder


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    StandIn.made.clear()
    return StandIn


def test_the_users_own_folder_is_used_and_nothing_is_downloaded(model: Path, installed: type[StandIn]) -> None:
    embedding = make_embedding(f"sentence:{model}")
    assert isinstance(embedding, Embedding)
    embedding.fit(["a text", "another"])
    vector = embedding.encode("where is it" * 1000)
    assert (vector.shape, vector.dtype, embedding.dim) == ((3,), np.float32, 3)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    assert not embedding.encode("  ").any()
    assert installed.made == [(str(model), {"device": "cpu", "local_files_only": True, "trust_remote_code": False})]


def test_the_state_names_the_model_and_has_no_weights(model: Path, installed: type[StandIn]) -> None:
    embedding = SentenceEmbedding(model)
    state = embedding.state()
    assert state == {"path": str(model), "fingerprint": embedding.fingerprint, "dim": 3}
    again = make_embedding("sentence")
    again.restore(state)
    assert np.array_equal(again.encode("where is it"), embedding.encode("where is it"))
    assert again.state() == state


def test_another_model_in_the_folder_is_found_out(model: Path, installed: type[StandIn]) -> None:
    state = SentenceEmbedding(model).state()
    (model / "config.json").write_text('{"model_type": "mpnet"}')
    with pytest.raises(CheckpointError, match="is not the one this checkpoint was trained with"):
        make_embedding("sentence").restore(state)
    (model / "config.json").unlink()
    with pytest.raises(ConfigError, match=r"it holds no config\.json or modules\.json"):
        make_embedding("sentence").restore(state)


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        (
            '[{"type": "sentence_transformers.models.Pooling"}, {"type": "evil.Model"}]',
            r"own \(evil\.Model\), which is not",
        ),
        ("[1]", "cannot be read as the modules"),
    ],
)
def test_a_model_with_code_of_its_own_is_refused(model: Path, modules: str, words: str) -> None:
    (model / "modules.json").write_text(modules)
    with pytest.raises(ConfigError, match=words):
        SentenceEmbedding(model)


def test_a_missing_package_names_the_command(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'specbench\[sentence\]'"):
        make_embedding(f"sentence:{model}").fit([])


@pytest.mark.parametrize("name", ["sentence:/no/such/folder", "sentence:README.md"])
def test_a_folder_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match=r"there is no sentence-transformers model at .*the folder is not there"):
        make_embedding(name)


def test_without_a_folder_there_is_nothing_to_encode_with() -> None:
    with pytest.raises(ConfigError, match=r"has no model: name the folder of yours, sentence:FOLDER"):
        make_embedding("sentence").encode("hello")


def test_other_embeddings_take_no_folder() -> None:
    with pytest.raises(ConfigError, match=r"the embedding 'tfidf' takes nothing after a colon; got 'x'"):
        make_embedding("tfidf:x")
