"""Checkpoints: a fitted predictor as a folder of arrays and JSON. Nothing in it is code, and nothing in it is run.

::

    my_predictor/
    ├── model.safetensors   every array of predictor.state(), named by its path in the state
    ├── predictor.json      what it is, the rest of the state, SHA-256 of both files
    └── README.md           the model card, if one was given

Loading makes only predictors that :data:`specbench.predictors.REGISTRY` or an installed entry point names (or that
the caller passes); a name in the file cannot import anything else. It needs numpy and safetensors, not what training
needed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from specbench import __version__
from specbench.core.errors import CheckpointError, ConfigError, NotFittedError, SpecbenchError
from specbench.core.files import MakeError, atomic_file, disk_errors_as, followed, replaced_folder, try_place
from specbench.core.text import writable
from specbench.predictors import make_predictor
from specbench.predictors.base import Predictor
from specbench.predictors.checkpoint_card import card_text
from specbench.predictors.packing import pack, unpack

__all__ = ["FORMAT", "VERSION", "check_place", "load", "read_card", "save"]

FORMAT, VERSION = "specbench-predictor", 1
_ARRAYS, _DOCUMENT, _CARD = "model.safetensors", "predictor.json", "README.md"
_RETRAIN = "copy the folder again, or train the predictor anew"
_BAD_STATE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, SpecbenchError)


def save(predictor: Predictor, folder: str | Path, *, card: Mapping[str, Any] | None = None) -> Path:
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
        written as ``README.md``.

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
    >>> markov = MarkovPredictor()
    >>> markov.record("find_user", "get_user")
    >>> with tempfile.TemporaryDirectory() as home:
    ...     folder = save(markov, Path(home) / "markov", card={"licence": "MIT"})
    ...     loaded = load(folder)
    >>> loaded.predict("find_user")
    ToolPrediction(tool='get_user', p=1.0)
    """
    from safetensors.numpy import save as encode_arrays

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
        "card": pack(card, "card", None),
        "state": state,
        "sha256": {_ARRAYS: hashlib.sha256(blob).hexdigest()},
    }
    document["sha256"][_DOCUMENT] = _digest(document)
    files = {_ARRAYS: blob, _DOCUMENT: _dumps(document).encode()}
    if card is not None:
        files[_CARD] = writable(card_text(predictor.name, card)).encode()
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


def load(folder: str | Path, *, make: Callable[[], Predictor] | None = None) -> Predictor:
    """Read what :func:`save` wrote; the predictor says exactly what it said before.

    Parameters
    ----------
    folder
        A checkpoint.
    make
        Makes the empty predictor, for a class that is neither in the registry nor an entry point.

    Raises
    ------
    CheckpointError
        When the folder is no checkpoint, truncated, changed since it was written, from a newer specbench, or of a
        predictor that is not installed.
    """
    folder = Path(folder)
    document = _read_document(folder)
    blob = _read_arrays(folder, document)
    predictor = _empty(folder, document, make)
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load as decode_arrays

        arrays = {_named(name): array for name, array in decode_arrays(blob).items()}
        predictor.restore(unpack(document["state"], arrays))
    except (SafetensorError, *_BAD_STATE) as error:
        raise CheckpointError(
            f"{folder}: the state in this checkpoint is not one of {document['class']} "
            f"({type(error).__name__}: {error}); specbench {document['specbench']} wrote it, this is {__version__}. "
            f"What to do: {_RETRAIN}"
        ) from error
    return predictor


def read_card(folder: str | Path) -> dict[str, Any] | None:
    """Return the model card of a checkpoint, ``None`` where it has none; the predictor itself is not loaded.

    Raises
    ------
    CheckpointError
        When the folder is no checkpoint, or its document was changed since it was written.
    """
    try:
        card = unpack(_read_document(Path(folder)).get("card"), {})
    except KeyError:
        card = ...
    if card is not None and not isinstance(card, dict):
        raise CheckpointError(f"{folder}: the card is not one that specbench writes. What to do: {_RETRAIN}")
    return card


