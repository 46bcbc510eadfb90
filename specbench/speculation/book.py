"""The book of one session: every speculation that was launched, what its result is worth now, and its fate."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any

from specbench.core.errors import ends_program, in_words
from specbench.core.ledger import Speculation, Window
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, effect_of
from specbench.policies import Policy, State
from specbench.policies.steering import steered
from specbench.speculation.commands import StartTool, StopTool, Undo
from specbench.speculation.launch import Attempt, Launch
from specbench.speculation.outside import Outside
from specbench.speculation.rules import alive, is_late
from specbench.speculation.shared import Shared
from specbench.speculation.traits import Traits, touches

__all__ = ["Book"]


class Book:
    """All speculations of one session. The caller says what happens and when; times never go back.

    Parameters
    ----------
    trace_id, started_s
        The session, and when it started.
    shared
        What all sessions share.
    session
        What the driver knows the session by; commands about a launch find it there.
    """

    def __init__(self, trace_id: str, shared: Shared, started_s: float = 0.0, session: Any = None) -> None:
        self.trace_id, self.shared, self.started_s, self.session = trace_id, shared, started_s, session
        self.live: dict[str, Launch] = {}
        self.launches: list[Launch] = []
        self.launched_at: dict[int, int] = {}
        self.writing: list[tuple[ToolCall, Traits]] = []
        self.closed, self.watches_calls = False, True
        self.outside = Outside()
        self.state = State(total=shared.total, expected=shared.expected, costs=shared.costs)

    def open(
        self,
        now: float,
        point: DecisionPoint,
        index: int,
        window: Window,
        predictions: Sequence[Prediction],
        policy: Policy,
        parent: Launch | None = None,
    ) -> Attempt:
        """Ask the policy, and launch what it chose as far as safety and limits allow.

        Whatever a policy chooses, only declared reads and staged writes are launched.

        Parameters
        ----------
        now
            Seconds.
        point, predictions
            What the policy sees.
        index
            The decision that the predictions are about.
        window, policy
            Where the launches run, and what to launch.
        parent
            The speculation whose result they build on; given up with it.
        """
        self.shared.now = now
        if self.closed:
            return Attempt([], None, "the conversation has ended")
        self.state.now = now - self.shared.started_s
        try:
            choice = policy.choose(point, predictions, self.state)
            key_of, tools = self.shared.key_of, point.tools  # arguments without a canonical form launch nothing at all
            chosen = [(call, p, key_of(call), tools.get(call.name)) for call, p in choice.launch if call is not None]
        except BaseException as error:
            if not self.shared.contains_errors or ends_program(error):
                raise
            return Attempt([], None, f"the policy raised {in_words(error)}")
        launches: list[Launch] = []
        best, refused, asked_breaker = None, None, False
        for call, p, key, spec in chosen:
            effect = effect_of(call, tools)
            if effect not in (Effect.READ, Effect.STAGED):
                by_argument = " with these arguments" if spec is not None and spec.where else ""
                refused = refused or f"{call.name} is not declared to be read or staged{by_argument}"
                continue
            known = self.live.get(key)
            if known is not None:
                if self._alive(known, index):
                    known.wanted_at = max(known.wanted_at, index)
                    best = best or known
                    continue
                if known.missed_s is None and known.wanted_at < index:
                    continue  # an earlier decision still waits for it, and it commits once
                self._give_up(known, now)
            if not asked_breaker and self.shared.breaker is not None:
                refused = self.shared.breaker.refuse()
                asked_breaker = True
                if refused:
                    break
            traits = self.shared.traits_of(call.name)
            reason = self.outside.refuse(call, point) or self._refuse(now, call, traits, staged=effect is Effect.STAGED)
            if reason is not None:
                refused = refused or reason
                continue
            launch = Launch(self, call, p, window, index, now, traits, key)
            launch.staged, launch.parent = effect is Effect.STAGED, parent
            self.shared.tool_slots.occupy(launch)
            self.live[key] = launch
            self.launches.append(launch)
            launches.append(launch)
            self.shared.commands.append(StartTool(launch))
            self.launched_at[index] = self.launched_at.get(index, 0) + 1
            self.state.session.launched += 1
            self.shared.total.launched += 1
            self.outside.launched(call, spec)
            if self.watches_calls:
                self.state.touched_calls.append(call)
            best = best or launch
        if not (launches or chosen or refused):
            refused = next((why for call, _ in predictions if call is not None and (why := steered(call, point))), None)
        return Attempt(launches, best, choice.reason if launches or refused is None else refused)

    def _refuse(self, now: float, call: ToolCall, traits: Traits, *, staged: bool) -> str | None:
        shared = self.shared
        if call.invalid_arguments is not None:
            return f"the arguments of {call.name} are not a JSON object"
        reason = shared.refuse_staged(call) if staged and shared.refuse_staged is not None else None
        if reason is not None:
            return reason
        if shared.breaker is not None:
            reason = shared.breaker.refuse_tool(now, call.name)
            if reason is not None:
                return reason
        if self.writing and any(touches(write, of_write, call, traits) for write, of_write in self.writing):
            return "a write that may touch it is running"
        if len(self.live) >= shared.options.max_entries and not self._make_room(now):
            return f"the speculation cache is full ({shared.options.max_entries} entries)"
        if not shared.tool_slots.free:
            return f"no slot is free ({shared.options.tool_slots} run)"
        return shared.limits.refuse(now, call.name, traits.group)

    def _make_room(self, now: float) -> bool:
        for launch in self.live.values():
            if launch.missed_s is not None and launch.arrived_s is not None:
                self._give_up(launch, now)
                return True
        return False

    def arrived(self, now: float, launch: Launch, size_bytes: int = 0) -> None:
        """The result of a speculation is there."""
        self.shared.now = now
        launch.arrived_s = launch.ended_s = now
        launch.size_bytes = size_bytes
        self.shared.expected.saw_tool(launch.call.name, now - launch.launched_s)
        if self.shared.breaker is not None:
            self.shared.breaker.tool_ended(now, launch.call.name, failed=False)
        if launch.committed_at is not None:
            assert launch.decided_s is not None
            launch.late = is_late(now, launch.decided_s)
            self._free_slot(launch, real=True)
            return
        self._free_slot(launch)
        if size_bytes:
            total = sum(each.size_bytes for each in self.live.values())
            for each in list(self.live.values()):
                if total <= self.shared.options.max_bytes:
                    break
                if each.arrived_s is not None:
                    total -= each.size_bytes
                    self._give_up(each, now)

    def failed(self, now: float, launch: Launch) -> None:
        """A speculation raised. It stays in the way of equal launches until its decision is made."""
        self.shared.now = now
        launch.fail()
        launch.ended_s = now
        if self.shared.breaker is not None:
            self.shared.breaker.tool_ended(now, launch.call.name, failed=True)
        self._count_waste(launch)
        if launch.committed_at is None:
            self._free_slot(launch)
        else:
            self._uncommit(launch)
            self._free_slot(launch, real=True)

    def broken(self, now: float, launch: Launch) -> None:
        """A staged write that was claimed could not be made real."""
        self.shared.now = now
        self._uncommit(launch)
        launch.fail()
        self._count_waste(launch)

    def abandoned(self, now: float, launch: Launch) -> None:
        """The agent was cancelled before it got the result that it had claimed."""
        self.shared.now = now
        if launch.committed_at is None:  # it had failed
            return
        self._uncommit(launch)
        launch.squashed_s = now
        if launch.ended_s is None:
            self._free_slot(launch, real=True)
        self._stop(launch, now)

    def lost(self, now: float, launch: Launch) -> None:
        """The work was cancelled from outside: the whole run is being cancelled."""
        self.shared.now = now
        launch.squashed_s = now
        if launch.committed_at is None:
            if self.live.get(launch.spelling) is launch:
                del self.live[launch.spelling]
            self._free_slot(launch)
        else:
            self._uncommit(launch)
            self._free_slot(launch, real=True)
        self.stopped(now, launch)

    def _uncommit(self, launch: Launch) -> None:
        launch.committed_at = None
        self.state.session.committed -= 1
        self.shared.total.committed -= 1

    def stopped(self, now: float, launch: Launch) -> None:
        """The work of a speculation that was given up really ended."""
        launch.ended_s = now
        self._count_waste(launch)

    def claim(self, now: float, index: int, call: ToolCall) -> Launch | None:
        """Return the speculation of ``call`` that decision ``index`` may use now; it commits, if it ends well."""
        self.shared.now = now
        launch = self.live.get(self.shared.key_of(call))
        if launch is None:
            return None
        if not self._alive(launch, index):
            self._give_up(launch, now)
            return None
        del self.live[launch.spelling]
        if launch.failed:
            return launch
        launch.committed_at, launch.decided_s = index, now
        if launch.arrived_s is not None:
            launch.late = is_late(launch.arrived_s, now)
        else:
            self.shared.tool_slots.adopt(launch)
        self.state.session.committed += 1
        self.shared.total.committed += 1
        return launch

    def aborted(self, now: float, index: int) -> None:
        """The step of decision ``index`` was cancelled: give up what was launched for it and beyond it."""
        self.shared.now = now
        for launch in list(self.live.values()):
            if launch.wanted_at >= index:
                self._give_up(launch, now)

    def settle(self, now: float, index: int, used: Sequence[Launch], keep: Container[str] = ()) -> None:
        """Decision ``index`` used ``used``: give up what no later one may use, nor a later call of it (``keep``)."""
        self.shared.now = now
        carry = self.shared.options.carry_ttl_s > 0
        # In order of launch: a parent is seen before what builds on it.
        for launch in list(self.live.values()):
            parent = launch.parent
            if parent is not None and parent in used:
                launch.parent = parent = None
            if parent is not None and (parent.wanted_at <= index or parent.squashed_s is not None or parent.failed):
                self._give_up(launch, now)
            elif launch.wanted_at <= index and launch.spelling not in keep:
                launch.missed_s = launch.missed_s if launch.missed_s is not None else now
                if not carry or launch.staged or launch.failed or not self._alive(launch, index + 1):
                    self._give_up(launch, now)
        if self.shared.breaker is not None and self.launched_at.get(index):
            self.shared.breaker.attempted(bool(used))

    def contradicted(self, now: float, launch: Launch) -> None:
        """What the LLM has written so far rules this call out for its decision."""
        self.shared.now = now
        if not self.shared.options.carry_ttl_s or launch.staged:
            self._give_up(launch, now)

    def write_starts(self, now: float, call: ToolCall) -> None:
        """A real write starts: whatever it may touch is void."""
        self.shared.now = now
        traits = self.shared.traits_of(call.name)
        self.writing.append((call, traits))
        for launch in list(self.live.values()):
            if touches(call, traits, launch.call, launch.traits):
                self._give_up(launch, now)

    def write_ended(self, call: ToolCall) -> None:
        """The write has ended."""
        self.writing.remove((call, self.shared.traits_of(call.name)))

    def preempted(self, launch: Launch) -> None:
        """A real call takes the slot of this speculation."""
        self._give_up(launch, self.shared.now)

    def close(self, now: float) -> None:
        """The session ends: whatever was not used is given up, and nothing is launched any more."""
        self.shared.now, self.closed = now, True
        for launch in list(self.live.values()):
            self._give_up(launch, now)

    def rows(self) -> Iterator[Speculation]:
        """Yield the rows of all speculations whose work has ended, in order of launch."""
        return (launch.row() for launch in self.launches if launch.ended_s is not None)

    def _alive(self, launch: Launch, index: int) -> bool:
        own, ttl_s = launch.wanted_at >= index, self.shared.options.carry_ttl_s
        return alive(self.shared.now, launch.launched_s, launch.arrived_s, own, ttl_s, launch.traits.max_staleness_s)

    def _give_up(self, launch: Launch, now: float) -> None:
        self.live.pop(launch.spelling, None)
        if launch.failed:
            return
        at = now
        if launch.missed_s is not None and launch.arrived_s is not None:
            at = min(now, max(launch.missed_s, launch.arrived_s + self.shared.options.carry_ttl_s))
        launch.squashed_s = at
        if launch.ended_s is None:
            self._free_slot(launch)
        self._stop(launch, now)

    def _stop(self, launch: Launch, now: float) -> None:
        """Let a speculation that was given up cost no more than it has to, and undo a staged one."""
        if launch.ended_s is not None:
            self._count_waste(launch)
        elif self.shared.stops_at_once:
            self.stopped(now, launch)
        else:
            self.shared.commands.append(StopTool(launch))
        if launch.staged:
            self.shared.commands.append(Undo(launch))

    def _count_waste(self, launch: Launch) -> None:
        assert launch.ended_s is not None
        for counts in (self.state.session, self.shared.total):
            counts.wasted_s += launch.ended_s - launch.launched_s

    def _free_slot(self, launch: Launch, *, real: bool = False) -> None:
        slots = self.shared.tool_slots
        self.shared.wake(slots.leave() if real else slots.vacate(launch))
