"""Hidden states of a chat model as embeddings: the last one of the prompt, from which the model makes its decision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from specbench.core.errors import CheckpointError, ConfigError
from specbench.core.types import Message
from specbench.embed.base import Embedding, Floats, clipped
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


class HiddenStateEmbedding(Embedding):
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
    needs = "FOLDER"

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = "" if path is None else str(path)
        self.fingerprint = "" if path is None else _fingerprint(self.path)
        self._dim = 0
        self._loaded: LoadedModel | None = None

    @classmethod
    def from_argument(cls, argument: str) -> HiddenStateEmbedding:
        """Read ``FOLDER``."""
        return cls(argument)

    @property
    def dim(self) -> int:  # type: ignore[override]  # known once the model is loaded
        """Length of the vectors; loads the model."""
        if not self._dim:
            self._dim = len(self.encode("length"))
        return self._dim

    def fit(self, texts: Iterable[str]) -> None:
        """Learn nothing; load the model, so that what is missing shows here and not at the first prediction."""
        self._model()

    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``."""
        if not text.strip():
            return np.zeros(self.dim, np.float32)
        vector = prompt_hidden(self._model(), Request([Message("user", clipped(text))]))
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)

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
        found = _fingerprint(state["path"])
        if found != state["fingerprint"]:
            raise CheckpointError(
                f"the model at {state['path']} is not the one this checkpoint was trained with (SHA-256 {found[:12]}…, "
                f"expected {state['fingerprint'][:12]}…); put the old model there, or train the predictor anew"
            )
        self.path, self.fingerprint, self._dim, self._loaded = state["path"], found, int(state["dim"]), None

    def _model(self) -> LoadedModel:
        if self._loaded is None:
            if not self.path:
                raise ConfigError("the embedding 'hidden' has no model: name the folder of yours, hidden:FOLDER")
            self._loaded = load_model(self.path)
        return self._loaded


def _fingerprint(path: str | Path) -> str:
    """SHA-256 of the configuration, the tokenizer, and name and size of the weights."""
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
