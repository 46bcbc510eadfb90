"""A language model as the speculator: a small one drafts the call that a large one will make."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Self

from specbench.core.errors import ConfigError
from specbench.core.types import Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.llm.base import Backend, ContextError, Request, UsageTotal
from specbench.predictors.base import Predictor, Session, ranked

__all__ = ["LLMDraftPredictor"]

_log = logging.getLogger("specbench.predictors")
_PRIOR = 2.0
_FIRST_GUESS = {"call": 0.5, "reply": 0.5}


class LLMDraftPredictor(Predictor):
    """Asks a backend for its next message and predicts what that does first: its first call, or a reply.

    One message is written for each decision point, greedily; the time it takes is the predictor's latency, and its
    tokens are counted in :attr:`usage`. ``fit`` lets it draft at some of the traces' decision points and counts how
    often calls and replies came true: those are its probabilities. Where a conversation is longer than the model's
    context it abstains; :attr:`too_long` counts these points, and the first one is logged.

    Parameters
    ----------
    backend
        A backend, or the name of one (``micro``, ``transformers:ID``, ``openai:MODEL@URL``).
    points
        Decision points that ``fit`` drafts at, at most.
    max_tok
        Longest draft; a call that is not complete by then is not predicted.

    Examples
    --------
    >>> from specbench.llm.backends.scripted import ScriptedBackend
    >>> from specbench.core.types import DecisionPoint, ToolSpec
    >>> draft = LLMDraftPredictor(ScriptedBackend(lambda request: '{"name": "now", "parameters": {}}')).fit([])
    >>> draft.predict(DecisionPoint("t", 0, (Message("user", "what time is it?"),), {"now": ToolSpec("now")}))
    [Prediction(call=ToolCall(name='now', ...), p=0.5)]
    """

    name = "llm"
    about = "a language model that drafts the next message"
    needs = "BACKEND"

    def __init__(self, backend: Backend | str | None = None, *, points: int = 60, max_tok: int = 200) -> None:
        self.points, self.max_tok = points, max_tok
        self._backend = backend if isinstance(backend, Backend) else None
        self._named = backend if isinstance(backend, str) else ""
        self._rates = dict(_FIRST_GUESS)
        self.too_long = 0

    @classmethod
    def from_argument(cls, argument: str, **options: int) -> LLMDraftPredictor:
        """Read ``BACKEND``, as :func:`specbench.llm.registry.make_backend` takes it."""
        return cls(argument, **options)

    @property
    def backend(self) -> Backend:
        """The backend; made at the first use when it was named.

        Raises
        ------
        ConfigError
            When there is none.
        """
        if self._backend is None:
            if not self._named:
                raise ConfigError(
                    "the predictor 'llm' has no model: name one, such as llm:micro or llm:transformers:ID"
                )
            from specbench.llm.registry import make_backend

            self._backend = make_backend(self._named)
        return self._backend

    @property
    def usage(self) -> UsageTotal:
        """What all drafts have cost."""
        return self.backend.usage

    def fit(self, traces: Sequence[Trace]) -> Self:
        """Count how often drafts come true, at points spread over the traces."""
        decisions = [decision for trace in traces for decision in trace.decisions()]
        counts = {kind: [_PRIOR * _FIRST_GUESS[kind], _PRIOR] for kind in _FIRST_GUESS}
        step = max(1, len(decisions) // max(1, self.points))
        for point, calls in islice(decisions[::step], self.points):
            try:
                drafted = self.draft(point.messages, point.tools)
            except ContextError as error:
                self._abstain(error)
                continue
            count = counts["call" if drafted is not None else "reply"]
            count[0] += drafted == (calls[0] if calls else None)
            count[1] += 1
        self._rates = {kind: hits / of for kind, (hits, of) in counts.items()}
        self.fitted = True
        return self

    def draft(self, messages: Sequence[Message], tools: Mapping[str, ToolSpec]) -> ToolCall | None:
        """Let the backend write its next message; its first call, or ``None``.

        Raises
        ------
        ContextError
            When the conversation is longer than the model's context.
        """
        from anyio.from_thread import start_blocking_portal

        request = Request(messages, tools, max_tok=self.max_tok)
        # A loop of its own in a thread of its own: predictors are asked from inside running loops too.
        with start_blocking_portal() as portal:
            end = portal.call(self.backend.complete, request)
        return end.calls[0].of(tools.get(end.calls[0].name)) if end.calls else None

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation."""
        return _DraftSession(self, tools)

    def predictions(self, messages: Sequence[Message], tools: Mapping[str, ToolSpec]) -> list[Prediction]:
        """What a draft means, with the probability that drafts of its kind come true; nothing where there is none."""
        try:
            call = self.draft(messages, tools)
        except ContextError as error:
            self._abstain(error)
            return []
        return [Prediction(call, self._rates["reply" if call is None else "call"])]

    def _abstain(self, error: ContextError) -> None:
        if not self.too_long:
            _log.warning("%s; there, and wherever it is as long, %s abstains", error, self._named or self.name)
        self.too_long += 1

    def state(self) -> dict[str, Any]:
        """Return the model's name and the rates; no weights."""
        return {"backend": self._named, "rates": self._rates, "points": self.points, "max_tok": self.max_tok}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over name and rates; the model is loaded at the first prediction."""
        self._named = state["backend"] or self._named
        self._rates = dict(state["rates"])
        self.points, self.max_tok = state["points"], state["max_tok"]
        self.fitted = True


class _DraftSession(Session):
    def __init__(self, predictor: LLMDraftPredictor, tools: Mapping[str, ToolSpec]) -> None:
        self._predictor, self._tools = predictor, tools
        self._messages: list[Message] = []
        self._drafted: list[Prediction] | None = None

    def observe(self, message: Message) -> None:
        self._messages.append(message)
        self._drafted = None

    def predict(self, k: int = 1) -> list[Prediction]:
        if not self._messages:
            return []
        if self._drafted is None:
            self._drafted = self._predictor.predictions(self._messages, self._tools)
        return ranked(self._drafted, k)
