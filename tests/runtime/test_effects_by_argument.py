"""A tool whose arguments say whether it reads: the executor runs ahead what reads, and nothing else."""

from __future__ import annotations

import pytest

from specbench.core.ledger import Fate
from specbench.core.types import Effect, ToolSpec
from specbench.policies import TopK
from specbench.runtime import Executor, Tool, reads_by_prefix
from specbench.speculation import Options, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

pytestmark = pytest.mark.parametrize("backend", BACKENDS)
RULES = [{"command": "(ls|cat|git (status|diff))( .*)?", "effect": "read"}]


def shell(tools: Recorder, traits: Traits | None = None) -> Tool:
    spec = ToolSpec("bash", effect=Effect.WRITE, where=RULES)  # type: ignore[arg-type]
    return Tool(spec, tools.tool("bash").run, traits or Traits())


def test_a_command_that_reads_is_run_ahead_and_one_that_writes_is_not(backend: str) -> None:
    tools = Recorder()

    async def main() -> Executor:
        guesses = sure(call("bash", command="git diff; rm x"), call("bash", command="git diff"))
        async with Executor([shell(tools)], Says(guesses), policy=TopK(3)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("bash", command="git diff")))
            assert step.outcome.hit and step.outcome.effect == "read"
            step = await executor.run_step(step.next_point(), thinks(2.0, call("bash", command="git diff; rm x")))
            assert not step.outcome.hit and step.outcome.effect == "write"
        return executor

    executor = run_virtual(main, backend=backend)
    assert {row.call for row in executor.ledger().speculations} == {'bash({"command":"git diff"})'}


def test_a_command_that_writes_voids_what_was_read_and_kept(backend: str) -> None:
    tools = Recorder()

    async def main() -> Executor:
        options = Options(carry_ttl_s=60)
        looks = sure(call("bash", command="ls"))
        async with Executor([shell(tools, Traits(cache_ttl_s=60))], Says(looks), options=options) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("bash", command="cat a")))
            step = await executor.run_step(step.next_point(), thinks(2.0, call("bash", command="cat a")))
            assert len(tools.log) == 2  # ls ahead, cat once: the second time it is kept
            step = await executor.run_step(step.next_point(), thinks(2.0, call("bash", command="rm a")))
            await executor.run_step(step.next_point(), thinks(2.0, call("bash", command="cat a")))
        return executor

    executor = run_virtual(main, backend=backend)
    assert [ran for ran, *_ in tools.log].count('bash({"command":"cat a"})') == 2
    assert Fate.COMMIT not in {row.fate for row in executor.ledger().speculations}


def test_what_has_rules_is_declared(backend: str) -> None:
    tool = Tool(ToolSpec("get_and_set", where=[{"x": 1, "effect": "read"}]), print)  # type: ignore[list-item]
    assert reads_by_prefix([tool]) == [tool]
