"""Agents that are run with ``invoke``: the executor has a thread of its own, and nothing else changes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import anyio
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

LONG_S = 20.0
"""No test waits for so long unless it fails."""


def answer(request):
    last = request.messages[-1]
    if last.role == "tool":
        return f"It is {last.content}."
    return Message("assistant", "", (ToolCall("look", {"x": last.content}),))


def foreseen():
    return LLMDraftPredictor(ScriptedBackend(answer), points=0).fit([])


def watched():
    """A blocking tool, its calls, and an event that tells of the first."""
    calls, began = [], threading.Event()

    @tool
    def look(x: str) -> str:
        """Look at something."""
        calls.append(x)
        began.set()
        if x == "nowhere":
            raise ValueError("nothing to see")
        return x.upper()

    return look, calls, began


def agent_with(predictor):
    """An agent whose model, where its call is foreseen, thinks until the tool has been called."""
    look, calls, began = watched()

    def think(request):
        if predictor is not None and request.messages[-1].role == "user":
            assert began.wait(LONG_S), "the tool was not run beside the model"
        return answer(request)

    executor = Executor(tools_of([look], {"look": "read"}), predictor, TopK(1))
    model = BackendChatModel(backend=ScriptedBackend(think))
    return create_agent(model, [look], middleware=[SpeculationMiddleware(executor)]), executor, calls


@pytest.mark.parametrize("predictor", [None, foreseen()], ids=["without", "speculative"])
def test_invoke_gives_the_same_messages_and_the_tool_runs_once_beside_the_model(predictor):
    agent, executor, calls = agent_with(predictor)
    with executor:
        state = agent.invoke({"messages": [("user", "a")]})
    assert [message.text for message in state["messages"]] == ["a", "", "A", "It is A."]
    assert calls == ["a"]
    assert executor.outcomes[0].hit == (predictor is not None)


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


@pytest.mark.parametrize("predictor", [None, foreseen()], ids=["without", "speculative"])
def test_an_asynchronous_tool_cannot_be_invoked_whether_it_was_guessed_or_not(predictor):
    began = threading.Event()

    @tool
    async def look(x: str) -> str:
        """Look at something."""
        began.set()
        return x.upper()

    def think(request):
        if predictor is not None and request.messages[-1].role == "user":
            assert began.wait(LONG_S)
        return answer(request)

    executor = Executor(tools_of([look], {"look": "read"}), predictor, TopK(1))
    agent = create_agent(
        BackendChatModel(backend=ScriptedBackend(think)), [look], middleware=[SpeculationMiddleware(executor)]
    )
    with executor:
        with pytest.raises(NotImplementedError, match="does not support sync invocation"):
            agent.invoke({"messages": [("user", "a")]})
        assert executor.call(agent.ainvoke, {"messages": [("user", "b")]})["messages"][-1].text == "It is B."


def test_an_agent_that_is_not_done_when_the_block_ends_is_told_so():
    thinks, left, said = threading.Event(), threading.Event(), []

    def think(request):
        thinks.set()
        assert left.wait(LONG_S)
        return answer(request)

    look, calls, _ = watched()
    executor = Executor(tools_of([look], {"look": "read"}))
    agent = create_agent(
        BackendChatModel(backend=ScriptedBackend(think)), [look], middleware=[SpeculationMiddleware(executor)]
    )

    def run():
        with pytest.raises(ConfigError, match="or none any more") as error:
            agent.invoke({"messages": [("user", "a")]})
        said.append(error.value)

    thread = threading.Thread(target=run)
    with executor:
        thread.start()
        assert thinks.wait(LONG_S)
        threading.Timer(0.05, left.set).start()
    thread.join(LONG_S)
    assert said
    assert not calls


def test_many_models_may_think_at_once_each_for_its_own_conversation():
    many = 60
    look, calls, _ = watched()
    together = threading.Barrier(many)

    def think(request):
        if request.messages[-1].role == "user":
            together.wait(LONG_S)  # goes on when all of them think
        return answer(request)

    executor = Executor(tools_of([look], {"look": "read"}))
    model = BackendChatModel(backend=ScriptedBackend(think))
    agent = create_agent(model, [look], middleware=[SpeculationMiddleware(executor)])
    names = [f"n{at}" for at in range(many)]
    with executor, ThreadPoolExecutor(many) as pool:
        states = list(pool.map(lambda text: agent.invoke({"messages": [("user", text)]}), names))
    assert [state["messages"][-1].text for state in states] == [f"It is {name.upper()}." for name in names]
    assert sorted(calls) == sorted(names)


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
    look, _, began = watched()

    class Patient(ScriptedBackend):
        """Thinks until the tool has been called."""

        @asynccontextmanager
        async def _writer(self, text, request):
            with anyio.fail_after(LONG_S):
                while not began.is_set():
                    await anyio.sleep(0.005)
            async with super()._writer(text, request) as writer:
                yield writer

    executor = Executor(tools_of([look], {"look": "read"}), foreseen(), TopK(1))
    graph = SpeculativeAgent(Patient(answer), executor).compile()
    with executor:
        state = executor.call(graph.ainvoke, {"messages": [("user", "a")]})
    assert state["messages"][-1].text == "It is A."
    assert state["log"][0]["speculated"]


def test_without_a_thread_of_its_own_the_error_says_what_to_do():
    agent, executor, calls = agent_with(None)
    with pytest.raises(ConfigError, match="use `with executor:` around all that runs, or `async with executor:`"):
        agent.invoke({"messages": [("user", "a")]})
    with executor, pytest.raises(ConfigError, match="in use already"), executor:
        pass
    assert not calls
