"""A checkpoint handed on: written anew and checked, or its networks as ONNX graphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specbench.core.errors import ConfigError, PredictorError
from specbench.core.json_values import write_json
from specbench.core.text import writable
from specbench.core.version import package_version
from specbench.predictors.base import Predictor
from specbench.predictors.checkpoint import load, read_card, save
from specbench.study.job import results_folder

if TYPE_CHECKING:
    from specbench.predictors.learned.predictor import LearnedPredictor

__all__ = ["FORMATS", "KIND", "export", "point_features"]

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
        format with its card. ``onnx``: the networks of a learned predictor, see :mod:`specbench.study.onnx_graphs`.

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


def point_features(predictor: LearnedPredictor) -> list[str]:
    """Return the names of the head's input ``point``, in order."""
    from specbench.predictors.learned.tool_head.features import STEPS
    from specbench.predictors.learned.tool_head.turn_cues import CUES

    vocabulary, tools = predictor.vocabulary, predictor.vocabulary.tools
    texts = [
        f"{text}[{at}]" for text in ("user", "assistant", "result", "ever") for at in range(predictor.embedding.dim)
    ]
    events = [*(f"tool:{tool}" for tool in tools), "user", "reply", "other_tool", "failed"]
    steps = [f"step-{back + 1}/{event}" for back in range(STEPS) for event in events]
    called = [f"log_called:{tool}" for tool in tools]
    last = [*(f"last_tool:{tool}" for tool in tools), "last_tool:other"]
    agents = [f"agent:{agent}" for agent in vocabulary.agents]
    return [*texts, *steps, *called, *last, *agents, *CUES]


def _export_onnx(predictor: Predictor, card: Mapping[str, Any] | None, checkpoint: Path, out: Path) -> Path:
    from specbench.predictors.learned.candidates.features import FEATURES
    from specbench.predictors.learned.predictor import LearnedPredictor
    from specbench.predictors.learned.ranker.call_ranker import COMBINED
    from specbench.predictors.learned.tool_head.pair_features import PAIR_FEATURES
    from specbench.study.onnx_graphs import CLIP, OPSET, head_graph, ranker_graph

    if not isinstance(predictor, LearnedPredictor):
        raise ConfigError(
            f"{checkpoint} holds the predictor {predictor.name!r}, which counts and has no network: there is nothing "
            "to write as ONNX. Only 'learned' has networks; use --format specbench"
        )
    head, ranker = predictor.head, predictor.ranker
    if not head.weights:
        raise ConfigError(
            f"{checkpoint} holds a learned predictor that was fitted on no decision point: it has no network yet"
        )
    features = {"point": point_features(predictor), "pairs": list(PAIR_FEATURES), "items": list(FEATURES)}
    features["combinations"] = list(COMBINED)
    widths = {"point": len(head.scales["point_mean"]), "pairs": len(head.scales["pair_mean"])}
    if ranker.net.layers:
        widths["items"] = len(ranker.net.mean)
    if ranker.calls.fitted:
        widths["combinations"] = len(ranker.calls.net.mean)
    for name, width in widths.items():
        if len(features[name]) != width:
            raise PredictorError(
                f"the network takes {width} features as {name!r}, but {len(features[name])} have names"
            )
    graphs = {"head.onnx": head_graph(head), "scout.onnx": head_graph(predictor.tool_filter, "scout")}
    if ranker.net.layers:
        graphs["ranker.onnx"] = ranker_graph(ranker.net)
    if ranker.calls.fitted:
        graphs["calls.onnx"] = ranker_graph(ranker.calls.net, "call_ranker", "combinations")
    known = {} if "classes" in predictor.drop else predictor.class_at
    with results_folder(out, KIND) as folder:
        for name, blob in graphs.items():
            (folder / name).write_bytes(blob)
        write_json(
            folder / "features.json",
            {
                "inputs": {name: features[name] for name in widths},
                "classes": {**known, "(reply)": len(predictor.vocabulary.tools), "(any other tool)": -1},
                "embedding": predictor.embedding.name,
                "clip": CLIP,
            },
        )
        config = {
            "kind": KIND,
            "specbench": package_version(),
            "opset": OPSET,
            "checkpoint": checkpoint.name,
            "graphs": sorted(graphs),
            "card": card,
        }
        write_json(folder / "config.json", config)
        (folder / "README.md").write_text(writable(_readme(checkpoint.name, sorted(graphs))), encoding="utf-8")
    return out


def _readme(checkpoint: str, graphs: list[str]) -> str:
    ranker = """\
- `ranker.onnx`, the argument ranker: `items` float32[n, features], one row for each candidate value of one parameter →
  `scores` float32[n]. P(candidate) is the softmax of the scores of that parameter's candidates.
"""
    calls = """\
- `calls.onnx`, the call ranker: `combinations` float32[n, features], one row for each combination of values of one tool
  and, last, "none of these" → `scores` float32[n]. P(combination) is the softmax of the scores.
"""
    return f"""\
# The networks of `{checkpoint}` as ONNX

For those who serve networks with a runtime of their own. **This is not a whole predictor.**

## What is in the graphs

- `head.onnx`, the tool head: `point` float32[1, d] (the conversation), `pairs` float32[n, e] (one row for each tool on
  offer, the reply last), `classes` int64[n] (the tools' numbers in `features.json`, -1 for a tool that training never
  saw) → `probabilities` float32[n], adding up to 1.
- `scout.onnx`, the tool filter: the same inputs, with nought for all features of arguments, and the same output. Tools
  that it finds improbable are left out of the head's rows; see `specbench.predictors.learned.tool_head.tool_filter`.
{ranker if "ranker.onnx" in graphs else ""}{calls if "calls.onnx" in graphs else ""}
Scaling, clipping and the whole ensemble are inside: feed raw features, in the order of `features.json`.

## What is not

- **The features.** They are computed from the conversation by specbench (`specbench/predictors/learned`), with
  the embedding and the counts that lie in the specbench checkpoint.
- **The candidates** for arguments, the combinations of several, and the cast to the schema's types.
- **Calibration:** the probabilities here are the head's own, not P(this exact call comes next).
- **Learning:** the graphs stay as they are; `session.learn()` changes the specbench predictor only.

To predict whole calls, load the specbench checkpoint (`specbench.load(folder)`): it needs numpy and
safetensors only, and takes about a millisecond. `config.json` holds the model card of the checkpoint.
"""
