"""A learned predictor's networks, each as an ONNX graph, with the names of the features that they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from specbench.core.errors import ConfigError, PredictorError
from specbench.predictors.base import Networks
from specbench.predictors.learned.candidates.features import FEATURES
from specbench.predictors.learned.onnx_graphs import CLIP, OPSET, head_graph, ranker_graph
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker
from specbench.predictors.learned.ranker.call_ranker import COMBINED
from specbench.predictors.learned.tool_head.features import STEPS, Vocabulary
from specbench.predictors.learned.tool_head.network import ToolHead
from specbench.predictors.learned.tool_head.pair_features import PAIR_FEATURES
from specbench.predictors.learned.tool_head.turn_cues import CUES

__all__ = ["export_networks", "point_features"]


def export_networks(
    head: ToolHead,
    tool_filter: ToolHead,
    ranker: ArgumentRanker,
    vocabulary: Vocabulary,
    *,
    embedding: str,
    text_dim: int,
    classes: Mapping[str, int],
) -> Networks:
    """Return the networks of a fitted learned predictor.

    Parameters
    ----------
    head, tool_filter, ranker, vocabulary
        Its parts.
    embedding, text_dim
        Name of the text embedding, and length of its vectors.
    classes
        Numbers of the tools that training saw.

    Raises
    ------
    ConfigError
        When it was fitted on no decision point.
    """
    if not head.weights:
        raise ConfigError("the learned predictor was fitted on no decision point: it has no network yet")
    features = {"point": point_features(vocabulary, text_dim), "pairs": list(PAIR_FEATURES)}
    widths = {"point": len(head.scales["point_mean"]), "pairs": len(head.scales["pair_mean"])}
    graphs = {"head.onnx": head_graph(head), "scout.onnx": head_graph(tool_filter, "scout")}
    if ranker.net.layers:
        features["items"], widths["items"] = list(FEATURES), len(ranker.net.mean)
        graphs["ranker.onnx"] = ranker_graph(ranker.net)
    if ranker.calls.fitted:
        features["combinations"], widths["combinations"] = list(COMBINED), len(ranker.calls.net.mean)
        graphs["calls.onnx"] = ranker_graph(ranker.calls.net, "call_ranker", "combinations")
    for name, width in widths.items():
        if len(features[name]) != width:
            raise PredictorError(
                f"the network takes {width} features as {name!r}, but {len(features[name])} have names"
            )
    facts = {
        "inputs": features,
        "classes": {**classes, "(reply)": len(vocabulary.tools), "(any other tool)": -1},
        "embedding": embedding,
        "clip": CLIP,
        "opset": OPSET,
    }
    return Networks(graphs, facts, _page(sorted(graphs)))


def point_features(vocabulary: Vocabulary, text_dim: int) -> list[str]:
    """Return the names of the head's input ``point``, in order."""
    tools = vocabulary.tools
    texts = [f"{text}[{at}]" for text in ("user", "assistant", "result", "ever") for at in range(text_dim)]
    events = [*(f"tool:{tool}" for tool in tools), "user", "reply", "other_tool", "failed"]
    steps = [f"step-{back + 1}/{event}" for back in range(STEPS) for event in events]
    called = [f"log_called:{tool}" for tool in tools]
    last = [*(f"last_tool:{tool}" for tool in tools), "last_tool:other"]
    agents = [f"agent:{agent}" for agent in vocabulary.agents]
    return [*texts, *steps, *called, *last, *agents, *CUES]


def _page(graphs: Sequence[str]) -> str:
    ranker = """\
- `ranker.onnx`, the argument ranker: `items` float32[n, features], one row for each candidate value of one parameter →
  `scores` float32[n]. P(candidate) is the softmax of the scores of that parameter's candidates.
"""
    calls = """\
- `calls.onnx`, the call ranker: `combinations` float32[n, features], one row for each combination of values of one tool
  and, last, "none of these" → `scores` float32[n]. P(combination) is the softmax of the scores.
"""
    return f"""\
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
