"""Staging pairs whose answers are lost, that fail or hang: no write happens twice, and the ledger says so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.ledger import Fate, Speculation
from specbench.core.types import Effect, Message, ToolSpec
from specbench.runtime import Compensation, Executor, Journal, StepResult, Tool
from specbench.runtime.invocation import TRIES, OutcomeUnknown
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Says, call, point, sure, thinks


class Seats:
    """A seat service whose first answers to some requests are ``faults``.

    ``lost``: it is done, and raises. ``down``: nothing is done, and it raises. ``hangs``: nothing happens, for ever.
    ``cancelled``: what it waits for is cancelled by somebody else.
    """

    def __init__(self, **faults: list[str]) -> None:
        self.held: set[str] = set()
        self.sold: list[str] = []
        self.asked: list[str] = []
        self.faults = faults

    async def answer(self, asked: str, act: Any) -> None:
        self.asked.append(asked)
        await anyio.sleep(0.01)
        faults = self.faults.get(asked, [])
        fault = faults.pop(0) if faults else ""
        if fault == "hangs":
            await anyio.sleep_forever()
        if fault == "cancelled":
            raise asyncio.CancelledError
        if fault != "down":
            act()
        if fault:
            raise ConnectionError(f"no answer to {asked}")

    async def hold(self, token: str, arguments: Mapping[str, Any]) -> str:
        await self.answer("hold", lambda: self.held.add(token))
        return "sold"

    async def confirm(self, token: str) -> bool:
        def act() -> None:
            if token in self.held:
                self.held.discard(token)
                self.sold.append(token)

        await self.answer("confirm", act)
        return token in self.sold

    async def release(self, token: str) -> None:
        await self.answer("release", lambda: self.held.discard(token))

    async def book(self) -> str:
        await self.answer("book", lambda: self.sold.append("really"))
        return "sold"

    def tool(self, timeout_s: float | None = None) -> Tool:
        pair = Compensation(self.hold, self.confirm, self.release)
        return Tool(ToolSpec("book", effect=Effect.STAGED), self.book, timeout_s=timeout_s, staging=pair)


async def run(
    seats: Seats, *, asks: bool, timeout_s: float | None = None, journal: Path | None = None
) -> tuple[StepResult, Speculation, float]:
    """One step that speculates a seat; returns it, the row of the speculation, and when the step was over."""
    async with Executor([seats.tool(timeout_s)], Says(sure(call("book"))), journal=Journal(journal)) as executor:
        step = await executor.run_step(point(executor), thinks(1.0, *(call("book"),) * asks))
        over_s = anyio.current_time()
    (row,) = executor.ledger().speculations
    return step, row, over_s


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("faults", [["lost"], ["down"], ["lost", "down"], ["down", "lost"]])
def test_a_commit_whose_answer_was_lost_is_asked_for_again(backend: str, faults: list[str]) -> None:
    async def main() -> None:
        seats = Seats(confirm=list(faults))
        step, row, _ = await run(seats, asks=True)
        assert (step.results[0].value, step.results[0].speculated) == ("sold", True)
        assert len(seats.sold) == 1 and seats.asked == ["hold", *["confirm"] * (len(faults) + 1)]
        assert (row.fate, row.in_doubt) == (Fate.COMMIT, False)

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("fault", ["lost", "down"])
@pytest.mark.parametrize("journalled", [True, False])
def test_a_commit_that_never_answers_is_unknown_and_never_made_beside_it(
    backend: str, fault: str, journalled: bool, tmp_path: Path
) -> None:
    async def main() -> None:
        seats, journal = Seats(confirm=[fault] * 9), tmp_path / "journal" if journalled else None
        step, row, _ = await run(seats, asks=True, journal=journal)
        (result,) = step.results
        assert isinstance(result.error, OutcomeUnknown) and not result.speculated
        assert "book: it is not known whether this was done; it may have happened" in result.text
        assert "no answer to confirm" in result.text
        assert len(seats.sold) == (fault == "lost") and not seats.held  # what was not confirmed is let go
        assert seats.asked == ["hold", *["confirm"] * TRIES, "release"]
        assert (row.fate, row.committed_at, row.in_doubt) == (Fate.FAIL, None, True)
        assert not step.outcome.hit and (journal is None or journal.read_bytes() == b"")

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_write_that_is_unknown_is_not_made_real_at_the_next_start(backend: str, tmp_path: Path) -> None:
    """The agent was told to look, and may have booked really since."""

    async def main() -> None:
        journal = tmp_path / "journal"
        seats = Seats(confirm=["down"] * 9, release=["down"] * 2 * TRIES)
        await run(seats, asks=True, journal=journal)
        assert len(seats.held) == 1 and journal.read_bytes()
        seats.faults.clear()
        async with Executor([seats.tool()], journal=Journal(journal)) as executor:
            assert [done for _, _, done in executor.journal.recovered] == ["rolled back"]
        assert not seats.held and not seats.sold

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("answer", [False, None])
def test_after_a_clear_no_the_real_call_runs_and_an_answer_that_is_none_is_no_answer(answer: bool | None) -> None:
    async def main() -> None:
        seats = Seats()

        async def confirm(token: str) -> Any:
            return answer

        seats.confirm = confirm  # type: ignore[method-assign]
        step, row, _ = await run(seats, asks=True)
        assert seats.sold == (["really"] if answer is False else [])
        assert isinstance(step.results[0].error, OutcomeUnknown) == (answer is None) == row.in_doubt

    run_virtual(main)


def test_a_no_after_a_lost_answer_is_not_believed() -> None:
    """A service that forgets what it has confirmed says no when it is asked again."""

    async def main() -> None:
        seats = Seats(confirm=["lost"])
        kept = seats.confirm

        async def confirm(token: str) -> bool:
            was_held = token in seats.held
            await kept(token)
            return was_held

        seats.confirm = confirm  # type: ignore[method-assign]
        step, _, _ = await run(seats, asks=True)
        assert isinstance(step.results[0].error, OutcomeUnknown) and len(seats.sold) == 1

    run_virtual(main)


def test_a_commit_that_waited_for_something_cancelled_is_asked_for_again() -> None:
    async def main() -> None:
        seats = Seats(confirm=["cancelled"])
        step, row, _ = await run(seats, asks=True)
        assert (step.results[0].value, row.fate, len(seats.sold)) == ("sold", Fate.COMMIT, 1)

    run_virtual(main, backend="asyncio")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("fails", "in_doubt"), [(1, False), (TRIES, False), (2 * TRIES, True)])
def test_an_undo_that_fails_is_tried_again_and_then_the_ledger_says_so(
    backend: str, fails: int, in_doubt: bool
) -> None:
    """Without a journal: in the step itself, and once more when the conversation ends."""

    async def main() -> None:
        seats = Seats(release=["down"] * fails)
        step, row, _ = await run(seats, asks=False)
        assert not step.results and not seats.sold
        assert (row.fate, row.in_doubt, bool(seats.held)) == (Fate.SQUASH, in_doubt, in_doubt)
        assert seats.asked.count("release") == min(fails + 1, 2 * TRIES)

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_ledger_says_it_while_the_conversation_goes_on(backend: str) -> None:
    async def main() -> None:
        seats = Seats(release=["down"] * TRIES)
        says = Says(lambda messages: sure(call("book")) if len(messages) == 1 else [])
        async with Executor([seats.tool()], says) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, text="No seat."))
            assert [row.in_doubt for row in executor.ledger().speculations] == [True]
            assert "staged writes in doubt" in executor.ledger()._repr_html_()
            await executor.run_step(step.next_point(Message("user", "Why?")), thinks(1.0, text="Full."))
            executor.end_session("t")
        assert [row.in_doubt for row in executor.ledger().speculations] == [False]

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("hangs", "asks", "over_s", "texts"),
    [
        ("hold", True, 2.0, ["Error: book took longer than 2 s"]),  # it was launched at 0 s, the agent asks at 1 s
        ("confirm", True, 3.0, ["Error: book: it is not known whether this was done"]),
        ("release", False, 3.0, []),
        ("hold and release", True, 4.0, ["Error: book took longer than 2 s"]),
    ],
)
def test_the_tools_time_holds_for_each_part_of_a_staged_write(
    backend: str, hangs: str, asks: bool, over_s: float, texts: list[str]
) -> None:
    async def main() -> None:
        seats = Seats(**{part: ["hangs"] for part in hangs.split(" and ")})
        step, row, ended_s = await run(seats, asks=asks, timeout_s=2.0)
        assert ended_s == pytest.approx(over_s, abs=0.1)
        assert all(result.text.startswith(text) for result, text in zip(step.results, texts, strict=True))
        assert not seats.sold and not seats.held and "book" not in seats.asked
        assert row.in_doubt == (hangs == "confirm")
        if hangs == "hold":
            assert step.outcome.tool_s == pytest.approx(2.0, abs=0.1)

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_staged_write_that_took_too_long_before_the_agent_asked_is_run_really(backend: str) -> None:
    async def main() -> None:
        seats = Seats(hold=["hangs"])
        step, _, ended_s = await run(seats, asks=True, timeout_s=0.5)
        assert (step.results[0].value, seats.sold) == ("sold", ["really"]) and ended_s == pytest.approx(1.01)

    run_virtual(main, backend=backend)

    run_virtual(main, backend=backend)


FAULTS = st.lists(st.sampled_from(["", "lost", "down", "hangs"]), max_size=4)


@given(
    faults=st.fixed_dictionaries({"hold": FAULTS, "confirm": FAULTS, "release": FAULTS, "book": FAULTS}),
    asks=st.booleans(),
    hold_s=st.sampled_from([0.0, 0.7, 1.5]),
    leaves_s=st.sampled_from([0.9, 1.005, 1.1, 2.0, 100.0]),
    backend=st.sampled_from(BACKENDS),
)
def test_whatever_is_lost_and_whenever_the_agent_leaves_there_is_one_write_at_most(
    faults: dict[str, list[str]], asks: bool, hold_s: float, leaves_s: float, backend: str
) -> None:
    async def main() -> None:
        seats, results = Seats(**{part: list(each) for part, each in faults.items()}), []
        kept = seats.hold

        async def hold(token: str, arguments: Mapping[str, Any]) -> str:
            await anyio.sleep(hold_s)
            return await kept(token, arguments)

        seats.hold = hold  # type: ignore[method-assign]
        async with Executor([seats.tool(2.0)], Says(sure(call("book")))) as executor:
            with anyio.move_on_after(leaves_s) as left:
                step = await executor.run_step(point(executor), thinks(1.0, *(call("book"),) * asks))
                results = list(step.results)
            assert anyio.current_time() < 11.0  # 1 s of thought, and four times 2 s at most
        (row,) = executor.ledger().speculations
        assert len(seats.sold) <= 1 and not (seats.sold and not asks)
        assert row.in_doubt or not seats.held
        for result in results:
            assert result.error is not None or len(seats.sold) == 1
            if result.error is None and result.speculated:
                assert row.fate == Fate.COMMIT and seats.sold != ["really"]
        if left.cancelled_caught and row.fate != Fate.COMMIT and not row.in_doubt:
            assert seats.sold in ([], ["really"])

    run_virtual(main, backend=backend)
