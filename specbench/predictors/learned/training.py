"""What the learned predictor trains on: texts, and labelled decision points as it would have seen them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.core.types import ToolCall, Trace
from specbench.embed import Embedding
from specbench.predictors.context.events import notes
from specbench.predictors.learned.calibration import Case
from specbench.predictors.learned.parallel import side_by_side
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker
from specbench.predictors.learned.tool_head.features import ConversationView, Vocabulary
from specbench.predictors.learned.tool_head.network import Example, ToolHead
from specbench.predictors.learned.tool_head.pair_features import reply_sees
from specbench.predictors.learned.tool_head.tool_filter import FilteredTools

__all__ = ["LATE", "LIGHT", "Labeller", "class_numbers", "halves_of", "out_of_fold", "texts_of"]

LATE = 0.1
"""Tools that may not be launched get arguments only from this probability on, a third of it in training."""
LATE_POINTS = 1200
"""Training points at which the tools that may not be launched get arguments too: enough to calibrate them."""
HIDDEN, HIDDEN_POINTS = 0.25, 6000
"""Share of the training points that are seen a second time with tools hidden, and how many at most."""
LIGHT = ("tfidf", "hashing")
"""Embeddings that are no models of their own, which may be large, slow or not here."""
PARTS = 8
"""Of the training points, for side by side."""


class _Look(NamedTuple):
    """A trace to learn from: whose counts, which tools are hidden; ``late`` by decision, ``None`` to pass one over."""

    trace: Trace
    fold: int
    unseen: frozenset[str]
    late: list[bool | None]


@dataclass(frozen=True)
class Labeller:
    """Looks at recorded decision points with counts of other tasks; ``drop`` and ``seed`` as of the predictor."""

    vocabulary: Vocabulary
    embedding: Embedding
    ranker: ArgumentRanker
    drop: frozenset[str]
    seed: int

    def cases(self, tool_filters: Sequence[ToolHead] = ()) -> list[Case]:
        """Return the decision points at which a tool on offer was called or none, some a second time as if new.

        They are those of the traces that the ranker has looked at.

        Parameters
        ----------
        tool_filters
            For the tasks of even and of odd folds, a filter that has not seen them: arguments are looked at for the
            tools that it keeps and for the one that was called. Without filters no arguments are looked at.
        """
        looks = [*self._looks(), *self._looks(hide=True)]
        # An embedding that is a model of its own is loaded once.
        parts = PARTS if self.embedding.name in LIGHT else 1
        ends = np.linspace(0, len(looks), parts + 1).astype(int).tolist()
        shares = [partial(self._seen, looks[start:end], tool_filters) for start, end in pairwise(ends) if end > start]
        return [case for found in side_by_side(shares, self.ranker.learned_calls) for case in found]

    def _looks(self, *, hide: bool = False) -> Iterator[_Look]:
        """Draw how traces are looked at; with ``hide`` a sample of them, some or all of their tools as if new."""
        looked_at = self.ranker.looked_at
        points = sum(message.role == "assistant" for trace, _ in looked_at for message in trace.messages) or 1
        draw = np.random.default_rng([self.seed, hide])
        for trace, fold in looked_at:
            unseen = _hidden(trace, draw) if hide else frozenset()
            if hide and (draw.random() >= min(HIDDEN, HIDDEN_POINTS / points) or not unseen):
                continue
            offered = trace.tools or self.vocabulary.tool_at
            labels = (message.tool_calls[:1] for message in trace.messages if message.role == "assistant")
            late = [
                draw.random() < LATE_POINTS / points if not label or label[0].name in offered else None
                for label in labels
            ]
            yield _Look(trace, fold, unseen, late)

    def _seen(self, looks: Sequence[_Look], tool_filters: Sequence[ToolHead]) -> list[Case]:
        """Return the decision points of traces, seen with cross-fitted counts."""
        views = [self.ranker.cross_fitted(fold) for fold in range(self.ranker.folds)]
        known = {} if "classes" in self.drop else self.vocabulary.tool_at
        cases = []
        for trace, fold, unseen, lates in looks:
            conversation = ConversationView(
                self.vocabulary, self.embedding, views[fold], trace.tools, trace.agent, self.drop, unseen
            )
            decisions = iter(lates)
            for message in trace.messages:
                if message.role == "assistant":
                    outcome, late = message.tool_calls[0] if message.tool_calls else None, next(decisions)
                    if late is not None:
                        point = conversation.point()
                        classes = class_numbers(list(conversation.tools), known, len(self.vocabulary.tools), unseen)
                        worth = _Worth(tool_filters[fold % 2] if tool_filters else None, point, classes, outcome)
                        offered, pairs, filled = conversation.offers(partial(worth.keep, conversation.eager))
                        target = len(offered) if outcome is None else offered.index(outcome.name)
                        if late and tool_filters:
                            filled.update(conversation.late(worth.late))
                        example = Example(point, pairs, classes, target)
                        made = frozenset(conversation.index.call_counts)
                        eager = frozenset(filter(conversation.eager, offered))
                        cases.append(Case(example, offered, filled, made, outcome, fold, unseen, eager))
                conversation.observe(message)
        return cases


@dataclass
class _Worth:
    """Which tools' arguments are looked at at a point: those that a filter keeps, and that of the outcome.

    ``late`` are those that would be looked at once the tool is guessed.
    """

    tool_filter: ToolHead | None
    point: npt.NDArray[np.float32]
    classes: npt.NDArray[np.intp]
    outcome: ToolCall | None
    late: Sequence[str] = ()

    def keep(self, eager: Callable[[str], bool], pairs: npt.NDArray[np.float32], names: Sequence[str]) -> list[str]:
        """Return the tools that are kept, of those on offer with these features."""
        if self.tool_filter is None:
            return []
        p = self.tool_filter.probabilities(self.point, pairs, self.classes)
        said = FilteredTools.of(p, [at for at, name in enumerate(names) if eager(name)])
        kept = [names[row] for row in said.rows[:-1].tolist()]
        called = self.outcome.name if self.outcome is not None else None
        self.late = [
            name for name, chance in zip(names, p.tolist(), strict=False) if chance >= LATE / 3 or name == called
        ]
        if self.outcome is not None and self.outcome.name not in kept:
            kept.append(self.outcome.name)
        return kept


def _hidden(trace: Trace, draw: np.random.Generator) -> frozenset[str]:
    """Return half or all of a trace's tools; none where they have no schema by which a new tool could be told."""
    if not any(spec.properties for spec in trace.tools.values()):
        return frozenset()
    some = draw.random(len(trace.tools)) < draw.choice([0.5, 1.0])
    return frozenset(name for name, new in zip(trace.tools, some.tolist(), strict=True) if new)


