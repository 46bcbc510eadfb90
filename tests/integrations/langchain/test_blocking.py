"""Agents that are run with ``invoke``: the executor has a thread of its own, and nothing else changes."""

import time

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall
from specbench.integrations.langchain.middleware import SpeculationMiddleware, tools_of
from specbench.integrations.langchain.model import BackendChatModel
from specbench.integrations.langgraph.agent import SpeculativeAgent
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.runtime import Executor
from tests.integrations.langchain.guessed_agents import model_of

THINK_S = 0.2


def answer(request):
    last = request.messages[-1]
    if last.role == "tool":
        return f"It is {last.content}."
    return Message("assistant", "", (ToolCall("look", {"x": last.content}),))


def foreseen():
    return LLMDraftPredictor(ScriptedBackend(answer), points=0).fit([])


def watched():
    """A blocking tool, and when it was called."""
    began = []

    @tool
    def look(x: str) -> str:
        """Look at something."""
        began.append(time.monotonic())
        if x == "nowhere":
            raise ValueError("nothing to see")
        return x.upper()

    return look, began


def agent_with(predictor):
    look, began = watched()
    executor = Executor(tools_of([look], {"look": "read"}), predictor, TopK(1))
    model = BackendChatModel(backend=ScriptedBackend(answer, prefill_s=THINK_S))
    return create_agent(model, [look], middleware=[SpeculationMiddleware(executor)]), executor, began


@pytest.mark.parametrize("predictor", [None, foreseen()], ids=["without", "speculative"])
def test_invoke_gives_the_same_messages_and_the_tool_runs_once_beside_the_model(predictor):
    agent, executor, began = agent_with(predictor)
    with executor:
        started = time.monotonic()
        state = agent.invoke({"messages": [("user", "a")]})
    assert [message.text for message in state["messages"]] == ["a", "", "A", "It is A."]
    assert len(began) == 1
    assert (began[0] - started < THINK_S) == executor.outcomes[0].hit == (predictor is not None)


def test_a_stream_tells_of_hits_too():
    agent, executor, _ = agent_with(foreseen())
    with executor:
        steps = [name for update in agent.stream({"messages": [("user", "a")]}) for name in update]
    assert steps == ["model", "tools", "model"]
    assert executor.outcomes[0].hit


@pytest.mark.parametrize("predictor", [None, foreseen()], ids=["without", "speculative"])
def test_what_a_tool_raises_goes_on_as_it_was(predictor):
    agent, executor, _ = agent_with(predictor)
    with executor, pytest.raises(ValueError, match=r"^nothing to see"):
        agent.invoke({"messages": [("user", "nowhere")]})


def test_conversations_on_many_threads_stay_apart():
    from concurrent.futures import ThreadPoolExecutor

    agent, executor, began = agent_with(foreseen())
    with executor, ThreadPoolExecutor(4) as pool:
        states = list(pool.map(lambda text: agent.invoke({"messages": [("user", text)]}), "abcdefgh"))
    assert [state["messages"][-1].text for state in states] == [f"It is {text}." for text in "ABCDEFGH"]
    assert len(began) == 8


def test_a_human_says_no_before_anything_is_written():
    done = []

    @tool
    def refund(order: int) -> str:
        """Refund."""
        done.append(order)
        return f"refunded {order}"

    executor = Executor(tools_of([refund], {"refund": "write"}))
    agent = create_agent(
        model_of(("refund", {"order": 7}), ("refund", {"order": 9})),
        [refund],
        middleware=[HumanInTheLoopMiddleware(interrupt_on={"refund": True}), SpeculationMiddleware(executor)],
        checkpointer=InMemorySaver(),
    )
    config = {"configurable": {"thread_id": "t"}}
    with executor:
        agent.invoke({"messages": [("user", "refund 7 and 9")]}, config)
        before = list(done)
        decisions = [{"type": "approve"}, {"type": "reject", "message": "no!"}]
        agent.invoke(Command(resume={"decisions": decisions}), config)
    assert (before, done) == ([], [7])


def test_a_graph_runs_in_the_executors_thread():
    look, _ = watched()
    executor = Executor(tools_of([look], {"look": "read"}), foreseen(), TopK(1))
    graph = SpeculativeAgent(ScriptedBackend(answer, prefill_s=THINK_S), executor).compile()
    with executor:
        state = executor.call(graph.ainvoke, {"messages": [("user", "a")]})
    assert state["messages"][-1].text == "It is A."
    assert state["log"][0]["speculated"]


def test_without_a_thread_of_its_own_the_error_says_what_to_do():
    agent, executor, began = agent_with(None)
    with pytest.raises(ConfigError, match="use `with executor:` around it, or `async with executor:`"):
        agent.invoke({"messages": [("user", "a")]})
    with executor, pytest.raises(ConfigError, match="in use already"), executor:
        pass
    assert not began
