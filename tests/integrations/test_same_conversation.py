"""One model, three ways to run it: the graph, LangChain's agent, and a server; what is said and done is the same."""

import json

import anyio
import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool

from specbench.core.types import Effect, ToolSpec
from specbench.integrations.langchain.messages import from_langchain
from specbench.integrations.langchain.model import BackendChatModel
from specbench.integrations.langgraph.agent import SpeculativeAgent
from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.runtime import Executor, Tool
from specbench.traces.call_results import as_linked
from tests.loopback import Answering, Loopback

SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
ONE, TWO = '{"name": "look", "arguments": {"x": 1}}', '{"name": "look", "arguments": {"x": 2}}'
BOTH = ["saw 1", "saw 2"]
SCRIPTS = {
    "llama 3": ([f"{ONE}; {TWO}", "Done."], BOTH),
    "hermes": ([f"I look.\n<tool_call>\n{ONE}\n</tool_call>\n<tool_call>{TWO}</tool_call>", "Done."], BOTH),
    "mistral": ([f"[TOOL_CALLS] [{ONE}, {TWO}]", "Done."], BOTH),
    "pythonic": (["[look(x=1), look(x=2)]", "Done."], BOTH),
    "xml": (["<tool_call><function=look><parameter=x>1</parameter></function></tool_call>", TWO, "Done."], BOTH),
    "thinking": ([f"<think>\nor <tool_call>{TWO}</tool_call>?\n</think>\n{ONE}", "<think>ok</think>Done."], BOTH[:1]),
    "nothing": (["Hello."], []),
}


async def look(x):
    return f"saw {x}"


def in_graph(backend):
    async def run():
        executor = Executor([Tool(ToolSpec("look", "Look.", SCHEMA, Effect.READ), look)])
        async with executor:
            state = await SpeculativeAgent(backend, executor).compile().ainvoke({"messages": [("user", "hi")]})
        await backend.aclose()
        return state["messages"]

    return anyio.run(run)


def in_agent(backend):
    given = tool("look", description="Look.", args_schema=SCHEMA)(look)

    async def run():
        agent = create_agent(BackendChatModel(backend=backend), [given])
        return (await agent.ainvoke({"messages": [("user", "hi")]}))["messages"]

    return anyio.run(run)


def over_http(script):
    left = list(script)

    class Handler(Answering):
        def do_POST(self):
            self.body()
            text = left.pop(0)
            parts = [text[at : at + 3] for at in range(0, len(text), 3)]
            choices = [{"index": 0, "delta": {"content": part}, "finish_reason": None} for part in parts]
            choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
            body = "".join(f"data: {json.dumps({'id': 'c', 'choices': [each]})}\n\n" for each in choices)
            self.answer(body.encode(), "text/event-stream")

    with Loopback(Handler, "/v1") as server:
        return in_graph(OpenAIBackend("m", base_url=server.url))


@pytest.mark.parametrize(("script", "results"), SCRIPTS.values(), ids=list(SCRIPTS))
def test_all_ways_give_the_same_messages(script, results):
    graph = from_langchain(in_graph(ScriptedBackend(script)))
    agent = from_langchain(in_agent(ScriptedBackend(script)))
    server = from_langchain(over_http(script))
    assert as_linked(graph) == as_linked(agent) == as_linked(server)
    calls = [call.key for message in graph for call in message.tool_calls]
    assert (
        len(calls) == sum(message.role == "tool" for message in graph) == (0 if script[0] == "Hello." else len(calls))
    )
