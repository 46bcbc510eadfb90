"""Runs that end before their time: what is done is not done again, and nothing of them stays."""

from __future__ import annotations

import asyncio
import gc

import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError

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
