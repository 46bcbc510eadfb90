"""The learned predictor: tool head, argument ranker, calibrated joint probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from specbench.core.errors import ConfigError
from specbench.core.relevant import relevant_call, relevant_message, relevant_tools, relevant_traces
from specbench.core.types import Message, Prediction, ToolCall, ToolPrediction, ToolSpec, Trace
from specbench.embed import Embedding, make_embedding
from specbench.predictors.base import Networks, Predictor, Session, at_most, ranked
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.language import make_language
from specbench.predictors.counting.argument_fillers import ArgumentFiller
from specbench.predictors.counting.fillers import FILLERS, make_filler
from specbench.predictors.learned.calibration import LIKELY, WAYS, JointCalibration
from specbench.predictors.learned.explanation import Explanation, explain
from specbench.predictors.learned.layouts import LAYOUT_STEPS
from specbench.predictors.learned.parallel import train_all
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker, FilledCall
from specbench.predictors.learned.tool_head.features import INGREDIENTS, ConversationView, Vocabulary
from specbench.predictors.learned.tool_head.network import ToolHead
from specbench.predictors.learned.tool_head.pair_features import without_arguments
from specbench.predictors.learned.tool_head.tool_filter import FilteredTools, filter_training, filtered_example
from specbench.predictors.learned.training import LATE, LIGHT, Labeller, class_numbers, halves_of, out_of_fold, texts_of

__all__ = ["INGREDIENTS", "LearnedPredictor"]

Floats = npt.NDArray[np.float64]
FADE = 0.995
"""What a tool's counts keep at each call that is learned online: half is forgotten after some 140 calls."""


