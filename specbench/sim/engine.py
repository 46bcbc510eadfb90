"""The virtual clock of the simulator: events in order of time, all sessions that share slots and limits together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Any

from specbench.core.ledger import Ledger
from specbench.core.types import Effect
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import Estimates, Policy
from specbench.sim.latency.models import Latency
from specbench.sim.session import SimulatedSession
from specbench.sim.step import Step
from specbench.speculation import Launch, Options, Shared, Traits
from specbench.speculation.partial_decision import HeardOf
from specbench.speculation.rules import DECISION

__all__ = ["Engine"]


class Engine:
    """Replays the traces of a table, ``sessions`` at a time; see :func:`specbench.sim.simulate`."""

    def __init__(
        self,
        table: PredictionTable,
        policy: Policy,
        latency: Latency,
        options: Options,
        predict_s: float,
        traits: Mapping[str, Traits],
        sessions: int,
        gap_s: float,
        ledger: Ledger,
        heard: HeardOf | None = None,
    ) -> None:
        self.table, self.policy, self.latency = table, policy, latency
        self.options, self.predict_s, self.ledger = options, predict_s, ledger
        self.heard = heard
        self.now = 0.0
        expected = Estimates(*latency.expected())
        self.shared = Shared(options, traits, self._stop, self._preempt_thinking, expected)
        self.shared.wake = self.wake
        self._sessions, self._gap_s = sessions, gap_s
        self._waiting = self._spans()
        self._events: list[tuple[float, int, int, Callable[[Any], None], Any]] = []
        self._ticks = count()
        # One session at a time: each has a clock of its own, from 0, so that there is no rounding from offsets.
        self._apart = sessions == 1 and not options.limits

    def run(self) -> None:
        """Replay everything."""
        for number in range(self._sessions):
            self.at(number * self._gap_s, DECISION, self.next_session, None)
        events = self._events
        while events:
            self.now, _, _, action, subject = heappop(events)
            action(subject)

    def at(self, time_s: float, order: int, action: Callable[[Any], None], subject: Any) -> None:
        """Do something at a time; ``order`` settles ties (:mod:`specbench.speculation.rules`)."""
        heappush(self._events, (time_s, order, next(self._ticks), action, subject))

    def next_session(self, _: object = None) -> None:
        """A place is free: the next trace begins."""
        span = next(self._waiting, None)
        if span is None:
            return
        if self._apart:
            self._events.clear()  # what is left concerns a session that is over
            self.now = 0.0
        session = SimulatedSession(self, *span)
        session.book.started_s = self.now
        session.begin(span[1])

    def effect(self, row: int, tool: str) -> Effect:
        """Return the declared effect of a tool."""
        spec = self.table.points[row].tools.get(tool)
        return spec.effect if spec is not None else Effect.UNKNOWN

    def follows(self, row: int, alone: bool = False) -> bool:
        """Whether the next decision sees nothing but results; ``alone``: of one call, without text beside it."""
        if row + 1 >= len(self.table):
            return False
        now, then = self.table.points[row].messages, self.table.points[row + 1].messages
        if len(then) <= len(now):
            return bool(self.table.calls[row]) and (not alone or len(self.table.calls[row]) == 1)
        fresh = then[len(now) :]
        if not alone:
            return all(message.role != "user" for message in fresh)
        return len(fresh) == 2 and not fresh[0].content and fresh[1].role == "tool" and len(self.table.calls[row]) == 1

    def wake(self, ticket: object) -> None:
        """Start what has waited for a slot: an LLM invocation or a real call."""
        if isinstance(ticket, Step):
            ticket.session.think(ticket)
        elif isinstance(ticket, tuple):
            action, step = ticket
            action(step)

    def _spans(self) -> Iterator[tuple[str, int, int]]:
        start = 0
        points = self.table.points
        for row in range(1, len(points) + 1):
            if row == len(points) or points[row].trace_id != points[start].trace_id:
                yield points[start].trace_id, start, row
                start = row

    def _stop(self, launch: Launch) -> None:
        launch.book.stopped(self.now, launch)

    def _preempt_thinking(self, step: Step) -> None:
        session = step.session
        session.drop(step)
        above = session.step
        while above is not None and above.child is not step:
            above = above.child
        if above is not None:
            above.child = None
