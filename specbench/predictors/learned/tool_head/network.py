"""The tool head: which tool on offer comes next, or a reply.

Two branches add their scores. The *class* branch is a classifier over the tools of the training traces: it knows their
habits. The *pair* branch scores each tool by its description, schema and fillable arguments: it works for tools never
seen. In training the class score of a tool is dropped at random (tool dropout), so that the pair branch learns to stand
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.extras import named_extras
from specbench.predictors.learned.network import mean_of, one_thread, quick_dropout, scale_of

__all__ = ["Example", "ToolHead"]

Floats = npt.NDArray[np.float32]
SETTLED = 5
"""Calls after which a class that was added later counts half as much as one of the training."""


@dataclass(frozen=True)
class Example:
    """One decision point.

    ``point`` is the conversation; ``pairs`` the features of the tools on offer, the reply last; ``classes`` their class
    numbers, -1 for a tool never seen; ``target`` the row of what happened.
    """

    point: Floats
    pairs: Floats
    classes: npt.NDArray[np.intp]
    target: int


class ToolHead:
    """See the module's text.

    Parameters
    ----------
    hidden, narrow
        Width of the conversation's hidden layer, and of the part of it that the pair branch sees.
    members
        Networks in the ensemble; their log-probabilities are averaged.
    epochs, max_steps, rate, decay, dropout, tool_dropout, batch
        Of the training; it ends after ``epochs``, or sooner after ``max_steps``.
    seed
        Of initialisation, shuffling and dropout.
    """

    def __init__(
        self,
        *,
        hidden: int = 96,
        narrow: int = 24,
        members: int = 5,
        epochs: int = 24,
        max_steps: int = 3000,
        rate: float = 3e-3,
        decay: float = 5e-2,
        dropout: float = 0.55,
        tool_dropout: float = 0.15,
        batch: int = 128,
        seed: int = 0,
    ) -> None:
        self.hidden, self.narrow, self.members, self.epochs = hidden, narrow, members, epochs
        self.rate, self.decay, self.dropout, self.tool_dropout = rate, decay, dropout, tool_dropout
        self.batch, self.seed, self.max_steps = batch, seed, max_steps
        self.scales: dict[str, Floats] = {}
        self.weights: list[dict[str, Floats]] = []
        self.young: dict[int, int] = {}
        self._stacked: dict[str, Floats] | None = None

    def fit(self, examples: Sequence[Example], classes: int) -> None:
        """Train on labelled decision points; ``classes`` is the number of tools plus one for the reply."""
        self.take([part() for part in self.training(examples, classes)])

    def training(self, examples: Sequence[Example], classes: int) -> list[Callable[[], dict[str, Floats]]]:
        """Return the parts of :meth:`fit`, one a member; what they return is for :meth:`take`."""
        with named_extras():
            import torch  # noqa: F401
        points = np.stack([each.point for each in examples])
        pairs = np.concatenate([each.pairs for each in examples])
        self.scales = {
            "point_mean": points.mean(0), "point_scale": scale_of(points, 0.05),
            "pair_mean": pairs.mean(0), "pair_scale": scale_of(pairs, 0.05),
        }  # fmt: skip
        widest = max(len(each.pairs) for each in examples)
        offered = np.zeros((len(examples), widest, pairs.shape[1]), np.float32)
        kinds = np.full((len(examples), widest), classes, np.int64)
        mask = np.zeros((len(examples), widest), bool)
        for at, each in enumerate(examples):
            size = len(each.pairs)
            offered[at, :size] = self._scaled("pair", each.pairs)
            kinds[at, :size] = np.where(each.classes < 0, classes, each.classes)
            mask[at, :size] = True
        targets = np.array([each.target for each in examples])
        data = self._scaled("point", points), offered, kinds, mask, targets
        return [partial(self._member, member, classes, *data) for member in range(self.members)]

    def take(self, members: Sequence[dict[str, Floats]]) -> None:
        """Become what the parts of :meth:`training` have returned."""
        self.weights, self.young, self._stacked = list(members), {}, None

    def _member(
        self,
        member: int,
        classes: int,
        points: Floats,
        offered: Floats,
        kinds: npt.NDArray[np.int64],
        mask: npt.NDArray[np.bool_],
        wanted: npt.NDArray[np.intp],
    ) -> dict[str, Floats]:
        import torch

        # Processes share large arrays, which they cannot write to; torch wants to be able to.
        arrays = (np.require(each, requirements="W") for each in (points, offered, kinds, mask, wanted))
        data, offers, kind, on, targets = map(torch.from_numpy, arrays)
        count, widest = mask.shape
        seed = self.seed * 1000 + member
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = _Net(points.shape[1], offered.shape[2], classes, self.hidden, self.narrow, self.dropout, seed)
            optimiser = torch.optim.AdamW(net.module.parameters(), lr=self.rate, weight_decay=self.decay)
            a_pass = -(-count // self.batch)
            epochs = min(self.epochs, max(1, self.max_steps // a_pass))
            steps = max(epochs * a_pass, 2)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, total_steps=steps, pct_start=0.1)
            net.module.train()
            for _ in range(epochs):
                for chosen in torch.split(torch.randperm(count), self.batch):
                    # Single tools, and now and then all tools of a point, lose their class score; a reply is no tool
                    # and never unseen.
                    keep = torch.rand(len(chosen), widest) >= self.tool_dropout
                    keep &= torch.rand(len(chosen), 1) >= self.tool_dropout
                    keep |= kind[chosen] == classes - 1
                    scores = net.scores(data[chosen], offers[chosen], kind[chosen], keep)
                    scores = scores.masked_fill(~on[chosen], -1e9)
                    loss = torch.nn.functional.cross_entropy(scores, targets[chosen], label_smoothing=0.02)
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    schedule.step()
            return net.arrays()

    def probabilities(self, point: Floats, pairs: Floats, classes: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return P(row) over the tools on offer and the reply, shape (rows,)."""
        return self._probabilities(self._hidden(point), pairs, classes)

    def _probabilities(self, hidden: Floats, pairs: Floats, classes: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        y = self._scaled("pair", pairs)
        w = self._stack()
        tops = (hidden @ w["class"])[:, 0] + w["class_bias"]
        scores = np.where(classes >= 0, tops[:, classes], np.float32(0.0))
        near = hidden @ w["narrow"] + w["narrow_bias"][:, None]
        inner = np.maximum(y @ w["pair"] + near @ w["cross"] + w["pair_bias"][:, None], 0)
        scores = scores + (inner @ w["out"])[..., 0] + w["out_bias"]
        scores -= scores.max(axis=1, keepdims=True)
        total = mean_of(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))
        # In double precision the probabilities add up to 1 to the last digits.
        raised = np.exp((total - total.max()).astype(np.float64))
        return np.asarray(raised / raised.sum())

    def _hidden(self, point: Floats) -> Floats:
        """Return the hidden layer of every member, shape (members, 1, hidden)."""
        w = self._stack()
        hidden: Floats = np.maximum(self._scaled("point", point)[None] @ w["in"] + w["in_bias"][:, None], 0)
        return hidden

    def _stack(self) -> dict[str, Floats]:
        """Return the members' weights in one array each: a product with it is many small ones, and wakes no threads."""
        if self._stacked is None:
            self._stacked = {name: np.stack([each[name] for each in self.weights]) for name in self.weights[0]}
        return self._stacked

    def learn(
        self, point: Floats, pairs: Floats, classes: npt.NDArray[np.intp], target: int, rate: float = 0.2
    ) -> None:
        """Take one step of the class branch's last layer towards what happened (online update).

        The step is divided by the squared length of the hidden layer (normalised least mean squares), so that ``rate``
        means the same at every point. A class that was added later is pushed down the less the seldomer it has come:
        until it has, the pair branch alone speaks for it.
        """
        hidden_by = self._hidden(point)
        error = -self._probabilities(hidden_by, pairs, classes)
        error[target] += 1.0
        for row, number in enumerate(classes.tolist()):
            times = self.young.get(number)
            if times is not None:
                self.young[number] = times + (row == target)
                error[row] *= 1.0 if row == target else times / (times + SETTLED)
        for w, hidden in zip(self.weights, hidden_by[:, 0], strict=True):
            step = rate / (1.0 + float(hidden @ hidden))
            for row in np.flatnonzero(classes >= 0).tolist():
                change = np.float32(step * error[row])
                w["class"][:, classes[row]] += change * hidden
                w["class_bias"][classes[row]] += change
        if self._stacked is not None:
            self._stacked |= {name: np.stack([each[name] for each in self.weights]) for name in ("class", "class_bias")}

    def add_class(self) -> None:
        """Make room for one more tool, of which nothing is known."""
        for w in self.weights:
            w["class"] = np.concatenate([w["class"], np.zeros((len(w["class"]), 1), np.float32)], axis=1)
            w["class_bias"] = np.append(w["class_bias"], np.float32(0))
        self.young[len(self.weights[0]["class_bias"]) - 1] = 0
        self._stacked = None

    def _scaled(self, what: str, data: Floats) -> Floats:
        scaled: Floats = (data - self.scales[f"{what}_mean"]) / self.scales[f"{what}_scale"]
        return np.minimum(np.maximum(scaled, -6, out=scaled), 6, out=scaled)

    def state(self) -> dict[str, Any]:
        """Return the weights."""
        young = {str(number): times for number, times in self.young.items()}
        return {"scales": self.scales, "weights": self.weights, "young": young}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over weights."""
        self.scales = {name: np.asarray(array, np.float32) for name, array in state["scales"].items()}
        self.weights = [
            {name: np.array(array, np.float32) for name, array in each.items()} for each in state["weights"]
        ]
        self.young = {int(number): times for number, times in state["young"].items()}


class _Net:
    """The torch twin of :meth:`ToolHead.probabilities`."""

    def __init__(
        self, width: int, pair: int, classes: int, hidden: int, narrow: int, dropout: float, seed: int
    ) -> None:
        import torch
        from torch import nn

        self.classes = classes
        self.module = nn.ModuleDict(
            {
                "in": nn.Linear(width, hidden),
                "class": nn.Linear(hidden, classes),
                "narrow": nn.Linear(hidden, narrow),
                "pair": nn.Linear(pair, 48),
                "cross": nn.Linear(narrow, 48, bias=False),
                "out": nn.Linear(48, 1),
            }
        )
        draw = np.random.default_rng([seed, 1])
        self.drop = quick_dropout(dropout, draw)
        self.light = quick_dropout(dropout / 4, draw)
        self.input_drop = quick_dropout(dropout / 2, draw)
        torch.nn.init.zeros_(self.module.get_parameter("class.weight"))

    def scores(self, points: Any, pairs: Any, kinds: Any, keep: Any) -> Any:
        import torch

        net: Any = self.module
        hidden = self.drop(torch.relu(net["in"](self.input_drop(points))))
        table = torch.nn.functional.pad(net["class"](hidden), (0, 1))
        known = torch.gather(table, 1, kinds) * keep
        inner = net["pair"](pairs) + net["cross"](net["narrow"](hidden))[:, None, :]
        return known + net["out"](self.light(torch.relu(inner))).squeeze(2)

    def arrays(self) -> dict[str, Floats]:
        out = {}
        layers: Any = self.module.items()
        for name, layer in layers:
            out[name] = layer.weight.detach().numpy().T.copy()
            if layer.bias is not None:
                out[f"{name}_bias"] = layer.bias.detach().numpy().copy()
        return out
