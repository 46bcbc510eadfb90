"""Runs that end before their time: what is done is not done again, and nothing of them stays."""

from __future__ import annotations

import asyncio
import gc

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Command

from specbench.core.types import Effect, ToolSpec
from specbench.integrations.langchain.middleware import SpeculationMiddleware, tools_of
from specbench.integrations.langchain.model import BackendChatModel
from specbench.integrations.langgraph.agent import SpeculativeAgent
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.runtime import Executor, Tool

LOOK = '{"name": "look", "parameters": {"x": 1}}'


def written(*calls: tuple[str, str]) -> str:
    return "".join(f'<tool_call>{{"name": "{name}", "arguments": {{"x": "{x}"}}}}</tool_call>' for name, x in calls)


def agent(done: list[tuple[str, str]], *calls: tuple[str, str]) -> tuple[SpeculativeAgent, Executor]:
    """Tools that note what they have done; ``slow`` ones take their time."""

    def made(name: str, effect: Effect, seconds: float) -> Tool:
        async def run(x: str) -> str:
            await asyncio.sleep(seconds)
            done.append((name, x))
            return f"{name} {x}"

        return Tool(ToolSpec(name, effect=effect), run)

    executor = Executor(
        [
            made("refund", Effect.WRITE, 0.0),
            made("slow_mail", Effect.WRITE, 0.3),
            made("get", Effect.READ, 0.0),
            made("slow_get", Effect.READ, 0.3),
        ]
    )
    return SpeculativeAgent(ScriptedBackend([written(*calls), "Done."]), executor), executor


@pytest.mark.parametrize(
    "calls",
    [
        [("refund", "A"), ("slow_mail", "B")],
        [("refund", "A"), ("refund", "B"), ("slow_get", "C")],
        [("refund", "A"), ("refund", "A"), ("slow_mail", "A")],  # the very same one, twice
        [("get", "A"), ("refund", "B"), ("slow_mail", "C"), ("refund", "D")],
    ],
)
def test_a_run_that_is_taken_up_again_amid_its_calls_repeats_none_that_is_done(calls: list[tuple[str, str]]) -> None:
    async def main() -> None:
        done: list[tuple[str, str]] = []
        speculative, executor = agent(done, *calls)
        graph, thread = speculative.compile(InMemorySaver()), {"configurable": {"thread_id": "7"}}
        async with executor:
            run = asyncio.create_task(graph.ainvoke({"messages": [("user", "please")]}, thread))
            await asyncio.sleep(0.15)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert 0 < len(done) < len(calls)
            state = await graph.ainvoke(None, thread)
        assert sorted(done) == sorted(calls)
        assert [message.content for message in state["messages"][2:-1]] == [f"{name} {x}" for name, x in calls]
        assert state["messages"][-1].content == "Done."

    asyncio.run(main())


async def no_sessions(executor: Executor) -> None:
    gc.collect()
    await asyncio.sleep(0.05)
    assert not executor._sessions


def test_a_run_of_the_graph_without_a_thread_leaves_no_session_however_it_ends() -> None:
    async def look(x: int) -> str:
        return f"saw {x}"

    async def main() -> None:
        async with Executor([Tool(ToolSpec("look", effect=Effect.READ), look)]) as executor:
            for _ in range(3):
                with pytest.raises(GraphRecursionError):
                    graph = SpeculativeAgent(ScriptedBackend([LOOK] * 9), executor).compile()
                    await graph.ainvoke({"messages": [("user", "hi")]}, {"recursion_limit": 3})
            await no_sessions(executor)
            graph = SpeculativeAgent(ScriptedBackend([LOOK, "Bye."]), executor).compile()
            async for _ in graph.astream({"messages": [("user", "hi")]}):
                break
            await no_sessions(executor)

    asyncio.run(main())


@pytest.mark.parametrize("direct", [False, True])
def test_a_run_with_the_middleware_leaves_no_session_however_it_ends(direct: bool) -> None:
    async def look(x: int) -> str:
        """Look."""
        return f"saw {x}"

    async def main() -> None:
        tools = [tool(look, return_direct=direct)]
        async with Executor(tools_of(tools, {"look": Effect.READ})) as executor:
            made = create_agent(
                BackendChatModel(backend=ScriptedBackend([LOOK] * 9)),
                tools,
                middleware=[SpeculationMiddleware(executor)],
            )
            for _ in range(3):
                try:
                    await made.ainvoke({"messages": [("user", "hi")]}, {"recursion_limit": 4})
                    assert direct
                except GraphRecursionError:
                    assert not direct
            await no_sessions(executor)

    asyncio.run(main())


def test_a_new_message_after_a_cut_is_told_that_writes_may_have_run() -> None:
    async def main() -> None:
        done: list[tuple[str, str]] = []
        speculative, executor = agent(done, ("refund", "A"), ("get", "B"), ("slow_mail", "C"))
        graph, thread = speculative.compile(InMemorySaver()), {"configurable": {"thread_id": "7"}}
        async with executor:
            run = asyncio.create_task(graph.ainvoke({"messages": [("user", "please")]}, thread))
            await asyncio.sleep(0.15)
            run.cancel()
            await asyncio.wait([run])
            state = await graph.ainvoke({"messages": [("user", "And?")]}, thread)
        told = [message.content for message in state["messages"] if message.type == "tool"]
        assert ["may have been run" in each for each in told] == [True, False, True]
        assert "was not run" in told[1]  # a read can be made again

    asyncio.run(main())


def test_calls_that_were_waiting_for_a_human_are_known_not_to_have_run() -> None:
    async def main() -> None:
        done: list[tuple[str, str]] = []
        speculative, executor = agent(done, ("refund", "A"))
        graph, thread = speculative.compile(InMemorySaver()), {"configurable": {"thread_id": "7"}}
        async with executor:
            await graph.ainvoke({"messages": [("user", "please")]}, thread, interrupt_before=["execute_tool"])
            state = await graph.ainvoke({"messages": [("user", "wait!")]}, thread)
        assert done == [] and "was not run" in state["messages"][2].content

    asyncio.run(main())


def test_an_agent_that_is_made_anew_for_each_request_goes_on_after_an_approval() -> None:
    done: list[str] = []

    async def pay(x: str) -> str:
        """Pay."""
        done.append(x)
        return "paid"

    async def main() -> None:
        tools, saver = [tool(pay)], InMemorySaver()
        thread = {"configurable": {"thread_id": "7"}}
        backend = ScriptedBackend(['{"name": "pay", "parameters": {"x": "A"}}', "Done.", "Hello."])
        async with Executor(tools_of(tools, {"pay": Effect.WRITE})) as executor:

            def made():
                gates = [HumanInTheLoopMiddleware(interrupt_on={"pay": True}), SpeculationMiddleware(executor)]
                return create_agent(BackendChatModel(backend=backend), tools, middleware=gates, checkpointer=saver)

            await made().ainvoke({"messages": [("user", "pay")]}, thread)
            state = await made().ainvoke(Command(resume={"decisions": [{"type": "approve"}]}), thread)
            assert (done, state["messages"][-1].text) == (["A"], "Done.")
            state = await made().ainvoke({"messages": [("user", "and?")]}, thread)
            assert state["messages"][-1].text == "Hello."
            gc.collect()
            assert repr(executor.policy) == "Threshold(p=0.6, k=1)" and len(executor.policy._keepers) <= 1

    asyncio.run(main())
