"""Speculation in agents of pydantic-ai: nothing changes but the time."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, RunContext, Tool, models
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelMessage, ModelResponse, RetryPromptPart, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import ToolCall
from specbench.integrations.pydantic_ai.capability import Speculation, tools_of
from specbench.policies import TopK
from specbench.runtime import Executor
from specbench.speculation import Options
from tests.integrations.frameworks.agents_world import EFFECTS, Shelf, decision, drafts, guessing, spelt, virtually

models.ALLOW_MODEL_REQUESTS = False
THINK_S = 2.0
GET = ToolCall("get", {"x": 1}, "g")


def result_text(messages: list[ModelMessage]) -> str:
    parts = [part for message in messages for part in message.parts]
    results = [part for part in parts if isinstance(part, (ToolReturnPart, RetryPromptPart))]
    if not results:
        return ""
    last = results[-1]
    return last.model_response_str() if isinstance(last, ToolReturnPart) else last.model_response()


def thinking(seed: int) -> FunctionModel:
    """The LLM: it thinks, then decides from what it has seen."""

    async def think(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        await anyio.sleep(THINK_S)
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        calls = decision(seed, turn, result_text(messages))
        parts = [ToolCallPart(call.name, dict(call.arguments), call.id or "") for call in calls]
        return ModelResponse(parts=parts or [TextPart("done")])

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> Any:
        for at, part in enumerate((await think(messages, info)).parts):
            if isinstance(part, ToolCallPart):
                yield {at: DeltaToolCall(part.tool_name, part.args_as_json_str(), tool_call_id=part.tool_call_id)}
            else:
                yield "done"

    return FunctionModel(think, stream_function=stream)


def told(run: Any) -> list[str]:
    """The conversation: kinds of parts with what they hold, without times and ids of runs."""
    out = []
    for message in run.all_messages():
        for part in message.parts:
            kept = {name: getattr(part, name, None) for name in ("part_kind", "tool_name", "args", "tool_call_id")}
            out.append((kept, part.content if hasattr(part, "content") else None))
    return spelt(out)


def played(seed: int, temper: str | None, options: str = "plain", *, stream: bool = False) -> tuple[Any, ...]:
    """Run the agent; returns what was said, what was done, the ledger, and the seconds that it took."""

    async def main() -> tuple[Any, ...]:
        shelf = Shelf()
        tools = [Tool(each, max_retries=20) for each in shelf.functions]
        predictor = None if temper is None else guessing(seed, temper)
        executor = Executor(tools_of(tools, EFFECTS), predictor, TopK(2), options=Options.from_text(options))
        capabilities = [] if temper is None else [Speculation(executor)]
        agent: Agent[None, str] = Agent(thinking(seed), tools=tools, capabilities=capabilities)

        async with executor:
            try:
                if stream:
                    async with agent.run_stream("hello") as streamed:
                        await streamed.get_output()
                    said = told(streamed)
                else:
                    said = told(await agent.run("hello"))
            except Exception as error:
                said = [repr(error)]
            took_s = asyncio.get_running_loop().time()
        return said, (shelf.writes, shelf.items), executor.ledger(), took_s

    found: tuple[Any, ...] = virtually(main)
    return found


@pytest.fixture
def retrying(monkeypatch: pytest.MonkeyPatch) -> None:
    """``flaky`` tells the model of its failure, as pydantic-ai's tools do."""
    own = Shelf.flaky

    async def flaky(self: Shelf, x: int) -> str:
        """Fail on odd items."""
        try:
            return await own(self, x)
        except ValueError as error:
            raise ModelRetry(str(error)) from error

    monkeypatch.setattr(Shelf, "flaky", flaky)


@pytest.mark.parametrize("temper", ["right", "wrong", "mixed"])
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 114, 130, 144, 159])
def test_with_speculation_is_as_without_byte_for_byte(seed: int, temper: str, retrying: None) -> None:
    said, done, _, slow_s = played(seed, None)
    options = ("plain", "carry_ttl_s=100")[seed % 2]
    again, did, ledger, fast_s = played(seed, temper, options)
    assert again == said
    assert did == done
    assert fast_s <= slow_s + 1e-6
    assert ledger.outcomes


@pytest.mark.parametrize("seed", range(3))
def test_what_a_tool_raises_ends_the_run_as_without(seed: int) -> None:
    said, done, _, _ = played(seed, None)
    again, did, _, _ = played(seed, "right")
    assert (again, did) == (said, done)


def test_right_guesses_are_used_and_hide_their_tools(retrying: None) -> None:
    hits, saved_s = 0, 0.0
    for seed in range(4):
        _, _, ledger, fast_s = played(seed, "right")
        _, _, _, slow_s = played(seed, None)
        hits += sum(row.hits for row in ledger.outcomes)
        saved_s += slow_s - fast_s
    assert hits >= 5
    assert saved_s > 3.0


def test_a_streamed_run_is_the_same(retrying: None) -> None:
    for seed in range(3):
        said, done, _, _ = played(seed, None, stream=True)
        again, did, _, _ = played(seed, "right", stream=True)
        assert (again, did) == (said, done)


class Deny(AbstractCapability[Any]):
    """Somebody's own guard: it lets no call of ``get`` pass."""

    async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
        raise ModelRetry("not now")


