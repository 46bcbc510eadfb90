"""The learned argument ranker: which values fill a tool's parameters, jointly, and how probably.

Each parameter's candidates are scored by one listwise network shared by all parameters of all tools, with two
candidates that are no value: "left out" and "none of these". The best combinations of values follow by a beam over the
parameters, under constraints that real calls of the tool have kept (two places differ, a stay starts before it ends).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from specbench.core.types import Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.extraction import ENGLISH
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.language import Language
from specbench.predictors.context.values import text_of
from specbench.predictors.learned.candidates.features import FEATURES, Moment
from specbench.predictors.learned.candidates.generation import list_candidates
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.argument_types import ArgumentType
from specbench.predictors.learned.counts.counting import calls_of, count, folds_of, merged, said_and_dates, sample_of
from specbench.predictors.learned.counts.parameter_features import KNOWN
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.tables import ABSENT
from specbench.predictors.learned.network import ListwiseNet, segment_softmax
from specbench.predictors.learned.parallel import side_by_side, train_all
from specbench.predictors.learned.ranker.call_ranker import CallRanker, combined_features
from specbench.predictors.learned.ranker.combinations import (
    Combination,
    EarlierCalls,
    RankedCandidates,
    Shapes,
    combine,
)
from specbench.predictors.learned.ranker.filled_calls import FilledCall, best_calls

__all__ = ["ArgumentRanker", "FilledCall"]

Floats = npt.NDArray[np.float32]
T = TypeVar("T")
ALONE = 0.5
"""Share of the lists seen as if the tool were new, whose parameters are seen as if no other tool had their names."""
MOST_SHAPES = 5
"""Sets of parameters of a tool that are proposed, those that its calls had most."""
MIN_TRUST = 0.15
"""A parameter whose value was among the candidates less often than this is free text: its calls are not offered."""
LOOKED_AT = 20_000
"""Decisions that networks are trained on, at most: counts and words are of all, so that a fit has an end."""


class _List(NamedTuple):
    """The candidates of a parameter of a real call; ``at`` is the right one, ``None`` for a value that is no scalar."""

    key: str
    features: Floats
    at: int | None
    unseen: bool
    fold: int


class ArgumentRanker:
    """Learns from real calls where argument values come from, and ranks values at a decision point.

    Parameters
    ----------
    folds
        Counts are cross-fitted: the features of a call are made with the counts of other folds' tasks.
    dropout
        Share of the training lists that are seen as if the tool were new (tool dropout).
    seed
        Of folds, dropout and network.
    language
        What people speak.
    """

    def __init__(self, folds: int = 4, dropout: float = 0.3, seed: int = 0, language: Language = ENGLISH) -> None:
        self.folds, self.dropout, self.seed, self.language = folds, dropout, seed, language
        self.counts = ParameterIndex()
        self.trust: dict[str, float] = {}
        self.today: date | None = None
        self.looked_at: list[tuple[Trace, int]] = []
        self.learned_calls = 0
        self.without: list[ParameterIndex] = []
        self.net = ListwiseNet(seed=seed)
        self.halves: list[ListwiseNet] = []
        self.calls = CallRanker(seed)

    def fit(self, traces: Sequence[Trace]) -> None:
        """Learn from the calls of ``traces``."""
        parts = folds_of(traces, self.folds, self.seed)
        self.looked_at = [(traces[at], parts[at]) for at in sample_of(traces, LOOKED_AT, self.seed)]
        self.today = self.language.infer_today(said_and_dates(traces))
        self.learned_calls = sum(len(message.tool_calls) for trace in traces for message in trace.messages)
        inside = _inside(zip(traces, parts, strict=True), self.folds)
        by_fold = self._by_fold(partial(count, each, self.today, self.language) for each in inside)
        self.counts = merged(by_fold)
        self.without = [merged([each for at, each in enumerate(by_fold) if at != fold]) for fold in range(self.folds)]
        inside = _inside(self.looked_at, self.folds)
        listed = self._by_fold(partial(self._lists, each, fold) for fold, each in enumerate(inside))
        lists = [each for found in listed for each in found]
        found: dict[str, list[bool]] = {}
        for each in lists:
            if not each.unseen:
                found.setdefault(each.key, []).append(each.at is not None and each.at < len(each.features) - 1)
        self.trust = {key: float(np.mean(flags)) for key, flags in found.items()}
        self.net, self.halves, self.calls = ListwiseNet(seed=self.seed), [], CallRanker(self.seed)
        known = [each for each in lists if each.at is not None]
        if not known:
            return
        trainings = [(self.net, _training(self.net, known))]
        for half in (0, 1):
            outside = [each for each in known if each.fold % 2 != half]
            self.halves.append(ListwiseNet(members=1, seed=self.seed + 7) if outside else self.net)
            if outside:
                trainings.append((self.halves[half], _training(self.halves[half], outside)))
        train_all(trainings, self.learned_calls)
        self._fit_calls(inside)

    def _by_fold(self, parts: Iterable[Callable[[], T]]) -> list[T]:
        return side_by_side(list(parts), self.learned_calls)

    def _lists(self, traces: Sequence[Trace], fold: int) -> list[_List]:
        """Return the candidates of every parameter of every call, with counts of other folds."""
        counts, out = self.without[fold], []
        draw = np.random.default_rng([self.seed, fold])
        for call, spec, index, made in calls_of(traces, self.today, counts, self.language):
            unseen, alone = self._dropped(draw)
            names = _parameters(counts, call.name, spec, call)
            ours = _live_parameters(made, counts, call.name, names, spec, unseen=unseen, alone=alone)
            listed = list_candidates(ours, Moment(index))
            for name, each in zip(names, listed.each, strict=True):
                value, at = call.arguments.get(name, ABSENT), None
                if isinstance(value, str | int | float):
                    text, last = text_of(value), len(each.texts) - 1
                    at = each.texts.index(text) if text in each.texts else last
                out.append(_List(f"{call.name}.{name}", each.features, at, unseen, fold))
        return out

    def _dropped(self, draw: np.random.Generator) -> tuple[bool, bool]:
        """Draw whether a call is seen as if its tool were new, and as if the names of its parameters were, too."""
        drawn = draw.random()
        return bool(drawn < self.dropout), bool(drawn < self.dropout * ALONE)

    def _fit_calls(self, inside: Sequence[Sequence[Trace]]) -> None:
        """Train the call ranker on what networks that have not seen a call propose for it, fold by fold."""
        found = self._by_fold(partial(self._combined, each, fold) for fold, each in enumerate(inside))
        self.calls.fit([each for lists, _ in found for each in lists], [at for _, ats in found for at in ats])

    def _combined(self, traces: Sequence[Trace], fold: int) -> tuple[list[Floats], list[int]]:
        """Return the features of combinations for each call of a fold, and which of them was called.

        Some calls are seen a second time, as if their tool were new.
        """
        lists, targets = [], []
        view = self.cross_fitted(fold)
        draw = np.random.default_rng([self.seed, fold, 1])
        for call, spec, index, made in calls_of(traces, self.today, view.counts, self.language):
            for unseen, alone in sorted({(False, False), self._dropped(draw)}):
                if unseen and not (spec and spec.properties):
                    continue
                names = view.parameters(call.name, spec, unseen=unseen) or []
                if len(names) < 2:
                    continue
                own = _live_parameters(made, view.counts, call.name, names, spec, unseen=unseen, alone=alone)
                ranked = view.rank({call.name: own}, Moment(index))[call.name]
                earlier = EarlierCalls(call.name, names, index)
                new = unseen or call.name not in view.counts.calls
                pairs = {} if alone else view.counts.pairs.kept_to(call.name, names, unseen=new)
                shapes = view.shapes(call.name, names, unseen=new)
                found = combine(ranked, pairs, earlier, index, shapes)
                after = ContextIndex().extend([Message("assistant", "", (call,))])
                right = EarlierCalls(call.name, names, after).here[0]
                lists.append(combined_features(found, earlier, index, shapes, unseen=new))
                targets.append(next((at for at, each in enumerate(found) if each.chosen == right), len(found)))
        return lists, targets

    def cross_fitted(self, fold: int) -> ArgumentRanker:
        """Return this ranker as it is for tasks of a fold: counts and network come from others."""
        out = ArgumentRanker(self.folds, self.dropout, self.seed, self.language)
        out.counts, out.trust, out.today, out.calls = self.without[fold], self.trust, self.today, self.calls
        out.net = self.halves[fold % 2] if self.halves else self.net
        return out

    def shapes(self, tool: str, names: Sequence[str], *, unseen: bool) -> Shapes:
        """Return which parameters calls of a tool had together; nothing of one that was never seen."""
        return {} if unseen else dict(self.counts.pairs.shapes_of(tool, names, MOST_SHAPES))

    def parameters(self, tool: str, spec: ToolSpec | None, *, unseen: bool = False) -> list[str] | None:
        """Return the parameters to fill; ``None`` when the tool cannot be filled: free text, or nothing is known."""
        if unseen:
            return sorted(spec.properties) if spec and "properties" in spec.parameters else None
        names = _parameters(self.counts, tool, spec, None)
        if any(self.trust.get(f"{tool}.{name}", 1.0) < MIN_TRUST for name in names):
            return None
        if tool not in self.counts.calls:
            if spec is None or "properties" not in spec.parameters:
                return None
            if not all(ArgumentType(None, spec.schema(name)).scalar for name in spec.required if name in names):
                return None
        return names

    def rank(
        self, live_parameters: Mapping[str, Sequence[LiveParameter]], moment: Moment
    ) -> dict[str, list[RankedCandidates]]:
        """Return, for each tool, its parameters' candidates with their probabilities.

        Parameters
        ----------
        live_parameters
            The parameters of each tool, from :meth:`parameters`. All are scored in one pass of the network.
        moment
            The state of the conversation.
        """
        if not self.net.layers:
            return {}
        out: dict[str, list[RankedCandidates]] = {tool: [] for tool in live_parameters}
        flat = [live for each in live_parameters.values() for live in each]
        if not flat:
            return out
        listed = list_candidates(flat, moment)
        p = segment_softmax(self.net.scores(listed.features), listed.starts)
        lengths = [len(each.texts) for each in listed.each]
        owner = np.arange(len(lengths)).repeat(lengths)
        order = (np.lexsort((-p, owner)) - listed.starts[owner]).tolist()
        start = 0
        for live, candidates, length in zip(flat, listed.each, lengths, strict=True):
            here = slice(start, start + length)
            out[live.tool].append(RankedCandidates(candidates, p[here], order[here]))
            start += length
        return out

    def fill(
        self,
        ranked: Mapping[str, Sequence[RankedCandidates]],
        moment: Moment,
        k: int = 3,
        *,
        unseen: Container[str] = (),
    ) -> dict[str, list[FilledCall]]:
        """Return, for each tool, the ``k`` most probable calls, from the candidates of :meth:`rank`."""
        found: dict[str, list[Combination]] = {}
        weighed: dict[str, Floats] = {}
        for tool, each in ranked.items():
            names = [one.candidates.parameter for one in each]
            earlier = EarlierCalls(tool, names, moment.index)
            new = tool in unseen or tool not in self.counts.calls
            shapes = self.shapes(tool, names, unseen=new)
            pairs = self.counts.pairs.kept_to(tool, names, unseen=new)
            found[tool] = combine(each, pairs, earlier, moment.index, shapes)
            if len(each) > 1 and found[tool]:
                weighed[tool] = combined_features(found[tool], earlier, moment.index, shapes, unseen=new)
        if weighed and self.calls.fitted:
            chances = self.calls.probabilities(list(weighed.values()))
            for tool, p in zip(weighed, chances, strict=True):
                for one, chance in zip(found[tool], p.tolist(), strict=False):
                    one.p = chance
                found[tool].sort(key=lambda one: -one.p)
        return {tool: best_calls(tool, ranked[tool], each, moment.calls, k) for tool, each in found.items()}

    def state(self) -> dict[str, Any]:
        """Return counts, trust and weights."""
        return {
            "counts": self.counts.state(),
            "trust": self.trust,
            "net": self.net.state(),
            "calls": self.calls.state(),
            "features": list(FEATURES),
            "today": self.today.isoformat() if self.today else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts, trust and weights."""
        if list(state["features"]) != list(FEATURES):
            raise ValueError("its argument ranker was trained on other features than this version computes")
        self.counts = ParameterIndex()
        self.counts.restore(state["counts"])
        self.trust = dict(state["trust"])
        self.today = date.fromisoformat(state["today"]) if state["today"] else None
        self.net = ListwiseNet()
        self.net.restore(state["net"])
        self.calls = CallRanker()
        self.calls.restore(state["calls"])


