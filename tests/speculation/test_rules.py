"""The rules that simulator and executor share, as tables worked out by hand: agreement of the two cannot hold these."""

from __future__ import annotations

import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate, Window
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, ToolSpec
from specbench.policies import TopK
from specbench.speculation import Book, Breaker, Launch, Options, Shared, Traits
from specbench.speculation.breaker import BreakerState
from specbench.speculation.rules import ARRIVAL, DECISION, LAUNCH, alive, is_late
from specbench.speculation.slots import Slots

TOOLS = {"get": ToolSpec("get", effect=Effect.READ)}
POINT = DecisionPoint("t", 0, (), TOOLS)


def get(x: int) -> ToolCall:
    return ToolCall("get", {"x": x})


def book(options: Options | None = None, traits: Traits | None = None) -> Book:
    return Book("t", Shared(options or Options(), {} if traits is None else {"get": traits}))


def launch(book: Book, now: float, index: int, *calls: ToolCall) -> list[Launch]:
    found = [Prediction(call, 0.9 - 0.1 * at) for at, call in enumerate(calls)]
    return book.open(now, POINT, index, Window.THINK, found, TopK(9)).launches


def test_ties_and_lateness() -> None:
    assert ARRIVAL < DECISION < LAUNCH
    assert (is_late(2.0, 2.0), is_late(2.1, 2.0), is_late(1.9, 2.0)) == (False, True, False)


# now, launched, arrived, own, ttl, staleness → alive
LIFETIMES = [
    (9.0, 0.0, 1.0, True, 0.0, None, True),  # at its own decision whatever its age
    (9.0, 0.0, None, True, 0.0, None, True),
    (9.0, 0.0, 1.0, False, 0.0, None, False),  # later without a time to live: never
    (1.0, 0.0, 1.0, False, 0.0, None, False),
    (9.0, 0.0, None, False, 0.0, None, False),
    (9.0, 0.0, None, False, 0.1, None, True),  # while it runs no time has passed since it arrived
    (5.0, 0.0, 1.0, False, 4.0, None, True),  # just the time to live
    (5.001, 0.0, 1.0, False, 4.0, None, False),
    (3.0, 0.0, 1.0, True, 0.0, 3.0, True),  # just the staleness, from the launch on
    (3.001, 0.0, 1.0, True, 0.0, 3.0, False),
    (3.001, 0.0, None, True, 0.0, 3.0, False),
    (3.0, 0.0, 2.9, False, 9.0, 3.0, True),
    (3.001, 0.0, 2.9, False, 9.0, 3.0, False),
    (0.0, 0.0, 0.0, True, 0.0, 0.0, True),
    (0.1, 0.0, 0.1, True, 0.0, 0.0, False),
]


@pytest.mark.parametrize(("now", "launched", "arrived", "own", "ttl_s", "staleness_s", "expected"), LIFETIMES)
def test_lifetimes(
    now: float,
    launched: float,
    arrived: float | None,
    own: bool,
    ttl_s: float,
    staleness_s: float | None,
    expected: bool,
) -> None:
    assert alive(now, launched, arrived, own, ttl_s, staleness_s) is expected


def test_a_result_commits_once() -> None:
    one = book()
    (first,) = launch(one, 0.0, 0, get(1))
    one.arrived(1.0, first)
    assert one.claim(2.0, 0, get(1)) is first and one.claim(2.0, 0, get(1)) is None
    assert (first.committed_at, first.late, first.fate) == (0, False, Fate.COMMIT)


def test_a_result_that_comes_after_the_decision_is_late() -> None:
    one = book()
    (first,) = launch(one, 0.0, 0, get(1))
    assert one.claim(2.0, 0, get(1)) is first
    one.arrived(2.5, first)
    assert (first.late, first.arrived_s, first.ended_s) == (True, 2.5, 2.5)


