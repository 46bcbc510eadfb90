"""One predictor session for each conversation, kept up to date message by message, made anew when history changes."""

from __future__ import annotations

import inspect
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event, Lock
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import anyio.to_thread

from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall, ToolSpec
from specbench.predictors import Predictor
from specbench.predictors.base import Session
from specbench.runtime.containment import contained_call
from specbench.runtime.copies import own_call, own_message, own_point
from specbench.runtime.tools import Toolbox

__all__ = ["SLOW_S", "PredictorSync", "can_learn", "read_alike", "same_message", "same_messages"]

_log = logging.getLogger("specbench.runtime")

Value = TypeVar("Value")

SLOW_S, PATIENCE = 0.05, 2
"""A predictor that blocks the event loop for longer, twice in a row, is asked in a thread from then on."""


def same_message(one: Message, two: Message) -> bool:
    """Whether two messages say the same to an LLM; ids and timings aside."""
    return one is two or (one.role == two.role and one.content == two.content and one.tool_calls == two.tool_calls)


def same_messages(one: Sequence[Message], two: Sequence[Message]) -> bool:
    """Whether two conversations say the same."""
    return len(one) == len(two) and all(map(same_message, one, two))


def read_alike(one: Sequence[Message], two: Sequence[Message], tools: Toolbox) -> bool:
    """Whether an LLM cannot tell two conversations apart: it sees how the calls are spelt, too."""

    def written(call: ToolCall) -> str:
        tool = tools.get(call.name)
        return call.key + call.aside if tool is not None and tool.traits.any_spelling else call.spelling

    return same_messages(one, two) and all(
        first is second or list(map(written, first.tool_calls)) == list(map(written, second.tool_calls))
        for first, second in zip(one, two, strict=True)
    )


_LOCKS: WeakKeyDictionary[Predictor, Lock] = WeakKeyDictionary()
"""Of the predictors that executors teach: whoever asks or teaches one, in whatever thread, does so alone."""


