"""Speculation dropped into an agent that LangChain's ``create_agent`` made."""

import asyncio

import anyio
import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool

from specbench.agent.langchain_model import BackendChatModel
from specbench.agent.middleware import SpeculationMiddleware, tools_of
from specbench.errors import ConfigError
from specbench.llm.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.runtime import Executor
from specbench.testing.clock import VirtualLoop
from specbench.types import Effect, Message, ToolCall


@tool
async def look(x: str) -> str:
    """Look at something."""
    await anyio.sleep(3)
    return x.upper()


@tool
async def fail(x: str) -> str:
    """Fail."""
    raise ValueError(f"no {x}")


def answer(request):
    last = request.messages[-1]
    if last.role == "tool":
        return f"It is {last.content}."
    name = "fail" if "fail" in last.content else "look"
    return Message("assistant", "", (ToolCall(name, {"x": last.content}),))


def run(text, predictor=None, tools=(look, fail), effects=None):
    async def main():
        executor = Executor(tools_of([look, fail], effects or {"look": Effect.READ}), predictor, TopK(1))
        model = BackendChatModel(backend=ScriptedBackend(answer, prefill_s=4.0))
        agent = create_agent(model, list(tools), middleware=[SpeculationMiddleware(executor)], system_prompt="Help.")
        async with executor:
            state = await agent.ainvoke({"messages": [("user", text)]})
            took_s = asyncio.get_running_loop().time()
        return state["messages"], executor.ledger(), took_s

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def test_the_tool_is_hidden_behind_the_model_and_nothing_changes():
    draft = LLMDraftPredictor(ScriptedBackend(answer), points=0).fit([])
    plain, without, slow_s = run("a")
    ahead, ledger, fast_s = run("a", draft)
    assert [(m.type, m.text) for m in plain] == [(m.type, m.text) for m in ahead]
    assert [m.text for m in ahead][2:] == ["A", "It is A."]
    assert slow_s - fast_s == pytest.approx(3.0, abs=0.1)
    assert ledger.outcomes[0].hit and not without.speculations


def test_a_tool_that_fails_tells_the_model():
    messages, _, _ = run("fail")
    assert (messages[2].status, messages[2].text) == ("error", "Error: no fail")


def test_effects_are_of_tools_that_exist():
    with pytest.raises(ConfigError, match="no tool is called 'lok'; there are look, fail"):
        tools_of([look, fail], {"lok": Effect.READ})