def test_waste_is_what_ran_and_was_not_used() -> None:
    one = book()
    used, missed, running = launch(one, 1.0, 0, get(1), get(2), get(3))
    one.arrived(2.0, used)
    one.arrived(2.5, missed)
    assert one.claim(3.0, 0, get(1)) is used
    one.settle(3.0, 0, [used])
    assert one.state.session.wasted_s == 1.5  # the one that has ended
    one.stopped(3.25, running)
    assert (one.state.session.wasted_s, one.shared.total.wasted_s) == (3.75, 3.75)
    assert (one.state.session.launched, one.state.session.committed) == (3, 1)
    assert [each.squashed_s for each in (used, missed, running)] == [None, 3.0, 3.0]


def test_what_is_carried_is_given_up_when_its_time_is_over_and_the_row_says_when() -> None:
    one = book(Options(carry_ttl_s=4.0))
    (kept,) = launch(one, 0.0, 0, get(1))
    one.arrived(1.0, kept)
    one.settle(2.0, 0, [])
    assert kept.squashed_s is None
    one.settle(4.0, 1, [])
    assert kept.squashed_s is None
    one.settle(9.0, 2, [])
    assert kept.squashed_s == 5.0  # one second after it had arrived, and four more


def test_the_oldest_results_make_room() -> None:
    one = book(Options(carry_ttl_s=99.0, max_bytes=100))
    first, second, third = launch(one, 0.0, 0, get(1), get(2), get(3))
    one.arrived(1.0, first, size_bytes=40)
    one.arrived(1.1, second, size_bytes=60)
    assert (first.squashed_s, second.squashed_s) == (None, None)  # just full
    one.arrived(1.2, third, size_bytes=1)
    assert (first.squashed_s, second.squashed_s, third.squashed_s) == (1.2, None, None)


def test_entries_have_a_limit_and_missed_ones_make_room() -> None:
    one = book(Options(carry_ttl_s=99.0, max_entries=2))
    first, second = launch(one, 0.0, 0, get(1), get(2))
    assert launch(one, 0.0, 0, get(3)) == []
    one.arrived(1.0, first)
    assert launch(one, 1.0, 0, get(3)) == []  # its own decision is still to come
    one.settle(2.0, 0, [])
    (third,) = launch(one, 2.0, 1, get(3))
    assert first.squashed_s is not None and second.squashed_s is None and third.squashed_s is None


def test_a_write_voids_what_it_may_touch_when_it_starts_and_until_it_ends() -> None:
    one = book(Options(carry_ttl_s=99.0), Traits(("item:{x}",)))
    first, second = launch(one, 0.0, 0, get(1), get(2))
    one.arrived(1.0, first)
    one.write_starts(2.0, get(1))  # the traits of the same name
    assert (first.squashed_s, second.squashed_s) == (2.0, None)
    assert launch(one, 2.1, 1, get(1)) == [] and len(launch(one, 2.1, 1, get(3))) == 1
    one.write_ended(get(1))
    assert len(launch(one, 3.0, 1, get(1))) == 1


def test_a_speculation_that_failed_stays_in_the_way_until_its_decision() -> None:
    one = book()
    (failed,) = launch(one, 0.0, 0, get(1))
    one.failed(1.0, failed)
    assert launch(one, 1.0, 0, get(1)) == [] and one.state.session.wasted_s == 1.0
    assert one.claim(2.0, 0, get(1)) is failed and failed.committed_at is None
    assert failed.fate is Fate.FAIL and one.state.session.committed == 0


def test_breaker_worked_out_by_hand() -> None:
    """Off below half of four attempts; while off every third attempt is a probe, and two probes decide."""
    state = BreakerState(Breaker(off_below=0.5, window=4, at_least=3, probe_every=3, probes=2))
    for hit in (False, False):
        state.attempted(hit)
    assert state.refuse() is None  # two attempts say nothing yet
    state.attempted(True)
    assert state.refuse() == "circuit breaker: 1 of the last 3 attempts hit, below 50 %"
    assert [state.refuse() is None for _ in range(5)] == [False, True, False, False, True]
    state.attempted(False)
    assert state.open  # one probe decides nothing
    state.attempted(True)
    assert not state.open and state.refuse() is None  # one of two is half
    state.attempted(False)
    state.attempted(False)
    assert state.refuse() is None  # what was before does not count any more
    state.attempted(False)
    assert state.refuse() == "circuit breaker: 0 of the last 3 attempts hit, below 50 %"


