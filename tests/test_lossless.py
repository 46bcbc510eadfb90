"""Lossless: what the agent sees and every side effect are those of the sequential run. Over random worlds."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specbench.core.ledger import Fate, Ledger
from specbench.core.types import DecisionPoint, Message
from specbench.policies import Disclosure, ExpectedValue, Policy, Threshold, TopK
from specbench.runtime import AnswerStream, Executor, assemble
from specbench.speculation import Breaker, Limit, Options, RunAhead
from specbench.speculation.course import OTHER_SPELLING
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.world import FIRST, TEMPERS, Seen, Temper, ThinkFailure, World, asked_again, run_sequential, thinker

POLICIES: st.SearchStrategy[Policy] = st.one_of(
    st.builds(Threshold, st.floats(0, 0.8), st.integers(1, 3)),
    st.builds(TopK, st.integers(1, 3)),
    st.builds(ExpectedValue, st.floats(0, 1)),
    st.builds(Disclosure, st.just(TopK(2)), st.integers(0, 3)),
)
OPTIONS = st.builds(
    Options,
    windows=st.sets(st.sampled_from(["think", "tool", "user"])),
    carry_ttl_s=st.sampled_from([0.0, 1.0, 1e9]),
    max_entries=st.sampled_from([2, 256]),
    max_bytes=st.sampled_from([10, 2**20]),
    run_ahead=st.none() | st.builds(RunAhead, st.integers(1, 3), st.floats(0, 0.6)),
    tool_slots=st.none() | st.integers(1, 3),
    llm_slots=st.none() | st.integers(1, 2),
    limits=st.sampled_from([{}, {"get": Limit(2.0, 4.0)}]),
    breaker=st.none() | st.just(Breaker(window=6, at_least=3, probe_every=2, probes=2, errors=2, rest_s=5.0)),
    parallel=st.sampled_from(["reads", "off"]),
)
CASES: dict[str, Any] = {
    "seed": st.integers(0, 10**6),
    "policy": POLICIES,
    "options": OPTIONS,
    "kind": st.sampled_from(TEMPERS),
    "keys": st.booleans(),
    "cache": st.booleans(),
    "streams": st.booleans(),
    "fails": st.booleans(),
}
STEPS = 8


async def run_speculative(
    seed: int,
    world: World,
    executor: Executor,
    think: Any,
    answer: AnswerStream | None = None,
    seen: Seen | None = None,
) -> Seen:
    seen = seen if seen is not None else Seen()
    point = DecisionPoint(f"s{seed}", 0, (FIRST,), executor.tools.specs)
    async with executor:
        for _ in range(STEPS):
            while True:
                try:
                    step = await executor.run_step(point, think, answer=answer)
                    break
                except ThinkFailure as error:
                    seen.append(("raised", str(error)))
                    point = asked_again(point)
            seen.add(step.decided, step.results)
            more = () if step.decided.calls else (Message("user", f"and then? {len(seen)}"),)
            point = step.next_point(*more)
            for result in step.results:  # the agent may do with its own what it likes
                if isinstance(result.value, (dict, list)):
                    result.value.clear()
            await anyio.sleep(0 if step.decided.calls else 0.7)  # the user types
    return seen


def check_lossless(
    seed: int, policy: Policy, options: Options, kind: str, keys: bool, cache: bool, streams: bool, fails: bool
) -> Ledger:
    backend = BACKENDS[seed % 2]
    world = World(seed)
    expected = run_virtual(
        run_sequential, seed, world, world.tools(keys, cache), STEPS, thinker(seed, streams, fails), backend=backend
    )
    other = World(seed)
    temper = Temper(seed, kind)
    executor = Executor(other.tools(keys, cache), temper, policy, options=options, learn=seed % 3 == 0)
    think, answer = thinker(seed, streams, fails), AnswerStream()
    seen = run_virtual(partial(run_speculative, seed, other, executor, think, answer), backend=backend)
    assert seen == expected
    assert repr(other.writes) == repr(world.writes)
    assert other.items == world.items
    if executor.learn and executor.predictor is not None and kind != "raising":
        assert [outcome.spelling if outcome else None for _, outcome in temper.told] == [
            row[1][0] if row[1] else None for row in expected if row[0] != "raised"
        ]
        assert [at for at, _ in temper.told] == sorted({at for at, _ in temper.told})
    # Nothing is left behind, and the ledger knows of everything.
    assert other.running == 0
    assert other.staged == {}
    ledger = executor.ledger()
    assert len(ledger.outcomes) == STEPS
    assert sum(row.launched for row in ledger.outcomes) <= len(ledger.speculations)
    assert executor.shared.total.launched == len(ledger.speculations)
    for row in ledger.speculations:
        assert row.ended_s >= row.launched_s
        assert (row.committed_at is not None) == (row.fate == Fate.COMMIT)
    answer.close()
    events = run_virtual(partial(collect, answer), backend=backend)
    assert assemble(events) == "".join(row[0] for row in expected if row[0] != "raised")
    return ledger


def check_cancelled(
    seed: int, policy: Policy, options: Options, kind: str, keys: bool, cache: bool, streams: bool, fails: bool,
    after_s: float,
) -> None:  # fmt: skip
    """Cancelled at any moment: nothing runs on, nothing stays staged, what was written is a beginning of it all."""
    backend = BACKENDS[seed % 2]
    world = World(seed)
    expected = run_virtual(
        run_sequential, seed, world, world.tools(keys, cache), STEPS, thinker(seed, streams, fails), backend=backend
    )
    other = World(seed)
    executor = Executor(other.tools(keys, cache), Temper(seed, kind), policy, options=options, learn=seed % 3 == 0)
    seen = Seen()

    async def cancelled() -> None:
        with anyio.move_on_after(after_s):
            await run_speculative(seed, other, executor, thinker(seed, streams, fails), seen=seen)

    run_virtual(cancelled, backend=backend)
    assert seen == expected[: len(seen)]
    assert repr(other.writes) == repr(world.writes[: len(other.writes)])
    assert (other.running, other.staged) == (0, {})
    assert executor.shared.total.launched == len(executor.ledger().speculations)


async def collect(answer: AnswerStream) -> list[Any]:
    return [event async for event in answer]


@settings(max_examples=300)
@given(**CASES)
def test_lossless(**case: Any) -> None:
    check_lossless(**case)


@settings(max_examples=150)
@given(after_s=st.floats(0, 15), **CASES)
def test_cancelled_at_any_moment(**case: Any) -> None:
    check_cancelled(**case)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(after_s=st.floats(0, 15), **CASES)
def test_cancelled_in_three_thousand_cases(**case: Any) -> None:
    check_cancelled(**case)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(**CASES)
def test_lossless_in_ten_thousand_cases(**case: Any) -> None:
    check_lossless(**case)


def test_the_cases_really_speculate() -> None:
    """The differential test would prove nothing if nothing were ever launched, used, carried, staged or run ahead."""
    fates: dict[str, int] = {}
    options = Options({"think", "tool", "user"}, carry_ttl_s=1e9, run_ahead=RunAhead(2, 0.3))
    for seed in range(60):
        ledger = check_lossless(seed, TopK(2), options, "right", True, False, bool(seed % 2), False)
        for row in ledger.speculations:
            fates[row.fate] = fates.get(row.fate, 0) + 1
            fates[row.tool] = fates.get(row.tool, 0) + (row.fate == Fate.COMMIT)
            fates[row.window] = fates.get(row.window, 0) + 1
            fates["carried"] = fates.get("carried", 0) + (row.committed_at not in (None, row.index))
        for ahead in ledger.aheads:
            fates[f"ahead {ahead.fate}"] = fates.get(f"ahead {ahead.fate}", 0) + 1
    wanted = {
        "commit", "squash", "fail", "get", "total", "search", "slow", "reserve", "think", "tool", "user", "carried",
        "ahead commit", "ahead squash",
    }  # fmt: skip
    assert {name for name in wanted if fates.get(name, 0) < 3} == set()
    assert not fates.keys() & {"put", "mystery", "note", "nothing", "nope"}


def test_the_cases_have_guesses_that_only_the_tool_can_tell_apart() -> None:
    """What is spelt otherwise is launched and then not used; what the schema proves to be the same is."""
    reasons = [
        (row.hit, row.reason)
        for seed in range(40)
        for row in check_lossless(seed, TopK(1), Options(), "close", True, False, bool(seed % 2), False).outcomes
    ]
    assert sum(reason == OTHER_SPELLING for _, reason in reasons) >= 10
    assert sum(hit for hit, _ in reasons) >= 10
