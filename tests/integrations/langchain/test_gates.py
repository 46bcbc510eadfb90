"""A guess does not get round the other middlewares of an agent: what one of them may refuse is not speculated."""

import asyncio

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    ModelCallLimitMiddleware,
    ToolCallLimitMiddleware,
    ToolRetryMiddleware,
)
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

from specbench.core.types import Effect
from specbench.integrations.langchain.middleware import SpeculationMiddleware, tools_of
from specbench.policies import TopK
from specbench.runtime import Executor
from tests.integrations.langchain.guessed_agents import RAN, guessing, model_of, salary


class Guard(AgentMiddleware):
    """Lets nobody ask for the boss."""

    async def awrap_tool_call(self, request, handler):
        if request.tool_call["args"]["person"] == "boss":
            return ToolMessage("not allowed", tool_call_id=request.tool_call["id"], status="error")
        return await handler(request)


class Looks(AgentMiddleware):
    """Looks at calls when the model has made them, and takes them out."""

    def after_model(self, state, runtime):
        last = state["messages"][-1]
        return {"messages": [AIMessage("no", id=last.id)]} if last.tool_calls else None


class Fewer(AgentMiddleware):
    """Takes tools off the offer."""

    async def awrap_model_call(self, request, handler):
        return await handler(request.override(tools=[]))


class Prompt(AgentMiddleware):
    """Has nothing to do with tools."""

    def before_model(self, state, runtime):
        return None


def ask_for(person, *around, allow=None, before=True, tools=(salary,)):
    """Whom the tool ran for, what the agent was told, and the reason in the ledger."""
    RAN.clear()

    async def main():
        executor = Executor(
            tools_of([salary], {"salary": Effect.READ}), guessing(("salary", {"person": person})), TopK(1)
        )
        own = SpeculationMiddleware(executor, allow=allow)
        middleware = [*around, own] if before else [own, *around]
        model = model_of(("salary", {"person": person}))
        agent = create_agent(model, list(tools), middleware=middleware, checkpointer=InMemorySaver())
        async with executor:
            config = {"configurable": {"thread_id": "t"}}
            state = await agent.ainvoke({"messages": [("user", "what does the boss earn?")]}, config)
        told = [message.text for message in state["messages"] if message.type == "tool"]
        return told, executor.ledger()

    told, ledger = asyncio.run(main())
    return list(RAN), told, len(ledger.speculations), [row.reason for row in ledger.outcomes]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    "gate",
    [
        Guard(),
        Looks(),
        HumanInTheLoopMiddleware(interrupt_on={"salary": True}),
        ToolCallLimitMiddleware(run_limit=0),
        ToolCallLimitMiddleware(tool_name="salary", run_limit=0),
    ],
    ids=lambda gate: type(gate).__name__,
)
def test_a_tool_behind_a_gate_is_not_speculated(gate, before):
    ran, _, launched, _ = ask_for("boss", gate, before=before)
    assert (ran, launched) == ([], 0)


def test_the_ledger_says_behind_which_gate_a_tool_is():
    _, told, _, reasons = ask_for("boss", Guard(), before=False)
    assert told == ["not allowed"]
    assert "salary is behind Guard, which may refuse it; say with allow=" in reasons[0]


@pytest.mark.parametrize("before", [True, False])
def test_a_tool_that_is_taken_off_the_offer_is_not_speculated(before):
    _, _, launched, reasons = ask_for("me", Fewer(), before=before)
    assert launched == 0
    assert ("not on offer" if before else "behind Fewer") in reasons[0]


@pytest.mark.parametrize(
    "others",
    [
        [],
        [Prompt()],
        [ToolRetryMiddleware()],
        [ModelCallLimitMiddleware(run_limit=9)],
        [HumanInTheLoopMiddleware(interrupt_on={"pay": True})],
        [ToolCallLimitMiddleware(tool_name="pay", run_limit=0)],
    ],
    ids=["none", "prompt", "retry", "model limit", "another tool", "another limit"],
)
def test_what_refuses_no_call_of_a_tool_does_not_stand_in_the_way(others):
    ran, told, launched, _ = ask_for("me", *others)
    assert (ran, told, launched) == (["me"], ["me: 1"], 1)


def test_what_the_gates_let_through_can_be_said():
    ran, told, launched, _ = ask_for("me", Guard(), allow=lambda call: call.arguments["person"] != "boss")
    assert (ran, told, launched) == (["me"], ["me: 1"], 1)
    ran, told, launched, _ = ask_for("boss", Guard(), allow=lambda call: call.arguments["person"] != "boss")
    assert (ran, told, launched) == ([], ["not allowed"], 0)


def test_an_agent_whose_other_middlewares_are_unknown_speculates_nothing(monkeypatch):
    monkeypatch.setattr("specbench.integrations.langchain.middleware.siblings_of", lambda middleware: None)
    ran, _, launched, reasons = ask_for("me")
    assert (ran, launched) == (["me"], 0) and "other middlewares are not known" in reasons[0]
