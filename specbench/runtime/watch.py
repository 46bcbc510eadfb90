"""One predictor session for each conversation, kept up to date message by message, made anew when history changes."""

from __future__ import annotations

import inspect
import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

import anyio.to_thread

from specbench.predictors import Predictor
from specbench.predictors.base import Session
from specbench.types import DecisionPoint, Message, Prediction, ToolCall

__all__ = ["SLOW_S", "Watch", "same_message", "same_messages"]

_log = logging.getLogger("specbench.runtime")

SLOW_S, PATIENCE = 0.05, 2
"""A predictor that blocks the event loop for longer, twice in a row, is asked in a thread from then on."""


def same_message(one: Message, two: Message) -> bool:
    """Whether two messages say the same to an LLM; ids and timings aside."""
    return one is two or (one.role == two.role and one.content == two.content and one.tool_calls == two.tool_calls)


def same_messages(one: Sequence[Message], two: Sequence[Message]) -> bool:
    """Whether two conversations say the same."""
    return len(one) == len(two) and all(map(same_message, one, two))


class Watch:
    """Asks a predictor about one conversation.

    Parameters
    ----------
    predictor
        Fitted.
    k
        Predictions to ask for.
    lock
        For a predictor that learns: held by whoever asks or teaches it, in whatever thread.
    """

    def __init__(self, predictor: Predictor, k: int, lock: Lock | None = None) -> None:
        self.predictor, self.k, self._lock = predictor, k, lock
        self._alone: AbstractContextManager[Any] = nullcontext() if lock is None else lock
        self._untold: deque[tuple[DecisionPoint, ToolCall | None]] = deque()
        self._slow = self._turn = 0
        self._session: Session | None = None
        self._seen: list[Message] = []

    async def predict(self, point: DecisionPoint, *, supposed: bool = False) -> list[Prediction]:
        """Return the predictions at ``point``; ``supposed`` ones do not touch the conversation's own session.

        A session whose ``predict`` is a coroutine function is awaited: a draft by an LLM takes its time. A plain one
        that keeps blocking the event loop (:data:`SLOW_S`) runs in a thread from then on.
        """
        began = time.perf_counter()
        try:
            if self._holds_up:
                found = await anyio.to_thread.run_sync(self._ask, point, supposed, abandon_on_cancel=True)
            else:
                found = self._ask(point, supposed)
            self._slow = self._slow + 1 if time.perf_counter() - began > SLOW_S or self._slow >= PATIENCE else 0
            if inspect.isawaitable(found):
                found = await found
        except BaseException:
            if not supposed:
                self._session, self._turn = None, self._turn + 1
            raise
        else:
            predictions: list[Prediction] = found
            return predictions

    def decided(self, point: DecisionPoint, outcome: ToolCall | None) -> None:
        """The LLM has decided: the predictor learns it with the next question or :meth:`catch_up`."""
        self._untold.append((point, outcome))

    async def catch_up(self) -> None:
        """Let the predictor learn what was decided, in a thread where it is slow. What it raises is logged."""
        if self._untold and self._holds_up:
            await anyio.to_thread.run_sync(self._teach)
        else:
            self._teach()

    @property
    def _holds_up(self) -> bool:
        """Whether asking or teaching would hold up everybody: the LLM, the tools, other conversations."""
        return self._slow >= PATIENCE or (self._lock is not None and self._lock.locked())

    def _teach(self) -> None:
        with self._alone:
            self._learn()

    def _learn(self) -> None:
        while self._untold:
            point, outcome = self._untold.popleft()
            try:
                if self.predictor.learns_from_points:
                    self.predictor.learn(point, outcome)
                else:
                    self._follow(point).learn(outcome)
            except Exception:
                self._session, self._turn = None, self._turn + 1
                _log.exception("%s could not learn a decision of session %r", self.predictor.name, point.trace_id)

    def _ask(self, point: DecisionPoint, supposed: bool) -> Any:
        with self._alone:
            self._learn()
            session = self.predictor.at(point) if supposed else self._follow(point)
            return session.predict(self.k)

    def _follow(self, point: DecisionPoint) -> Session:
        turn, seen, messages = self._turn, self._seen, point.messages
        if self._session is None or not (len(seen) <= len(messages) and all(map(same_message, seen, messages))):
            self._session, self._seen = None, []  # edited, or given up: begin again
            session = self.predictor.session(point.tools, point.agent)
            seen = []
        else:
            session = self._session
        for message in messages[len(seen) :]:
            session.observe(message)
            seen.append(message)
        if turn == self._turn:  # else a thread that nobody waits for any more
            self._session, self._seen = session, seen
        return session
