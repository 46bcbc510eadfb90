"""The book of a session as a state machine: whatever happens in whatever order, the accounts are right."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from specbench.core.ledger import Fate, Window
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, ToolSpec
from specbench.policies import TopK
from specbench.speculation import Book, Breaker, Launch, Options, Shared, Traits
from specbench.speculation.commands import StopTool

TOOLS = {
    "get": ToolSpec("get", effect=Effect.READ),
    "price": ToolSpec("price", effect=Effect.READ),
    "book": ToolSpec("book", effect=Effect.STAGED),
}
TRAITS = {"get": Traits(("item:{x}",)), "price": Traits(("price",), max_staleness_s=3.0)}
CALLS = st.builds(lambda name, x: ToolCall(name, {"x": x}), st.sampled_from(sorted(TOOLS)), st.integers(0, 2))


def stops(shared: Shared) -> list[Launch]:
    """Take the commands that are there, and return what they stop."""
    commands = [shared.commands.popleft() for _ in range(len(shared.commands))]
    return [command.launch for command in commands if isinstance(command, StopTool)]


class BookMachine(RuleBasedStateMachine):
    """One session, with slots for two."""

    def __init__(self) -> None:
        super().__init__()
        self.told_to_stop: list[Launch] = []
        options = Options(
            carry_ttl_s=5.0, max_entries=3, max_bytes=100, tool_slots=2,
            breaker=Breaker(window=6, at_least=4, probe_every=2, errors=2),
        )  # fmt: skip
        self.shared = Shared(options, TRAITS)
        self.book = Book("t", self.shared)
        self.now, self.index = 0.0, 0
        self.used: list[Launch] = []
        self.voided: list[Launch] = []

    @property
    def stopping(self) -> list[Launch]:
        """What the book has told the driver to stop, and has not ended."""
        self.told_to_stop += stops(self.shared)
        return self.told_to_stop

    @property
    def running(self) -> list[Launch]:
        return [each for each in self.book.launches if each.ended_s is None and each.squashed_s is None]

    @rule(seconds=st.floats(0, 4))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(calls=st.lists(CALLS, min_size=1, max_size=3, unique_by=lambda each: each.key), later=st.booleans())
    def launch(self, calls: list[ToolCall], later: bool) -> None:
        point = DecisionPoint("t", self.index, (), TOOLS)
        predictions = [Prediction(each, 0.9 - 0.2 * at) for at, each in enumerate(calls)]
        opened = self.book.open(self.now, point, self.index + later, Window.THINK, predictions, TopK(3))
        assert opened.reason
        assert all(each.launched_s == self.now for each in opened.launches)

    @precondition(lambda self: self.running)
    @rule(at=st.integers(0, 9), failed=st.booleans(), size=st.integers(0, 80))
    def end(self, at: int, failed: bool, size: int) -> None:
        launch = self.running[at % len(self.running)]
        if failed:
            self.book.failed(self.now, launch)
        else:
            self.book.arrived(self.now, launch, size)

    @precondition(lambda self: self.stopping)
    @rule()
    def stop(self) -> None:
        self.book.stopped(self.now, self.stopping.pop())

    @rule(call=st.none() | CALLS)
    def decide(self, call: ToolCall | None) -> None:
        launch = None if call is None else self.book.claim(self.now, self.index, call)
        if launch is not None:
            assert launch.call == call
            assert launch not in self.used and launch not in self.voided
            assert launch.squashed_s is None
            if launch.traits.max_staleness_s is not None:
                assert self.now - launch.launched_s <= launch.traits.max_staleness_s
            if launch.index < self.index and launch.arrived_s is not None and launch.wanted_at < self.index:
                assert self.now - launch.arrived_s <= 5.0
            if not launch.failed:
                self.used.append(launch)
        self.book.settle(self.now, self.index, launch)
        assert not [each for each in self.book.live.values() if each.staged and each.wanted_at <= self.index]
        self.index += 1

    @rule(x=st.integers(0, 2))
    def write(self, x: int) -> None:
        put = ToolCall("put", {"x": x})
        self.shared.traits["put"] = Traits(("item:{x}",))
        before = dict(self.book.live)
        self.book.write_starts(self.now, put)
        gone = [each for key, each in before.items() if key not in self.book.live]
        assert {each.key for each in before.values() if each.key in (f'get({{"x":{x}}})',)} <= {e.key for e in gone}
        assert not [each for each in self.book.live.values() if each.call.name == "book"]  # no keys: touches everything
        self.voided += gone
        self.book.write_ended(put)

    @rule()
    def preempt(self) -> None:
        self.shared.now = self.now
        if self.shared.tool_slots.enter("real"):
            self.shared.tool_slots.leave()
        else:
            assert not self.shared.tool_slots.speculative
            self.shared.tool_slots.give_up("real")

    @invariant()
    def accounts_are_right(self) -> None:
        book = self.book
        assert len(book.live) <= 3
        assert book.state.session.launched == len(book.launches) == sum(book.launched_at.values())
        commits = [each for each in book.launches if each.fate is Fate.COMMIT]
        assert book.state.session.committed == len(commits)
        assert set(map(id, book.live.values())).isdisjoint(map(id, self.used))
        wasted = sum(
            each.ended_s - each.launched_s
            for each in book.launches
            if each.ended_s is not None and (each.failed or each.squashed_s is not None)
        )
        assert abs(book.state.session.wasted_s - wasted) < 1e-9
        slots = self.shared.tool_slots
        assert len(slots.speculative) + slots.real <= 2
        assert all(each in slots.speculative for each in self.running if each.committed_at is None)
        for each in book.live.values():
            assert each.squashed_s is None and each.committed_at is None

    def teardown(self) -> None:
        self.book.close(self.now)
        for launch in self.stopping:
            self.book.stopped(self.now, launch)
        for launch in self.running:
            self.book.arrived(self.now, launch)
        assert not self.book.live
        rows = list(self.book.rows())
        assert len(rows) == len(self.book.launches)
        assert all(row.fate in (Fate.COMMIT, Fate.SQUASH, Fate.FAIL) for row in rows)
        assert not self.shared.tool_slots.speculative


TestBook = BookMachine.TestCase
TestBook.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)


def test_the_least_probable_speculation_is_preempted_first() -> None:
    shared = Shared(Options(tool_slots=3), TRAITS)
    book = Book("t", shared)
    draw = random.Random(0)
    calls = [ToolCall("get", {"x": x}) for x in range(3)]
    ps = [draw.random() / 3 for _ in calls]
    order = sorted(range(3), key=lambda at: -ps[at])
    predictions = [Prediction(calls[at], ps[at]) for at in order]
    book.open(0.0, DecisionPoint("t", 0, (), TOOLS), 0, Window.THINK, predictions, TopK(3))
    assert shared.tool_slots.enter("real")
    assert [each.p for each in stops(shared)] == [min(ps)]
