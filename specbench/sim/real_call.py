"""A call that the agent really makes, on the virtual clock: it queues for its rate limits and a slot, then runs."""

from __future__ import annotations

from typing import Any, Protocol

from specbench.sim.engine import Engine
from specbench.speculation import Course
from specbench.speculation.rules import ARRIVAL, DECISION
from specbench.speculation.step import Step

__all__ = ["RealCall"]


class Owner(Protocol):
    """The session that makes the call."""

    engine: Engine
    course: Course

    def tool_s(self, key: str) -> float:
        """Return the seconds of a call."""
        ...

    def call_ended(self) -> None:
        """The call has its result."""
        ...


class RealCall:
    """Call number ``at`` of a step.

    As in the executor: a slot is not kept while the call waits for its rate limit, and tokens are taken when it starts.
    """

    __slots__ = ("call", "gates", "group", "passed", "session", "writes")

    def __init__(self, session: Owner, step: Step, at: int) -> None:
        self.session, self.call, self.writes = session, step.calls[at], step.writes[at]
        shared = session.engine.shared
        self.group = shared.traits_of(self.call.name).group
        self.gates = shared.limits.gates(self.call.name, self.group)
        self.passed = 0

    def begin(self, _: Any = None) -> None:
        """Queue at the gates of its limits; go on when it is through."""
        while self.passed < len(self.gates):
            gate = self.gates[self.passed]
            self.passed += 1
            if not gate.enter((self.begin, None)):
                return
        self._wait()

    def _wait(self, _: Any = None) -> None:
        """Wait for its tokens, then for a slot."""
        engine = self.session.engine
        engine.shared.now = engine.now
        wait_s = engine.shared.limits.wait_s(engine.now, self.call.name, self.group)
        if wait_s > 0:
            engine.at(engine.now + wait_s, DECISION, self._wait, None)
        elif engine.shared.tool_slots.enter((self._start, None)):
            self._start()

    def _start(self, _: Any = None) -> None:
        """It has its slot."""
        engine = self.session.engine
        if not engine.shared.limits.take(engine.now, self.call.name, self.group):
            self._leave_slot()
            self._wait()
            return
        for gate in self.gates:
            engine.shared.wake(gate.leave())
        if self.writes:
            self.session.course.book.write_starts(engine.now, self.call)
        engine.at(engine.now + self.session.tool_s(self.call.key), ARRIVAL, self._ended, None)
        if self.gates:
            engine.carry_out()

    def _ended(self, _: Any) -> None:
        engine = self.session.engine
        if self.writes:
            self.session.course.book.write_ended(self.call)
        self._leave_slot()
        engine.shared.expected.saw_tool(self.call.name, self.session.tool_s(self.call.key))
        if engine.shared.commands:
            engine.carry_out()
        self.session.call_ended()

    def _leave_slot(self) -> None:
        shared = self.session.engine.shared
        if shared.tool_slots.count is not None:
            shared.wake(shared.tool_slots.leave())
