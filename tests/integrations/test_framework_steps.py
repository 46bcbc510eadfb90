"""Steps that are decided in one place and joined in another, or never."""

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec
from specbench.integrations.framework_steps import WalkingSteps
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.runtime import Compensation, Executor, Tool
from specbench.testing.clock import run_virtual

BOOK = ToolCall("book", {"seat": 1}, "c1")


class Theatre:
    """Seats are held, then booked or released; the executor guesses that seat 1 is wanted."""

    def __init__(self):
        self.log = []
        draft = ScriptedBackend(lambda request: Message("assistant", "", (BOOK,)))
        staging = Compensation(self.hold, self.confirm, self.release)
        tool = Tool(ToolSpec("book", effect=Effect.STAGED), self.book, staging=staging)
        self.executor = Executor([tool], LLMDraftPredictor(draft, points=0).fit([]), TopK(1))
        self.steps = WalkingSteps(self.executor)

    async def hold(self, token, arguments):
        self.log.append("held")
        return "held"

    async def confirm(self, token):
        self.log.append("booked")
        return True

    async def release(self, token):
        self.log.append("released")

    async def book(self, seat):
        self.log.append(f"booked {seat} anew")

    def point(self, *more):
        messages = (Message("user", "seat 1?"), *more)
        return DecisionPoint("t", len(more), messages, self.executor.tools.specs)

    async def decide(self, said=BOOK, *more):
        async def think():
            await anyio.sleep(1)
            return said

        return await self.steps.decide(self.point(*more), think)


@pytest.mark.parametrize(
    ("end", "log"),
    [
        ("join", ["held", "booked"]),
        ("edited", ["held", "released"]),
        ("next decision", ["held", "released", "held", "released"]),
        ("session ends", ["held", "released"]),
        ("executor ends", ["held", "released"]),
    ],
)
def test_a_staged_write_waits_for_the_join_and_is_undone_without_one(end, log):
    async def run():
        theatre = Theatre()
        async with theatre.executor:
            await theatre.decide()
            await anyio.sleep(3600)
            assert theatre.log == ["held"]
            if end == "join":
                await theatre.steps.join(theatre.point(), [BOOK])
            elif end == "edited":
                assert await theatre.steps.join(theatre.point(), [ToolCall("book", {"seat": 2}, "c1")]) is None
            elif end == "next decision":
                await theatre.decide("Never mind.", Message("user", "no"))
            elif end == "session ends":
                theatre.executor.end_session("t")
                await anyio.sleep(1)
                assert await theatre.steps.join(theatre.point(), [BOOK]) is None
        return theatre.log

    assert run_virtual(run) == log


def test_what_the_decision_rules_out_does_not_wait_for_the_join():
    async def run():
        theatre = Theatre()
        async with theatre.executor:
            await theatre.decide("Which row?")
            log = list(theatre.log)
            await theatre.steps.join(theatre.point(), [])
        return log, [row.call for row in theatre.executor.outcomes]

    assert run_virtual(run) == (["held", "released"], [None])


def test_a_second_run_of_a_conversation_that_thinks_is_refused():
    async def run():
        theatre = Theatre()
        async with theatre.executor, anyio.create_task_group() as group:
            group.start_soon(theatre.decide)
            await anyio.sleep(0.5)
            with pytest.raises(ConfigError, match="in the middle of a step"):
                await theatre.decide()
            await anyio.sleep(1)
            await theatre.steps.join(theatre.point(), [BOOK])
        return theatre.log

    assert run_virtual(run) == ["held", "booked"]
