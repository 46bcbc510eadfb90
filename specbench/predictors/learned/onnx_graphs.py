"""The networks of a learned predictor as ONNX graphs, their scalings and ensembles inside.

The arithmetic is that of :meth:`ListwiseNet.scores` and :meth:`ToolHead.probabilities`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.extras import named_extras
from specbench.predictors.learned.network import ListwiseNet
from specbench.predictors.learned.tool_head.network import ToolHead

__all__ = ["CLIP", "OPSET", "head_graph", "ranker_graph"]

OPSET, IR_VERSION = 17, 8
"""Versions that runtimes of 2022 and later read."""
CLIP = {"ranker": 8.0, "head": 6.0}
"""Scaled features are cut off at this many standard deviations, as in training."""


def ranker_graph(net: ListwiseNet, name: str = "argument_ranker", items: str = "items") -> bytes:
    """Return a listwise network: ``items`` float32[n, features] → ``scores`` float32[n].

    The probability of an item is the softmax of the scores over its list: the candidates of one parameter.

    Raises
    ------
    MissingExtraError
        When onnx is not installed.
    """
    graph = _Graph()
    scaled = graph.scaled(items, net.mean, net.scale, CLIP["ranker"])
    scores = []
    for layers in net.layers:
        hidden = scaled
        for weight, bias in layers[:-1]:
            hidden = graph.node("Relu", graph.linear(hidden, weight, bias))
        scores.append(graph.linear(hidden, *layers[-1]))
    graph.node("Squeeze", graph.node("Mean", *scores), graph.constant(np.array([1], np.int64)), out="scores")
    inputs = {items: ("float32", ["n", len(net.mean)])}
    return graph.model(name, inputs, {"scores": ("float32", ["n"])})


def head_graph(head: ToolHead, name: str = "tool_head") -> bytes:
    """Return the tool head: ``point`` [1, d], ``pairs`` [n, e], ``classes`` int64[n] → ``probabilities`` float32[n].

    One row for each tool on offer and, last, the reply; a class is -1 for a tool that training never saw.

    Raises
    ------
    MissingExtraError
        When onnx is not installed.
    """
    graph = _Graph()
    scales = head.scales
    point = graph.scaled("point", scales["point_mean"], scales["point_scale"], CLIP["head"])
    pairs = graph.scaled("pairs", scales["pair_mean"], scales["pair_scale"], CLIP["head"])
    zero = graph.constant(np.array(0, np.int64))
    known = graph.node("GreaterOrEqual", "classes", zero)
    where = graph.node("Max", "classes", zero)
    nothing, row, column = (graph.constant(each) for each in (np.float32(0), np.array([0]), np.array([1])))
    logs = []
    for w in head.weights:
        hidden = graph.node("Relu", graph.linear(point, w["in"], w["in_bias"]))
        table = graph.node("Squeeze", graph.linear(hidden, w["class"], w["class_bias"]), row)
        habit = graph.node("Where", known, graph.node("Gather", table, where), nothing)
        near = graph.linear(hidden, w["narrow"], w["narrow_bias"])
        crossed = graph.node("MatMul", near, graph.constant(w["cross"]))
        inner = graph.node("Relu", graph.node("Add", graph.linear(pairs, w["pair"], w["pair_bias"]), crossed))
        fit = graph.node("Squeeze", graph.linear(inner, w["out"], w["out_bias"]), column)
        logs.append(graph.node("LogSoftmax", graph.node("Add", habit, fit), axis=0))
    graph.node("Softmax", graph.node("Mean", *logs), out="probabilities", axis=0)
    inputs: dict[str, tuple[str, list[Any]]] = {
        "point": ("float32", [1, len(scales["point_mean"])]),
        "pairs": ("float32", ["n", len(scales["pair_mean"])]),
        "classes": ("int64", ["n"]),
    }
    return graph.model(name, inputs, {"probabilities": ("float32", ["n"])})


class _Graph:
    """Nodes and constants, named by number."""

    def __init__(self) -> None:
        with named_extras():
            import onnx
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        name = out if out is not None else f"v{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value: npt.NDArray[Any] | np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        return name

    def linear(self, data: str, weight: npt.NDArray[Any], bias: npt.NDArray[Any]) -> str:
        return self.node("Gemm", data, self.constant(weight), self.constant(bias))

    def scaled(self, data: str, mean: npt.NDArray[Any], scale: npt.NDArray[Any], most: float) -> str:
        centred = self.node("Sub", data, self.constant(mean))
        ratio = self.node("Div", centred, self.constant(scale))
        return self.node("Clip", ratio, self.constant(np.float32(-most)), self.constant(np.float32(most)))

    def model(
        self, name: str, inputs: Mapping[str, tuple[str, list[Any]]], outputs: Mapping[str, tuple[str, list[Any]]]
    ) -> bytes:
        helper = self.onnx.helper
        kinds = {"float32": self.onnx.TensorProto.FLOAT, "int64": self.onnx.TensorProto.INT64}
        ends = [
            [helper.make_tensor_value_info(key, kinds[kind], shape) for key, (kind, shape) in each.items()]
            for each in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, name, *ends, initializer=self.constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, producer_name="specbench", opset_imports=[opset], ir_version=IR_VERSION)
        self.onnx.checker.check_model(model, full_check=True)
        out: bytes = model.SerializeToString()
        return out
