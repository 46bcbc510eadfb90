"""The learned argument ranker: which values fill a tool's parameters, jointly, and how probably.

Each parameter's candidates are scored by one listwise network shared by all parameters of all tools, with two
candidates that are no value: "left out" and "none of these". The best combinations of values follow by a beam over the
parameters, under constraints that real calls of the tool have kept (two places differ, a stay starts before it ends).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from specbench.predictors.candidates import FEATURES, OTHER, Candidates, Moment, cast
from specbench.predictors.context import ContextIndex
from specbench.predictors.counts import ABSENT
from specbench.predictors.extract import infer_today
from specbench.predictors.network import ListwiseNet, segment_softmax
from specbench.predictors.parameters import ParameterIndex
from specbench.predictors.slots import Slot
from specbench.predictors.values import text_of
from specbench.types import ToolCall, ToolSpec, Trace

__all__ = ["ArgumentRanker", "Filled", "folds_of"]

BEAM = 4
MIN_TRUST = 0.15
"""A parameter whose value was among the candidates less often than this is free text: its calls are not offered."""


class Filled(NamedTuple):
    """Arguments of a tool, P(they are right | the tool is called), and the candidates that were looked at."""

    arguments: dict[str, Any]
    p: float


def folds_of(traces: Sequence[Trace], folds: int, seed: int) -> list[int]:
    """Return a fold number for each trace; traces of one task share it.

    Examples
    --------
    >>> folds_of([Trace("a", "x", "", ()), Trace("b", "x", "", ())], 3, seed=0)[:1] * 2 == folds_of(
    ...     [Trace("a", "x", "", ()), Trace("b", "x", "", ())], 3, seed=0)
    True
    """
    tasks = sorted({trace.task_id for trace in traces})
    order = np.random.default_rng(seed).permutation(len(tasks))
    place = {tasks[task]: at % folds for at, task in enumerate(order.tolist())}
    return [place[trace.task_id] for trace in traces]


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
    """

    def __init__(self, folds: int = 4, dropout: float = 0.3, seed: int = 0) -> None:
        self.folds, self.dropout, self.seed = folds, dropout, seed
        self.counts = ParameterIndex()
        self.trust: dict[str, float] = {}
        self.today: date | None = None
        self.parts: list[int] = []
        self.without: list[ParameterIndex] = []
        self.net = ListwiseNet(seed=seed)

    def fit(self, traces: Sequence[Trace]) -> None:
        """Learn from the calls of ``traces``."""
        self.parts = folds_of(traces, self.folds, self.seed)
        self.today = infer_today(_said_and_dates(traces))
        by_fold = [
            count([trace for trace, part in zip(traces, self.parts, strict=True) if part == fold], self.today)
            for fold in range(self.folds)
        ]
        self.counts = merged(by_fold)
        self.without = [merged([each for at, each in enumerate(by_fold) if at != fold]) for fold in range(self.folds)]
        generator = np.random.default_rng(self.seed)
        blocks: list[Any] = []
        targets: list[int] = []
        found: dict[str, list[int]] = {}
        for fold in range(self.folds):
            inside = [trace for trace, part in zip(traces, self.parts, strict=True) if part == fold]
            counts = self.without[fold]
            for call, spec, index, slots in calls_of(inside, self.today):
                moment = Moment(index)
                unseen = bool(generator.random() < self.dropout)
                for parameter in _parameters(counts, call.name, spec, call):
                    value = call.arguments.get(parameter, ABSENT)
                    key = f"{call.name}.{parameter}"
                    if not isinstance(value, str | int | float):
                        found.setdefault(key, []).append(0)
                        continue
                    place = call.name, parameter, unseen
                    if place not in slots:
                        slots[place] = Slot(counts, call.name, parameter, spec, unseen=unseen)
                    listed = slots[place].candidates(moment)
                    text = text_of(value)
                    at = listed.texts.index(text) if text in listed.texts else len(listed.texts) - 1
                    if not unseen:
                        found.setdefault(key, []).append(at < len(listed.texts) - 1)
                    blocks.append(listed.features)
                    targets.append(at)
        self.trust = {key: float(np.mean(flags)) for key, flags in found.items()}
        if not blocks:
            self.net = ListwiseNet(seed=self.seed)
            return
        lengths = np.array([len(block) for block in blocks])
        starts = np.cumsum(lengths) - lengths
        self.net.fit(np.concatenate(blocks), starts, starts + np.array(targets))

    def cross_fitted(self, fold: int) -> ArgumentRanker:
        """Return this ranker with the counts of all folds but one: what it says of conversations it has not counted."""
        out = ArgumentRanker(self.folds, self.dropout, self.seed)
        out.counts, out.trust, out.net, out.today = self.without[fold], self.trust, self.net, self.today
        return out

    def parameters(self, tool: str, spec: ToolSpec | None) -> list[str] | None:
        """Return the parameters to fill; ``None`` when the tool cannot be filled: free text, or nothing is known."""
        names = _parameters(self.counts, tool, spec, None)
        if any(self.trust.get(f"{tool}.{name}", 1.0) < MIN_TRUST for name in names):
            return None
        if tool not in self.counts.calls and not (spec and "properties" in spec.parameters):
            return None
        return names

    def rank(self, slots: Mapping[str, Sequence[Slot]], moment: Moment) -> dict[str, list[tuple[Candidates, Any]]]:
        """Return, for each tool, its parameters' candidates with their probabilities.

        Parameters
        ----------
        slots
            The parameters of each tool, from :meth:`parameters`. All are scored in one pass of the network.
        moment
            The state of the conversation.
        """
        out: dict[str, list[tuple[Candidates, Any]]] = {tool: [] for tool in slots}
        listed = [(tool, slot.candidates(moment)) for tool, each in slots.items() for slot in each]
        if not self.net.layers:
            return {}
        if listed:
            lengths = np.array([len(each.texts) for _, each in listed])
            starts = np.cumsum(lengths) - lengths
            scores = self.net.scores(np.concatenate([each.features for _, each in listed]))
            p = segment_softmax(scores, starts)
            for (tool, candidates), start, length in zip(listed, starts.tolist(), lengths.tolist(), strict=True):
                out[tool].append((candidates, p[start : start + length]))
        return out

    def fill(
        self, tool: str, spec: ToolSpec | None, ranked: Sequence[tuple[Candidates, Any]], k: int = 3
    ) -> list[Filled]:
        """Return the ``k`` most probable sets of arguments of a tool, from the candidates of :meth:`rank`."""
        beams: list[tuple[float, dict[str, str]]] = [(1.0, {})]
        pairs = self.counts.pairs.get(tool, {})
        for candidates, p in ranked:
            order = np.argsort(-p, kind="stable")[: BEAM + 2].tolist()
            grown = []
            for score, chosen in beams:
                for at in order:
                    text = candidates.texts[at]
                    if text == OTHER:
                        continue
                    if text != ABSENT and not _allowed(pairs, chosen, candidates.parameter, text):
                        continue
                    grown.append((score * float(p[at]), {**chosen, candidates.parameter: text}))
            grown.sort(key=lambda beam: -beam[0])
            beams = grown[: max(BEAM, k)]
        own = self.counts.tools.get(tool, {})
        out = []
        for score, chosen in beams[:k]:
            arguments = {
                name: cast(text, own.get(name), spec.schema(name) if spec else {})
                for name, text in chosen.items()
                if text != ABSENT
            }
            out.append(Filled(arguments, score))
        return out

    def state(self) -> dict[str, Any]:
        """Return counts, trust and weights."""
        return {
            "counts": self.counts.state(),
            "trust": self.trust,
            "net": self.net.state(),
            "features": list(FEATURES),
            "today": self.today.isoformat() if self.today else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts, trust and weights."""
        self.counts = ParameterIndex()
        self.counts.restore(state["counts"])
        self.trust = dict(state["trust"])
        self.today = date.fromisoformat(state["today"]) if state["today"] else None
        self.net = ListwiseNet()
        self.net.restore(state["net"])


def calls_of(
    traces: Sequence[Trace], today: date | None = None
) -> Iterator[tuple[ToolCall, ToolSpec | None, ContextIndex, dict[Any, Slot]]]:
    """Yield every valid call with its spec, the state just before it, and a store for the slots of its trace."""
    for trace in traces:
        index = ContextIndex(today)
        slots: dict[Any, Slot] = {}
        for message in trace.messages:
            for call in message.tool_calls:
                if call.invalid_arguments is None:
                    yield call, trace.tools.get(call.name), index, slots
            index.append(message)


def count(traces: Sequence[Trace], today: date | None = None) -> ParameterIndex:
    """Count the parameters of all calls of ``traces``."""
    counts = ParameterIndex()
    for trace in traces:
        index = ContextIndex(today)
        for message in trace.messages:
            for call in message.tool_calls:
                if call.invalid_arguments is None:
                    counts.count(call, trace.tools.get(call.name), index)
            index.append(message)
        counts.count_words({index.texts[row] for path in ("user:word", "assistant:word") for row in index.rows(path)})
    return counts


def _said_and_dates(traces: Sequence[Trace]) -> Iterator[tuple[str, list[str]]]:
    for trace in traces:
        said = ""
        for message in trace.messages:
            if message.role == "user":
                said = f"{said}\n{message.content}"
            for call in message.tool_calls:
                yield said, [v for v in call.arguments.values() if isinstance(v, str) and len(v) == 10]


def merged(parts: Sequence[ParameterIndex]) -> ParameterIndex:
    """Return the sum of several counts."""
    out = ParameterIndex()
    for part in parts:
        out.add(part)
    out.compact()
    return out


def _parameters(counts: ParameterIndex, tool: str, spec: ToolSpec | None, call: ToolCall | None) -> list[str]:
    """Return the parameters to fill: those that real calls used, or the schema's; a real call's own ones too."""
    calls = counts.calls.get(tool, 0)
    if calls:
        used = [name for name, each in counts.tools[tool].items() if each.fills]
    else:
        used = list(spec.properties) if spec else []
    if call is not None:
        used += [name for name in call.arguments if name not in used]
    return sorted(used)


def _allowed(pairs: Mapping[str, Sequence[int]], chosen: Mapping[str, str], parameter: str, text: str) -> bool:
    """Whether a value goes with those already chosen: equal, or in this order, only if real calls had it so."""
    for other, second in chosen.items():
        if second == ABSENT:
            continue
        first, last = sorted(((other, second), (parameter, text)))
        row = pairs.get(f"{first[0]}|{last[0]}")
        if row is None or row[0] < 5:
            if first[1] == last[1] and not first[1].isdigit() and first[1] not in ("True", "False", "true", "false"):
                return False
            continue
        together, equal, before, dates = row
        if first[1] == last[1] and equal <= 0.02 * together:
            return False
        if dates >= 0.9 * together and len(first[1]) == 10:
            if first[1] < last[1] and before <= 0.02 * together:
                return False
            if first[1] > last[1] and before >= 0.98 * together:
                return False
    return True
