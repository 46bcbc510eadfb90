"""What embeddings by a model of one's own share: the folder, its fingerprint, loading at the first text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from specbench.core.errors import CheckpointError, ConfigError
from specbench.embed.base import Embedding, Floats, clipped

__all__ = ["ModelFolderEmbedding"]


class ModelFolderEmbedding(Embedding):
    """An embedding by a model in a folder. Its weights are no part of the state: a checkpoint needs the folder again.

    Parameters
    ----------
    path
        Folder of the model. Without one, only :meth:`restore` makes it usable.

    Raises
    ------
    ConfigError
        When the folder is not one of a model.
    """

    needs = "FOLDER"

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = "" if path is None else str(path)
        self.fingerprint = "" if path is None else self.fingerprint_of(self.path)
        self._dim = 0
        self._model: Any = None

    @classmethod
    def from_argument(cls, argument: str) -> Self:
        """Read ``FOLDER``."""
        return cls(argument)

    @abstractmethod
    def fingerprint_of(self, path: str | Path) -> str:
        """Return the SHA-256 of what tells which model a folder holds; raise where it holds none."""

    @abstractmethod
    def load(self, path: str) -> Any:
        """Return the model of a folder."""

    @abstractmethod
    def vector(self, model: Any, text: str) -> Floats:
        """Return the unit vector of a text that is not empty."""

    @property
    def dim(self) -> int:  # type: ignore[override]  # known once the model is loaded
        """Length of the vectors; loads the model."""
        if not self._dim:
            self._dim = len(self.encode("length"))
        return self._dim

    def fit(self, texts: Iterable[str]) -> None:
        """Learn nothing; load the model, so that what is missing shows here and not at the first prediction."""
        self._loaded()

    def encode(self, text: str) -> Floats:
        """Return the vector of ``text``; zeros for an empty one."""
        if not text.strip():
            return np.zeros(self.dim, np.float32)
        return self.vector(self._loaded(), clipped(text))

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
        found = self.fingerprint_of(state["path"])
        if found != state["fingerprint"]:
            raise CheckpointError(
                f"the model at {state['path']} is not the one this checkpoint was trained with (SHA-256 {found[:12]}…, "
                f"expected {state['fingerprint'][:12]}…); put the old model there, or train the predictor again"
            )
        self.path, self.fingerprint, self._dim, self._model = state["path"], found, int(state["dim"]), None

    def _loaded(self) -> Any:
        if self._model is None:
            if not self.path:
                raise ConfigError(
                    f"the embedding {self.name!r} has no model: name the folder of yours, {self.name}:FOLDER; nothing "
                    "is downloaded"
                )
            self._model = self.load(self.path)
        return self._model
