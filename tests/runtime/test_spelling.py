"""Two calls are one for the executor only if their tool cannot tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest

from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.policies import Choice, Policy, State, TopK
from specbench.runtime import CacheWarmer, Decided, Executor, Partial, Tool, Warmer
from specbench.speculation import Options, RunAhead, Traits
from specbench.speculation.course import OTHER_SPELLING
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Says, call, point, sure, thinks

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


async def show(**arguments: Any) -> str:
    await anyio.sleep(1.0)
    return repr(arguments)


async def show_x(x: Any = None, y: Any = None) -> str:
    await anyio.sleep(1.0)
    return f"x={x!r} y={y!r}"


def tool(run: Any = show, schema: dict[str, Any] | None = None, traits: Traits | None = None) -> Tool:
    return Tool(ToolSpec("show", "", {"properties": schema or {}}, Effect.READ), run, traits or Traits())


def one_step(backend: str, tool: Tool, guess: ToolCall, real: ToolCall) -> tuple[str, bool, str]:
    async def main() -> tuple[str, bool, str]:
        async with Executor([tool], Says(sure(guess)), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, real))
        assert [row.fate for row in executor.ledger().speculations] == ["commit" if step.outcome.hit else "squash"]
        return step.results[0].value, step.results[0].speculated, step.outcome.reason

    return run_virtual(main, backend=backend)


@pytest.mark.parametrize(
    ("guess", "real", "shown"),
    [
        ({"x": 50.0}, {"x": 50}, "{'x': 50}"),
        ({"x": 50}, {"x": 50.0}, "{'x': 50.0}"),
        ({"x": 0.0}, {"x": -0.0}, "{'x': -0.0}"),
        ({"x": 1e22}, {"x": 10**22}, f"{{'x': {10**22}}}"),
        ({"x": [1, {"y": 2.0}]}, {"x": [1, {"y": 2}]}, "{'x': [1, {'y': 2}]}"),
        ({"x": {"b": 1, "a": 2}}, {"x": {"a": 2, "b": 1}}, "{'x': {'a': 2, 'b': 1}}"),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}, "{'a': 2, 'b': 1}"),
        ({"x": (1,)}, {"x": [1]}, "{'x': [1]}"),
    ],
)
def test_what_the_tool_can_tell_apart_runs_as_it_was_written(
    backend: str, guess: dict[str, Any], real: dict[str, Any], shown: str
) -> None:
    assert ToolCall("show", guess) == ToolCall("show", real)  # a hit for metrics and simulator
    assert one_step(backend, tool(), ToolCall("show", guess), ToolCall("show", real)) == (shown, False, OTHER_SPELLING)


@pytest.mark.parametrize("guess", [True, "1", None])
def test_other_values_are_other_calls(backend: str, guess: Any) -> None:
    assert one_step(backend, tool(), call("show", x=guess), call("show", x=1)) == ("{'x': 1}", False, "top 1")


@pytest.mark.parametrize(
    ("proof", "guess", "real"),
    [
        (tool(schema={"x": {"type": "number"}}), {"x": 50.0}, {"x": 50}),
        (tool(schema={"x": {"type": "integer"}}), {"x": 50.0}, {"x": 50}),  # the guess is put right before it runs
        (
            tool(schema={"x": {"items": {"properties": {"y": {"type": "integer"}}}}}),
            {"x": [{"y": 2.0}]},
            {"x": [{"y": 2}]},
        ),
        (tool(show_x), {"y": 1, "x": 2}, {"x": 2, "y": 1}),  # a function with these parameters sees no order
        (tool(traits=Traits(any_spelling=True)), {"b": 1.0, "a": 2}, {"a": 2, "b": 1}),
    ],
)
def test_what_is_proved_to_be_the_same_is_used(
    backend: str, proof: Tool, guess: dict[str, Any], real: dict[str, Any]
) -> None:
    value, speculated, _ = one_step(backend, proof, ToolCall("show", guess), ToolCall("show", real))
    assert speculated and value.startswith(("{", "x=2"))


def test_a_parameter_that_is_not_there_is_named_as_in_the_sequential_run(backend: str) -> None:
    async def main() -> None:
        async with Executor([tool(show_x)], Says(sure(call("show", a=1, b=2))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, call("show", b=2, a=1)))
        assert "'b'" in step.results[0].text

    run_virtual(main, backend=backend)


def test_the_call_that_is_written_starts_beside_its_other_spelling(backend: str) -> None:
    async def think() -> Any:
        yield Partial(tool="show", arguments={"x": 1}, complete=True)
        await anyio.sleep(2.0)
        yield Decided((call("show", x=1),))

    async def main() -> None:
        async with Executor([tool()], Says(sure(call("show", x=1.0))), TopK(1)) as executor:
            step = await executor.run_step(point(executor), think)
        assert (step.results[0].value, step.outcome.hit) == ("{'x': 1}", True)

    run_virtual(main, backend=backend)


def test_a_kept_read_serves_its_own_spelling(backend: str) -> None:
    async def main() -> None:
        async with Executor([tool(traits=Traits(cache_ttl_s=60.0))]) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("show", x=7.0)))
            step = await executor.run_step(step.next_point(), thinks(0.0, call("show", x=7)))
            assert step.results[0].value == "{'x': 7}"
            began = anyio.current_time()
            await executor.run_step(step.next_point(), thinks(0.0, call("show", x=7.0)))
            assert anyio.current_time() == began

    run_virtual(main, backend=backend)


def test_a_warm_result_serves_its_own_spelling(backend: str) -> None:
    async def main() -> None:
        rule = Warmer("find", lambda *_: [call("show", x=7.0)], 60.0)
        tools = [tool(), Tool(ToolSpec("find", effect=Effect.READ), show)]
        async with Executor(tools, warmer=CacheWarmer([rule])) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("find")))
            step = await executor.run_step(step.next_point(), thinks(5.0, call("show", x=7)))
            assert step.results[0].value == "{'x': 7}"
            step = await executor.run_step(step.next_point(), thinks(5.0, call("show", x=7.0)))
            assert step.results[0].value == "{'x': 7.0}"
            assert executor.warmer is not None and executor.warmer.stats.hits == 1

    run_virtual(main, backend=backend)


def test_an_llm_is_not_run_ahead_on_a_conversation_that_reads_otherwise(backend: str) -> None:
    """The result is the same by the schema; the LLM sees what it wrote."""

    async def think(at: Any) -> Any:
        await anyio.sleep(2.0)
        said = [each for message in at.messages for each in message.tool_calls]
        return said[-1].spelling if said else call("show", x=1)

    async def main() -> None:
        options = Options(run_ahead=RunAhead(1, 0.5))
        tools = [tool(show_x, {"x": {"type": "number"}})]
        async with Executor(tools, Says(sure(call("show", x=1.0))), TopK(1), options=options) as executor:
            step = await executor.run_step(point(executor), think)
            assert step.outcome.hit
            step = await executor.run_step(step.next_point(), think)
            assert step.decided.text == 'show({"x":1})'

    run_virtual(main, backend=backend)


def test_an_edited_spelling_is_what_runs(backend: str) -> None:
    async def main() -> None:
        async with Executor([tool()], Says(sure(ToolCall("show", {"x": 50.0}))), TopK(1)) as executor:
            step = await executor.open_step(point(executor, Message("user", "go")), thinks(2.0, call("show", x=50.0)))
            assert (await step.obtain(call("show", x=50))).value == "{'x': 50}"  # a human has edited it
            await step.finish()

    run_virtual(main, backend=backend)


class TakesAll(Policy):
    """Chooses whatever is predicted."""

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return all."""
        return Choice(list(predictions), "all")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [(TopK(1), "no READ call predicted"), (TakesAll(), "the arguments of show are not a JSON object")],
)
def test_a_predicted_call_with_broken_arguments_is_never_run(backend: str, policy: Policy, reason: str) -> None:
    async def main() -> None:
        broken, ran = ToolCall("show", {}, invalid_arguments="{oops"), []

        async def run() -> str:
            ran.append(anyio.current_time())
            return "ran"

        async with Executor([tool(run)], Says(sure(broken)), policy) as executor:
            step = await executor.run_step(point(executor), thinks(2.0, broken))
        assert step.results[0].text == "Error: the arguments of show are not a JSON object: {oops"
        assert step.outcome.reason == reason
        assert (ran, executor.ledger().speculations) == ([], [])

    run_virtual(main, backend=backend)
