"""Nearest episodes: the decisions of training whose last texts and steps were most alike, and what was done there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from specbench.core.relevant import relevant_message, relevant_traces
from specbench.core.types import Message, Prediction, ToolSpec, Trace
from specbench.embed.hashing import HashingEmbedding
from specbench.predictors.base import Predictor, Session, ranked
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.call_templates import call_of, template_of
from specbench.predictors.counting.composed import labelled
from specbench.predictors.counting.ngram import histories

__all__ = ["NearestPredictor"]

Floats = npt.NDArray[np.float32]
MOST_EPISODES = 20_000
STEPS = 3
"""Steps of history that count in the likeness."""
SHARP = 12.0
"""How fast the say of an episode falls with its distance."""


class NearestPredictor(Predictor):
    """A k-nearest-neighbours retriever of decisions.

    A decision is the hashed words of the last user, assistant and tool texts and the last steps; what was done is kept
    as a template (tool, and where each argument came from), so that it can be done with the values at hand.

    Parameters
    ----------
    neighbours
        Decisions that have a say.

    References
    ----------
    E. Fix, J. Hodges (1951), *Discriminatory analysis: nonparametric discrimination*.

    Examples
    --------
    >>> from specbench.core.types import DecisionPoint, ToolCall
    >>> def talk(order):
    ...     call = ToolCall("get", {"id": order})
    ...     return Trace(order, order, "doc", (Message("user", f"{order}?"), Message("assistant", tool_calls=(call,))))
    >>> nearest = NearestPredictor().fit([talk("#W12"), talk("#W34"), talk("#W56")])
    >>> nearest.predict(DecisionPoint("t", 0, (Message("user", "#W78?"),)))[0].call.key
    'get({"id":"#W78"})'
    """

    name = "nearest"
    about = "k nearest decisions of the training, done again with the values at hand"

    def __init__(self, neighbours: int = 24) -> None:
        self.neighbours = neighbours
        self.embedding = HashingEmbedding(128)
        self.episodes: npt.NDArray[np.float16] = np.zeros((0, 0), np.float16)
        self.done: list[str] = []

    def fit(self, traces: Collection[Trace]) -> Self:
        """Keep the decisions of ``traces``; of more than 20,000 the latest."""
        rows, done = [], []
        for _, index, outcome in labelled(relevant_traces(traces)):
            template = "" if outcome is None else template_of(outcome, index)
            if template is not None and (outcome is None or outcome.invalid_arguments is None):
                rows.append(self.vector(index).astype(np.float16))
                done.append(template)
        self.episodes = np.array(rows[-MOST_EPISODES:], np.float16)
        self.done = done[-MOST_EPISODES:]
        self.fitted = True
        return self

    def vector(self, index: ContextIndex) -> Floats:
        """Return a state of a conversation as a unit vector."""
        texts = [self.embedding.encode(index.last_text[role]) for role in ("user", "assistant", "tool")]
        texts[2] = texts[2] * np.float32(index.last_role == "tool")
        steps = [self.embedding.encode(f"{n} {each}") for n, each in enumerate(histories(index, STEPS)[1:])]
        whole = np.concatenate([*texts, 2 * np.sum(steps, axis=0) if steps else np.zeros(self.embedding.dim)])
        length = float(np.linalg.norm(whole))
        return np.asarray(whole / length if length else whole, np.float32)

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return NearestSession(self, tools)

    def state(self) -> dict[str, Any]:
        """Return the decisions."""
        return {"neighbours": self.neighbours, "episodes": self.episodes.astype(np.float32), "done": self.done}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over decisions."""
        self.neighbours = state["neighbours"]
        self.episodes = np.asarray(state["episodes"], np.float32).astype(np.float16)
        self.done = list(state["done"])
        self.fitted = True


class NearestSession(Session):
    """A live conversation of a :class:`NearestPredictor`."""

    def __init__(self, predictor: NearestPredictor, tools: Mapping[str, ToolSpec]) -> None:
        self.predictor, self.tools = predictor, tools
        self.index = ContextIndex()

    def observe(self, message: Message) -> None:
        """Take in the next message."""
        self.index.append(relevant_message(message, self.tools))

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return what was done at the nearest decisions, with the values at hand."""
        predictor = self.predictor
        if not predictor.done:
            return []
        alike = predictor.episodes.astype(np.float32) @ predictor.vector(self.index)
        nearest = np.argsort(-alike, kind="stable")[: predictor.neighbours]
        say = np.exp(SHARP * (alike[nearest] - alike[nearest[0]]))
        shares: dict[Any, float] = {}
        total = float(say.sum()) + 1.0
        for at, weight in zip(nearest.tolist(), say.tolist(), strict=True):
            template = predictor.done[at]
            call = call_of(template, self.index) if template else None
            if not template or (call is not None and (not self.tools or call.name in self.tools)):
                shares[call] = shares.get(call, 0.0) + weight / total
        return ranked([Prediction(call, p) for call, p in shares.items()], k)
