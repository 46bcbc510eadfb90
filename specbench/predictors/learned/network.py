"""A small listwise network: scores the items of a list, softmax over the list. Trained with torch, applied with numpy.

The argument ranker scores the candidate values of a parameter with it, the tool head the tools on offer. One class, one
training loop; a checkpoint holds plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.extras import named_extras

__all__ = ["ListwiseNet", "mean_of", "one_thread", "quick_dropout", "scale_of", "segment_softmax"]

Floats = npt.NDArray[np.float32]
Layers = list[tuple[Floats, Floats]]
CONSTANT = 1e9
"""Scale of a feature that was the same in all of the training: whatever it is later, it says nothing."""
ONE_THREAD = 200_000
"""Multiplications in one matrix product: above some 260,000 OpenBLAS wakes its threads, which on a busy machine costs
ten times what they save on matrices this small."""


def segment_softmax(scores: Floats, starts: npt.NDArray[np.intp]) -> Floats:
    """Return the softmax of ``scores`` within each segment; ``starts`` are the first positions of the segments.

    Examples
    --------
    >>> segment_softmax(np.zeros(3, np.float32), np.array([0, 2])).tolist()
    [0.5, 0.5, 1.0]
    """
    lengths = np.empty_like(starts)
    lengths[:-1], lengths[-1:] = starts[1:] - starts[:-1], len(scores) - starts[-1:]
    raised = np.exp(scores - np.maximum.reduceat(scores, starts).repeat(lengths))
    return np.asarray(raised / np.add.reduceat(raised, starts).repeat(lengths), np.float32)


def mean_of(members: Floats) -> Floats:
    """Return the mean over the first axis; numpy's own takes ten times as long on arrays this small.

    Examples
    --------
    >>> mean_of(np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)).tolist()
    [2.0, 5.0]
    """
    return np.asarray(np.add.reduce(members, axis=0) / np.float32(len(members)), np.float32)


def scale_of(items: Floats, least: float) -> Floats:
    """Return by what to divide each feature; one that never varied is made nought, as nothing is learned of it.

    Examples
    --------
    >>> scale_of(np.array([[1.0, 5.0], [3.0, 5.0]], np.float32), 0.05).tolist()
    [1.0, 1000000000.0]
    """
    spread = items.std(axis=0)
    return np.where(np.ptp(items, axis=0) == 0, CONSTANT, np.maximum(spread, least)).astype(np.float32)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread: for small layers more of them only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class ListwiseNet:
    """An ensemble of multi-layer perceptrons that score items; probabilities are the softmax over each list.

    Parameters
    ----------
    hidden
        Widths of the hidden layers.
    members
        Networks in the ensemble; their scores are averaged.
    epochs, max_steps, rate, decay, dropout, batch
        Of the training (AdamW, one-cycle schedule); it ends after ``epochs``, or sooner after ``max_steps``.
    seed
        Of initialisation, shuffling and dropout.

    References
    ----------
    Z. Cao et al. (2007), *Learning to Rank: From Pairwise Approach to Listwise Approach*, ICML.
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (96, 48),
        *,
        members: int = 2,
        epochs: int = 20,
        max_steps: int = 6000,
        rate: float = 4e-3,
        decay: float = 0.1,
        dropout: float = 0.2,
        batch: int = 64,
        seed: int = 0,
    ) -> None:
        self.hidden, self.members, self.epochs = hidden, members, epochs
        self.rate, self.decay, self.dropout, self.batch, self.seed = rate, decay, dropout, batch, seed
        self.max_steps = max_steps
        self.mean: Floats = np.zeros(0, np.float32)
        self.scale: Floats = np.zeros(0, np.float32)
        self.layers: list[Layers] = []
        self._stacked: list[tuple[Floats, Floats]] | None = None
        self._rows = 1

    def fit(
        self,
        items: Floats,
        starts: npt.NDArray[np.intp],
        targets: npt.NDArray[np.intp],
        weights: Floats | None = None,
    ) -> None:
        """Train on lists.

        Parameters
        ----------
        items
            Features of all items of all lists, shape (items, features).
        starts
            First position of each list, shape (lists,).
        targets
            Position of the right item of each list, shape (lists,).
        weights
            Weight of each list.
        """
        self.take([part() for part in self.training(items, starts, targets, weights)])

    def training(
        self,
        items: Floats,
        starts: npt.NDArray[np.intp],
        targets: npt.NDArray[np.intp],
        weights: Floats | None = None,
    ) -> list[Callable[[], Layers]]:
        """Return the parts of :meth:`fit`, one a member; what they return is for :meth:`take`."""
        with named_extras():
            import torch  # noqa: F401
        self.mean = items.mean(axis=0)
        self.scale = scale_of(items, 1e-3)
        self.layers, self._stacked = [], None
        loads = weights if weights is not None else np.ones(len(starts), np.float32)
        return [partial(self._member, member, items, starts, targets, loads) for member in range(self.members)]

    def take(self, members: Sequence[Layers]) -> None:
        """Become what the parts of :meth:`training` have returned."""
        self.layers, self._stacked = list(members), None

    def _member(
        self, member: int, items: Floats, starts: npt.NDArray[np.intp], targets: npt.NDArray[np.intp], weights: Floats
    ) -> Layers:
        import torch

        data = torch.from_numpy(np.clip((items - self.mean) / self.scale, -8, 8))
        ends = np.append(starts[1:], len(items))
        loads = torch.from_numpy(weights)
        generator = torch.Generator().manual_seed(self.seed * 1000 + member)
        drop = quick_dropout(self.dropout, np.random.default_rng([self.seed, member, 1]))
        net = _perceptron(data.shape[1], self.hidden, drop, generator)
        optimiser = torch.optim.AdamW(net.parameters(), lr=self.rate, weight_decay=self.decay)
        a_pass = -(-len(starts) // self.batch)
        epochs = min(self.epochs, max(1, self.max_steps // a_pass))
        steps = max(epochs * a_pass, 2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, total_steps=steps, pct_start=0.1)
        shuffle = np.random.default_rng(self.seed * 1000 + member)
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed * 1000 + member)
            for _ in range(epochs):
                order = shuffle.permutation(len(starts))
                for begin in range(0, len(order), self.batch):
                    chosen = order[begin : begin + self.batch]
                    lengths = ends[chosen] - starts[chosen]
                    first = np.cumsum(lengths) - lengths
                    where = np.repeat(starts[chosen] - first, lengths) + np.arange(lengths.sum())
                    owner = torch.from_numpy(np.repeat(np.arange(len(chosen)), lengths))
                    scores = net(data[torch.from_numpy(where)]).squeeze(1)
                    top = torch.full((len(chosen),), -1e9).scatter_reduce(0, owner, scores, "amax")
                    total = torch.zeros(len(chosen)).index_add(0, owner, (scores - top[owner]).exp())
                    right = scores[torch.from_numpy(first + targets[chosen] - starts[chosen])]
                    losses = top + total.log() - right
                    load = loads[torch.from_numpy(chosen)]
                    loss = (losses * load).sum() / load.sum()
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                    schedule.step()
        linear = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
        return [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in linear]

    def scores(self, items: Floats) -> Floats:
        """Return the mean score of each item, shape (items,)."""
        data = items - self.mean
        data /= self.scale
        np.minimum(np.maximum(data, -8, out=data), 8, out=data)
        if self._stacked is None:
            self._stacked = [
                (np.stack([weight for weight, _ in each])[:, None], np.stack([bias for _, bias in each])[:, None, None])
                for each in zip(*self.layers, strict=True)
            ]
            # One product of many small matrices: each stays below the size at which OpenBLAS wakes its threads.
            self._rows = max(1, ONE_THREAD // max(weight.shape[2] * weight.shape[3] for weight, _ in self._stacked))
        blocks = -(-len(data) // self._rows)
        padded = np.zeros((blocks * self._rows, data.shape[1]), np.float32)
        padded[: len(data)] = data
        hidden: npt.NDArray[np.float32] = padded.reshape(1, blocks, self._rows, -1)
        for weight, bias in self._stacked[:-1]:
            hidden = hidden @ weight
            hidden += bias
            np.maximum(hidden, 0, out=hidden)
        weight, bias = self._stacked[-1]
        scores: Floats = mean_of((hidden @ weight) + bias).reshape(-1)[: len(data)]
        return scores

    def state(self) -> dict[str, Any]:
        """Return the weights."""
        return {
            "mean": self.mean,
            "scale": self.scale,
            "layers": [[[weight, bias] for weight, bias in layers] for layers in self.layers],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over weights."""
        self.mean = np.asarray(state["mean"], np.float32)
        self.scale = np.asarray(state["scale"], np.float32)
        self.layers = [
            [(np.asarray(weight, np.float32), np.asarray(bias, np.float32)) for weight, bias in layers]
            for layers in state["layers"]
        ]


def quick_dropout(share: float, draw: np.random.Generator) -> Any:
    """Return a dropout module that draws from ``draw``: torch's own takes five times as long on a CPU.

    ``share`` is rounded to a 256th.
    """
    import torch

    cut = round(256 * share)

    class QuickDropout(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            if not self.training or not cut:
                return x
            kept = np.frombuffer(draw.bytes(x.numel()), np.uint8).reshape(tuple(x.shape)) >= cut
            return x * torch.from_numpy(kept) * (256 / (256 - cut))

    return QuickDropout()


def _perceptron(width: int, hidden: tuple[int, ...], dropout: Any, generator: Any) -> Any:
    import torch

    layers: list[Any] = []
    for size in (*hidden, 1):
        layer = torch.nn.Linear(width, size)
        with torch.no_grad():
            bound = 1 / width**0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.zero_()
        layers += [layer, torch.nn.ReLU(), dropout]
        width = size
    return torch.nn.Sequential(*layers[:-2])
