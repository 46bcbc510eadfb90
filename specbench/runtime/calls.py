"""The calls of one session: speculations at work, real runs, staged writes, cached reads."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio

from specbench.core.types import DecisionPoint, Effect, ToolCall
from specbench.runtime.invocation import Escaped, ToolCallError, Work, aside, find_tool, run_call, size_of
from specbench.runtime.results import ToolResult
from specbench.runtime.tools import Tool
from specbench.speculation import Book, Launch
from specbench.speculation.traits import touches

if TYPE_CHECKING:
    from specbench.runtime.executor import Executor

__all__ = ["Calls"]

_log = logging.getLogger("specbench.runtime")


class Calls:
    """Runs calls for a session and tells its book what happened."""

    def __init__(self, book: Book, executor: Executor) -> None:
        self.book, self.executor = book, executor
        self._undo: list[Launch] = []
        self._undoing = anyio.Lock()
        self._cache: dict[str, tuple[ToolCall, float, Any]] = {}
        self._seconds = 0.0
        self._checked: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    def effect(self, name: str) -> Effect:
        """Return the effect that the executor goes by: the tool's own declaration; unknown for one that it lacks."""
        tool = self.executor.tools.get(name)
        return tool.spec.effect if tool is not None else Effect.UNKNOWN

    def speculable(self, call: ToolCall) -> bool:
        """Whether the tool of a call may be speculated."""
        tool = self.executor.tools.get(call.name)
        return tool is not None and tool.speculable

    def checked(self, point: DecisionPoint) -> DecisionPoint:
        """Return the point as policies see it: with the tools that may be run ahead, and their true effects."""
        known = self._checked
        if known is None or known[0] is not point.tools:
            able = {name: tool.spec for name, tool in self.executor.tools.items() if tool.speculable}
            known = self._checked = (point.tools, able)
        return replace(point, tools=known[1])

    def start(self, launch: Launch, arrived: Callable[[Launch], None]) -> None:
        """Start the work of a speculation."""
        launch.work = Work(self._discard)
        if launch.staged and self.executor.tools[launch.call.name].exclusive:
            self.executor.writes.hold(launch, self)
        self.executor.spawn(self._work, launch, arrived)

    async def _work(self, launch: Launch, arrived: Callable[[Launch], None]) -> None:
        work: Work = launch.work
        tool = self.executor.tools[launch.call.name]
        try:
            with work.scope:
                if launch.squashed_s is None:
                    if launch.staged:
                        work.value = await aside(tool, self._stage(tool, launch))
                    else:
                        work.value = await aside(tool, run_call(tool, launch.call, self.executor.threads))
                    work.whole = True
        except Exception as error:  # contained: the real call finds out for itself
            work.error = error
        finally:
            if launch.staged and not (work.whole and launch.squashed_s is None):
                with anyio.CancelScope(shield=True):
                    await self._roll_back(launch)
            now = self._tick()
            if launch.squashed_s is not None:
                self.book.stopped(now, launch)
            elif work.whole:
                self.book.arrived(now, launch, size_of(work.value) if self.executor.sized else 0)
            elif work.error is not None:
                self.book.failed(now, launch)
            else:
                self.book.lost(now, launch)
            work.done.set()
        if launch.arrived_s is not None:
            arrived(launch)

    # --- real calls -------------------------------------------------------------------------------------------------

    async def obtain(self, call: ToolCall, launch: Launch | None, run: Callable[..., Any] | None = None) -> ToolResult:
        """Return the result of a call that the agent makes: from its speculation, from the cache, or by running it.

        ``run`` runs it in place of the tool's own function.
        """
        if launch is not None:
            result = await self._join(call, launch)
            if result is not None:
                return result
        try:
            tool = find_tool(self.executor.tools, call)
            tool = tool if run is None else replace(tool, run=run)
        except ToolCallError as error:
            return ToolResult(call, error=error)
        cached = self._cached(tool, call)
        if cached is not None:
            return ToolResult(call, copy.deepcopy(cached[2]))
        if self.executor.warmer is not None and not tool.writes:
            warm = await self.executor.warmer.get(call)
            if warm is not None:
                self._seconds += warm.seconds
                return ToolResult(call, warm.value)
        return await self._run(tool, call)

    async def _join(self, call: ToolCall, launch: Launch) -> ToolResult | None:
        work: Work = launch.work
        try:
            await work.done.wait()
        except BaseException:
            self.book.abandoned(self._tick(), launch)
            raise
        if work.error is None and launch.committed_at is None:  # it was lost
            return None
        if launch.staged and work.error is None:
            await self.executor.carry_out(self._commit, launch)
        if work.error is not None:
            again = self.executor.options.retry_failed or isinstance(work.error, Escaped)
            return None if again else ToolResult(call, error=work.error)
        assert launch.ended_s is not None
        self._seconds += launch.ended_s - launch.launched_s
        tool = self.executor.tools[call.name]
        self._keep(tool, call, work.value)
        return ToolResult(call, work.value, speculated=True)

    async def _run(self, tool: Tool, call: ToolCall) -> ToolResult:
        wait_s, tokens = self.executor.shared.limits.take(self._tick(), tool.name, tool.traits.group)
        try:
            if wait_s > 0:
                await anyio.sleep(wait_s)
            await self._enter()
        except BaseException:
            for bucket in tokens:
                bucket.give_back()
            raise
        if tool.in_thread:  # the thread goes on when this is cancelled, and until it has ended all is as it was
            result: ToolResult = await self.executor.carry_out(self._run_now, tool, call)
            return result
        return await self._run_now(tool, call)

    async def _enter(self) -> None:
        """Wait for a slot."""
        slots = self.executor.shared.tool_slots
        self._tick()
        ticket = anyio.Event()
        if not slots.enter(ticket):
            try:
                await ticket.wait()
            except BaseException:
                if not slots.give_up(ticket):
                    self.executor.wake(slots.leave())
                raise

    async def _run_now(self, tool: Tool, call: ToolCall) -> ToolResult:
        executor, book = self.executor, self.book
        began = self._tick()
        try:
            if tool.writes:
                self._forget(tool, call)
                book.write_starts(began, call)
                executor.writes.running += 1
            try:
                if tool.writes:
                    await executor.writes.make_way(self)
                    if executor.warmer is not None:
                        await executor.warmer.wrote(call, tool.traits)
                value = await run_call(tool, call, executor.threads)
            except Exception as error:
                return ToolResult(call, error=error)
            finally:
                if tool.writes:
                    executor.writes.running -= 1
                    book.write_ended(call)
                    if executor.warmer is not None:
                        with anyio.CancelScope(shield=True):
                            await executor.warmer.wrote(call, tool.traits)
                seconds = self._tick() - began
                self._seconds += seconds
                executor.shared.expected.saw_tool(tool.name, seconds)
        finally:
            executor.wake(executor.shared.tool_slots.leave())
        self._keep(tool, call, value)
        return ToolResult(call, value)

    def take_seconds(self) -> float:
        """Return the run time of the calls since the last time this was asked."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds

    # --- staged writes ----------------------------------------------------------------------------------------------

    async def _stage(self, tool: Tool, launch: Launch) -> Any:
        assert tool.staging is not None
        work: Work = launch.work
        work.token = self.executor.journal.begin(tool.name, launch.call)
        return await tool.staging.stage(work.token, dict(launch.call.arguments))

    async def _commit(self, launch: Launch) -> None:
        """Make a staged write real; one that cannot be is undone, and has failed."""
        tool, work, call = self.executor.tools[launch.call.name], launch.work, launch.call
        assert tool.staging is not None
        self._forget(tool, call)
        self.book.write_starts(self._tick(), call)
        try:
            if self.executor.warmer is not None:
                await self.executor.warmer.wrote(call, tool.traits)
            self.executor.journal.commit(work.token)
            if not await tool.staging.commit(work.token):
                raise RuntimeError(f"{tool.name}: the staged write was lost before it was committed")
            self._note_done(launch)
        except Exception as error:
            work.error = error
            self.book.broken(self._tick(), launch)
            await self._roll_back(launch)
        finally:
            self.book.write_ended(call)

    def _discard(self, launch: Launch) -> None:
        """A staged write was given up: it must be rolled back before anything real runs."""
        self._undo.append(launch)

    async def roll_back(self) -> None:
        """Undo every staged write that was given up; returns when all are undone."""
        if self._undo or self._undoing.locked():
            await self.executor.carry_out(self._undo_all)

    async def _undo_all(self) -> None:
        async with self._undoing:  # another conversation may be at it
            while self._undo:
                launch = self._undo.pop()
                await launch.work.done.wait()
                await self._roll_back(launch)

    async def let_go(self) -> None:
        """Give up staged writes that keep others from writing: a real one comes first."""
        for launch in list(self.book.live.values()):
            if launch.staged and self.executor.tools[launch.call.name].exclusive:
                self.book.preempted(launch)
        await self.roll_back()

    async def finish(self) -> None:
        """Wait until nothing of a closed session is at work any more."""
        await self.roll_back()
        for launch in self.book.launches:
            if launch.ended_s is None:
                await launch.work.done.wait()

    async def _roll_back(self, launch: Launch) -> None:
        tool, work = self.executor.tools[launch.call.name], launch.work
        if work.token:
            assert tool.staging is not None
            try:
                await tool.staging.rollback(work.token)
                self._note_done(launch)
            except Exception:  # nobody asked for it; its entry in the journal stays, so that the next start tries again
                _log.exception("%s: the staged write %s could not be undone", tool.name, work.token)
                work.token = ""
        self.executor.writes.release(launch)

    def _note_done(self, launch: Launch) -> None:
        """A staged write is real or undone, whether or not that can be noted."""
        token, launch.work.token = launch.work.token, ""
        self.executor.writes.release(launch)
        try:
            self.executor.journal.done(token)
        except Exception as error:  # at the next start it is found to be so
            _log.warning("%s", error)

    # --- cached reads -----------------------------------------------------------------------------------------------

    def _cached(self, tool: Tool, call: ToolCall) -> tuple[ToolCall, float, Any] | None:
        if not tool.traits.cache_ttl_s or tool.writes:
            return None
        found = self._cache.get(call.key)
        if found is not None and self._tick() > found[1]:
            del self._cache[call.key]
            return None
        return found

    def _keep(self, tool: Tool, call: ToolCall, value: Any) -> None:
        if self.executor.warmer is not None:
            self.executor.warmer.happened(call, value)
        if tool.traits.cache_ttl_s and not tool.writes:
            try:
                kept = copy.deepcopy(value)
            except Exception:  # of what cannot be copied nothing is kept
                return
            self._cache[call.key] = (call, self._tick() + tool.traits.cache_ttl_s, kept)

    def _forget(self, tool: Tool, call: ToolCall) -> None:
        """A write voids the cached reads that it may touch."""
        for key, (read, _, _) in list(self._cache.items()):
            if touches(call, tool.traits, read, self.executor.tools[read.name].traits):
                del self._cache[key]

    def _tick(self) -> float:
        now = self.executor.shared.now = anyio.current_time()
        return now
