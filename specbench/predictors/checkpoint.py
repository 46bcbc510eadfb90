"""Checkpoints: a fitted predictor as a folder of arrays and JSON. Nothing in it is code, and nothing in it is run.

::

    my_predictor/
    ├── model.safetensors   every array of predictor.state(), named by its path in the state
    ├── predictor.json      what it is, the rest of the state, SHA-256 of both files
    └── README.md           the model card, if one was given

Loading makes only predictors that :data:`specbench.core.registry.PREDICTORS` or an installed entry point names (or that
the caller passes); a name in the file cannot import anything else. It needs numpy and safetensors, not what training
needed. Checkpoints of earlier versions are brought up to date while they are read
(:mod:`specbench.predictors.migration`); ``specbench export`` writes them anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from specbench.core.errors import CheckpointError, ConfigError, SpecbenchError, in_words
from specbench.core.version import __version__
from specbench.predictors import make_predictor
from specbench.predictors.base import Predictor
from specbench.predictors.migration import check_layout, current_document, current_state
from specbench.predictors.packing import unpack
from specbench.predictors.saving import ARRAYS, DOCUMENT, FORMAT, VERSION, check_place, digest, save

__all__ = ["FORMAT", "VERSION", "check_place", "load", "read_card", "save"]

_RETRAIN = "copy the folder again, or train the predictor anew"
_BAD_STATE = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError, SpecbenchError,
)  # fmt: skip


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

    Examples
    --------
    >>> import tempfile
    >>> from specbench.predictors.counting.markov import MarkovPredictor
    >>> markov = MarkovPredictor()
    >>> markov.record("find_user", "get_user")
    >>> with tempfile.TemporaryDirectory() as home:
    ...     loaded = load(save(markov, Path(home) / "markov"))
    >>> loaded.predict("find_user")
    ToolPrediction(tool='get_user', p=1.0)
    """
    folder = Path(folder)
    document = current_document(_read_document(folder))
    predictor = _empty(folder, document, make)
    check_layout(predictor, document.get("layout"), folder)
    blob = _read_arrays(folder, document)
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load as decode_arrays

        arrays = {_named(name): array for name, array in decode_arrays(blob).items()}
        predictor.restore(current_state(predictor, document["layout"], unpack(document["state"], arrays)))
    except (SafetensorError, *_BAD_STATE) as error:
        raise CheckpointError(
            f"{folder}: the state in this checkpoint is not one of {document['class']} "
            f"({in_words(error)}); specbench {document['specbench']} wrote it, this is "
            f"{__version__}. What to do: {_RETRAIN}"
        ) from error
    predictor.loaded_from = str(folder)
    return predictor


def read_card(folder: str | Path) -> dict[str, Any] | None:
    """Return the model card of a checkpoint, ``None`` where it has none; the predictor itself is not loaded.

    Raises
    ------
    CheckpointError
        When the folder is no checkpoint, or its document was changed since it was written.
    """
    document = _read_document(Path(folder))
    try:
        card = unpack(document.get("card"), {})
    except _BAD_STATE:
        card = ...
    if card is not None and not isinstance(card, dict):
        raise CheckpointError(f"{folder}: the card is not one that specbench writes. What to do: {_RETRAIN}")
    return card


def _named(stored: str) -> str:
    return re.sub("~u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), stored)


def _read_document(folder: Path) -> dict[str, Any]:
    path = folder / DOCUMENT
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(
            f"{folder} is no checkpoint: there is no {DOCUMENT}; name a folder that predictor.save(folder) wrote"
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
            f"{path} has version {version}, written by specbench {document.get('specbench')}; "
            f"specbench {__version__} reads up to version {VERSION}. What to do: pip install --upgrade specbench"
        )
    kinds = {"predictor": str, "class": str, "specbench": str, "state": dict, "sha256": dict}
    for key, kind in kinds.items():
        if not isinstance(document.get(key), kind):
            raise CheckpointError(
                f"{path}: {key!r} should be {kind.__name__}, got {type(document.get(key)).__name__}. "
                f"What to do: {_RETRAIN}"
            )
    try:
        unchanged = document["sha256"].get(DOCUMENT) == digest(document)
    except RecursionError:
        unchanged = False
    if not unchanged:
        raise CheckpointError(f"{path} was changed after it was written: its SHA-256 differs. What to do: {_RETRAIN}")
    return document


def _read_arrays(folder: Path, document: Mapping[str, Any]) -> bytes:
    path = folder / ARRAYS
    try:
        blob = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} is missing or cannot be read ({error}). What to do: {_RETRAIN}") from error
    if hashlib.sha256(blob).hexdigest() != document["sha256"].get(ARRAYS):
        raise CheckpointError(
            f"{path} is truncated or was changed after it was written: its SHA-256 differs ({len(blob)} bytes came). "
            f"What to do: {_RETRAIN}"
        )
    return blob


def _empty(folder: Path, document: Mapping[str, Any], make: Callable[[], Predictor] | None) -> Predictor:
    name, kind = document["predictor"], document["class"]
    try:
        predictor = make() if make is not None else make_predictor(name, imports=False)
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
