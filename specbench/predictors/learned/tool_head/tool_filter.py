"""Which tools' arguments are worth looking at.

Candidates and combinations of arguments are most of a prediction's time, and most tools are out of the question at a
given moment. The *tool filter*, a small tool head that sees everything but the arguments, says which; training leaves
aside the same ones (with a filter that has not seen the task), so that the head meets in use what it was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.predictors.learned.calibration import Case
from specbench.predictors.learned.tool_head.network import Example, ToolHead
from specbench.predictors.learned.tool_head.pair_features import reply_sees, without_arguments

__all__ = ["FilteredTools", "filter_training", "filtered_example"]

Floats = npt.NDArray[np.float64]
WORTH, FEWEST = 0.02, 3
"""Tools that may be launched are looked at from this share of their common probability on, and at least so many."""


class FilteredTools(NamedTuple):
    """What the filter says: P(row) over the tools on offer and the reply; which rows to leave aside, which to keep."""

    p: Floats
    aside: list[int]
    rows: npt.NDArray[np.intp]

    @classmethod
    def of(cls, p: Floats, eager: Sequence[int]) -> FilteredTools:
        """Leave aside what is improbable among the rows ``eager``, the tools that may be launched.

        Examples
        --------
        >>> FilteredTools.of(np.array([0.4, 0.2, 0.001, 0.1, 0.299]), eager=[0, 1, 2, 3]).aside
        [2]
        """
        if len(eager) <= FEWEST:
            return cls(p, [], np.arange(len(p)))
        chances = p[list(eager)]
        enough = min(WORTH * chances.sum(), np.partition(chances, -FEWEST)[-FEWEST])
        aside = [row for row, chance in zip(eager, chances.tolist(), strict=True) if chance < enough]
        kept = np.ones(len(p), np.bool_)
        kept[aside] = False
        return cls(p, aside, kept.nonzero()[0])

    def shared(self, p: Floats) -> Floats:
        """Return P(row): what is left aside keeps the filter's, ``p`` over the other rows is scaled to the rest."""
        if not self.aside:
            return p
        out = self.p.copy()
        out[self.rows] = p * (1.0 - self.p[self.aside].sum())
        return out


def filter_training(cases: Sequence[Case], classes: int, seed: int) -> tuple[ToolHead, list[Callable[[], Any]]]:
    """Return a filter and its training on decision points; ``classes`` counts the tools, and one for the reply."""
    tool_filter = ToolHead(seed=seed, members=1, epochs=12)
    examples = [replace(case.example, pairs=without_arguments(case.example.pairs)) for case in cases]
    return tool_filter, tool_filter.training(examples, classes)


def filtered_example(case: Case, tool_filter: ToolHead) -> tuple[FilteredTools, Example]:
    """Return what the filter says of a decision point, and the point as the head sees it: without what is left aside.

    The right tool is never left out of the example, or nothing could be learned from it.
    """
    example = case.example
    p = tool_filter.probabilities(example.point, without_arguments(example.pairs), example.classes)
    said = FilteredTools.of(p, [at for at, name in enumerate(case.names) if name in case.eager])
    if not said.aside:
        return said, example
    rows = np.union1d(said.rows, [example.target])
    pairs = reply_sees(example.pairs[rows])
    target = int(np.searchsorted(rows, example.target))
    return said, Example(example.point, pairs, example.classes[rows], target)
