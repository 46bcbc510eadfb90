"""What the tool head looks at: the conversation as a vector, and each tool on offer as another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.embed.base import Embedding
from specbench.predictors.arguments import ArgumentRanker, Filled
from specbench.predictors.candidates import FEATURES, Candidates, Moment, name_tokens
from specbench.predictors.context import ContextIndex
from specbench.predictors.counts import ABSENT
from specbench.predictors.slots import Slot
from specbench.types import Effect, Message, ToolCall, ToolSpec

__all__ = ["INGREDIENTS", "PAIR_FEATURES", "Lookout", "Vocabulary"]

Floats = npt.NDArray[np.float32]
_WORD = re.compile(r"[a-z]{3,}")
_AT = {name: at for at, name in enumerate(FEATURES)}

PAIR_FEATURES = (
    "is_reply", "p_arguments", "p_second", "weakest", "missing", "filled", "user_now", "assistant_now", "result_now",
    "used_here", "linked_unused", "first_unused", "repeat", "parameters", "called", "called_since_user", "is_last",
    "last_failed", "name_now", "name_ever", "name_asked", "similar_user", "similar_assistant", "similar_ever",
    "parameter_asked", "read", "write", "local", "unseen", "offered", "same_family",
)  # fmt: skip
_PAIR = {name: at for at, name in enumerate(PAIR_FEATURES)}
STEPS = 3

INGREDIENTS = {
    "text": "embeddings of the last user, assistant and tool texts",
    "history": "the last events, the tools called so far and how often",
    "agent": "name of the agent configuration",
    "cues": "question marks, promises, lengths, whose turn it is",
    "arguments": "how well each tool's arguments can be filled",
    "schema": "a tool's name, description, parameters and effect beside the conversation",
    "classes": "the habits of each tool of the training traces (class branch of the head)",
    "calibration": "the joint probability fitted out of fold",
}
"""Parts of the learned predictor that can be left out to see what they bring."""
_SCHEMA = (
    "name_now", "name_ever", "name_asked", "similar_user", "similar_assistant", "similar_ever", "parameter_asked",
    "read", "write", "local", "same_family",
)  # fmt: skip
_ARGUMENTS = (
    "p_arguments", "p_second", "weakest", "missing", "filled", "user_now", "assistant_now", "result_now", "used_here",
    "linked_unused", "first_unused", "repeat", "parameters",
)  # fmt: skip
_CALLED = ("called", "called_since_user", "is_last", "last_failed")


class Vocabulary:
    """The tools and agents of the training traces, in a fixed order."""

    def __init__(self, tools: Sequence[str] = (), agents: Sequence[str] = ()) -> None:
        self.tools = list(tools)
        self.agents = list(agents)
        self.tool_at = {name: at for at, name in enumerate(self.tools)}
        self.agent_at = {name: at for at, name in enumerate(self.agents)}


class Lookout:
    """One conversation, as the tool head sees it: embeddings of the last texts, the history, and the tools on offer.

    Parameters
    ----------
    tools
        The tools on offer.
    agent
        Name of the agent configuration, if known.
    drop
        Groups of :data:`INGREDIENTS` to leave out.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        embedding: Embedding,
        ranker: ArgumentRanker,
        tools: Mapping[str, ToolSpec],
        agent: str | None,
        drop: frozenset[str] = frozenset(),
    ) -> None:
        self.drop = drop
        self._left_out = _left_out(drop)
        self.vocabulary, self.embedding, self.ranker = vocabulary, embedding, ranker
        self.index = ContextIndex(ranker.today)
        self.tools: dict[str, ToolSpec | None] = dict(tools) if tools else dict.fromkeys(vocabulary.tools)
        self.agent = agent
        zero = np.zeros(embedding.dim, np.float32)
        self.user, self.assistant, self.result, self.ever = zero, zero, zero, zero
        self.assistant_words: frozenset[str] = frozenset()
        self.since_user: dict[str, int] = {}
        self.replies = 0
        self.turns = 0
        self.moment = Moment(self.index)
        self._slots: dict[str, list[Slot]] = {}
        self._fills: dict[str, bool] = {}
        self._described: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._vectors = np.array([self._describe(name) for name in self.tools], np.float32).reshape(-1, embedding.dim)

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        self.index.append(message)
        if message.role == "user":
            self.user = self.embedding.encode(message.content)
            self.ever = 0.7 * self.ever + self.user
            self.since_user = {}
            self.turns += 1
        elif message.role == "tool":
            self.result = self.embedding.encode(f"{message.name or ''} {message.content}")
        elif message.role == "assistant":
            if message.content:
                self.assistant = self.embedding.encode(message.content)
                self.assistant_words = frozenset(_WORD.findall(message.content.lower()))
            for call in message.tool_calls:
                self.since_user[call.name] = self.since_user.get(call.name, 0) + 1

    def point(self) -> Floats:
        """Return the conversation as a vector."""
        index, tools = self.index, self.vocabulary.tool_at
        width = len(tools)
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
                counts[tools[tool]] = np.log1p(count)
        if index.last_tool is not None:
            last[tools.get(index.last_tool, width)] = 1
        agents = np.zeros(len(self.vocabulary.agents), np.float32)
        if self.agent in self.vocabulary.agent_at:
            agents[self.vocabulary.agent_at[self.agent]] = 1
        user, assistant, result = (index.last_text[role] for role in ("user", "assistant", "tool"))
        extra = np.array(
            [
                index.last_role == "user", index.last_role == "tool", np.log1p(self.turns), np.log1p(len(index.calls)),
                sum(self.since_user.values()),
                np.log1p(len(user)) / 5, np.log1p(len(assistant)) / 5, np.log1p(len(result)) / 5,
                user.count("?"), assistant.count("?"), assistant.rstrip().endswith("?"), any(map(str.isdigit, user)),
                "let me" in assistant.lower() or "i'll" in assistant.lower() or "i will" in assistant.lower(),
                len(result) <= 2, len(self.tools) / 10,
            ],
            np.float32,
        )  # fmt: skip
        fresh = np.float32(index.last_role == "tool")
        parts = {
            "text": [self.user, self.assistant, self.result * fresh, self.ever],
            "history": [steps.ravel(), counts, last],
            "agent": [agents],
            "cues": [extra],
        }
        return np.concatenate(
            [np.zeros_like(each) if group in self.drop else each for group, many in parts.items() for each in many]
        )

    def offers(self) -> tuple[list[str], Floats, dict[str, list[Filled]]]:
        """Return the tools on offer, their features (the reply is the last row), and each tool's best arguments."""
        moment = self.moment = Moment(self.index)
        names = list(self.tools)
        ranked = self.ranked([name for name in names if self._eager(name)])
        out = np.zeros((len(names) + 1, len(PAIR_FEATURES)), np.float32)
        filled: dict[str, list[Filled]] = {}
        index, at = self.index, _PAIR
        family = index.last_tool.split(".")[0].split("_")[0] if index.last_tool else None
        for row, name in enumerate(names):
            spec, record = self.tools[name], out[row]
            if name in ranked:
                filled[name] = self.ranker.fill(name, spec, ranked[name])
                _argument_features(record, name, ranked[name], filled[name], index)
            words, parameters = self._described[name]
            record[at["called"]] = np.log1p(index.tool_counts.get(name, 0))
            record[at["called_since_user"]] = self.since_user.get(name, 0)
            record[at["is_last"]] = index.last_tool == name
            record[at["last_failed"]] = index.last_tool == name and bool(index.events) and index.events[-1].error
            if words:
                record[at["name_now"]] = len(words & moment.now) / len(words)
                record[at["name_ever"]] = len(words & moment.said) / len(words)
                record[at["name_asked"]] = len(words & self.assistant_words) / len(words)
            record[at["parameter_asked"]] = len(parameters & self.assistant_words)
            effect = spec.effect if spec else Effect.UNKNOWN
            record[at["read"]], record[at["local"]] = effect is Effect.READ, effect is Effect.LOCAL
            record[at["write"]] = effect in (Effect.WRITE, Effect.UNKNOWN)
            record[at["unseen"]] = name not in self.vocabulary.tool_at
            record[at["same_family"]] = family is not None and name.split(".")[0].split("_")[0] == family
        # The reply sees the best that any tool has to offer.
        if names:
            said = np.stack([_unit(self.user), _unit(self.assistant), _unit(self.ever)], axis=1)
            out[:-1, at["similar_user"] : at["similar_ever"] + 1] = self._vectors @ said
            out[-1] = out[:-1].max(axis=0)
        if self._left_out:
            out[:, self._left_out] = 0
        out[-1, at["is_reply"]] = 1
        out[:, at["offered"]] = np.log1p(len(names))
        return names, out, filled

    def _eager(self, name: str) -> bool:
        """Whether a tool's arguments are looked at before the tool is guessed: those that may be launched."""
        spec = self.tools[name]
        return spec is None or spec.effect is Effect.READ

    def late(self, names: Sequence[str]) -> dict[str, list[Filled]]:
        """Return the best arguments of tools that :meth:`offers` left aside, at the same moment."""
        ranked = self.ranked([name for name in names if not self._eager(name)])
        return {name: self.ranker.fill(name, self.tools[name], each) for name, each in ranked.items()}

    def ranked(self, names: Sequence[str]) -> dict[str, list[tuple[Candidates, Any]]]:
        """Return the candidates of tools' parameters with their probabilities, at the moment of :meth:`offers`."""
        return self.ranker.rank(self._fillable(names), self.moment)

    def without(self, group: str) -> tuple[Floats, Floats]:
        """Return :meth:`point` and the features of :meth:`offers` with one of :data:`INGREDIENTS` left out."""
        kept, left_out = self.drop, self._left_out
        self.drop = kept | {group}
        self._left_out = _left_out(self.drop)
        try:
            return self.point(), self.offers()[1]
        finally:
            self.drop, self._left_out = kept, left_out

    def _fillable(self, names: Sequence[str]) -> dict[str, list[Slot]]:
        """Return the parameters of the tools that can be filled; made once a conversation."""
        for name in names:
            if name not in self._slots:
                spec = self.tools.get(name)
                parameters = self.ranker.parameters(name, spec)
                self._slots[name] = [Slot(self.ranker.counts, name, each, spec) for each in parameters or ()]
                self._fills[name] = parameters is not None
        return {name: self._slots[name] for name in names if self._fills[name]}

    def _describe(self, name: str) -> Floats:
        """Take down a tool's words and parameters; return the direction of its description."""
        spec = self.tools[name]
        text = f"{' '.join(sorted(name_tokens(name)))} {spec.description if spec else ''}"
        parameters = frozenset(word for each in (spec.properties if spec else ()) for word in name_tokens(each))
        self._described[name] = frozenset(_WORD.findall(text.lower())), parameters
        return _unit(self.embedding.encode(text))


