"""What the conversations of one executor share at work: tools, tasks, the journal, and the commands to carry out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, ToolCall, ToolSpec
from specbench.runtime.journal import Journal
from specbench.runtime.tasks import Tasks
from specbench.runtime.tools import Tool, Toolbox
from specbench.runtime.warming import CacheWarmer, Load
from specbench.speculation import Course, Shared
from specbench.speculation.commands import (
    Predict,
    PredictNext,
    StartThinking,
    StartTool,
    StopThinking,
    StopTool,
    Undo,
    Wake,
)
from specbench.speculation.slots import Slots
from specbench.traces.recorder import Recorder

__all__ = ["Workplace"]

P = ParamSpec("P")
Value = TypeVar("Value")

TURNS = 4
"""Turns of the event loop that it takes until the commit or undo of a staged write which waits for nothing is over."""
LINE_TURNS = 4
"""Turns until those in line have moved up: who waited has the slot, the next one is through the gates of its limits."""


@dataclass(frozen=True)
class Workplace:
    """Handed to every conversation.

    Parameters
    ----------
    tools
        What can be called.
    shared
        The state of speculation that all conversations share.
    tasks
        Where work runs.
    journal
        Where staged writes are noted.
    warmer
        Loads ahead by rules.
    recorder
        Writes what was said to a file.
    """

    tools: Toolbox
    shared: Shared
    tasks: Tasks
    journal: Journal
    warmer: CacheWarmer | None = None
    recorder: Recorder | None = None

    def check_free(self, course: Course) -> None:
        """Raise where no step of a conversation can begin now.

        Raises
        ------
        ConfigError
            When the executor was left, the conversation is over, or another step of it runs.
        """
        if not self.tasks.running or course.book.closed:
            raise ConfigError(f"session {course.trace_id!r} is over: the executor was left, or the session was ended")
        if course.step is not None and course.step.ended_s is None:
            raise ConfigError(
                f"session {course.trace_id!r} is in the middle of a step; one step at a time, or another trace_id"
            )

    @cached_property
    def speculable(self) -> dict[str, ToolSpec]:
        """The tools that may be speculated."""
        return {name: tool.spec for name, tool in self.tools.items() if tool.speculable}

    @cached_property
    def turns(self) -> int:
        """Turns of the event loop that a prediction waits, so that all else of its moment goes first."""
        return TURNS if any(tool.staging is not None for tool in self.tools.values()) else 1

    def tick(self) -> float:
        """Return the time in seconds, and tell it to all that is shared."""
        now = self.shared.now = self.tasks.clock()
        return now

    def effect(self, call: ToolCall) -> Effect:
        """Return the effect that counts: the tool's own declaration; unknown for one that is not there."""
        tool = self.tools.get(call.name)
        return tool.spec.effect_of(call) if tool is not None else Effect.UNKNOWN

    def as_seen(self, point: DecisionPoint) -> DecisionPoint:
        """Return a point as policies see it: with the tools that may be speculated, and their true effects."""
        return DecisionPoint(point.trace_id, point.index, point.messages, self.speculable, point.agent)

    def tell(self, event: Callable[Concatenate[float, P], Value], *arguments: P.args, **options: P.kwargs) -> Value:
        """Tell a course what has happened now, and carry out what it commands; returns what the course returns."""
        value = event(self.tick(), *arguments, **options)
        if self.shared.commands:
            self.carry_out()
        return value

    def carry_out(self) -> None:
        """Do what the courses of the conversations have commanded."""
        commands = self.shared.commands
        while commands:
            match commands.popleft():
                case Predict(step):
                    step.course.session.predict(step)
                case StartTool(launch):
                    launch.book.session.start_tool(launch)
                case StopTool(launch):
                    launch.work.scope.cancel()
                case Undo(launch):
                    launch.book.session.undo(launch)
                case StartThinking(step, after):
                    step.course.session.start_thinking(step, after)
                case StopThinking(step):
                    step.course.session.stop_thinking(step)
                case PredictNext(step, window, parent):
                    step.course.session.predict_next(step, window, parent)
                case Wake(ticket):
                    ticket.set()

    async def enter(self, slots: Slots[Any]) -> None:
        """Wait for a slot for real work."""
        if slots.count is None:
            return
        ticket = anyio.Event()
        if not self.tell(lambda now: slots.enter(ticket)):
            try:
                await ticket.wait()
            except BaseException:
                if not slots.give_up(ticket):
                    self.leave(slots)
                raise

    def take_room(self, load: Load, tool: Tool) -> bool:
        """Whether there is room for a load of the warmer: a slot, and a token of the reserve for speculation."""
        shared = self.shared
        if not shared.tool_slots.free or shared.limits.refuse(self.tick(), tool.name, tool.traits.group) is not None:
            return False
        slots: Slots[Any] = shared.tool_slots
        slots.occupy(load)
        return True

    def leave_room(self, load: Load) -> None:
        """A load of the warmer has ended."""
        slots: Slots[Any] = self.shared.tool_slots
        self.shared.wake(slots.vacate(load))
        self.carry_out()

    def leave(self, slots: Slots[Any]) -> bool:
        """Real work has ended: its slot is free; returns whether somebody who waited has it now."""
        next_in_line = slots.leave()
        self.shared.wake(next_in_line)
        self.carry_out()
        return next_in_line is not None

    async def let_pass(self) -> None:
        """Let those who waited start before whoever left them a slot wants the next one: first come, first served."""
        with anyio.CancelScope(shield=True):
            for _ in range(LINE_TURNS):
                await checkpoint()
