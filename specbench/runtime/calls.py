"""The calls of one conversation: speculations at work, and real runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import anyio
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus

from specbench.core.types import ToolCall
from specbench.runtime.cached_reads import CachedReads, Running
from specbench.runtime.containment import Escaped, contained, first_of
from specbench.runtime.copies import copied, own_result
from specbench.runtime.held_slots import holding, lending
from specbench.runtime.invocation import (
    OutcomeUnknown,
    ToolCallError,
    Work,
    find_tool,
    run_call,
    size_of,
)
from specbench.runtime.results import ToolResult
from specbench.runtime.staged_writes import StagedWrites, WriteOrder
from specbench.runtime.tools import Tool
from specbench.runtime.workplace import Workplace
from specbench.speculation import Course, Launch
from specbench.speculation.launch import SPECULATION
from specbench.speculation.slots import Slots

__all__ = ["LEFT_S", "Calls"]

NO_CAP: Slots[Any] = Slots(None)
LEFT_S = 5.0
"""Seconds that a real call waits, at most, for speculations that were given up and go on."""
GRAIN_S = 0.001
"""What ends within this takes notice."""


class Calls:
    """Runs calls for a conversation and tells its course what happened."""

    def __init__(self, course: Course, place: Workplace, order: WriteOrder) -> None:
        self.course, self.book, self.place, self.order = course, course.book, place, order
        self.reads = CachedReads(place.tools)
        self.staged = StagedWrites(course.book, place, order, self.reads)
        self.running = 0
        self._joining: set[Launch] = set()
        self.owner = uuid4().hex  # no other conversation has it, here or in another process

    def start(self, launch: Launch) -> None:
        """Start the work of a speculation."""
        launch.work = Work()
        if launch.staged:
            self.staged.started(launch)
        self.place.tasks.spawn(self._work, launch)

    async def _work(self, launch: Launch) -> None:
        work: Work = launch.work
        place, tool = self.place, self.place.tools[launch.call.name]
        token = SPECULATION.set(launch)
        try:
            with work.scope:
                if launch.squashed_s is None:
                    run = (
                        self.staged.stage(launch) if launch.staged else run_call(tool, launch.call, place.tasks.threads)
                    )
                    work.value = own_result(await contained(run, in_thread=tool.in_thread))
                    work.whole = True
        except Exception as error:  # contained: the real call finds out for itself
            work.error = error
        finally:
            SPECULATION.reset(token)  # what begins on this result is not done for it
            if launch.staged and not (work.whole and launch.squashed_s is None):
                with anyio.CancelScope(shield=True):
                    await self.staged.undo_now(launch)
            work.done.set()
            if launch.squashed_s is not None:
                place.tell(self.book.stopped, launch)
            elif work.whole:
                place.tell(self.course.arrived, launch, size_of(work.value))
            elif work.error is not None:
                place.tell(self.book.failed, launch)
            else:
                place.tell(self.book.lost, launch)

    async def obtain_together(self, calls: Sequence[ToolCall], launches: Sequence[Launch | None]) -> list[ToolResult]:
        """Return the results of calls that run side by side, in their order; see :meth:`obtain`."""
        results: dict[int, ToolResult] = {}
        slow = [at for at, launch in enumerate(launches) if launch is None or not launch.work.done.is_set()]

        begun: set[int] = set()

        async def obtain(at: int, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
            begun.add(at)
            task_status.started()  # so they queue for slots in this order
            results[at] = await self.obtain(calls[at], launches[at])

        try:
            for at in [at for at in range(len(calls)) if at not in slow] + (slow if len(slow) == 1 else []):
                await obtain(at)  # its result is there already, or it is the only one that is not
            if len(slow) > 1:
                async with anyio.create_task_group() as group:
                    for at in slow:
                        await group.start(obtain, at)
        except BaseException as error:  # results hold the errors of tools: this is what ends an agent
            for at, launch in enumerate(launches):
                if launch is not None and at not in begun:
                    self.abandon(launch)
            if isinstance(error, BaseExceptionGroup):
                raise first_of(error) from None
            raise
        return [results[at] for at in range(len(calls))]

    async def obtain(self, call: ToolCall, launch: Launch | None, run: Callable[..., Any] | None = None) -> ToolResult:
        """Return the result of a call that the agent makes: from its speculation, from a cache, or by running it.

        ``run`` runs it in place of the tool's own function.
        """
        self.running += 1
        try:
            return await self._obtain(call, launch, run)
        finally:
            self.running -= 1

    async def _obtain(self, call: ToolCall, launch: Launch | None, run: Callable[..., Any] | None) -> ToolResult:
        if launch is not None:
            result = await self._join(call, launch)
            if result is not None:
                return result
        try:
            tool = find_tool(self.place.tools, call)
            tool = tool if run is None else replace(tool, run=run)
        except ToolCallError as error:
            return ToolResult(call, error=error)
        kept = self.reads.get(tool, call)
        if kept is not None:
            return ToolResult(call, copied(kept[0]))
        if self.place.warmer is not None and not tool.may_write(call):
            warm = await self.place.warmer.get(call, self.owner)
            if warm is not None:
                return ToolResult(call, warm.value, run_s=warm.seconds, warm=True)
        return await self._run(tool, call)

    async def _join(self, call: ToolCall, launch: Launch) -> ToolResult | None:
        work: Work = launch.work
        tool, waited = self.place.tools[call.name], not work.done.is_set()
        running = self.reads.begin(tool, call)
        self._joining.add(launch)
        try:
            try:
                await work.done.wait()
            except BaseException:
                self.reads.drop(running)
                self.abandon(launch)
                raise
            result = await self._joined(call, launch, tool, waited)
        finally:
            self._joining.remove(launch)
        self._returned(tool, running, result)
        return result

    def is_busy(self, launch: Launch) -> bool:
        """Whether the agent still waits for it, or its staged write is neither real nor undone."""
        return launch in self._joining or bool(launch.work.token)

    async def _joined(self, call: ToolCall, launch: Launch, tool: Tool, waited: bool) -> ToolResult | None:
        work: Work = launch.work
        if work.error is None and launch.committed_at is None:  # it was lost
            return None
        if launch.staged and work.error is None:
            await self.place.tasks.shielded(self.staged.commit, launch)
        assert launch.ended_s is not None
        ran, run_s = (launch.launched_s, launch.ended_s), launch.ended_s - launch.launched_s
        if work.error is not None:
            final = isinstance(work.error, OutcomeUnknown) or (
                waited and isinstance(work.error, TimeoutError) and run_s > 0.99 * (tool.timeout_s or math.inf)
            )  # it may be real; or it has had all the time that there is, but for the grain of the clock
            if final:
                return ToolResult(call, error=work.error, ran=ran, run_s=run_s)
            again = self.place.shared.options.retry_failed or isinstance(work.error, Escaped)
            return None if again else ToolResult(call, error=work.error)
        return ToolResult(call, work.value, speculated=True, ran=ran, run_s=run_s)

    def abandon(self, launch: Launch) -> None:
        """The agent was cancelled before it got the result that it had claimed."""
        self.place.tell(self.book.abandoned, launch)

    async def _run(self, tool: Tool, call: ToolCall) -> ToolResult:
        place, slots = self.place, self.place.shared.tool_slots
        if slots.count is None or SPECULATION.get() is not None:  # what a speculation calls runs in its slot
            return await self._run_in_turn(tool, call, NO_CAP)
        async with lending(slots, place.enter, place.leave):
            return await self._run_in_turn(tool, call, slots)

    async def _run_in_turn(self, tool: Tool, call: ToolCall, slots: Slots[Any]) -> ToolResult:
        await self._start(tool, slots)
        if tool.in_thread:  # the thread goes on when this is cancelled, and until it has ended all is as it was
            result: ToolResult = await self.place.tasks.shielded(self._run_now, tool, call, slots)
            return result
        return await self._run_now(tool, call, slots)

    async def _start(self, tool: Tool, slots: Slots[Any]) -> None:
        """Wait for a slot, and for the tokens of the tool's rate limits: they are taken when the call starts."""
        place, limits = self.place, self.place.shared.limits
        limit, passed = (tool.name, tool.traits.group), []
        try:
            for gate in limits.gates(*limit):
                await place.enter(gate)
                passed.append(gate)
            while True:
                wait_s = limits.wait_s(place.tick(), *limit)
                if wait_s > 0:
                    await anyio.sleep(wait_s)
                    continue
                await place.enter(slots)
                if limits.take(place.tick(), *limit):
                    return
                place.leave(slots)
        finally:
            for gate in passed:
                place.leave(gate)

    async def _run_now(self, tool: Tool, call: ToolCall, slots: Slots[Any]) -> ToolResult:
        place, book, warmer = self.place, self.book, self.place.warmer
        began, running, result = place.tick(), self.reads.begin(tool, call), None
        writes = tool.may_write(call)
        try:
            if writes:
                self.reads.forget(tool, call)
                place.tell(book.write_starts, call)
                self.order.running += 1
            try:
                if writes:
                    await self.order.make_way(self.staged)
                    if warmer is not None:
                        await warmer.wrote(call, tool.traits)
                with holding(slots):
                    value = own_result(await self._run_undisturbed(tool, call))
                error = None
            except Exception as raised:
                value, error = None, raised
            finally:
                if writes:
                    self.order.running -= 1
                    book.write_ended(call)
                    self.reads.forget(tool, call)
                    if warmer is not None:
                        with anyio.CancelScope(shield=True):
                            await warmer.wrote(call, tool.traits)
                seconds = place.tick() - began
                place.shared.expected.saw_tool(tool.name, seconds)
            result = ToolResult(call, value, error, ran=(began, began + seconds), run_s=seconds)
        finally:
            woken = place.leave(slots)
            self._returned(tool, running, result)
        if woken:
            await place.let_pass()
        return result

    async def _run_undisturbed(self, tool: Tool, call: ToolCall) -> Any:
        """Run a call as if nothing had been speculated.

        A speculation that was given up may take no notice, and hold a lock or a connection until it ends. A write waits
        for such ones first, and a read that fails beside them is run once more behind them: both for ``LEFT_S``, at
        most.
        """
        left = self._left_at_work()
        if left and tool.may_write(call):
            await self._wait_for(left)
            left = []
        elif left:  # one of the same tool that takes notice has ended at once
            await self._wait_for([each for each in left if each.call.name == tool.name], GRAIN_S)
        began = self.place.tick()
        try:
            return await run_call(tool, call, self.place.tasks.threads)
        except Exception:
            await self._wait_for(left, GRAIN_S)
            in_the_way = [each for each in left if each.ended_s is None or each.ended_s > began + GRAIN_S]
            if not in_the_way:
                raise
            await self._wait_for(in_the_way)
        return await run_call(tool, call, self.place.tasks.threads)

    def _left_at_work(self) -> list[Launch]:
        return [each for each in self.book.launches if each.squashed_s is not None and each.ended_s is None]

    @staticmethod
    async def _wait_for(launches: list[Launch], most_s: float = LEFT_S) -> None:
        with anyio.move_on_after(most_s):
            for launch in launches:
                await launch.work.done.wait()

    def _returned(self, tool: Tool, running: Running | None, result: ToolResult | None) -> None:
        """A call has ended, with or without a result that may be of use for others."""
        if result is None or result.error is not None:
            self.reads.drop(running)
            return
        if self.place.warmer is not None:
            self.place.warmer.happened(result.call, result.value, self.owner)
        self.reads.keep(tool, running, result.value)

    async def finish(self) -> None:
        """Wait until nothing of a closed conversation is at work any more."""
        await self.staged.roll_back()
        for launch in self.book.launches:
            if launch.ended_s is None:
                await launch.work.done.wait()
        await self.staged.finish()