def _left_out(drop: frozenset[str]) -> list[int]:
    groups = (("schema", _SCHEMA), ("arguments", _ARGUMENTS), ("history", _CALLED))
    return [_PAIR[name] for group, names in groups if group in drop for name in names]


def _argument_features(
    record: Floats, name: str, ranked: Sequence[tuple[Any, Any]], filled: Sequence[Filled], index: ContextIndex
) -> None:
    at = _PAIR
    record[at["parameters"]] = len(ranked)
    if filled:
        record[at["p_arguments"]] = filled[0].p
        record[at["p_second"]] = filled[1].p if len(filled) > 1 else 0.0
        record[at["repeat"]] = ToolCall(name, filled[0].arguments).key in index.call_counts
    weakest, missing, present = 1.0, 0.0, 0
    for candidates, p in ranked:
        weakest = min(weakest, float(p[:-1].max()) if len(p) > 1 else 0.0)
        missing = max(missing, float(p[-1]))
        best = int(np.argmax(p))
        if candidates.texts[best] != ABSENT and best < len(p) - 1:
            present += 1
            features = candidates.features[best]
            for feature in ("user_now", "assistant_now", "result_now", "used_here", "linked_unused", "first_unused"):
                record[at[feature]] += features[_AT[feature]]
    record[at["weakest"]], record[at["missing"]], record[at["filled"]] = weakest, missing, present


def _unit(vector: Floats) -> Floats:
    length = float(vector @ vector) ** 0.5
    return vector / np.float32(length) if length > 0 else vector
