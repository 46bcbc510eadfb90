"""Writing a checkpoint: the folder's files, their hashes, and what may be replaced. Reading is in ``checkpoint``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from specbench.core.errors import CheckpointError, ConfigError, NotFittedError
from specbench.core.files import MakeError, atomic_file, disk_errors_as, followed, replaced_folder, try_place
from specbench.core.text import writable
from specbench.core.version import __version__
from specbench.predictors.checkpoint_card import card_text
from specbench.predictors.packing import pack

__all__ = ["ARRAYS", "DOCUMENT", "FORMAT", "VERSION", "check_place", "digest", "save"]

FORMAT, VERSION = "specbench-predictor", 2
ARRAYS, DOCUMENT, CARD = "model.safetensors", "predictor.json", "README.md"
"""The files of a checkpoint."""


class Saved(Protocol):
    """What a predictor needs to be saved."""

    @property
    def name(self) -> str:
        """The name that the registry knows it by."""

    @property
    def fitted(self) -> bool:
        """Whether there is something to save."""

    def state(self) -> dict[str, Any]:
        """Return JSON values and arrays."""


def save(predictor: Saved, folder: str | Path, *, card: Mapping[str, Any] | None = None) -> Path:
    """Write a fitted predictor to ``folder``, all of it or nothing.

    Parameters
    ----------
    predictor
        Fitted.
    folder
        Where to; parents are made. An older checkpoint there is replaced; anything else is left alone. A link stays
        one: the checkpoint lies where it points to.
    card
        The model card: JSON values (data hashes, split, metrics, tools, licence, ...). Kept in the checkpoint and
        written as ``README.md``; by default what the predictor knows of its training, ``learned_from``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    NotFittedError
        When there is nothing to save yet.
    CheckpointError
        When ``folder`` holds something that is not a checkpoint, or cannot be written.
    PredictorError
        When the predictor's state is not JSON and arrays.

    Examples
    --------
    >>> import tempfile
    >>> from specbench.predictors.counting.markov import MarkovPredictor
    >>> with tempfile.TemporaryDirectory() as home:
    ...     folder = save(MarkovPredictor().fit([]), Path(home) / "markov", card={"licence": "MIT"})
    ...     sorted(file.name for file in folder.iterdir())
    ['README.md', 'model.safetensors', 'predictor.json']
    """
    from safetensors.numpy import save as encode_arrays

    if not hasattr(predictor, "state"):
        raise ConfigError(f"what is saved is a fitted predictor, such as evaluation['markov']; got {predictor!r}")

    card = card if card is not None else getattr(predictor, "learned_from", None)
    folder = Path(folder)
    if not predictor.fitted:
        raise NotFittedError(f"{predictor.name} has not been fitted; call fit(traces) before saving it")
    _refuse_foreign(folder)
    arrays: dict[str, npt.NDArray[Any]] = {}
    state = pack(predictor.state(), "", arrays)
    blob = encode_arrays({_stored(name): array for name, array in arrays.items()})
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "predictor": predictor.name,
        "class": type(predictor).__qualname__,
        "specbench": __version__,
        "layout": getattr(predictor, "layout", 1),
        "card": pack(card, "card", None),
        "state": state,
        "sha256": {ARRAYS: hashlib.sha256(blob).hexdigest()},
    }
    document["sha256"][DOCUMENT] = digest(document)
    files = {ARRAYS: blob, DOCUMENT: _dumps(document).encode()}
    if card is not None:
        files[CARD] = writable(card_text(predictor.name, card)).encode()
    refused = _unwritable(folder)
    with disk_errors_as(refused), replaced_folder(folder, lambda _: _refuse_foreign(folder), refused) as fresh:
        for name, content in files.items():
            with atomic_file(fresh / name) as temporary:
                temporary.write_bytes(content)
    return folder


def check_place(folder: str | Path) -> None:
    """Raise where :func:`save` could not write a checkpoint to ``folder``: before a training, not after it.

    Raises
    ------
    CheckpointError
        When ``folder`` holds something that is not a checkpoint, or cannot be written.

    Examples
    --------
    >>> check_place("/dev/null")
    Traceback (most recent call last):
    specbench.core.errors.CheckpointError: /dev/null is a file; a checkpoint is a folder: choose another name
    """
    _refuse_foreign(Path(folder))
    with disk_errors_as(_unwritable(Path(folder))):
        try_place(followed(folder))


def _stored(name: str) -> str:
    """Return the name of an array without half surrogate pairs: a JSON pointer has no other ``~u``."""
    return re.sub("[\ud800-\udfff]", lambda half: f"~u{ord(half[0]):x}", name)


def _dumps(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document without its own hash."""
    hashes = {name: text for name, text in document["sha256"].items() if name != DOCUMENT}
    return hashlib.sha256(_dumps({**document, "sha256": hashes}).encode()).hexdigest()


def _refuse_foreign(folder: Path) -> None:
    """Raise when something else than a checkpoint lies under this name, links followed."""
    with disk_errors_as(_unwritable(folder)):
        target = followed(folder)
        if not target.exists():
            return
        if not target.is_dir():
            raise CheckpointError(f"{folder} is a file; a checkpoint is a folder: choose another name")
        held = {each.name for each in target.iterdir()}
    foreign = sorted(held - {ARRAYS, DOCUMENT, CARD})
    if foreign or (held and DOCUMENT not in held):
        raise CheckpointError(
            f"{folder} exists and is not a checkpoint (it holds {', '.join(foreign or sorted(held))}); nothing was "
            f"written. What to do: choose another folder, or empty this one"
        )


def _unwritable(folder: Path) -> MakeError:
    return lambda why: CheckpointError(
        f"{folder} cannot be written ({why}); nothing was changed. What to do: choose another folder"
    )
