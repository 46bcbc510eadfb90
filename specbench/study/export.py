"""A checkpoint handed on: written anew and checked, or its networks as ONNX graphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.json_values import write_json
from specbench.core.text import writable
from specbench.core.version import __version__
from specbench.predictors.base import Predictor
from specbench.predictors.checkpoint import load, read_card, save
from specbench.study.job import results_folder

__all__ = ["FORMATS", "KIND", "export"]

FORMATS = ("specbench", "onnx")
KIND = "specbench export"


def export(checkpoint: str | Path, out: str | Path, format: str = "specbench") -> Path:
    """Write a checkpoint in another place, or in another form.

    Parameters
    ----------
    checkpoint
        A folder that ``predictor.save(folder)``, ``specbench train`` or ``specbench study`` wrote.
    out
        The folder to write, whole or not at all. What an earlier export left there is replaced, anything else is not.
    format
        ``specbench``: the checkpoint is loaded, which verifies its hashes and its state, and written in the current
        format with its card. ``onnx``: its networks (:meth:`specbench.predictors.Predictor.networks`).

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    ConfigError
        When there is no such format, or the predictor has no network.
    CheckpointError
        When the checkpoint is broken, or ``out`` holds something else.
    MissingExtraError
        When onnx is wanted and not installed.

    Examples
    --------
    >>> import tempfile
    >>> from specbench.predictors.counting.markov import MarkovPredictor
    >>> home = Path(tempfile.mkdtemp())
    >>> folder = save(MarkovPredictor().fit([]), home / "markov", card={"licence": "MIT"})
    >>> read_card(export(folder, home / "copy"))
    {'licence': 'MIT'}
    """
    if format not in FORMATS:
        raise ConfigError(f"no export format is called {format!r}; use one of {', '.join(FORMATS)}")
    predictor, card = load(checkpoint), read_card(checkpoint)
    if format == "specbench":
        return save(predictor, out, card=card)
    return _export_onnx(predictor, card, Path(checkpoint), Path(out))


def _export_onnx(predictor: Predictor, card: Mapping[str, Any] | None, checkpoint: Path, out: Path) -> Path:
    try:
        networks = predictor.networks()
    except ConfigError as error:
        raise ConfigError(f"{checkpoint}: {error}; use --format specbench") from error
    facts = dict(networks.facts)
    with results_folder(out, KIND) as folder:
        for name, blob in networks.graphs.items():
            (folder / name).write_bytes(blob)
        config = {
            "kind": KIND,
            "specbench": __version__,
            "opset": facts.pop("opset", None),
            "checkpoint": checkpoint.name,
            "graphs": sorted(networks.graphs),
            "card": card,
        }
        write_json(folder / "features.json", facts)
        write_json(folder / "config.json", config)
        page = f"# The networks of `{checkpoint.name}` as ONNX\n\n{networks.page}"
        (folder / "README.md").write_text(writable(page), encoding="utf-8")
    return out
