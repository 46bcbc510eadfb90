"""A checkpoint of any content, with the right hashes (whoever means harm computes them): a predictor that answers, or
specbench's own error. Nothing in it is run, and none of its numbers makes memory grow."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from fuzz.json_values import value_of
from fuzz.oracle import allowed
from specbench.core.errors import CheckpointError, PredictorError
from specbench.core.types import DecisionPoint, Message, ToolSpec
from specbench.predictors.checkpoint import load, read_card
from specbench.predictors.saving import ARRAYS, DOCUMENT, digest

BETWEEN = b"\n--arrays--\n"
POINT = DecisionPoint("t", 0, (Message("user", "where is order D1?"),), {"look": ToolSpec("look")})


def packed(folder: Path) -> bytes:
    """Return a checkpoint as the bytes of one input."""
    return (folder / DOCUMENT).read_bytes() + BETWEEN + (folder / ARRAYS).read_bytes()


def check(data: bytes) -> None:
    """Load a checkpoint: its document and its arrays, with a line between them."""
    text, _, blob = data.partition(BETWEEN)
    document = value_of(text)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as home:
        folder = Path(home)
        (folder / ARRAYS).write_bytes(blob)
        (folder / DOCUMENT).write_bytes(_hashed(document, blob) if isinstance(document, dict) else text)
        with allowed(len(data), CheckpointError):
            read_card(folder)
        with allowed(len(data), PredictorError):
            predictor = load(folder)
            assert predictor.name == document["predictor"]
            predictor.predict(POINT, 3)
        assert {each.name for each in folder.iterdir()} == {ARRAYS, DOCUMENT}


def _hashed(document: dict[str, Any], blob: bytes) -> bytes:
    hashes = document.get("sha256")
    if isinstance(hashes, dict):
        hashes[ARRAYS] = hashlib.sha256(blob).hexdigest()
        try:
            hashes[DOCUMENT] = digest(document)
        except RecursionError:
            hashes[DOCUMENT] = ""
    return json.dumps(document).encode()