def _inside(traces: Iterable[tuple[Trace, int]], folds: int) -> list[list[Trace]]:
    """Return the traces of each fold."""
    out: list[list[Trace]] = [[] for _ in range(folds)]
    for trace, fold in traces:
        out[fold].append(trace)
    return out


def _live_parameters(
    made: dict[Any, LiveParameter],
    counts: ParameterIndex,
    tool: str,
    names: Sequence[str],
    spec: ToolSpec | None,
    *,
    unseen: bool,
    alone: bool,
) -> list[LiveParameter]:
    """Return the parameters of a tool's parameters in one conversation; ``made`` keeps them."""
    for name in names:
        if (tool, name, unseen, alone) not in made:
            made[tool, name, unseen, alone] = LiveParameter(counts, tool, name, spec, unseen=unseen, alone=alone)
    return [made[tool, name, unseen, alone] for name in names]


def _training(net: ListwiseNet, lists: Sequence[_List]) -> list[Callable[[], Any]]:
    lengths = np.array([len(each.features) for each in lists])
    starts = np.cumsum(lengths) - lengths
    targets = starts + np.array([each.at for each in lists])
    return net.training(np.concatenate([each.features for each in lists]), starts, targets)


def _parameters(counts: ParameterIndex, tool: str, spec: ToolSpec | None, call: ToolCall | None) -> list[str]:
    """Return the parameters to fill: those that real calls used, or the schema's; a real call's own ones too."""
    calls = counts.calls.get(tool, 0)
    if calls >= KNOWN or (calls and not (spec and spec.properties)):
        used = [name for name, each in counts.tools[tool].items() if each.fills]
    else:
        used = list(spec.properties) if spec else []
    if call is not None:
        used += [name for name in call.arguments if name not in used]
    return sorted(used)
