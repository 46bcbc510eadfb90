"""Speculation in agents of the OpenAI Agents SDK: nothing changes but the time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextvars import copy_context
from typing import Any

import anyio
import pytest
from agents import (
    Agent,
    FunctionTool,
    GuardrailFunctionOutput,
    InputGuardrail,
    Model,
    ModelResponse,
    RunConfig,
    RunContextWrapper,
    Runner,
    Usage,
    function_tool,
)
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import Effect, ToolCall
from specbench.integrations.openai_agents.agent import speculative, tools_of
from specbench.integrations.openai_agents.run_names import MANY, RunNames
from specbench.policies import TopK
from specbench.runtime import Executor
from specbench.speculation import Options
from tests.integrations.frameworks.agents_world import (
    EFFECTS,
    Shelf,
    decision,
    drafts,
    guessing,
    spelt,
    virtually,
)

QUIET = RunConfig(tracing_disabled=True)
THINK_S = 2.0
GET = ToolCall("get", {"x": 1}, "g")


def said(calls: list[ToolCall]) -> list[Any]:
    """What the model puts out: calls, or that it is done."""
    if calls:
        return [
            ResponseFunctionToolCall(
                arguments=json.dumps(dict(call.arguments)), call_id=call.id or "", name=call.name, type="function_call"
            )
            for call in calls
        ]
    text = ResponseOutputText(annotations=[], text="done", type="output_text")
    return [ResponseOutputMessage(id="m", content=[text], role="assistant", status="completed", type="message")]


class Scripted(Model):
    """The LLM: it thinks, then decides from what it has seen."""

    def __init__(self, seed: int = 0, calls: list[ToolCall] | None = None) -> None:
        self.seed, self.calls = seed, calls

    def decide(self, input: Any) -> list[ToolCall]:
        items = [] if isinstance(input, str) else input
        results = [str(item["output"]) for item in items if item.get("type") == "function_call_output"]
        if self.calls is not None:
            return [] if results else self.calls
        turn, before = 0, ""
        for item in items:  # the calls of one decision stand together
            kind = str(item.get("type"))
            turn, before = turn + (kind == "function_call" and before != "function_call"), kind
        return decision(self.seed, turn, results[-1] if results else "")

    async def get_response(self, system_instructions: Any, input: Any, *given: Any, **more: Any) -> ModelResponse:
        await anyio.sleep(THINK_S)
        return ModelResponse(output=said(self.decide(input)), usage=Usage(), response_id=None)

    async def stream_response(
        self, system_instructions: Any, input: Any, *given: Any, **more: Any
    ) -> AsyncIterator[Any]:
        await anyio.sleep(THINK_S)
        response = Response(
            id="r", created_at=0, model="m", object="response", output=said(self.decide(input)),
            tool_choice="auto", tools=[], parallel_tool_calls=True,
        )  # fmt: skip
        yield ResponseCompletedEvent(response=response, sequence_number=0, type="response.completed")


def tools_from(shelf: Shelf) -> list[Any]:
    return [function_tool(each) for each in shelf.functions]


def played(seed: int, temper: str | None, options: str = "plain", *, stream: bool = False, raises: bool = False) -> Any:
    """Run the agent; returns what was said, what was done, the ledger, and the seconds that it took."""

    async def main() -> Any:
        shelf = Shelf()
        tools = [
            function_tool(each, failure_error_function=None) if raises else function_tool(each)
            for each in shelf.functions
        ]
        predictor = None if temper is None else guessing(seed, temper)
        executor = Executor(tools_of(tools, EFFECTS), predictor, TopK(2), options=Options.from_text(options))
        agent: Agent[Any] = Agent("clerk", model=Scripted(seed), tools=tools)
        agent = agent if temper is None else speculative(agent, executor)
        async with executor:
            try:
                if stream:
                    run: Any = Runner.run_streamed(agent, "hello", run_config=QUIET, max_turns=20)
                    async for _ in run.stream_events():
                        pass
                else:
                    run = await Runner.run(agent, "hello", run_config=QUIET, max_turns=20)
                seen = spelt(run.to_input_list())
            except Exception as error:
                seen = [repr(error)]
            took_s = asyncio.get_running_loop().time()
        return seen, (shelf.writes, shelf.items), executor.ledger(), took_s

    return virtually(main)


@pytest.mark.parametrize("temper", ["right", "wrong", "mixed"])
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 114, 130, 144, 159])
def test_with_speculation_is_as_without_byte_for_byte(seed: int, temper: str) -> None:
    seen, done, _, slow_s = played(seed, None)
    again, did, ledger, fast_s = played(seed, temper, ("plain", "carry_ttl_s=100")[seed % 2])
    assert again == seen
    assert did == done
    assert fast_s <= slow_s + 1e-6
    assert ledger.outcomes


@pytest.mark.parametrize("seed", range(3))
def test_what_a_tool_raises_ends_the_run_as_without(seed: int) -> None:
    seen, done, _, _ = played(seed, None, raises=True)
    again, did, _, _ = played(seed, "right", raises=True)
    assert (again, did) == (seen, done)


def test_right_guesses_are_used_and_hide_their_tools() -> None:
    hits, saved_s = 0, 0.0
    for seed in range(4):
        _, _, ledger, fast_s = played(seed, "right")
        _, _, _, slow_s = played(seed, None)
        hits += sum(row.hits for row in ledger.outcomes)
        saved_s += slow_s - fast_s
    assert hits >= 5
    assert saved_s > 3.0


def test_a_streamed_run_is_the_same() -> None:
    for seed in range(3):
        seen, done, _, _ = played(seed, None, stream=True)
        again, did, ledger, _ = played(seed, "right", stream=True)
        assert (again, did) == (seen, done)
        assert sum(row.hits for row in ledger.outcomes) > 0


def guessed(tools: list[Any], allow: Any = None, calls: int = 1, **more: Any) -> tuple[Any, list[Any]]:
    """Run an agent that makes the call that is guessed, so many times at once; returns the ledger and the runs."""

    async def main() -> Any:
        executor = Executor(tools_of(tools, {"get": "read"}), drafts(GET), TopK(1))
        agent: Agent[Any] = Agent("clerk", model=Scripted(calls=[GET]), tools=tools, **more)
        agent = speculative(agent, executor, allow=allow)
        async with executor:
            runs = await asyncio.gather(
                *(Runner.run(agent, "go", run_config=QUIET) for _ in range(calls)), return_exceptions=True
            )
            run: Any = runs[0]
            if getattr(run, "interruptions", None):
                state = run.to_state()
                state.approve(run.interruptions[0])
                runs.append(await Runner.run(agent, state, run_config=QUIET))
        return executor.ledger(), runs

    found: tuple[Any, list[Any]] = virtually(main)
    return found


@pytest.mark.parametrize("callable_policy", [False, True])
def test_a_tool_that_needs_an_approval_is_not_guessed_and_runs_once_it_is_approved(callable_policy: bool) -> None:
    async def policy(context: Any, arguments: Any, call_id: str) -> bool:
        return True

    shelf = Shelf()
    ledger, runs = guessed([function_tool(shelf.get, needs_approval=policy if callable_policy else True)])
    assert not ledger.speculations
    assert shelf.ran == ["get"]
    assert runs[-1].final_output == "done"


def test_input_guardrails_hold_for_guesses_too() -> None:
    async def deny(context: Any, agent: Any, input: Any) -> GuardrailFunctionOutput:
        await anyio.sleep(THINK_S / 2)
        return GuardrailFunctionOutput(output_info=None, tripwire_triggered=True)

    shelf = Shelf()
    ledger, runs = guessed([function_tool(shelf.get)], input_guardrails=[InputGuardrail(deny)])
    assert "Tripwire" in type(runs[0]).__name__
    assert not ledger.speculations
    assert shelf.ran == []


def test_allow_says_what_the_guards_let_through() -> None:
    shelf = Shelf()
    ledger, _ = guessed([function_tool(shelf.get, needs_approval=True)], allow=lambda call: call.arguments["x"] == 1)
    assert [row.tool for row in ledger.speculations] == ["get"]


def test_runs_at_once_do_not_mix_though_their_ids_are_equal() -> None:
    shelf = Shelf()
    ledger, runs = guessed([function_tool(shelf.get)], calls=3)
    assert [row.fate for row in ledger.speculations] == [Fate.COMMIT] * 3
    assert [run.final_output for run in runs] == ["done"] * 3
    assert len({row.trace_id for row in ledger.outcomes}) == 3


def test_a_tool_that_takes_the_context_is_not_speculated() -> None:
    async def get(context: RunContextWrapper[Any], x: int) -> str:
        """Return what is theirs."""
        return f"{context.context} {x}"

    async def invoke(context: Any, arguments: str) -> str:
        return arguments

    by_hand = FunctionTool("own", "", {"type": "object", "properties": {}}, invoke, strict_json_schema=False)
    made = tools_of([function_tool(get), by_hand], {"get": "read", "own": "read"})
    assert [each.spec.effect for each in made] == [Effect.LOCAL, Effect.LOCAL]


def test_an_agent_that_is_a_tool_has_a_run_of_its_own() -> None:
    async def main() -> Any:
        shelf = Shelf()
        inner_tools = [function_tool(shelf.get)]
        executor = Executor(tools_of(inner_tools, {"get": "read"}), drafts(GET), TopK(1))
        inner = speculative(Agent("inner", model=Scripted(calls=[GET]), tools=inner_tools), executor)
        nested = inner.as_tool("ask", "Ask the other one.", run_config=QUIET)
        outer: Agent[Any] = Agent(
            "outer", model=Scripted(calls=[ToolCall("ask", {"input": "go"}, "o")]), tools=[nested]
        )
        async with executor:
            run = await Runner.run(speculative(outer, executor), "hello", run_config=QUIET)
        return run.final_output, executor.ledger(), shelf.ran

    output, ledger, ran = virtually(main)
    assert (output, ran) == ("done", ["get"])
    assert [row.fate for row in ledger.speculations if row.tool == "get"] == [Fate.COMMIT]


def test_a_handoff_goes_on_as_without() -> None:
    class Handing(Scripted):
        def decide(self, input: Any) -> list[ToolCall]:
            return [GET, ToolCall("transfer_to_other", {}, "h")]

    async def main() -> Any:
        shelf = Shelf()
        tools = [function_tool(shelf.get)]
        executor = Executor(tools_of(tools, {"get": "read"}), drafts(GET), TopK(1), options=Options(carry_ttl_s=100))
        other: Agent[Any] = Agent("other", model=Scripted(calls=[]))
        first: Agent[Any] = Agent("first", model=Handing(), tools=tools, handoffs=[other])
        async with executor:
            plain = await Runner.run(first, "go", run_config=QUIET)
            ahead = await Runner.run(speculative(first, executor), "go", run_config=QUIET)
        return plain, ahead, executor.ledger()

    plain, ahead, ledger = virtually(main)
    assert spelt(ahead.to_input_list()) == spelt(plain.to_input_list())
    assert ahead.last_agent.name == "other"
    assert [row.fate for row in ledger.speculations] == [Fate.SQUASH]


def test_a_conversation_that_the_server_keeps_is_not_speculated() -> None:
    async def main() -> Any:
        shelf = Shelf()
        tools = [function_tool(shelf.get)]
        executor = Executor(tools_of(tools, {"get": "read"}), drafts(GET), TopK(1))
        agent: Agent[Any] = Agent("clerk", model=Scripted(calls=[GET]), tools=tools)
        async with executor:
            run = await Runner.run(speculative(agent, executor), "go", run_config=QUIET, previous_response_id="r")
        return run.final_output, executor.ledger()

    output, ledger = virtually(main)
    assert (output, len(ledger.outcomes)) == ("done", 0)


def test_runs_that_cannot_be_told_apart_join_nothing() -> None:
    ended: list[str] = []
    names = RunNames(ended.append)

    def begin() -> str:
        name = names.of_model([{"role": "user", "content": "go"}])
        names.called(name, ["c1"])
        return name

    first, second = copy_context().run(begin), copy_context().run(begin)
    assert first != second
    assert copy_context().run(names.of_call, "c1") is None
    assert sorted(ended) == sorted([first, second])


def test_runs_that_were_cut_short_are_forgotten() -> None:
    ended: list[str] = []
    names = RunNames(ended.append)
    for number in range(MANY + 5):
        names.called(names.of_model([{"role": "user", "content": str(number)}]), [f"c{number}"])
    assert len(names) == MANY
    assert ended == [f"run {number}" for number in range(1, 6)]


def test_effects_are_of_tools_that_exist() -> None:
    with pytest.raises(ConfigError, match="no tool is called 'got'; there are get"):
        tools_of([function_tool(Shelf().get)], {"got": "read"})
