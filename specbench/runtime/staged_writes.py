"""Staged writes: prepared ahead, made real when the agent asks for them, undone otherwise.

Real writes come first, and of staged ones that lock others out there is one at a time in an executor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio

from specbench.runtime.cached_reads import CachedReads
from specbench.runtime.copies import own_arguments
from specbench.runtime.invocation import OutcomeUnknown, Work, ask, in_time
from specbench.runtime.tools import Tool
from specbench.runtime.workplace import Workplace
from specbench.speculation import Book, Launch

__all__ = ["HOLD_S", "UNDO_S", "StagedWrites", "WriteOrder"]

HOLD_S = 10.0
"""Seconds that a staged write keeps others from writing, at most, before the agent asks for it."""
UNDO_S = 5.0
"""Seconds that a conversation waits, at most, until what it gave up is undone; the undo goes on."""

_log = logging.getLogger("specbench.runtime")


class WriteOrder:
    """The real writes that run in an executor, and the staged one that holds a lock; see :attr:`Tool.exclusive`.

    Examples
    --------
    >>> from specbench.core.types import Effect, ToolCall, ToolSpec
    >>> order, tool = WriteOrder(), Tool(ToolSpec("cancel", effect=Effect.STAGED), print)
    >>> order.running += 1
    >>> order.refuse(tool) is None  # it locks nobody out
    True
    """

    def __init__(self) -> None:
        self.running = 0
        self._held: tuple[Launch, StagedWrites] | None = None

    def refuse(self, tool: Tool) -> str | None:
        """Return why a staged write may not be launched now; ``None`` if it may."""
        if not tool.exclusive:
            return None
        if self.running:
            return "a staged write would lock out a write that is running"
        return None if self._held is None else "another staged write holds the lock"

    def hold(self, launch: Launch, staged: StagedWrites) -> None:
        """A staged write that locks others out has been launched."""
        self._held = launch, staged

    def release(self, launch: Launch) -> None:
        """It is real, or undone."""
        if self._held is not None and self._held[0] is launch:
            self._held = None

    async def make_way(self, staged: StagedWrites) -> None:
        """A conversation really writes: what it gave up is undone first, and so is what would lock it out."""
        await staged.roll_back()
        if self._held is not None:
            await self._held[1].let_go()


class StagedWrites:
    """The staged writes of one conversation.

    Parameters
    ----------
    book
        Its speculations.
    place
        Where they run.
    order
        Who writes in the executor.
    reads
        What a write that becomes real voids.
    """

    def __init__(self, book: Book, place: Workplace, order: WriteOrder, reads: CachedReads) -> None:
        self.book, self.place, self.order, self.reads = book, place, order, reads
        self._undo: list[Launch] = []
        self._left: list[Launch] = []  # undoing them has failed
        self._undoing = anyio.Lock()

    def started(self, launch: Launch) -> None:
        """A staged write has been launched."""
        if self._tool(launch).exclusive:
            self.order.hold(launch, self)

    async def stage(self, launch: Launch) -> Any:
        """Prepare the write within the tool's time, and return what the tool would return."""
        tool, work = self._tool(launch), launch.work
        assert tool.staging is not None
        work.token = self.place.journal.begin(tool.name, launch.call)
        result = await in_time(tool, tool.staging.stage(work.token, own_arguments(launch.call)))
        if tool.exclusive:
            self.place.tasks.spawn(self._hold_no_longer, launch, getattr(tool.staging, "hold_s", HOLD_S))
        return result

    async def _hold_no_longer(self, launch: Launch, hold_s: float) -> None:
        """A human may think for long: give up what keeps others from writing, if nobody has asked for it until then."""
        await anyio.sleep(hold_s)
        if self.book.live.get(launch.spelling) is launch:
            self.book.preempted(launch)
            self.place.carry_out()
            await self.roll_back()

    async def commit(self, launch: Launch) -> None:
        """Make a staged write real; one that cannot be is undone, and has failed.

        One of which nobody knows whether it is real is undone as well, beside whatever comes next: it must not become
        real later.
        """
        tool, work, call, place = self._tool(launch), launch.work, launch.call, self.place
        assert tool.staging is not None
        self.reads.forget(tool, call)
        place.tell(self.book.write_starts, call)
        try:
            if place.warmer is not None:
                await place.warmer.wrote(call, tool.traits)
            place.journal.commit(work.token)
            await self._make_real(tool, work.token)
            self._note_done(launch)
        except Exception as error:
            work.error = error
            place.tell(self.book.broken, launch)
            self._note(place.journal.undo, work.token)
            if isinstance(error, OutcomeUnknown):
                launch.in_doubt = True
                self.undo(launch)
                place.tasks.spawn(self.roll_back)
            else:
                await self.undo_now(launch)
        finally:
            self.book.write_ended(call)
            self.reads.forget(tool, call)

    @staticmethod
    async def _make_real(tool: Tool, token: str) -> None:
        assert tool.staging is not None
        failures: list[Exception] = []
        try:
            real = await ask(tool, tool.staging.commit, token, failures)
        except Exception:
            real = False
        if real:
            return
        if not failures and real is False:
            raise RuntimeError(f"{tool.name}: the staged write was lost before it was committed")
        why = failures[-1] if failures else f"{real!r}, which is neither true nor false"
        raise OutcomeUnknown(
            f"{tool.name}: it is not known whether this was done; it may have happened. Making it real gave no answer "
            f"({why}). Look before it is done again"
        )

    def undo(self, launch: Launch) -> None:
        """A staged write was given up: it must be rolled back before anything real runs."""
        self._undo.append(launch)

    async def roll_back(self) -> None:
        """Undo every staged write that was given up; returns when all are undone, or after ``UNDO_S``."""
        if self._undo or self._undoing.locked():
            done = anyio.Event()
            self.place.tasks.spawn(self._undo_all, done)
            with anyio.move_on_after(UNDO_S, shield=True):
                await done.wait()

    async def _undo_all(self, done: anyio.Event) -> None:
        try:
            with anyio.CancelScope(shield=True):
                async with self._undoing:  # another conversation may be at it
                    while self._undo:
                        launch = self._undo.pop()
                        await launch.work.done.wait()
                        await self.undo_now(launch)
        finally:
            done.set()

    async def let_go(self) -> None:
        """Give up staged writes that keep others from writing: a real one comes first."""
        for launch in list(self.book.live.values()):
            if launch.staged and self._tool(launch).exclusive:
                self.book.preempted(launch)
        self.place.carry_out()
        await self.roll_back()

    async def undo_now(self, launch: Launch) -> None:
        """Undo what a staged write has prepared, if it is neither real nor undone; tried again when it fails."""
        tool, work = self._tool(launch), launch.work
        if work.token and launch not in self._left:
            assert tool.staging is not None
            try:
                await ask(tool, tool.staging.rollback, work.token, [])
                launch.in_doubt = isinstance(work.error, OutcomeUnknown)
                self._note_done(launch)
            except Exception:  # nobody asked for it; its entry in the journal stays, so that the next start tries again
                _log.exception("%s: the staged write %s could not be undone", tool.name, work.token)
                launch.in_doubt = True
                self._left.append(launch)
        self.order.release(launch)

    async def finish(self) -> None:
        """The conversation has ended, with all that was at work in it: try once more to undo what is left."""
        self._undo += self._left
        self._left.clear()
        await self.roll_back()

    def _tool(self, launch: Launch) -> Tool:
        return self.place.tools[launch.call.name]

    def _note_done(self, launch: Launch) -> None:
        """A staged write is real or undone, whether or not that can be noted."""
        work: Work = launch.work
        token, work.token = work.token, ""
        self.order.release(launch)
        self._note(self.place.journal.done, token)

    @staticmethod
    def _note(event: Callable[[str], None], token: str) -> None:
        try:
            event(token)
        except Exception as error:  # at the next start it is found to be so
            _log.warning("%s", error)
