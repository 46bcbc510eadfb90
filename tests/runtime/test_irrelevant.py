"""Calls that differ in an irrelevant parameter alone are one call for the executor."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from specbench.core.ledger import Fate
from specbench.core.types import DecisionPoint, Effect, Message, ToolSpec
from specbench.policies import TopK
from specbench.runtime import Decided, Executor, Tool
from specbench.speculation import Options, RunAhead, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

pytestmark = pytest.mark.parametrize("backend", BACKENDS)
SCHEMA = {"properties": {"x": {"type": "string"}, "reason": {"type": "string"}}, "required": ["x", "reason"]}


def opener(tools: Recorder, seconds: float = 1.0, traits: Traits | None = None) -> Tool:
    spec = ToolSpec("open", parameters=SCHEMA, effect=Effect.READ, irrelevant=("reason",))
    return Tool(spec, tools.tool("open", seconds).run, traits or Traits())


def test_a_guess_with_another_reason_is_a_hit(backend: str) -> None:
    tools = Recorder()

    async def main() -> Executor:
        async with Executor([opener(tools)], Says(sure(call("open", x="a")))) as executor:
            real = call("open", x="a", reason="to see")
            step = await executor.run_step(point(executor), thinks(2.0, real))
            assert step.outcome.hit and step.outcome.call == 'open({"x":"a"})'
            assert step.results[0].call.arguments["reason"] == "to see"  # the conversation keeps the agent's own
        return executor

    executor = run_virtual(main, backend=backend)
    assert [ran for ran, *_ in tools.log] == ['open({"reason":"reason","x":"a"})']
    (row,) = executor.ledger().speculations
    assert (row.fate, row.call, row.irrelevant) == (Fate.COMMIT, 'open({"x":"a"})', '{"reason":"reason"}')


def test_a_cached_result_serves_another_reason(backend: str) -> None:
    tools = Recorder()

    async def main() -> None:
        async with Executor([opener(tools, traits=Traits(cache_ttl_s=60))], policy=TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("open", x="a", reason="one")))
            await executor.run_step(step.next_point(), thinks(1.0, call("open", x="a", reason="two")))

    run_virtual(main, backend=backend)
    assert len(tools.log) == 1


def test_an_llm_that_was_run_ahead_on_another_reason_is_asked_again(backend: str) -> None:
    """What it saw is not what the agent said."""

    async def run(reason: str) -> tuple[list[str], Any]:
        tools, seen = Recorder(), []

        async def think(at: DecisionPoint) -> Decided:
            await anyio.sleep(2.0)
            if at.index:
                seen.append(str(at.messages[1].tool_calls[0].arguments["reason"]))
                return Decided(text="done")
            return Decided((call("open", x="a", reason=reason),))

        def say(messages: Any) -> Any:
            return sure(call("open", x="a", reason="guess")) if len(messages) == 1 else []

        options = Options(run_ahead=RunAhead(1, 0.1))
        async with Executor([opener(tools)], Says(say), options=options) as executor:
            step = await executor.run_step(point(executor, Message("user", "go")), think)
            await executor.run_step(step.next_point(), think)
        return seen, [row.fate for row in executor.ledger().aheads]

    assert run_virtual(lambda: run("guess"), backend=backend) == (["guess"], [Fate.COMMIT])
    seen, fates = run_virtual(lambda: run("own"), backend=backend)
    assert seen[-1] == "own" and fates == [Fate.SQUASH]