def test_the_window_of_a_breaker_slides() -> None:
    state = BreakerState(Breaker(off_below=0.5, window=4, at_least=4))
    for hit in (True, True, False, False):
        state.attempted(hit)
    assert not state.open  # 2 of 4
    state.attempted(False)
    assert state.open  # 1 of the last 4: the first one has left


def test_probes_that_miss_leave_it_off() -> None:
    state = BreakerState(Breaker(off_below=0.5, window=2, at_least=2, probe_every=1, probes=2))
    for _ in range(2):
        state.attempted(False)
    assert state.open and state.refuse() is None  # every attempt is a probe
    for hit in (False, False, False, False, True, True):
        assert state.open
        state.attempted(hit)
    assert not state.open


def test_a_tool_that_keeps_failing_rests() -> None:
    state = BreakerState(Breaker(errors=3, rest_s=10.0))
    for failed in (True, True, False, True, True):
        state.tool_ended(1.0, "get", failed=failed)
    assert state.refuse_tool(1.0, "get") is None  # two in a row, twice
    state.tool_ended(2.0, "get", failed=True)
    assert state.refuse_tool(2.0, "get") == "circuit breaker: get failed 3 times in a row, off for 10 s more"
    assert state.refuse_tool(11.9, "get") is not None and state.refuse_tool(12.0, "get") is None
    assert state.refuse_tool(5.0, "other") is None
    for _ in range(2):
        state.tool_ended(13.0, "get", failed=True)
    assert state.refuse_tool(13.0, "get") is None  # counted from anew
    state.tool_ended(13.0, "get", failed=True)
    assert state.refuse_tool(13.0, "get") is not None


def test_the_defaults_of_a_breaker() -> None:
    assert Breaker() == Breaker(0.4, 50, 20, 10, 5, 3, 30.0)
    for name in ("window", "at_least", "probe_every", "probes", "errors"):
        assert getattr(Breaker(**{name: 1}), name) == 1
        with pytest.raises(ConfigError, match=f"{name} is a count, 1 or more"):
            Breaker(**{name: 0})
    for share in (-0.01, 1.01):
        with pytest.raises(ConfigError, match="off_below is a recall"):
            Breaker(off_below=share)
    with pytest.raises(ConfigError, match="rest_s is seconds, 0 or more"):
        Breaker(rest_s=-0.1)
    assert (Breaker(off_below=0.0).off_below, Breaker(off_below=1.0, rest_s=0.0).rest_s) == (0.0, 0.0)


class Guess:
    """A speculation in a slot."""

    def __init__(self, p: float) -> None:
        self.p, self.preempted = p, False

    def preempt(self) -> None:
        self.preempted = True


def test_slots_worked_out_by_hand() -> None:
    slots: Slots[Guess] = Slots(3)
    weak, strong, late = Guess(0.2), Guess(0.8), Guess(0.2)
    for each in (weak, strong):
        slots.occupy(each)
    assert slots.free and slots.enter("a")
    assert not slots.free and slots.enter("b")  # the weaker one makes way
    assert (weak.preempted, strong.preempted, slots.real) == (True, False, 2)
    assert slots.enter("c") and strong.preempted and not slots.speculative
    assert not slots.enter("d") and not slots.enter("e")
    assert slots.leave() == "d" and slots.real == 3
    assert slots.give_up("e") and not slots.give_up("e")
    assert (slots.leave(), slots.leave(), slots.leave(), slots.real) == (None, None, None, 0)
    for each in (strong, weak, late):
        slots.occupy(each)
    late.preempted = weak.preempted = False
    assert slots.enter("f") and late.preempted and not weak.preempted  # the latest of equals
    slots.adopt(weak)
    assert slots.real == 2 and slots.vacate(weak) is None and slots.vacate(strong) is None
    assert slots.free
