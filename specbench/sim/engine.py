"""The virtual clock of the simulator: events in order of time, all sessions that share slots and limits together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Any

from specbench.core.types import Effect, ToolCall, effect_of
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import Estimates, Policy
from specbench.sim.latency.models import Latency
from specbench.speculation import Options, Shared, Traits
from specbench.speculation.commands import Predict, PredictNext, StartThinking, StartTool, Wake
from specbench.speculation.partial_decision import Timeline
from specbench.speculation.rules import DECISION, LAUNCH

__all__ = ["Engine"]


class Engine:
    """What the sessions of a simulation share: the recorded rows, the seconds that things take, and the clock.

    Parameters
    ----------
    begin
        Starts the session of one trace: ``begin(trace_id, start, stop)``, with its rows in ``table``.
    table, policy, latency, options, predict_s, traits, sessions, gap_s, timeline
        See :func:`specbench.sim.simulate`.
    """

    def __init__(
        self,
        begin: Callable[[Engine, str, int, int], None],
        table: PredictionTable,
        policy: Policy,
        latency: Latency,
        options: Options,
        predict_s: float,
        traits: Mapping[str, Traits],
        sessions: int,
        gap_s: float,
        timeline: Timeline | None,
    ) -> None:
        self.table, self.policy, self.latency = table, policy, latency
        self.predict_s, self.timeline = predict_s, timeline
        self.now = 0.0
        self.shared = Shared(options, traits, Estimates(*latency.expected()), stops_at_once=True)
        self._begin, self._sessions, self._gap_s = begin, sessions, gap_s
        self._waiting = _spans(table)
        self._events: list[tuple[float, int, int, Callable[[Any], None], Any]] = []
        self._ticks = count()
        # One session at a time: each has a clock of its own, from 0, so that there is no rounding from offsets.
        self._apart = sessions == 1 and not options.limits

    def run(self) -> None:
        """Replay everything."""
        for number in range(self._sessions):
            self.at(number * self._gap_s, DECISION, self.next_session, None)
        events, commands = self._events, self.shared.commands
        while events:
            self.now, _, _, action, subject = heappop(events)
            action(subject)
            if commands:
                self.carry_out()

    def carry_out(self) -> None:
        """Do what the courses of the sessions have commanded."""
        commands = self.shared.commands
        while commands:
            command: Any = commands.popleft()
            kind = type(command)
            if kind is Predict:
                step = command.step
                self.at(self.now + self.predict_s, LAUNCH, step.course.session.predicted, step)
            elif kind is StartTool:
                command.launch.book.session.start_tool(command.launch)
            elif kind is Wake:
                action, subject = command.ticket
                action(subject)
            elif kind is StartThinking:
                command.step.course.session.think(command.step)
            elif kind is PredictNext:
                command.step.course.session.predict_next(command)
            # What is given up ends at that very moment, and nothing is staged that would have to be undone.

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
            self.shared.started_s -= self.now
            self.now = 0.0
        self._begin(self, *span)

    def effect(self, row: int, call: ToolCall) -> Effect:
        """Return the declared effect of a call."""
        return effect_of(call, self.table.points[row].tools)

    def writes(self, row: int, call: ToolCall) -> bool:
        """Whether a call may change something. Unknown is write."""
        return self.effect(row, call) not in (Effect.READ, Effect.LOCAL)

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


def _spans(table: PredictionTable) -> Iterator[tuple[str, int, int]]:
    """Yield each trace with its first row and the one after its last."""
    start = 0
    points = table.points
    for row in range(1, len(points) + 1):
        if row == len(points) or points[row].trace_id != points[start].trace_id:
            yield points[start].trace_id, start, row
            start = row
