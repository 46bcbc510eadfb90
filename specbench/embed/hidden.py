"""Hidden states of a chat model as embeddings: the last one of the prompt, from which the model makes its decision."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.types import Message
from specbench.embed.base import Floats
from specbench.embed.model_folder import ModelFolderEmbedding
from specbench.llm.backends.transformers_local import prompt_ids
from specbench.llm.base import Request
from specbench.llm.local.decoder import Decoder
from specbench.llm.local.loading import LoadedModel, load_model

__all__ = ["HiddenStateEmbedding", "prompt_hidden"]


def prompt_hidden(loaded: LoadedModel, request: Request) -> Floats:
    """The last hidden state of the last prompt token, of shape (hidden size,); what comes free with every prefill."""
    decoder = Decoder(loaded, prompt_ids(loaded, request))
    decoder.step()
    return np.asarray(decoder.hidden, np.float32)


class HiddenStateEmbedding(ModelFolderEmbedding):
    """A text as a user's message to a chat model: unit vector of the last prompt token's hidden state.

    The model is loaded at the first text. Its weights are not part of :meth:`state`: a checkpoint needs the same folder
    again, and says so when the folder holds another model.

    Parameters
    ----------
    path
        Folder of the model. Without one, only :meth:`restore` makes it usable.

    Raises
    ------
    ConfigError
        When the folder is not one of a model.

    Examples
    --------
    >>> HiddenStateEmbedding("no/such/folder")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: there is no model at no/such/folder (no config.json); name its folder,
    hidden:FOLDER
    """

    name = "hidden"

    def fingerprint_of(self, path: str | Path) -> str:
        """Return the SHA-256 of the configuration, the tokenizer, and name and size of the weights."""
        folder = Path(path)
        if not (folder / "config.json").is_file():
            raise ConfigError(f"there is no model at {folder} (no config.json); name its folder, hidden:FOLDER")
        digest = hashlib.sha256()
        for name in ("config.json", "tokenizer.json"):
            if (folder / name).is_file():
                digest.update((folder / name).read_bytes())
        for weights in sorted(folder.glob("*.safetensors")):
            digest.update(f"{weights.name} {weights.stat().st_size}\n".encode())
        return digest.hexdigest()

    def load(self, path: str) -> LoadedModel:
        """Load the model."""
        return load_model(path)

    def vector(self, model: LoadedModel, text: str) -> Floats:
        """Return the vector of ``text``."""
        vector = prompt_hidden(model, Request([Message("user", text)]))
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
