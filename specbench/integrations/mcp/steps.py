"""Drives an executor from the calls of a client: the time from the last result to the next call is the think window.

Calls that arrive while others of the client are at work are parallel calls of one decision.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

from specbench.core.ledger import Fate, Ledger, Outcome
from specbench.core.types import DecisionPoint, Effect, ToolSpec
from specbench.integrations.mcp.client_calls import ClientCall
from specbench.integrations.mcp.governor import Governor, Mode
from specbench.integrations.mcp.guesses import Guesses
from specbench.integrations.mcp.talk import Talk
from specbench.runtime import Decided, Executor, OpenStep

__all__ = ["QUIET_S", "Steps"]

_log = logging.getLogger("specbench.mcp")

TURNS = 12
"""Of the event loop, before a hit is answered: calls that were made beside it are on their way already."""
QUIET_S = 10.0
"""A write that the client has cancelled may go on at the server for so long; nothing is guessed meanwhile."""

NOT_TOLD = "the call came before guessing began, or is of a kind that is never guessed"


class _Voided(Exception):
    """What was guessed for this decision counts no more; begin it again."""


class _Woken:
    """Something other than a call has happened."""


class Steps:
    """The steps of one session.

    Parameters
    ----------
    trace_id
        The session.
    talk, governor, guesses
        Of the session.
    open_executor
        Opens an executor for the tools that are on offer now.
    forward
        Sends a call to the server.
    answer
        Answers a call with a result that is there already, and the seconds that it took.
    take_rows
        Gets the rows of the ledger, as they become final.
    """

    def __init__(
        self,
        trace_id: str,
        talk: Talk,
        governor: Governor,
        guesses: Guesses,
        *,
        open_executor: Callable[[], AbstractAsyncContextManager[Executor]],
        forward: Callable[[ClientCall], Awaitable[None]],
        answer: Callable[[ClientCall, dict[str, Any], float], Awaitable[None]],
        take_rows: Callable[[Ledger], None],
    ) -> None:
        self._trace_id, self._talk, self._governor, self._guesses = trace_id, talk, governor, guesses
        self._open_executor, self._forward, self._answer = open_executor, forward, answer
        self._take_rows = take_rows
        self._put, self._items = anyio.create_memory_object_stream[ClientCall | _Woken](math.inf)
        self._executor: Executor | None = None
        self._idle, self._changed = anyio.Event(), False
        self._idle.set()
        self._calm, self._changes = anyio.Event(), 0
        self._calm.set()
        self._number = 0
        self.agent: str | None = None

    def accepts(self, call: ClientCall) -> bool:
        """Whether the executor may be told of a call."""
        executor = self._executor
        return executor is not None and call.plain and call.call.name in executor.tools

    def may_hit(self, call: ClientCall) -> bool:
        """Whether a guess of this call may be there; certainly not, else."""
        executor = self._executor
        if executor is None or self._governor.mode is not Mode.ON or not self._guesses.any:
            return False
        call.key = executor.tools[call.call.name].key_of(call.call)
        return self._guesses.has(call.key)

    def may_write(self, call: ClientCall) -> bool:
        """Whether a call may change something."""
        return self._executor is None or self._executor.tools.may_write(call.call)

    def take(self, call: ClientCall) -> None:
        """A call has arrived; see :meth:`accepts`. Unless it was sent, it is sent or answered from a guess."""
        self._put.send_nowait(call)

    def count(self, call: ClientCall, spec: ToolSpec | None) -> None:
        """A call has ended that the executor was not told of: it has a row in the ledger all the same."""
        run_s = anyio.current_time() - call.sent_s if call.sent else 0.0
        effect = Effect.UNKNOWN if spec is None else spec.effect_of(call.call)
        reason = str(Mode.RECORD_ONLY) if self._governor.mode is Mode.RECORD_ONLY else NOT_TOLD
        row = Outcome(
            self._trace_id, self._trace_id, self._number, call.call.name, str(effect), call.call.key, 1, False, 0, 0.0,
            run_s, 0.0, run_s, run_s, 0.0, reason,
        )  # fmt: skip
        self._number += 1
        self._take_rows(Ledger([row]))

    def void(self) -> None:
        """Something has happened that the executor cannot be told of: nothing that was guessed before it counts."""
        if self._executor is not None:
            self._executor, self._changed = None, True
            self._put.send_nowait(_Woken())

    def changed(self) -> None:
        """The server's side says that something has changed: as :meth:`void`.

        A guess may be the very reason. So the second time between two calls nothing is guessed before the next call;
        else guesses could go on for ever.
        """
        self._changes += 1
        if self._changes > 1 and self._idle.is_set():
            self._calm = anyio.Event()
        self.void()

    def busy(self, calls: int) -> None:
        """So many calls of the client are at work."""
        if calls:
            self._changes = 0
            self._calm.set()
        if calls == 0:
            self._idle.set()
        elif self._idle.is_set():
            self._idle = anyio.Event()

    def close(self) -> None:
        """The session is over."""
        self._put.close()
        self._items.close()

    async def run(self) -> None:
        """Run steps until it is cancelled; an executor for each list of tools, and a new one where nothing counts.

        Raises
        ------
        Exception
            When the executor cannot be opened; all calls are passed on from then on.
        """
        try:
            await self._run()
        except Exception:
            while self._items.statistics().current_buffer_used:
                item = self._items.receive_nowait()
                if isinstance(item, ClientCall):
                    await self._pass_on(item)
            raise

    async def _run(self) -> None:
        while True:
            executor: Executor | None = None
            try:
                async with self._open_executor() as executor:
                    self._governor.follow(executor.shared.total)
                    await self._calm.wait()
                    await self._idle.wait()
                    self._executor, self._changed = executor, False
                    while not self._changed:
                        await self._step(executor)
            finally:
                self._executor = None
                if executor is not None:
                    self._drain(executor)

    def _drain(self, executor: Executor) -> None:
        """Hand on the rows that are final; what was used does not count against the waste budget any more."""
        rows = executor.drain()
        self._governor.used_s += sum(row.run_s for row in rows.speculations if row.fate is Fate.COMMIT)
        self._take_rows(rows)

    async def _step(self, executor: Executor) -> None:
        asked: list[ClientCall] = []
        point = DecisionPoint(
            self._trace_id, self._number, tuple(self._talk.messages), executor.tools.specs, self.agent
        )  # fmt: skip

        async def think() -> Decided:
            item = await self._items.receive()
            if isinstance(item, _Woken):
                raise _Voided
            asked.append(item)
            return Decided((item.call,))

        try:
            step = await executor.open_step(point, think)
        except _Voided:
            return
        except Exception:
            for call in asked:
                await self._pass_on(call)
            raise
        self._number += 1
        try:
            async with anyio.create_task_group() as group:
                await self._obtain_all(step, asked[0], group.start_soon)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await (step.finish() if step.whole else step.abandon())
            raise
        result = await step.finish()
        self._governor.tools_s += sum(each.run_s for each in result.results)
        self._drain(executor)

    async def _obtain_all(self, step: OpenStep, first: ClientCall, start: Callable[..., object]) -> None:
        """Obtain calls as they arrive, until none is at work and no more come."""
        working: set[ClientCall] = set()

        async def obtain(call: ClientCall) -> None:
            try:
                await self._obtain(step, call)
            except Exception:
                _log.exception("a call could not be accounted for; it is passed on")
            finally:
                await self._pass_on(call)
            working.discard(call)
            self._put.send_nowait(_Woken())

        item: ClientCall | _Woken = first
        while True:
            if isinstance(item, ClientCall):
                if item is not first:
                    step.also(item.call)
                working.add(item)
                start(obtain, item)
                await item.handed.wait()
            if not (working or self._items.statistics().current_buffer_used):
                return
            item = await self._items.receive()

    async def _obtain(self, step: OpenStep, call: ClientCall) -> None:
        def claimed(joined: bool) -> None:
            if joined and not call.sent:
                self._guesses.join(call.key, call.token)
                call.handed.set()

        async def run(**_: Any) -> None:
            if not call.sent:
                await self._forward(call)
            await call.done.wait()

        with call.scope:
            result = await step.obtain(call.call, run, claimed)
            if result.speculated and not call.sent:
                for _ in range(TURNS):
                    await checkpoint()
                await self._answer(call, result.value, result.run_s)
            else:  # in shadow mode it has been at the server all the time
                await call.done.wait()

    async def _pass_on(self, call: ClientCall) -> None:
        """Whatever has happened to the executor, a call that nobody has answered goes to the server."""
        if not (call.sent or call.cancelled or call.done.is_set()):
            await self._forward(call)
