"""Sentence embeddings by a model of the user's own, through sentence-transformers. Never downloads anything."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.text import writable
from specbench.embed.base import Floats
from specbench.embed.model_folder import ModelFolderEmbedding

__all__ = ["SentenceEmbedding"]

CONFIGS = ("config.json", "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json")
"""Files that say which model a folder holds; those that are there make its fingerprint."""
PACKAGE = "sentence_transformers."


class SentenceEmbedding(ModelFolderEmbedding):
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

    def fingerprint_of(self, path: str | Path) -> str:
        """Return the SHA-256 of the folder's configuration files."""
        return fingerprint(path)

    def load(self, path: str) -> Any:
        """Load the model."""
        with named_extras():
            from sentence_transformers import SentenceTransformer
        return SentenceTransformer(path, device="cpu", local_files_only=True, trust_remote_code=False)

    def vector(self, model: Any, text: str) -> Floats:
        """Return the vector of ``text``."""
        options = {"normalize_embeddings": True, "show_progress_bar": False, "convert_to_numpy": True}
        return np.asarray(model.encode(writable(text), **options), np.float32)


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
