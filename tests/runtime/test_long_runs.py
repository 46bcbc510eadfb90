"""A server that runs for long: what is over is let go of."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import Effect, Prediction, ToolSpec
from specbench.integrations.framework_steps import WalkingSteps
from specbench.policies import TopK
from specbench.runtime import Executor, Tool
from specbench.speculation import Options
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

backends = pytest.mark.parametrize("backend", BACKENDS)
CARRY = Options(windows={"think", "tool", "user"}, carry_ttl_s=3)


class Big:
    """A result whose end can be seen."""


def guesses() -> Says:
    """Three other calls at each question."""
    asked = [0]

    def say(seen: Any) -> list[Prediction]:
        asked[0] += 1
        return [Prediction(call("look", x=3 * asked[0] + at), 0.3) for at in range(3)]

    return Says(say)


@backends
@pytest.mark.parametrize(("options", "most"), [(Options(), 6), (CARRY, 30), (Options(carry_ttl_s=99, max_bytes=60), 9)])
def test_results_of_speculations_that_are_over_are_let_go(backend: str, options: Options, most: int) -> None:
    async def main() -> None:
        made: list[Any] = []

        async def look(x: int) -> Any:
            result = Big()
            made.append(weakref.ref(result))
            return result

        tool = Tool(ToolSpec("look", effect=Effect.READ), look)
        async with Executor([tool], guesses(), TopK(3), options=options) as executor:
            for index in range(40):
                step = await executor.run_step(point(executor, index=index), thinks(1.0, text="No."))
            del step
            gc.collect()
            assert len(made) >= 120 and sum(each() is not None for each in made) <= most
        assert len(executor.ledger().speculations) == len(made)

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("options", [Options(), CARRY])
def test_steps_cost_no_memory_once_the_rows_are_drained(options: Options) -> None:
    async def main() -> None:
        async def look(x: int) -> dict[str, Any]:
            return {"x": x, "page": "y" * 200}

        tool = Tool(ToolSpec("look", effect=Effect.READ), look)
        async with Executor([tool], guesses(), TopK(2), options=options) as executor:

            async def steps(first: int, last: int) -> int:
                for index in range(first, last):
                    await executor.run_step(point(executor, index=index), thinks(0.1, call("look", x=index)))
                executor.drain()
                gc.collect()
                return tracemalloc.get_traced_memory()[0]

            await steps(0, 100)
            tracemalloc.start()
            try:
                before = await steps(100, 200)
                assert await steps(200, 600) - before < 200 * 400
            finally:
                tracemalloc.stop()

    run_virtual(main)


@backends
def test_drained_rows_are_told_once(backend: str) -> None:
    async def main() -> None:
        async with Executor([Recorder().tool("look", 0.5)], Says(sure(call("look"))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("look")))
            first = executor.drain()
            await executor.run_step(step.next_point(), thinks(1.0, text="No."))
        second = executor.drain()
        assert [len(each.outcomes) for each in (first, second, executor.ledger())] == [1, 1, 0]
        assert [row.fate for each in (first, second) for row in each.speculations] == [Fate.COMMIT, Fate.SQUASH]

    run_virtual(main, backend=backend)


@backends
def test_a_conversation_that_nobody_ends_has_a_lifetime(backend: str) -> None:
    async def main() -> None:
        async with Executor([], session_ttl_s=60) as executor:
            steps = WalkingSteps(executor)
            kept = executor.conversation("kept")
            for number in range(200):
                await steps.decide(point(executor, trace_id=f"{number}"), thinks(0.0, text="Hello."))
                await steps.join(point(executor, trace_id=f"{number}"), ())
                await anyio.sleep(1.0)
            assert 60 <= len(executor._sessions) <= 63
            await executor.run_step(point(executor, trace_id="0"), thinks(0.0, text="Hello again."))
            assert (await kept.user("Still there?", thinks(0.0, text="Yes."))).text == "Yes."
            for number in range(500):  # decided, and then left alone
                await steps.decide(point(executor, trace_id=f"left {number}"), thinks(0.0, text="Hello."))
                await anyio.sleep(1.0)
            assert 60 <= len(executor._sessions) <= 63 and len(steps) <= 300

    run_virtual(main, backend=backend)


def test_a_lifetime_is_seconds() -> None:
    with pytest.raises(ConfigError, match="session_ttl_s is seconds above 0"):
        Executor([], session_ttl_s=0)
