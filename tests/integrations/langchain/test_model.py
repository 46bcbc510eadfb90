"""Our backends in LangChain: tools that the model sees, calls that come back, streaming, sync and async."""

import json
from dataclasses import replace

import anyio
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, ChatMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.utils import message_chunk_to_message
from langchain_core.tools import tool
from pydantic import BaseModel

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall, ToolSpec
from specbench.integrations.langchain.messages import from_langchain, specs_of, to_langchain
from specbench.integrations.langchain.model import BackendChatModel
from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.base import LLMError
from specbench.llm.chat_format import answered
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
        {"name": "get_order", "args": {"order_id": "D1"}, "id": "call_0_0", "type": "tool_call"}
    ]
    assert message.usage_metadata["output_tokens"] > 0
    assert seen[0].tools["get_order"].properties["order_id"]["type"] == "string"
    assert [each.role for each in seen[0].messages] == ["system", "user"]


def test_without_tools_there_are_no_calls():
    assert not model_of(CALL).invoke("hi").tool_calls


def test_streaming_gives_text_as_it_comes_and_calls_at_the_end():
    async def run():
        return [chunk async for chunk in model_of(CALL).bind_tools([get_order]).astream("hi")]

    chunks = anyio.run(run)
    texts = [chunk.text for chunk in chunks if chunk.text]
    assert "".join(texts) == "Let me see." and len(texts) > 1
    assert len(chunks) == len(texts) + 1  # none for calls in the making
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [call["args"] for call in message_chunk_to_message(whole).tool_calls] == [{"order_id": "D1"}]
    assert whole.usage_metadata["output_tokens"] > 0 and whole.response_metadata["finish_reason"] == "stop"


class Asked(ScriptedBackend):
    """Keeps what it was asked, and takes any option, as a server does."""

    def __init__(self, script):
        super().__init__(script)
        self.requests = []

    def stream(self, request):
        self.requests.append(request)
        return super().stream(replace(request, extra={}))


def asked(model, **options):
    model.invoke("hi", **options)
    bound = model.bound if hasattr(model, "bound") else model
    return bound.backend.requests[-1]


def test_options_of_an_invocation_reach_the_model():
    model = BackendChatModel(backend=Asked(["one two three"] * 9))
    assert model.invoke("hi", stop=["two"]).text == "one"
    request = asked(model, stop=["two"], temperature=0.9, max_tokens=7, seed=3, top_p=0.5)
    assert (request.stop, request.temperature, request.max_tok, request.seed) == (["two"], 0.9, 7, 3)
    assert request.extra == {"top_p": 0.5}
    assert asked(model.bind(temperature=0.2)).temperature == 0.2
    assert asked(BackendChatModel(backend=Asked(["x"]), temperature=0.4)).temperature == 0.4
    with pytest.raises(LLMError, match="no use for top_p"):
        model_of("x").invoke("hi", top_p=0.5)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        (False, None),
        ("auto", None),
        ("any", "required"),
        ("required", "required"),
        (True, "required"),
        ("get_order", "get_order"),
        ({"type": "function", "function": {"name": "get_order"}}, "get_order"),
        ({"type": "tool", "name": "get_order"}, "get_order"),
    ],
)
def test_the_choice_of_a_tool_reaches_the_model(choice, expected):
    model = BackendChatModel(backend=Asked([CALL])).bind_tools([get_order], tool_choice=choice)
    assert asked(model).tool_choice == expected


def test_no_tool_may_be_called_where_none_is_chosen():
    assert asked(BackendChatModel(backend=Asked(["x"])).bind_tools([get_order], tool_choice="none")).tools == {}


def test_a_choice_that_is_none_of_the_tools_is_refused():
    with pytest.raises(ConfigError, match="tool_choice is 'look'; use auto, any, required, none, or one of get_order"):
        model_of().bind_tools([get_order], tool_choice="look")


def test_a_model_that_does_not_call_what_it_must_is_an_error():
    with pytest.raises(LLMError, match="asked to call get_order, and called no tool"):
        model_of("plain").bind_tools([get_order], tool_choice="get_order").invoke("hi")


class Order(BaseModel):
    """An order."""

    order_id: str


def test_structured_output_is_an_object_or_an_error():
    answer = Message("assistant", tool_calls=(ToolCall("Order", {"order_id": "D1"}),))
    assert model_of(answer).with_structured_output(Order).invoke("hi") == Order(order_id="D1")
    with pytest.raises(LLMError, match="made none"):
        model_of("plain").with_structured_output(Order).invoke("hi")


def test_ids_are_new_in_every_turn_and_results_find_their_calls():
    said = [CALL, Message("assistant", "", CALL.tool_calls * 2), "done"]
    agent = create_agent(model_of(*said), [get_order])
    for state in (agent.invoke({"messages": [("user", "hi")]}),):
        ids = [call["id"] for each in state["messages"] if isinstance(each, AIMessage) for call in each.tool_calls]
        assert len(ids) == len(set(ids)) == 3
        assert [each.tool_call_id for each in state["messages"] if isinstance(each, ToolMessage)] == ids


def test_what_an_invocation_cost_and_why_it_ended_stand_in_the_message():
    class Thinks(ScriptedBackend):
        async def complete(self, request):
            end = await super().complete(request)
            usage = replace(end.usage, reasoning_tok=2)
            return replace(end, usage=usage, reasoning="hm", reason="content_filter")

    message = BackendChatModel(backend=Thinks(["one two"])).invoke("hi")
    assert message.response_metadata == {"finish_reason": "content_filter", "model_name": "scripted"}
    assert message.usage_metadata["output_token_details"] == {"reasoning": 2}
    assert message.additional_kwargs["reasoning_content"] == "hm"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (ChatMessage("hi", role="user"), Message("user", "hi")),
        (ChatMessage("hi", role="assistant"), Message("assistant", "hi")),
        (ChatMessage("hi", role="Developer"), Message("system", "hi")),
        (HumanMessage([{"type": "text", "text": "see "}, {"type": "image_url"}]), Message("user", "see [image_url]")),
        (FunctionMessage("7", name="now"), Message("tool", "7", (), None, "now")),
    ],
)
def test_every_kind_of_message_is_taken(given, expected):
    assert from_langchain([given]) == (expected,)


def test_a_role_that_no_chat_has_is_refused():
    with pytest.raises(ConfigError, match="ChatMessage of role 'critic' has no place in a chat; use system"):
        from_langchain([ChatMessage("hi", role="critic")])


def test_a_call_that_nobody_has_answered_gets_a_result_in_the_prompt():
    call = AIMessage("", tool_calls=[{"name": "get_order", "args": {}, "id": "c1"}])
    model = BackendChatModel(backend=Asked(["ok"]))
    model.invoke([HumanMessage("hi"), call, HumanMessage("wait!")])
    assert [(each.role, each.tool_call_id) for each in model.backend.requests[0].messages] == [
        ("user", None),
        ("assistant", None),
        ("tool", "c1"),
        ("user", None),
    ]
    assert len(answered(from_langchain([HumanMessage("hi"), call]))) == 2


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
