"""A step that is decided, and whose calls run one by one, as somebody asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio

from specbench.core.batches import in_batches
from specbench.core.errors import ConfigError
from specbench.core.types import ToolCall
from specbench.runtime.copies import own_call
from specbench.runtime.results import Decided, StepResult, ToolResult
from specbench.runtime.session import LiveSession
from specbench.speculation.step import Step

__all__ = ["OpenStep"]


class OpenStep:
    """A decision whose calls have not run; :meth:`specbench.runtime.Executor.open_step` gives it.

    Nothing of it runs by itself but the speculations that fit the decision. The seconds between decision, calls and end
    are the framework's: the ledger does not count them. It ends by :meth:`finish` or :meth:`abandon`, and with its
    session at the latest.

    Parameters
    ----------
    session, step
        Where it belongs.
    decided, interrupted
        What was decided.

    Examples
    --------
    >>> from specbench.runtime import Executor, Tool
    >>> from specbench.core.types import DecisionPoint, Effect, ToolSpec
    >>> async def refund(order):
    ...     return f"refunded {order}"
    >>> async def main():
    ...     async with Executor([Tool(ToolSpec("refund", effect=Effect.WRITE), refund)]) as executor:
    ...         step = await executor.open_step(DecisionPoint("t", 0, ()), lambda: ToolCall("refund", {"order": 7}))
    ...         (call,) = step.decided.calls  # a human may look at it now
    ...         return (await step.obtain(call)).value, (await step.finish()).outcome.call
    >>> anyio.run(main)
    ('refunded 7', 'refund({"order":7})')
    """

    def __init__(self, session: LiveSession, step: Step, decided: Decided, interrupted: bool) -> None:
        self.point, self.decided, self.interrupted = step.work.point, decided, interrupted
        self.begun = False
        self._session, self._step = session, step
        self._asked: set[int] = set()
        self._results: dict[int, ToolResult] = {}
        self._others: list[ToolResult] = []  # of calls that were not decided
        self._parallel = "off"
        self._end: StepResult | None = None
        self._lock = anyio.Lock()
        self._running = 0
        self._over = False
        self._since_s = anyio.current_time()

    @property
    def batches(self) -> list[range]:
        """The numbers of the calls that may run side by side, batch after batch."""
        return self._step.batches

    @property
    def writes(self) -> bool:
        """Whether a call of the decision may change something."""
        return any(self._step.writes)

    @property
    def live(self) -> bool:
        """Whether it, and its session, go on."""
        return not (self._over or self._session.course.book.closed)

    @property
    def busy(self) -> bool:
        """Whether a call is asked for just now."""
        return self._running > 0

    @property
    def whole(self) -> bool:
        """Whether every call of the decision has run."""
        return len(self._results) == len(self.decided.calls)

    def also(self, call: ToolCall) -> None:
        """One more call of the decision is known: for whoever hears of parallel calls one by one, as they are made.

        Raises
        ------
        ConfigError
            When the step has ended.
        """
        self._check_live()
        call = own_call(call)
        self.decided = replace(self.decided, calls=(*self.decided.calls, call))
        self._session.also(self._step, call)

    async def obtain(
        self,
        call: ToolCall,
        run: Callable[..., Any] | None = None,
        on_claim: Callable[[bool], None] | None = None,
    ) -> ToolResult:
        """Return the result of a call: of its speculation, or by running it. Several may be asked for at once.

        The first one that is asked for gives up the speculations of the others, unless unused results are carried on
        (``Options(carry_ttl_s=…)``). Only a call of the decision (name, arguments and id), and only the first time, is
        given what was speculated.

        Parameters
        ----------
        call
            May be another than was decided: somebody has edited it, or it runs once more.
        run
            Runs the call, in place of the tool's own function.
        on_claim
            Told whether there is a speculation of it, before its result is waited for.

        Raises
        ------
        ConfigError
            When the step was abandoned or the session is over.
        """
        self._check_live()
        call = own_call(call)
        self._note(+1)
        self.begun = True
        at = self._number(call)
        if at is not None:
            self._asked.add(at)
        try:
            async with self._lock:  # the first one gives up what no call of this decision will use
                used = await self._session.claim(self._step, self.decided, {} if at is None else {at: call})
            if on_claim is not None:
                on_claim(bool(used) and used[0] is not None and not used[0].failed)
            result = await self._session.calls.obtain(call, used[0] if used else None, run)
        finally:
            self._note(-1)
        if at is None:
            self._others.append(result)
        else:
            self._results[at] = result
        return result

    async def run(self) -> StepResult:
        """Run all calls of the decision, side by side where the executor's options allow it, and end the step.

        Raises
        ------
        ConfigError
            When some have run already, or the step was abandoned, or the session is over.
        """
        if self.begun or not self.live:
            raise ConfigError(f"a step of session {self.point.trace_id!r} has begun or ended; its calls run once")
        self.begun = True
        self._note(+1)
        try:
            results = await self._session.obtain_all(self._step, self.decided)
        except BaseException:
            await self.abandon()
            raise
        finally:
            self._note(-1)
        self._results = dict(enumerate(results))
        self._parallel = self._session.place.shared.options.parallel
        return await self.finish()

    async def finish(self) -> StepResult:
        """End the step, with the results of those of its calls that were asked for.

        Raises
        ------
        ConfigError
            When it was abandoned.
        """
        async with self._lock:
            if self._end is None:
                if self._over:
                    raise ConfigError(f"a step of session {self.point.trace_id!r} was abandoned; it has no end")
                self._note(0)
                await self._session.squash_rest(self._step, self.decided)
                results = [result for _, result in sorted(self._results.items())]
                ran = [*results, *self._others]
                self._step.batches = in_batches(
                    [self._session.place.tools.may_write(each.call) for each in ran], self._parallel
                )
                self._end = self._session.finish(self._step, self.decided, results, self.interrupted, self._others)
            return self._end

    async def abandon(self) -> None:
        """Give the step up, as if it had been cancelled."""
        if self._end is None and not self._over:
            self._over = True
            await self._session.give_up(self._step)

    def _check_live(self) -> None:
        if not self.live:
            raise ConfigError(f"a step of session {self.point.trace_id!r} has ended; nothing more can run in it")

    def _note(self, change: int) -> None:
        """A call begins or ends: seconds in which none runs are nobody's."""
        now = anyio.current_time()
        if not self._running:
            self._step.waited_s += now - self._since_s
        self._running, self._since_s = self._running + change, now
        if self._running > 1:
            self._parallel = "all"  # so it would be without speculation

    def _number(self, call: ToolCall) -> int | None:
        for at, decided in enumerate(self.decided.calls):
            if at not in self._asked and decided == call and decided.id == call.id:
                return at
        return None
