"""What the tool head looks at: the conversation as a vector, and each tool on offer as another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import log, log1p

import numpy as np
import numpy.typing as npt

from specbench.core.text import letter_words, name_words, stem
from specbench.core.types import Effect, Message, ToolSpec
from specbench.embed.base import Embedding
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import Moment
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker, FilledCall
from specbench.predictors.learned.ranker.combinations import RankedCandidates
from specbench.predictors.learned.tool_head.pair_features import (
    BESIDE,
    CALLS,
    FILLED,
    LAST,
    PAIR,
    PAIR_FEATURES,
    SCHEMA,
    argument_features,
    left_out,
)
from specbench.predictors.learned.tool_head.turn_cues import turn_cues

__all__ = ["INGREDIENTS", "ConversationView", "Vocabulary"]

Floats = npt.NDArray[np.float32]

STEPS = 3
MOST_DIRECTIONS = 2000
"""Descriptions of tools whose directions are kept."""

INGREDIENTS = {
    "text": "embeddings of the last user, assistant and tool texts",
    "history": "the last events, the tools called so far and how often",
    "agent": "name of the agent configuration",
    "cues": "question marks, promises, lengths, whose turn it is, which things named by the user results have shown",
    "language": "the words of one language for days, times, numbers and negation",
    "arguments": "how well each tool's arguments can be filled",
    "schema": "a tool's name, description, parameters and effect beside the conversation",
    "classes": "the habits of each tool of the training traces (class branch of the head)",
    "calibration": "the joint probability fitted out of fold",
}
"""Parts of the learned predictor that can be left out to see what they bring."""


class Vocabulary:
    """The tools and agents of the training traces, in a fixed order.

    ``directions`` are those of the descriptions of tools on offer, kept for all conversations: an encoder may be slow.
    """

    def __init__(self, tools: Sequence[str] = (), agents: Sequence[str] = ()) -> None:
        self.tools = list(tools)
        self.agents = list(agents)
        self.tool_at = {name: at for at, name in enumerate(self.tools)}
        self.agent_at = {name: at for at, name in enumerate(self.agents)}
        self.directions: dict[str, Floats] = {}


class ConversationView:
    """One conversation, as the tool head sees it: embeddings of the last texts, the history, and the tools on offer.

    Parameters
    ----------
    tools
        The tools on offer.
    agent
        Name of the agent configuration, if known.
    drop
        Groups of :data:`INGREDIENTS` to leave out.
    unseen
        Tools to look at as if training had never seen them (tool dropout).
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        embedding: Embedding,
        ranker: ArgumentRanker,
        tools: Mapping[str, ToolSpec],
        agent: str | None,
        drop: frozenset[str] = frozenset(),
        unseen: frozenset[str] = frozenset(),
    ) -> None:
        self.drop = drop
        self._left_out = left_out(drop)
        self.vocabulary, self.embedding, self.ranker = vocabulary, embedding, ranker
        counts = ranker.counts
        self.index = ContextIndex(
            ranker.today, counts.prefixes(), counts.seen.folders(), counts.seen.filler(), ranker.language
        )
        self.tools: dict[str, ToolSpec | None] = dict(tools) if tools else dict.fromkeys(vocabulary.tools)
        self.agent = agent
        self.unseen = unseen
        self.known = {name: at for name, at in vocabulary.tool_at.items() if name not in unseen}
        zero = np.zeros(embedding.dim, np.float32)
        self.user, self.assistant, self.result, self.ever = zero, zero, zero, zero
        self.assistant_words: frozenset[str] = frozenset()
        self.agent_said = ""
        self.since_user: dict[str, int] = {}
        self.replies = 0
        self.turns = 0
        self.moment = Moment(self.index)
        self._live_parameters: dict[str, list[LiveParameter]] = {}
        self._fills: dict[str, bool] = {}
        self._times: dict[str, int | None] = {}
        self._revision = ranker.counts.revision
        self._described: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._kinds: dict[str, tuple[float, ...]] = {}
        self._kept: tuple[tuple[int, int], Floats] | None = None
        self._vectors = np.array([self._describe(name) for name in self.tools], np.float32).reshape(-1, embedding.dim)
        # A word that few of the tools on offer have says more than one that all have.
        held = Counter(word for words, _ in self._described.values() for word in words)
        self._rare = {word: log((len(self.tools) + 1) / times) for word, times in held.items()}

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        self.index.append(message)
        if message.role == "user":
            self.user = self.embedding.encode(message.content)
            self.ever = 0.7 * self.ever + self.user
            self.since_user = {}
            self.turns += 1
        elif message.role == "tool":
            # What the agent noted down in the call is as new as what came back.
            self.result = self.embedding.encode(f"{message.name or ''} {message.content} {self.index.agent_noted}")
        elif message.role == "assistant":
            self.agent_said = self.index.agent_said.lower()
            if message.content:
                self.assistant = self.embedding.encode(message.content)
                self.assistant_words = frozenset(map(stem, letter_words(message.content, 3)))
            for call in message.tool_calls:
                self.since_user[call.name] = self.since_user.get(call.name, 0) + 1

    def point(self) -> Floats:
        """Return the conversation as a vector."""
        index, tools = self.index, self.known
        width = len(self.vocabulary.tools)
        steps = np.zeros((STEPS, width + 4), np.float32)
        for back, event in enumerate(reversed(index.events[-STEPS:])):
            if event.kind == "user":
                steps[back, width] = 1
            elif event.kind == "reply":
                steps[back, width + 1] = 1
            else:
                steps[back, tools.get(event.tool or "", width + 2)] = 1
                steps[back, width + 3] = event.error
        counts = np.zeros(width, np.float32)
        last = np.zeros(width + 1, np.float32)
        for tool, count in index.tool_counts.items():
            if tool in tools:
                counts[tools[tool]] = log1p(count)
        if index.last_tool is not None:
            last[tools.get(index.last_tool, width)] = 1
        agents = np.zeros(len(self.vocabulary.agents), np.float32)
        if self.agent in self.vocabulary.agent_at:
            agents[self.vocabulary.agent_at[self.agent]] = 1
        cues = turn_cues(
            index, self.turns, sum(self.since_user.values()), len(self.tools), self.ranker.counts.seen.known_things()
        )
        fresh = np.float32(index.last_role == "tool")
        parts = {
            "text": [self.user, self.assistant, self.result * fresh, self.ever],
            "history": [steps.ravel(), counts, last],
            "agent": [agents],
            "cues": [np.array(cues, np.float32)],
        }
        return np.concatenate(
            [np.zeros_like(each) if group in self.drop else each for group, many in parts.items() for each in many]
        )

    def offers(
        self, worth: Callable[[Floats, list[str]], list[str]] | None = None
    ) -> tuple[list[str], Floats, dict[str, list[FilledCall]]]:
        """Return the tools on offer, their features (the reply is the last row), and each tool's best arguments.

        Parameters
        ----------
        worth
            Told the features without those of arguments and the tools on offer; returns those whose arguments are worth
            looking at. All are when it is ``None``.
        """
        self._relearn()
        moment = self.moment = self.moment.next()
        names = list(self.tools)
        out = np.zeros((len(names) + 1, len(PAIR_FEATURES)), np.float32)
        # The reply sees the best that any tool has to offer.
        if names:
            out[:-1, BESIDE] = self._beside()
            out[:-1, CALLS], out[:-1, LAST] = self._called(names)
            out[-1] = out[:-1].max(axis=0)
        if self._left_out:
            out[:, self._left_out] = 0
        out[-1, PAIR["is_reply"]] = 1
        out[:, PAIR["offered"]] = np.log1p(len(names))
        chosen = names if worth is None else worth(out, names)
        ranked = self.ranked([name for name in chosen if self.eager(name)])
        filled = self.ranker.fill(ranked, moment, unseen=self.unseen)
        if ranked and "arguments" not in self.drop:
            for at, name in enumerate(names):
                if name in ranked:
                    out[at, FILLED] = argument_features(ranked[name], filled[name], self.index)
            out[-1, FILLED] = out[:-1, FILLED].max(axis=0)
        return names, out, filled

    def _called(self, names: Sequence[str]) -> tuple[list[tuple[float, ...]], list[tuple[bool, bool]]]:
        """From ``called`` to ``last_failed``: what became of each tool so far; and ``named``, ``same_family``."""
        index, since, said = self.index, self.since_user, self.agent_said
        times, last = index.tool_counts, index.last_tool
        failed, family = bool(index.events) and index.events[-1].error, None if last is None else _family(last)
        called: list[tuple[float, ...]] = [
            (log1p(times.get(name, 0)), since.get(name, 0), last == name, failed and last == name) for name in names
        ]
        return called, [(name.lower() in said, family == _family(name)) for name in names]

    def _beside(self) -> Floats:
        """From ``name_now`` to ``apart_best``: the tools' schemas beside the conversation, kept until more is said.

        What does not depend on the words said alone, ``named`` and ``same_family``, is left empty.
        """
        said = self.index.text_version, self.turns
        if self._kept is None or self._kept[0] != said:
            out = np.zeros((len(self.tools), BESIDE.stop - BESIDE.start), np.float32)
            out[:, : len(SCHEMA)] = [self._said(name) for name in self.tools]
            said_by = np.stack([_unit(self.user), _unit(self.assistant), _unit(self.ever)], axis=1)
            out[:, len(SCHEMA) : -1] = self._vectors @ said_by
            apart = out[:, SCHEMA.index("apart_now")]
            out[:, -1] = (apart > 0) & (apart == apart.max())
            self._kept = said, out
        return self._kept[1]

    def _said(self, name: str) -> tuple[float, ...]:
        """From ``name_now`` to ``same_family``: a tool's schema beside what was said."""
        words, parameters = self._described[name]
        size = len(words) or 1
        now, asked = words & self.index.now_stems, words & self.assistant_words
        return (
            len(now) / size, len(words & self.index.user_stems) / size, len(asked) / size,
            sum(self._rare[word] for word in sorted(now)), sum(self._rare[word] for word in sorted(asked)),
            0.0, len(parameters & self.assistant_words), *self._kinds[name], 0.0,
        )  # fmt: skip

    def eager(self, name: str) -> bool:
        """Whether a tool's arguments are looked at before the tool is guessed: those that may be launched."""
        spec = self.tools[name]
        return spec is None or spec.may_read

    def late(self, names: Sequence[str]) -> dict[str, list[FilledCall]]:
        """Return the best arguments of tools that :meth:`offers` left aside, at the same moment."""
        ranked = self.ranked([name for name in names if not self.eager(name)])
        return self.ranker.fill(ranked, self.moment, unseen=self.unseen)

    def ranked(self, names: Sequence[str]) -> dict[str, list[RankedCandidates]]:
        """Return the candidates of tools' parameters with their probabilities, at the moment of :meth:`offers`."""
        return self.ranker.rank(self._fillable(names), self.moment)

    def without(self, group: str) -> tuple[Floats, Floats]:
        """Return :meth:`point` and the features of :meth:`offers` with one of :data:`INGREDIENTS` left out."""
        kept = self.drop, self._left_out
        self.drop = self.drop | {group}
        self._left_out = left_out(self.drop)
        try:
            return self.point(), self.offers()[1]
        finally:
            self.drop, self._left_out = kept

    def _relearn(self) -> None:
        """Look anew at the parameters of which something has been learned, in this conversation or in another."""
        counts = self.ranker.counts
        if self._revision != counts.revision:
            self._revision, self.moment = counts.revision, Moment(self.index)
            for name, live_parameters in list(self._live_parameters.items()):
                if self._times[name] != counts.calls.get(name) or not all(
                    live.features.current for live in live_parameters
                ):
                    del self._live_parameters[name]

    def _fillable(self, names: Sequence[str]) -> dict[str, list[LiveParameter]]:
        """Return the parameters of the tools that can be filled; made once a conversation."""
        for name in names:
            if name not in self._live_parameters:
                spec = self.tools.get(name)
                new = name in self.unseen
                parameters = self.ranker.parameters(name, spec, unseen=new)
                self._live_parameters[name] = [
                    LiveParameter(self.ranker.counts, name, each, spec, unseen=new) for each in parameters or ()
                ]
                self._fills[name] = parameters is not None
                self._times[name] = self.ranker.counts.calls.get(name)
        return {name: self._live_parameters[name] for name in names if self._fills[name]}

    def _describe(self, name: str) -> Floats:
        """Take down a tool's words and parameters; return the direction of its description."""
        spec = self.tools[name]
        text = f"{' '.join(sorted(name_words(name)))} {spec.description if spec else ''}"
        parameters = frozenset(stem(word) for each in (spec.properties if spec else ()) for word in name_words(each))
        self._described[name] = frozenset(map(stem, letter_words(text, 3))), parameters
        effect = spec.effect if spec else Effect.UNKNOWN
        writes = effect in (Effect.WRITE, Effect.UNKNOWN)
        self._kinds[name] = effect is Effect.READ, writes, effect is Effect.LOCAL, name not in self.known
        kept = self.vocabulary.directions
        direction = kept.get(text)
        if direction is None:
            if len(kept) >= MOST_DIRECTIONS:
                kept.clear()
            direction = kept[text] = _unit(self.embedding.encode(text))
        return direction


@lru_cache(maxsize=4096)
def _family(tool: str) -> str:
    return tool.split(".")[0].split("_")[0]


def _unit(vector: Floats) -> Floats:
    length = float(vector @ vector) ** 0.5
    return vector / np.float32(length) if length > 0 else vector
