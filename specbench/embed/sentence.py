"""Sentence embeddings by a model of the user's own, through sentence-transformers. Never downloads anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from specbench.core.errors import CheckpointError, ConfigError, MissingExtraError
from specbench.core.text import writable
from specbench.embed.base import Embedding, Floats, clipped

__all__ = ["SentenceEmbedding"]

CONFIGS = ("config.json", "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json")
"""Files that say which model a folder holds; those that are there make its fingerprint."""
PACKAGE = "sentence_transformers."


class SentenceEmbedding(Embedding):
    """Unit vectors of a sentence-transformers model in a local folder, on the CPU.

    In the study that began this project a small sentence encoder cost 35 ms a message on a CPU and did not beat TF-IDF;
    ``specbench compare --embeddings --sentence FOLDER`` measures yours on your traces. The model is loaded at the first
    text. Its weights are not part of :meth:`state`: a checkpoint needs the same folder again, and
    says so when the folder holds another model.

    Parameters
    ----------
    path
        Folder of the model, as ``SentenceTransformer.save`` writes it. Without one, only :meth:`restore` makes it
        usable.

    Raises
    ------
    ConfigError
        When the folder is not there, or is none of a model.
    MissingExtraError
        At the first text, when sentence-transformers is not installed.

    Notes
    -----
    Any text encoder works the same way, hidden states of a Llama too: :class:`specbench.embed.Embedding` is the whole
    protocol. Such an embedding encodes a text as the mean of the last layer's hidden states over its tokens, in
    float32, scaled to unit length, with zeros for an empty text; learns nothing in ``fit``; and keeps in ``state`` the
    folder and the fingerprint of the model, not its weights.

    References
    ----------
    N. Reimers, I. Gurevych (2019), *Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks*, EMNLP.

    Examples
    --------
    >>> SentenceEmbedding("no/such/folder")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: there is no sentence-transformers model at no/such/folder: ...
    """

    name = "sentence"
    needs = "FOLDER"

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = "" if path is None else str(path)
        self.fingerprint = "" if path is None else fingerprint(self.path)
        self._dim = 0
        self._model: Any = None

    @classmethod
    def from_argument(cls, argument: str) -> SentenceEmbedding:
        """Read ``FOLDER``."""
        return cls(argument)

    @property
    def dim(self) -> int:  # type: ignore[override]  # known once the model is loaded
        """Length of the vectors; loads the model."""
        if not self._dim:
            self._dim = len(self.encode("length"))
        return self._dim

    def fit(self, texts: Iterable[str]) -> None:
        """Learn nothing; load the model, so that a missing package shows here and not at the first prediction."""
        self._loaded()

    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``."""
        if not text.strip():
            return np.zeros(self.dim, np.float32)
        options = {"normalize_embeddings": True, "show_progress_bar": False, "convert_to_numpy": True}
        return np.asarray(self._loaded().encode(writable(clipped(text)), **options), np.float32)

    def state(self) -> dict[str, Any]:
        """Return the folder, the model's fingerprint and the length of the vectors; no weights."""
        return {"path": self.path, "fingerprint": self.fingerprint, "dim": self.dim}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the folder.

        Raises
        ------
        ConfigError
            When the folder is not there.
        CheckpointError
            When it holds another model now.
        """
        found = fingerprint(state["path"])
        if found != state["fingerprint"]:
            raise CheckpointError(
                f"the sentence model at {state['path']} is not the one this checkpoint was trained with (its "
                f"configuration has SHA-256 {found[:12]}…, expected {state['fingerprint'][:12]}…); put the old model "
                "there, or train the predictor anew"
            )
        self.path, self.fingerprint, self._dim, self._model = state["path"], found, int(state["dim"]), None

    def _loaded(self) -> Any:
        if self._model is None:
            if not self.path:
                raise ConfigError(
                    "the embedding 'sentence' has no model: name the folder of yours, sentence:FOLDER "
                    "(SentenceEmbedding(path=...)); nothing is downloaded"
                )
            try:
                from sentence_transformers import SentenceTransformer
            except ImportError as error:
                raise MissingExtraError("sentence-transformers", extra="sentence") from error
            self._model = SentenceTransformer(self.path, device="cpu", local_files_only=True, trust_remote_code=False)
        return self._model


def fingerprint(path: str | Path) -> str:
    """Return the SHA-256 of the configuration files of a model folder.

    Raises
    ------
    ConfigError
        When there is no such folder, no configuration in it, or a model that brings its own code.
    """
    folder = Path(path)
    found = [name for name in CONFIGS if (folder / name).is_file()]
    if not found:
        why = "it holds no config.json or modules.json" if folder.is_dir() else "the folder is not there"
        raise ConfigError(
            f"there is no sentence-transformers model at {folder}: {why}. Give the folder of a model that you have "
            "(SentenceTransformer.save wrote it); specbench downloads none"
        )
    _refuse_code(folder)
    digest = hashlib.sha256()
    for name in found:
        content = (folder / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _refuse_code(folder: Path) -> None:
    """Raise when the model is made of classes of its own: sentence-transformers would run them, from any folder."""
    path = folder / "modules.json"
    if not path.is_file():
        return
    try:
        kinds = [str(module["type"]) for module in json.loads(path.read_text("utf-8"))]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as the modules of a sentence-transformers model ({error})") from error
    own = [kind for kind in kinds if not kind.startswith(PACKAGE)]
    if own:
        raise ConfigError(
            f"the model at {folder} brings code of its own ({', '.join(own)}), which is not run; use a model whose "
            f"modules are all of {PACKAGE.rstrip('.')}"
        )
