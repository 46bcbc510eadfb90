"""Our backends in LangChain: tools that the model sees, calls that come back, streaming, sync and async."""

import json

import anyio
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.utils import message_chunk_to_message
from langchain_core.tools import tool

from specbench.core.types import Message, ToolCall, ToolSpec
from specbench.integrations.langchain.messages import from_langchain, specs_of, to_langchain
from specbench.integrations.langchain.model import LISTENER, BackendChatModel
from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.base import ArgumentDone, CallStarted
from tests.loopback import Answering, Loopback

CALL = Message("assistant", "Let me see.", (ToolCall("get_order", {"order_id": "D1"}),))


@tool
def get_order(order_id: str) -> str:
    """One order."""
    return order_id


def model_of(*script):
    return BackendChatModel(backend=ScriptedBackend(list(script)))


def test_messages_go_there_and_back():
    messages = (
        Message("system", "s"),
        Message("user", "u"),
        Message("assistant", "a", (ToolCall("x", {"y": 1}, "call_1"),)),
        Message("tool", "Error: no", (), "call_1", "x", True),
    )
    assert from_langchain(to_langchain(messages)) == messages
    broken = Message("assistant", "", (ToolCall("x", {}, "c", invalid_arguments="{oops"),))
    assert from_langchain(to_langchain([broken])) == (broken,)


def test_bound_tools_reach_the_model():
    seen = []

    def answer(request):
        seen.append(request)
        return CALL

    model = BackendChatModel(backend=ScriptedBackend(answer)).bind_tools([get_order])
    message = model.invoke([SystemMessage("s"), HumanMessage("where is D1?")])
    assert isinstance(message, AIMessage) and message.text == "Let me see."
    assert message.tool_calls == [
        {"name": "get_order", "args": {"order_id": "D1"}, "id": "call_0", "type": "tool_call"}
    ]
    assert message.usage_metadata["output_tokens"] > 0
    assert seen[0].tools["get_order"].properties["order_id"]["type"] == "string"
    assert [each.role for each in seen[0].messages] == ["system", "user"]


def test_without_tools_there_are_no_calls():
    assert not model_of(CALL).invoke("hi").tool_calls


def test_streaming_gives_text_as_it_comes_and_calls_at_the_end():
    async def run():
        heard = []
        token = LISTENER.set(heard.append)
        chunks = [chunk async for chunk in model_of(CALL).bind_tools([get_order]).astream("hi")]
        LISTENER.reset(token)
        return chunks, heard

    chunks, heard = anyio.run(run)
    texts = [chunk.text for chunk in chunks if chunk.text]
    assert "".join(texts) == "Let me see." and len(texts) > 1
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [call["args"] for call in message_chunk_to_message(whole).tool_calls] == [{"order_id": "D1"}]
    assert any(isinstance(event, CallStarted) for event in heard)
    assert any(isinstance(event, ArgumentDone) for event in heard)


def test_parallel_invocations_do_not_mix():
    async def run():
        model = BackendChatModel(backend=ScriptedBackend(lambda request: request.messages[-1].content * 20))
        answers = {}

        async def one(text):
            answers[text] = (await model.ainvoke(text)).text

        async with anyio.create_task_group() as group:
            for text in "abc":
                group.start_soon(one, text)
        return answers

    assert anyio.run(run) == {text: text * 20 for text in "abc"}


def test_a_tool_result_and_its_error_reach_the_model():
    seen = []
    model = BackendChatModel(backend=ScriptedBackend(lambda request: seen.append(request) or "ok"))
    model.invoke([HumanMessage("hi"), ToolMessage("no", tool_call_id="c", name="x", status="error")])
    assert seen[0].messages[1] == Message("tool", "no", (), "c", "x", True)


@pytest.mark.parametrize("given", [get_order, ToolSpec("get_order"), {"name": "get_order", "parameters": {}}])
def test_tools_come_in_many_shapes(given):
    assert list(specs_of([given])) == ["get_order"]


def test_a_chat_model_over_http_is_invoked_again_and_again():
    class Handler(Answering):
        protocol_version = "HTTP/1.1"  # the connection stays open

        def do_POST(self):
            self.body()
            parts = [{"content": "hi"}, {}]
            chunks = [{"index": 0, "delta": part, "finish_reason": None if part else "stop"} for part in parts]
            body = "".join(f"data: {json.dumps({'id': 'c', 'choices': [each]})}\n\n" for each in chunks).encode()
            self.answer(body, "text/event-stream")

    with Loopback(Handler, "/v1") as server:
        model = BackendChatModel(backend=OpenAIBackend("m", base_url=server.url))
        assert [model.invoke("hi").text for _ in range(3)] == ["hi"] * 3
        assert anyio.run(model.ainvoke, "hi").text == "hi"
