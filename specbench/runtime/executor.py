"""The executor: runs an agent's steps with speculation beside the LLM, losing nothing and leaving nothing behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from types import TracebackType
from typing import Self

import anyio

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Message, Trace
from specbench.policies import Estimates, Never, Policy
from specbench.predictors import Predictor
from specbench.runtime.arguments import checked_policy, checked_predictor
from specbench.runtime.conversation import Conversation
from specbench.runtime.journal import Journal
from specbench.runtime.keeps_rows import KeepsRows
from specbench.runtime.open_step import OpenStep
from specbench.runtime.own_thread import OwnThread
from specbench.runtime.predictor_sync import Pace, PredictorSync, can_learn
from specbench.runtime.recording import Recording
from specbench.runtime.results import StepResult
from specbench.runtime.session import LiveSession
from specbench.runtime.staged_writes import WriteOrder
from specbench.runtime.streaming import AnswerStream
from specbench.runtime.tasks import Tasks
from specbench.runtime.thinking import Think
from specbench.runtime.tools import Tool, Toolbox
from specbench.runtime.warming import CacheWarmer
from specbench.runtime.workplace import Workplace
from specbench.speculation import Breaker, Options, Shared
from specbench.traces.recorder import Recorder

__all__ = ["SAFE_OPTIONS", "Executor"]

ENDED_AT_ONCE = 4
"""Conversations that a new one looks at, whether their time is over."""

SAFE_OPTIONS = Options(breaker=Breaker())
"""The think window alone, with the circuit breaker."""


class Executor(KeepsRows, OwnThread):
    """Runs the steps of any number of conversations; use it with ``async with``, on asyncio or trio.

    Blocking code uses ``with`` and :meth:`call`.

    What the agent sees (results, errors, their order) and every side effect are those of the sequential run: a result
    is used only for the call that the LLM really made, tool **and** canonical arguments, and only while nothing can
    have changed it. Reads are as of a moment between launch and use.

    Parameters
    ----------
    tools
        The agent's tools; a mapping's names do not count, the specifications' do.
    predictor
        Fitted; ``None`` never speculates.
    policy
        What to launch, or its text form; by default ``Threshold(0.6)``.
    options
        Windows, carried results, run-ahead, caps, limits, breaker; by default :data:`SAFE_OPTIONS`.
    journal
        Where staged writes are noted, so that a crash between stage and commit can be made good at the next start:
        entering the executor recovers what an earlier process left behind.
    warmer
        Cache warming by rules, beside speculation; see :class:`~specbench.runtime.CacheWarmer`.
    expected
        First guesses of the seconds of LLM and tools, for policies that weigh them.
    k
        Predictions to ask for at each decision point.
    learn
        Tell ``predictor`` each decision, as soon as it is made (:meth:`~specbench.predictors.base.Session.learn`). The
        predictor changes, for all conversations at once; ``predictor.save(folder)`` keeps what it has learned. Answers
        that were interrupted teach nothing. A predictor that learns and is slow is asked by one thread at a time.
    session_ttl_s
        Seconds after its last step at which a conversation that nobody has ended is over (its next step begins a new
        one); those of :meth:`conversation` stay until they are ended.
    recorder
        Writes each conversation to a file, step by step, with its measured seconds.

    Examples
    --------
    >>> from specbench.core.types import Effect, Message, ToolCall, ToolSpec
    >>> from specbench.predictors.controls import Silent
    >>> async def look(x):
    ...     return f"saw {x}"
    >>> async def main():
    ...     tool = Tool(ToolSpec("look", effect=Effect.READ), look)
    ...     async def think():
    ...         return ToolCall("look", {"x": 1})
    ...     async with Executor([tool], Silent().fit([])) as executor:
    ...         point = DecisionPoint("t", 0, (Message("user", "look at 1"),), executor.tools.specs)
    ...         return (await executor.run_step(point, think)).results[0].value
    >>> anyio.run(main)
    'saw 1'
    """

    def __init__(
        self,
        tools: Mapping[str, Tool] | list[Tool] | tuple[Tool, ...],
        predictor: Predictor | None = None,
        policy: Policy | str | None = None,
        *,
        options: Options | str | None = None,
        journal: Journal | None = None,
        warmer: CacheWarmer | None = None,
        expected: Estimates | None = None,
        k: int = 8,
        learn: bool = False,
        session_ttl_s: float = 3600.0,
        recorder: Recorder | None = None,
    ) -> None:
        self.tools = Toolbox(tools.values() if isinstance(tools, Mapping) else tools)
        self.policy = checked_policy(policy)
        self.predictor = None if isinstance(self.policy, Never) else checked_predictor(predictor, learn)
        self.options = Options.from_text(options) if options is not None else SAFE_OPTIONS
        self.journal = journal if journal is not None else Journal(None)
        if not isinstance(k, int) or k < 1:
            raise ConfigError(f"k is a count of predictions, 1 or more; got {k!r}")
        if not session_ttl_s > 0:
            raise ConfigError(f"session_ttl_s is seconds above 0; got {session_ttl_s!r}")
        self.k, self.session_ttl_s = k, session_ttl_s
        self.learn = learn and self.predictor is not None and can_learn(self.predictor, self.tools.specs)
        self.tools.check_limits(self.options.limits)
        self.warmer = warmer
        self._order = WriteOrder()
        self.shared = Shared(
            self.options, self.tools.traits, expected, key_of=self.tools.key_of, contains_errors=True,
            refuse_staged=lambda call: self._order.refuse(self.tools[call.name]),
        )  # fmt: skip
        self._place = Workplace(self.tools, self.shared, Tasks(), self.journal, warmer, recorder)
        self._pace = Pace()
        self._sessions: dict[str, LiveSession] = {}
        self._ending: list[LiveSession] = []
        self._recordings: dict[str, Recording] = {}

    async def __aenter__(self) -> Self:
        tasks = self._place.tasks
        if tasks.running:
            raise ConfigError("this executor is in use already; make another one")
        await self.journal.recover(self.tools)
        if self.warmer is not None:
            try:
                self.warmer.attach(self.tools, tasks.spawn, self._place)
            except ConfigError:
                self.journal.release()
                raise
        await tasks.start()
        self.shared.started_s = anyio.current_time()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._place.tasks.check_loop()
        sessions = self._all()
        try:
            with anyio.CancelScope(shield=True):
                for session in sessions:
                    session.close()
                for session in sessions:
                    await session.wind_up()
                await self._pace.wait_for_threads()
        finally:
            try:
                await self._place.tasks.end()
            finally:
                self._left()
        return None

    def _left(self) -> None:
        for session in self._all():
            self._keep_rows(session)
        self._sessions.clear()
        self._ending.clear()
        self.journal.release()
        if self.warmer is not None:
            self.warmer.detach()

    async def run_step(
        self,
        point: DecisionPoint,
        think: Think,
        *,
        task_id: str | None = None,
        answer: AnswerStream | None = None,
        learn: bool = True,
    ) -> StepResult:
        """Run one step: ``think`` decides while the predicted calls run; then its calls are joined or run.

        Parameters
        ----------
        point
            Where the conversation is; ``trace_id`` says which conversation. Its messages may have been edited since
            the last step.
        think
            Decides. ``think()`` or ``think(point)``: a coroutine function that returns
            :class:`~specbench.runtime.Decided` (or a call, several calls, a text, ``None``), or an async generator
            function of :class:`~specbench.runtime.Partial` that ends with one. Only ``think(point)`` can be run ahead,
            and only while it is the same function from step to step.
        task_id
            For the ledger; by default the ``trace_id``.
        answer
            Where the text goes as it is written.
        learn
            ``False`` for a decision that the LLM has not just made (taken up again, edited): an executor that learns
            does not learn it.

        Returns
        -------
        StepResult
            Errors of tools are results, as an agent framework gives them to the LLM.

        Raises
        ------
        ConfigError
            Outside ``async with``, or while a step of the same conversation runs.
        Exception
            Whatever ``think`` raises; nothing is left running then.
        """
        return await self._session(point.trace_id, task_id).run(point, think, answer, learn=learn)

    async def open_step(
        self, point: DecisionPoint, think: Think, *, task_id: str | None = None, learn: bool = True
    ) -> OpenStep:
        """Run one step up to its decision: its calls run as they are asked for, perhaps much later, perhaps never.

        For frameworks that decide in one place and run tools in another, and may stop in between. Parameters and
        errors are those of :meth:`run_step`.

        Returns
        -------
        OpenStep
            The decision; nothing real has run.
        """
        session = self._session(point.trace_id, task_id)
        step, decided, interrupted = await session.decide(point, think, learn=learn)
        try:
            await session.rule_out(step)
        except BaseException:
            await session.give_up(step)
            raise
        return OpenStep(session, step, decided, interrupted)

    def conversation(
        self,
        trace_id: str,
        *,
        task_id: str | None = None,
        messages: Iterable[Message] = (),
        agent: str | None = None,
    ) -> Conversation:
        """Begin a conversation that keeps its own messages.

        Parameters
        ----------
        trace_id
            Its name, which no other one of this executor has at present.
        task_id
            What it is about, for the ledger and the trace; by default the ``trace_id``.
        messages
            What it begins with, such as a system message.
        agent
            Name of the agent's configuration, for predictors that tell agents apart.

        Raises
        ------
        ConfigError
            Outside ``async with``, or when the name is taken.
        """
        if trace_id in self._sessions:
            raise ConfigError(f"a conversation {trace_id!r} is under way; end_session() it, or take another name")
        session = self._session(trace_id, task_id)
        session.pinned = True
        return Conversation(session, messages, agent)

    def trace(self, trace_id: str) -> Trace:
        """Return a conversation as a trace, with measured times: ready for ``write_traces``, and for training.

        It need not be one of :meth:`conversation`. After ``async with`` those that were not ended are still there.

        Raises
        ------
        ConfigError
            When no step of it has ended, or it was ended itself: its memory is free then.
        """
        recording = self._recordings.get(trace_id)
        trace = recording.trace() if recording is not None else None
        if trace is None:
            known = ", ".join(map(repr, self._recordings)) or "none"
            raise ConfigError(f"no step of a conversation {trace_id!r} is known; there are {known}")
        return trace

    def _session(self, trace_id: str, task_id: str | None) -> LiveSession:
        if not self._place.tasks.running:
            raise ConfigError("the executor is not running; use `async with Executor(...) as executor:`")
        self._place.tasks.check_loop()
        session = self._sessions.pop(trace_id, None)
        if session is not None:
            self._sessions[trace_id] = session  # the last one used stands last
        else:
            self._end_forgotten()
            sync = (
                None if self.predictor is None else PredictorSync(self.predictor, self.k, self._pace, learn=self.learn)
            )
            session = self._sessions[trace_id] = LiveSession(
                trace_id, task_id or trace_id, self._place, self._order, self.policy, sync, learns=self.learn
            )
            self._recordings[trace_id] = session.recording
        return session

    def _end_forgotten(self) -> None:
        """End the first conversations whose time is over; those that were used first stand first."""
        latest_s = anyio.current_time() - self.session_ttl_s
        for trace_id, session in list(islice(self._sessions.items(), ENDED_AT_ONCE)):
            if session.pinned or session.busy:
                self._sessions[trace_id] = self._sessions.pop(trace_id)
            elif session.used_s < latest_s:
                self.end_session(trace_id)
            else:
                return

    def end_session(self, trace_id: str) -> None:
        """A conversation is over: give up what was not used, and free its memory. Its rows stay."""
        session = self._sessions.pop(trace_id, None)
        self._recordings.pop(trace_id, None)
        if session is not None:
            self._ending.append(session)
            session.close()
            self._place.tasks.spawn(self._forget, session)

    async def _forget(self, session: LiveSession) -> None:
        await session.wind_up()
        self._ending.remove(session)
        self._keep_rows(session)

    def __repr__(self) -> str:
        name = "no predictor" if self.predictor is None else self.predictor.name
        return f"<Executor: {len(self.tools)} tools, {name}, {self.policy}>"