def class_numbers(
    offered: Sequence[str], known: Mapping[str, int], reply: int, unseen: frozenset[str] = frozenset()
) -> npt.NDArray[np.intp]:
    """Return the class numbers of tools, -1 for one that was never seen, and behind them that of the reply.

    Examples
    --------
    >>> class_numbers(["get", "new"], {"find": 0, "get": 1}, reply=2).tolist()
    [1, -1, 2]
    """
    return np.array([*(-1 if name in unseen else known.get(name, -1) for name in offered), reply], np.intp)


def texts_of(traces: Sequence[Trace]) -> list[str]:
    """Return the texts that the embedding learns from: messages, results with their tool, tool descriptions."""
    out = []
    described: dict[str, str] = {}
    for trace in traces:
        for message in trace.messages:
            if message.role == "tool":
                out.append(f"{message.name or ''} {message.content}")
            elif message.role != "system":
                out += filter(None, (message.content, notes(message)))
        for spec in trace.tools.values():
            described[spec.name] = f"{spec.name} {spec.description}"
    return [*out, *described.values()]


def out_of_fold(case: Case, said: FilteredTools, head: ToolHead) -> None:
    """Note what the head says of a point that it was not trained on, and which arguments would be looked at."""
    rows, example = said.rows, case.example
    pairs = reply_sees(example.pairs[rows])
    case.p = said.shared(head.probabilities(example.point, pairs, example.classes[rows]))
    for row in said.aside:
        case.filled.pop(case.names[row], None)


def halves_of(cases: Sequence[Case]) -> list[list[Case]]:
    """Return the decision points of even and of odd folds."""
    return [[case for case in cases if case.fold % 2 == half] for half in (0, 1)]