def asking(*calls: ToolCall) -> FunctionModel:
    """The LLM that makes these calls once."""

    async def think(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        await anyio.sleep(THINK_S)
        if len(messages) > 1:
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart(call.name, dict(call.arguments), call.id or "") for call in calls])

    return FunctionModel(think)


def guessed(tools: list[Tool[Any]], capabilities: list[Any], allow: Any = None, **more: Any) -> tuple[Any, list[Any]]:
    """Run an agent that makes the call that is guessed; returns the ledger and the results of runs."""

    async def main() -> Any:
        executor = Executor(tools_of(tools, {"get": "read"}), drafts(GET), TopK(1))
        agent: Agent[Any, Any] = Agent(
            asking(GET), tools=tools, capabilities=[*capabilities, Speculation(executor, allow=allow)], **more
        )
        async with executor:
            runs = [await agent.run("go")]
            if isinstance(runs[0].output, DeferredToolRequests):
                approved = DeferredToolResults(approvals={GET.id or "": True})
                runs.append(await agent.run(message_history=runs[0].all_messages(), deferred_tool_results=approved))
        return executor.ledger(), runs

    found: tuple[Any, list[Any]] = virtually(main)
    return found


def test_a_tool_that_needs_an_approval_is_not_guessed_and_runs_once_it_is_approved() -> None:
    shelf = Shelf()
    ledger, runs = guessed(
        [Tool(shelf.get, requires_approval=True)], [], output_type=[str, DeferredToolRequests]
    )  # fmt: skip
    assert not ledger.speculations
    assert shelf.ran == ["get"]
    assert runs[-1].output == "done"


def test_a_guard_of_another_capability_holds_for_guesses_too() -> None:
    shelf = Shelf()
    ledger, _ = guessed([Tool(shelf.get)], [Deny()])
    assert not ledger.speculations
    assert shelf.ran == []


def test_the_ledger_says_who_may_refuse() -> None:
    class Watch(AbstractCapability[Any]):
        async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
            return args

    shelf = Shelf()
    ledger, _ = guessed([Tool(shelf.get)], [Watch()])
    assert shelf.ran == ["get"]
    assert "get is behind Watch, which may refuse or change it; say with allow=" in ledger.outcomes[0].reason


def test_allow_says_what_the_guards_let_through() -> None:
    shelf = Shelf()
    ledger, _ = guessed([Tool(shelf.get)], [Deny()], allow=lambda call: call.arguments["x"] == 1)
    assert [row.tool for row in ledger.speculations] == ["get"]


def test_a_validator_of_its_own_holds_for_guesses_too() -> None:
    def check(ctx: RunContext[Any], x: int) -> None:
        asked.append(x)

    asked: list[int] = []

    shelf = Shelf()
    ledger, _ = guessed([Tool(shelf.get, args_validator=check)], [])
    assert not ledger.speculations
    assert asked == [1]
    assert "has a validator" in ledger.outcomes[0].reason


def test_a_guess_has_the_context_of_its_run() -> None:
    async def get(ctx: RunContext[str], x: int) -> str:
        """Return what is theirs."""
        await anyio.sleep(1)
        return f"{ctx.deps} {x}"

    async def main() -> Any:
        tools = [Tool(get)]
        executor = Executor(tools_of(tools, {"get": "read"}), drafts(GET), TopK(1))
        agent: Agent[Any, str] = Agent(asking(GET), tools=tools, capabilities=[Speculation(executor)], deps_type=str)
        async with executor:
            runs = await asyncio.gather(*(agent.run("go", deps=name) for name in ("ann", "bob")))
        return executor.ledger(), [run.all_messages()[2].parts[0].content for run in runs]

    ledger, said = virtually(main)
    assert said == ["ann 1", "bob 1"]
    assert [row.fate for row in ledger.speculations] == [Fate.COMMIT] * 2


def test_arguments_that_somebody_changes_on_the_way_run_as_they_are_then() -> None:
    class Edit(AbstractCapability[Any]):
        async def before_tool_execute(self, ctx: Any, *, call: Any, tool_def: Any, args: Any) -> Any:
            return {"x": 2}

    shelf = Shelf()
    ledger, runs = guessed([Tool(shelf.get)], [Edit()], allow=lambda call: True)
    assert runs[0].all_messages()[2].parts[0].content == "item 2 is 21"
    assert [row.fate for row in ledger.speculations] == [Fate.SQUASH]


def test_no_run_leaves_anything_behind() -> None:
    async def main() -> Any:
        shelf = Shelf()
        tools = [Tool(shelf.get)]
        executor = Executor(tools_of(tools, {"get": "read"}), drafts(GET), TopK(1))
        speculation = Speculation(executor)
        agent: Agent[Any, str] = Agent(asking(GET), tools=tools, capabilities=[speculation])
        async with executor:
            await agent.run("go")
            with anyio.move_on_after(THINK_S / 2):
                await agent.run("go")
            return speculation._calls, speculation._toolsets, speculation.runs._offered, len(speculation.runs._steps)

    assert virtually(main) == ({}, {}, {}, 0)


def test_effects_are_of_tools_that_exist() -> None:
    with pytest.raises(ConfigError, match="no tool is called 'got'; there are get"):
        tools_of([Shelf().get], {"got": "read"})