def _stored(name: str) -> str:
    """Return the name of an array without half surrogate pairs: a JSON pointer has no other ``~u``."""
    return re.sub("[\ud800-\udfff]", lambda half: f"~u{ord(half[0]):x}", name)


def _named(stored: str) -> str:
    return re.sub("~u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), stored)


def _dumps(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document without its own hash."""
    hashes = {name: text for name, text in document["sha256"].items() if name != _DOCUMENT}
    return hashlib.sha256(_dumps({**document, "sha256": hashes}).encode()).hexdigest()


def _read_document(folder: Path) -> dict[str, Any]:
    path = folder / _DOCUMENT
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(
            f"{folder} is no checkpoint: there is no {_DOCUMENT}; name a folder that predictor.save(folder) wrote"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path} cannot be read, it is truncated or foreign ({error}). What to do: {_RETRAIN}"
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        came = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise CheckpointError(f"{path} is not a predictor of specbench: its format is {came!r}, expected {FORMAT!r}")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CheckpointError(f"{path} has the version {version!r}; versions are whole numbers from 1 to {VERSION}")
    if version > VERSION:
        raise CheckpointError(
            f"{path} has version {version}, written by specbench {document.get('specbench')}; specbench {__version__} "
            f"reads up to version {VERSION}. What to do: pip install --upgrade specbench"
        )
    kinds = {"predictor": str, "class": str, "specbench": str, "state": dict, "sha256": dict}
    for key, kind in kinds.items():
        if not isinstance(document.get(key), kind):
            raise CheckpointError(
                f"{path}: {key!r} should be {kind.__name__}, got {type(document.get(key)).__name__}. "
                f"What to do: {_RETRAIN}"
            )
    try:
        unchanged = document["sha256"].get(_DOCUMENT) == _digest(document)
    except RecursionError:
        unchanged = False
    if not unchanged:
        raise CheckpointError(f"{path} was changed after it was written: its SHA-256 differs. What to do: {_RETRAIN}")
    return document


def _read_arrays(folder: Path, document: Mapping[str, Any]) -> bytes:
    path = folder / _ARRAYS
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} is missing or cannot be read ({error}). What to do: {_RETRAIN}") from error
    if hashlib.sha256(blob).hexdigest() != document["sha256"].get(_ARRAYS):
        raise CheckpointError(
            f"{path} is truncated or was changed after it was written: its SHA-256 differs ({len(blob)} bytes came). "
            f"What to do: {_RETRAIN}"
        )
    return blob


def _empty(folder: Path, document: Mapping[str, Any], make: Callable[[], Predictor] | None) -> Predictor:
    name, kind = document["predictor"], document["class"]
    try:
        predictor = make() if make is not None else make_predictor(name)
    except ConfigError as error:
        raise CheckpointError(
            f"{folder} holds a predictor that is not installed here: {error}. What to do: install the package that "
            f"brings it, or pass load(folder, make={kind})"
        ) from error
    if (predictor.name, type(predictor).__qualname__) != (name, kind):
        raise CheckpointError(
            f"{folder} holds the predictor {name!r} of class {kind}, but {type(predictor).__qualname__} "
            f"({predictor.name!r}) was to be restored. What to do: pass load(folder, make={kind})"
        )
    return predictor


def _refuse_foreign(folder: Path) -> None:
    """Raise when something else than a checkpoint lies under this name, links followed."""
    with disk_errors_as(_unwritable(folder)):
        target = followed(folder)
        if not target.exists():
            return
        if not target.is_dir():
            raise CheckpointError(f"{folder} is a file; a checkpoint is a folder: choose another name")
        held = {each.name for each in target.iterdir()}
    foreign = sorted(held - {_ARRAYS, _DOCUMENT, _CARD})
    if foreign or (held and _DOCUMENT not in held):
        raise CheckpointError(
            f"{folder} exists and is not a checkpoint (it holds {', '.join(foreign or sorted(held))}); nothing was "
            f"written. What to do: choose another folder, or empty this one"
        )


def _unwritable(folder: Path) -> MakeError:
    return lambda why: CheckpointError(
        f"{folder} cannot be written ({why}); nothing was changed. What to do: choose another folder"
    )