class LearnedPredictor(Predictor):
    """Predicts tool and arguments from the conversation, in a few milliseconds on a CPU.

    Parameters
    ----------
    embedding
        Name of the embedding of the last texts; see :mod:`specbench.embed`.
    filler
        ``learned`` (the argument ranker), or one of the counting fillers ``usual``, ``none``, ``recent``, ``linked``.
    folds
        Cross-fitting: counts, and the probabilities that are calibrated, come from other tasks than they are used on.
    seed
        Of every random choice.
    drop
        Parts to leave out, of :data:`INGREDIENTS`: for ablations.
    language
        Whose words for days, times and numbers are known: ``en``, ``de``, or ``base`` for none.

    Notes
    -----
    Training needs torch (extra ``study``); predicting needs numpy alone. With a counting filler the joint probability
    is P(tool) times the filler's own reliability; the calibration belongs to the argument ranker.
    """

    name = "learned"
    about = "small neural model of the conversation, the tools and the values in it"
    layout, layout_steps = 2, LAYOUT_STEPS

    def __init__(
        self,
        embedding: str = "tfidf",
        filler: str = "learned",
        folds: int = 4,
        seed: int = 0,
        drop: Sequence[str] = (),
        language: str = "en",
    ) -> None:
        if filler != "learned" and filler not in FILLERS:
            raise ConfigError(f"no argument filler is called {filler!r}; use learned, {', '.join(FILLERS)}")
        unknown = set(drop) - INGREDIENTS.keys()
        if unknown:
            raise ConfigError(f"{', '.join(sorted(unknown))} cannot be left out; use {', '.join(INGREDIENTS)}")
        self.embedding: Embedding = make_embedding(embedding)
        self.drop = frozenset(drop)
        self.filler_name = filler
        self.folds, self.seed = folds, seed
        self.language = make_language("base" if "language" in drop else language)
        self.vocabulary = Vocabulary()
        self.class_at: dict[str, int] = {}
        self.ranker = ArgumentRanker(folds, seed=seed, language=self.language)
        self.head = ToolHead(seed=seed)
        self.tool_filter = ToolHead(seed=seed, members=1)
        self.calibration = JointCalibration()
        self.counting: ArgumentFiller | None = None if filler == "learned" else make_filler(filler)
        self.revision = 0

    def fit(self, traces: Sequence[Trace]) -> Self:
        """Learn from ``traces``."""
        traces = list(relevant_traces(traces))
        called = {call.name for trace in traces for message in trace.messages for call in message.tool_calls}
        offered = {tool for trace in traces for tool in trace.tools}
        agents = {trace.agent for trace in traces if trace.agent is not None}
        self.vocabulary = Vocabulary(sorted(called | offered), sorted(agents))
        self.class_at = dict(self.vocabulary.tool_at)
        self.embedding.fit(texts_of(traces))
        self.ranker = ArgumentRanker(self.folds, seed=self.seed, language=self.language)
        self.ranker.fit(traces)
        self.head = ToolHead(seed=self.seed)
        self.calibration = JointCalibration()
        if self.counting is not None:
            self.counting = make_filler(self.filler_name)
            self.counting.fit(traces)
        self._fit_head()
        self.fitted = True
        return self

    def _fit_head(self) -> None:
        labeller = Labeller(self.vocabulary, self.embedding, self.ranker, self.drop, self.seed)
        cases = labeller.cases()
        if not cases:
            return
        classes, calls = len(self.vocabulary.tools) + 1, self.ranker.learned_calls
        # What tool filters and heads say of tasks that they were not trained on: two of each, on one half of the folds.
        halves = halves_of(cases)
        tool_filters = [filter_training(cases, classes, self.seed + 29)]
        if all(halves):
            tool_filters += [filter_training(outside, classes, self.seed + 31) for outside in reversed(halves)]
        train_all(tool_filters, calls)
        self.tool_filter, *others = [tool_filter for tool_filter, _ in tool_filters]
        others = others or [self.tool_filter, self.tool_filter]
        cases = labeller.cases(others)
        halves = halves_of(cases)
        seen = [
            [filtered_example(case, tool_filter) for case in inside]
            for inside, tool_filter in zip(halves, others, strict=True)
        ]
        examples = [[example for _, example in views] for views in seen]
        heads = [(self.head, self.head.training([*examples[0], *examples[1]], classes))]
        if "calibration" not in self.drop and self.counting is None and all(halves):
            for outside in reversed(examples):
                head = ToolHead(seed=self.seed + 17, members=1)
                heads.append((head, head.training(outside, classes)))
        train_all(heads, calls)
        if len(heads) > 1:
            for inside, views, (head, _) in zip(halves, seen, heads[1:], strict=True):
                for case, (said, _) in zip(inside, views, strict=True):
                    out_of_fold(case, said, head)
            self.calibration.fit(cases)

    def classes(self, offered: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return the class numbers of tools, -1 for one that was never seen, and of the reply behind them."""
        known = {} if "classes" in self.drop else self.class_at
        return class_numbers(offered, known, len(self.vocabulary.tools))

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return LearnedSession(self, tools, agent)

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs."""
        return {
            "embedding": {"name": self.embedding.name, "state": self.embedding.state()},
            "filler": {"name": self.filler_name, "state": self.counting.state() if self.counting else None},
            "vocabulary": {"tools": self.vocabulary.tools, "agents": self.vocabulary.agents, "classes": self.class_at},
            "ranker": self.ranker.state(),
            "head": self.head.state(),
            "scout": self.tool_filter.state(),
            "calibration": self.calibration.state(),
            "settings": self._settings(),
        }

    def _settings(self) -> dict[str, Any]:
        return {"folds": self.folds, "seed": self.seed, "drop": sorted(self.drop), "language": self.language.name}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the predictor whose :meth:`state` this is."""
        self.embedding = make_embedding(state["embedding"]["name"], imports=False)
        self.embedding.restore(state["embedding"]["state"])
        self.filler_name = state["filler"]["name"]
        if self.filler_name == "learned":
            self.counting = None
        else:
            self.counting = make_filler(self.filler_name)
            self.counting.restore(state["filler"]["state"])
        self.vocabulary = Vocabulary(state["vocabulary"]["tools"], state["vocabulary"]["agents"])
        self.class_at = dict(state["vocabulary"]["classes"])
        self.language = make_language(state["settings"]["language"])
        self.ranker = ArgumentRanker(language=self.language)
        self.ranker.restore(state["ranker"])
        self.head = ToolHead()
        self.head.restore(state["head"])
        self.tool_filter = ToolHead()
        self.tool_filter.restore(state["scout"])
        self.calibration = JointCalibration()
        self.calibration.restore(state["calibration"])
        self.folds, self.seed = state["settings"]["folds"], state["settings"]["seed"]
        self.drop = frozenset(state["settings"]["drop"])
        self.fitted = True
        self._rehearse()

    def _rehearse(self) -> None:
        """Make one prediction with all tools of the training: parts that do not fit together are found out at once.

        Where texts are encoded by a model of its own, nothing is rehearsed.
        """
        if self.embedding.name not in LIGHT:
            return
        session = LearnedSession(self, {}, None)
        session.observe(Message("user", "Hello, I am Ann Lee of order 12, what of it?"))
        session.predict()
        conversation = session.conversation
        filled = self.ranker.fill(conversation.ranked(list(conversation.tools)), conversation.moment)
        said = [each.p for calls in filled.values() for each in calls]
        if not np.isfinite([*said, *session.now()[1], *session._said.p]).all():
            raise ValueError("its networks say no numbers")

    def networks(self) -> Networks:
        """Return tool head, tool filter and rankers as ONNX graphs."""
        from specbench.predictors.learned.onnx_export import export_networks

        return export_networks(
            self.head, self.tool_filter, self.ranker, self.vocabulary, embedding=self.embedding.name,
            text_dim=self.embedding.dim, classes={} if "classes" in self.drop else self.class_at,
        )  # fmt: skip


class LearnedSession(Session):
    """A live conversation of a :class:`LearnedPredictor`."""

    def __init__(self, predictor: LearnedPredictor, tools: Mapping[str, ToolSpec], agent: str | None) -> None:
        self.predictor, self.tools = predictor, tools
        self.conversation = ConversationView(
            predictor.vocabulary, predictor.embedding, predictor.ranker, relevant_tools(tools), agent, predictor.drop
        )
        self._known: tuple[tuple[int, int], list[str], Floats, dict[str, list[FilledCall]]] | None = None
        self._pairs = np.zeros((0, 0), np.float32)
        self._said = FilteredTools.of(np.zeros(0), [])
        self._used: set[tuple[str, str, str]] = set()

    @property
    def index(self) -> ContextIndex:
        """What is known of the conversation."""
        return self.conversation.index

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        self.conversation.observe(relevant_message(message, self.tools))

    def now(self) -> tuple[list[str], Floats, dict[str, list[FilledCall]]]:
        """Return tools on offer, their probabilities (the reply last) and their arguments.

        Computed once a message, and again when something has been learned.
        """
        version = self.conversation.index.version, self.predictor.revision
        if self._known is None or self._known[0] != version:
            p, names, pairs, filled = self._guess()
            filled.update(
                self.conversation.late(
                    [name for name, chance in zip(names, p.tolist(), strict=False) if chance >= LATE]
                )
            )
            self._known, self._pairs = (version, names, p, filled), pairs
        return self._known[1:]

    def _guess(self) -> tuple[Floats, list[str], npt.NDArray[np.float32], dict[str, list[FilledCall]]]:
        """Return P(row), the tools on offer, their features, and the arguments of those that the filter keeps."""
        predictor, conversation = self.predictor, self.conversation
        if not predictor.head.weights:
            names, pairs, filled = conversation.offers()
            return np.zeros(len(names) + 1), names, pairs, filled
        point, classes = conversation.point(), predictor.classes(list(conversation.tools))

        def worth(pairs: npt.NDArray[np.float32], names: list[str]) -> list[str]:
            p = predictor.tool_filter.probabilities(point, pairs, classes)
            self._said = FilteredTools.of(p, [at for at, name in enumerate(names) if conversation.eager(name)])
            return [names[row] for row in self._said.rows[:-1].tolist()]

        names, pairs, filled = conversation.offers(worth)
        return self._shared(point, pairs, classes), names, pairs, filled

    def _shared(
        self, point: npt.NDArray[np.float32], pairs: npt.NDArray[np.float32], classes: npt.NDArray[np.intp]
    ) -> Floats:
        """Return P(row) of the head, where the tool filter has left nothing aside, and of the tool filter elsewhere."""
        rows = self._said.rows
        return self._said.shared(self.predictor.head.probabilities(point, pairs[rows], classes[rows]))

    def without(self, group: str) -> Floats:
        """Return P(row) as of :meth:`now` if one of :data:`INGREDIENTS` were not looked at."""
        names, _, _ = self.now()
        if not self.predictor.head.weights:
            return np.zeros(len(names) + 1)
        point, pairs = self.conversation.without(group)
        return self._shared(point, pairs, self.predictor.classes(names))

    def explain(self, k: int = 3) -> list[Explanation]:
        """Return why the ``k`` best predictions are made; see :mod:`specbench.predictors.learned.explanation`."""
        return explain(self, k)

    def learn(self, outcome: ToolCall | None) -> None:
        """Take in what the LLM decided: how sure to be, one step of the head's last layer, where its values came from.

        A tool that was never seen gets a class of its own, which starts from nothing.
        """
        predictor, conversation = self.predictor, self.conversation
        outcome = None if outcome is None else relevant_call(outcome, self.tools)
        names, p, filled = self.now()
        known = predictor.vocabulary.tool_at
        predictor.calibration.learn(names, p, filled, self.index.call_counts, known, outcome)
        if predictor.head.weights:
            if outcome is not None and outcome.name not in predictor.class_at and outcome.name in names:
                # The reply's class is the one after the training tools; new ones come behind it.
                predictor.class_at[outcome.name] = len(predictor.class_at) + 1
                predictor.head.add_class()
                predictor.tool_filter.add_class()
            target = len(names) if outcome is None else names.index(outcome.name) if outcome.name in names else -1
            if target >= 0:
                point, classes = conversation.point(), predictor.classes(names)
                rows = np.union1d(self._said.rows, [target])
                predictor.head.learn(point, self._pairs[rows], classes[rows], int(np.searchsorted(rows, target)))
                predictor.tool_filter.learn(point, without_arguments(self._pairs), classes, target)
        if outcome is not None and outcome.invalid_arguments is None:
            spec = conversation.tools.get(outcome.name)
            predictor.ranker.counts.learn(outcome, spec, conversation.index, self._used, keep=FADE)
            if predictor.counting is not None:
                predictor.counting.learn(outcome, conversation.index)
        predictor.revision += 1

    def predict_tools(self, k: int = 1) -> list[ToolPrediction]:
        """Return the head's ranking."""
        names, p, _ = self.now()
        labels: list[str | None] = [*names, None]
        order = np.argsort(-p, kind="stable")[: at_most(k)].tolist()
        return [ToolPrediction(labels[at], float(p[at])) for at in order if p[at] > 0]

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the best calls and the reply with calibrated probabilities."""
        predictor = self.predictor
        names, p, filled = self.now()
        if predictor.counting is not None:
            counting = predictor.counting
            filled = {}
            for at, name in enumerate(names):
                if p[at] >= LIKELY:
                    sets = counting.fill(name, self.index, WAYS)
                    trust = counting.reliability(name)
                    calls = [ToolCall(name, arguments) for arguments in sets]
                    filled[name] = [FilledCall(call, trust * (1 - trust) ** rank) for rank, call in enumerate(calls)]
        known = predictor.vocabulary.tool_at
        return ranked(predictor.calibration.predictions(names, p, filled, self.index.call_counts, known), k)