class Pace:
    """How slow the predictor of an executor is, and its threads: one that is slow is asked in a thread by everybody."""

    def __init__(self) -> None:
        self.slow = 0
        self._threads: set[Event] = set()
        self._lock = Lock()

    async def in_thread(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Call a function in a thread; one that is cancelled amid it goes on, and is waited for at the end alone.

        Raises
        ------
        Exception
            Whatever the function raises.
        """
        ended, given_up = Event(), Event()

        def run() -> Value | None:
            with self._lock:
                if given_up.is_set():  # before a thread was free
                    return None
                self._threads.add(ended)
            try:
                return contained_call(function, *arguments)
            finally:
                with self._lock:
                    self._threads.discard(ended)
                ended.set()

        try:
            found = await anyio.to_thread.run_sync(run, abandon_on_cancel=True)
        except BaseException:
            with self._lock:
                given_up.set()
            raise
        return cast("Value", found)

    async def wait_for_threads(self) -> None:
        """Wait until no thread of the predictor is at work any more."""
        with self._lock:
            threads = list(self._threads)
        for ended in threads:
            await anyio.to_thread.run_sync(ended.wait)


class PredictorSync:
    """Asks a predictor about one conversation, and teaches it what was decided.

    Parameters
    ----------
    predictor
        Fitted.
    k
        Predictions to ask for.
    pace
        Shared by all conversations of an executor.
    learn
        Whether :meth:`decided` will be told. A predictor that is taught is asked by one thread at a time.
    """

    def __init__(self, predictor: Predictor, k: int, pace: Pace, *, learn: bool = False) -> None:
        self.predictor, self.k, self.pace = predictor, k, pace
        self._lock = _lock_of(predictor, learn)
        self._untold: deque[tuple[DecisionPoint, ToolCall | None]] = deque()
        self._turn = 0
        self._session: Session | None = None
        self._seen: list[Message] = []

    async def predict(self, point: DecisionPoint, *, supposed: bool = False) -> list[Prediction]:
        """Return the predictions at ``point``; ``supposed`` ones do not touch the conversation's own session.

        A session whose ``predict`` is a coroutine function is awaited: a draft by an LLM takes its time. A plain one
        that keeps blocking the event loop (:data:`SLOW_S`) runs in a thread from then on.
        """
        wanted = Event()
        wanted.set()
        try:
            pace = self.pace
            if pace.slow < PATIENCE and self._enter(wait=False):
                found, took_s = self._answer(point, supposed)
            else:  # it would hold up everybody: the LLM, the tools, other conversations
                found, took_s = await pace.in_thread(self._ask, point, supposed, wanted)
            pace.slow = pace.slow + 1 if took_s > SLOW_S or pace.slow >= PATIENCE else 0
            if inspect.isawaitable(found):
                found = await found
        except BaseException:
            wanted.clear()
            if not supposed:
                self._session, self._turn = None, self._turn + 1
            raise
        else:
            predictions: list[Prediction] = found
            return predictions

    def decided(self, point: DecisionPoint, outcome: ToolCall | None) -> None:
        """The LLM has decided: the predictor learns it before the next question, or with :meth:`catch_up`."""
        self._untold.append((replace(point, messages=tuple(point.messages)), outcome))

    async def catch_up(self) -> None:
        """Let the predictor learn what was decided, in a thread where it is slow. What it raises is logged."""
        if not self._untold:
            return
        if self.pace.slow < PATIENCE and self._enter(wait=False):
            try:
                self._learn()
            finally:
                self._leave()
        else:
            await anyio.to_thread.run_sync(self._teach)

    def _enter(self, *, wait: bool) -> bool:
        """Whether nobody else asks or teaches, from now to :meth:`_leave`. The event loop does not wait for it."""
        return self._lock is None or self._lock.acquire(wait)

    def _leave(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _teach(self) -> None:
        self._enter(wait=True)
        try:
            self._learn()
        finally:
            self._leave()

    def _learn(self) -> None:
        while self._untold:
            point, outcome = self._untold[0]
            outcome = None if outcome is None else own_call(outcome)
            try:
                if self.predictor.learns_from_points:
                    contained_call(self.predictor.learn, own_point(point), outcome)
                else:
                    taught: Any = contained_call(contained_call(self._follow, point).learn, outcome)
                    if inspect.iscoroutine(taught):
                        taught.close()
                        raise TypeError("learn is a coroutine function; nobody can await it")
                self.predictor.fitted = True
            except Exception:
                self._session, self._turn = None, self._turn + 1
                _log.exception("%s could not learn a decision of session %r", self.predictor.name, point.trace_id)
            finally:
                self._untold.popleft()

    def _ask(self, point: DecisionPoint, supposed: bool, wanted: Event) -> tuple[Any, float]:
        self._enter(wait=True)
        if not wanted.is_set():  # given up while it waited for others
            self._leave()
            return [], 0.0
        return self._answer(point, supposed)

    def _answer(self, point: DecisionPoint, supposed: bool) -> tuple[Any, float]:
        """Return what is predicted, and the seconds that it took; :meth:`_enter` comes before it."""
        began = time.perf_counter()
        try:
            self._learn()
            session = self.predictor.at(own_point(point)) if supposed else self._follow(point)
            return session.predict(self.k), time.perf_counter() - began
        finally:
            self._leave()

    def _follow(self, point: DecisionPoint) -> Session:
        turn, seen, messages = self._turn, self._seen, point.messages
        if self._session is None or not (len(seen) <= len(messages) and all(map(same_message, seen, messages))):
            self._session, self._seen = None, []  # edited, or given up: begin again
            session = self.predictor.session(point.tools, point.agent)
            seen = []
        else:
            session = self._session
        for message in messages[len(seen) :]:
            session.observe(own_message(message))
            seen.append(message)
        if turn == self._turn:  # else a thread that nobody waits for any more
            self._session, self._seen = session, seen
        return session


def can_learn(predictor: Predictor, tools: Mapping[str, ToolSpec]) -> bool:
    """Whether teaching a predictor changes anything; one that cannot begin a session yet is given the chance."""
    try:
        session = predictor.session(tools)
    except Exception:
        return True
    return predictor.learns_from_points or type(session).learn is not Session.learn


def _lock_of(predictor: Predictor, learn: bool) -> Lock | None:
    """Return the lock of a predictor that this or another executor teaches."""
    try:
        return _LOCKS.setdefault(predictor, Lock()) if learn else _LOCKS.get(predictor)
    except TypeError:  # it has no hash, or nothing weak can point at it: nobody else can be told
        return Lock() if learn else None
