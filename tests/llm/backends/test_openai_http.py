"""The HTTP backend against a loopback server that streams well, badly, or not at all."""

import json
import logging
from base64 import b64encode

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall, ToolSpec
from specbench.llm.backends.openai_deltas import CallDeltas
from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.base import ArgumentDone, CallStarted, LLMError, Request
from tests.loopback import Answering, Loopback

KEY = "sk-very-secret"
TOOLS = {"get_order": ToolSpec("get_order", "One order.", {"type": "object", "properties": {"id": {}}})}
ASK = Request([Message("user", "where is D1?")], TOOLS)


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def called(index=0, **function):
    return {"tool_calls": [{"index": index, "id": f"call_{index}", "type": "function", "function": function}]}


CALLING = [
    chunk(called(name="get_order", arguments="")),
    chunk(called(arguments='{"id": "D')),
    chunk(called(arguments='1"}')),
    chunk({}, "tool_calls"),
    {**chunk({}), "choices": [], "usage": {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59}},
]
SAYING = [chunk({"role": "assistant", "content": "It is "}), chunk({"content": "here."}), chunk({}, "stop")]


def sse(chunks, done=True):
    lines = [f"data: {json.dumps(each)}\n\n" for each in chunks]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")


class Server(Loopback):
    """Answers each request with the next of its answers: (status, headers, body), or None to hang up."""

    def __init__(self, *answers):
        self.requests = []
        outer, queue = self, list(answers)

        class Handler(Answering):
            def do_POST(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((headers, json.loads(self.body())))
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in {"content-type": "text/event-stream", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

        super().__init__(Handler, "/v1")


def backend_of(server, **options):
    return OpenAIBackend("m", base_url=server.url, api_key=KEY, **{"pause_s": 0.001, "timeout_s": 5.0, **options})


def complete(backend, request=ASK):
    async def run():
        try:
            return await backend.complete(request)
        finally:
            await backend.aclose()

    return anyio.run(run)


async def collect(backend):
    async with backend.stream(ASK) as events:
        found = [event async for event in events]
    await backend.aclose()
    return found


def test_a_call_is_streamed():
    with Server((200, {}, sse(CALLING))) as server:
        events = anyio.run(collect, backend_of(server))
    assert [event.name for event in events if isinstance(event, CallStarted)] == ["get_order"]
    assert [event.value for event in events if isinstance(event, ArgumentDone)] == ["D1"]
    end = events[-1]
    assert end.calls == (ToolCall("get_order", {"id": "D1"}),) and end.calls[0].id == "call_0"
    assert (end.usage.prompt_tok, end.usage.completion_tok, end.reason) == (50, 9, "stop")
    headers, body = server.requests[0]
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body["stream"] is True and body["tools"][0]["function"]["name"] == "get_order"


def test_a_reply_is_streamed_and_a_piece_counts_as_a_token_where_the_server_counts_none():
    with Server((200, {}, sse(SAYING))) as server:
        end = complete(backend_of(server))
    assert (end.text, end.calls, end.usage.completion_tok) == ("It is here.", (), 2)


def test_calls_that_a_server_leaves_in_the_text_are_found():
    text = '<tool_call>{"name": "get_order", "arguments": {"id": "D1"}}</tool_call>'
    with Server((200, {}, sse([chunk({"content": text}), chunk({}, "stop")]))) as server:
        assert complete(backend_of(server)).calls == (ToolCall("get_order", {"id": "D1"}),)


def test_broken_arguments_are_told_as_such():
    chunks = [chunk(called(name="get_order", arguments="{oops")), chunk({}, "tool_calls")]
    with Server((200, {}, sse(chunks))) as server:
        (call,) = complete(backend_of(server)).calls
    assert call.invalid_arguments == "{oops"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_request_that_was_not_taken_is_sent_again(status):
    with Server((status, {"retry-after": "0"}, "{}"), (200, {}, sse(SAYING))) as server:
        assert complete(backend_of(server)).text == "It is here."
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((429, {}, '{"error": {"message": "slow down"}}'), "status 429: .*slow down.*; wait"),
        ((500, {}, "oops"), "status 500"),
        ((401, {}, f'{{"error": {{"message": "bad key {KEY}"}}}}'), "does not accept the key .*set OPENAI_API_KEY"),
        ((400, {}, f'{{"error": {{"message": "bad key {KEY}"}}}}'), r"status 400: .*\[key\]"),
        ((200, {}, sse(SAYING[:2], done=False)), "stopped in the middle: 2 pieces came"),
        ((200, {}, ""), "stopped in the middle: 0 pieces came"),
        ((200, {}, "data: {oops\n\n"), "does not speak the OpenAI chat interface"),
        ((200, {}, "data: [1, 2]\n\n"), "does not speak the OpenAI chat interface"),
        ((200, {"content-length": "9999"}, sse(SAYING[:2], done=False)), "broke the connection"),
        (None, "broke the connection or refused it"),
    ],
)
def test_a_bad_server_is_told_without_the_key(answer, words, caplog):
    caplog.set_level(logging.DEBUG)
    with Server(answer) as server, pytest.raises(LLMError, match=words) as raised:
        complete(backend_of(server))
    assert KEY not in str(raised.value)
    assert KEY not in caplog.text


def test_what_may_have_been_charged_is_not_sent_again():
    with Server(None) as server, pytest.raises(LLMError):
        complete(backend_of(server))
    assert len(server.requests) == 1


def test_a_silent_server_is_left():
    async def run():
        async with (
            await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
            anyio.create_task_group() as group,
        ):

            async def silent(stream):
                async with stream:
                    await anyio.sleep_forever()

            group.start_soon(listener.serve, silent)
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            backend = OpenAIBackend("m", base_url=f"http://127.0.0.1:{port}/v1", timeout_s=0.05)
            with pytest.raises(LLMError, match=r"was silent for 0\.05 s"):
                await backend.complete(ASK)
            await backend.aclose()
            group.cancel_scope.cancel()

    anyio.run(run)


def test_no_server_is_tried_a_few_times():
    with pytest.raises(LLMError, match="is the server running"):
        complete(OpenAIBackend("m", base_url="http://127.0.0.1:9/v1", pause_s=0.001))


def test_without_key_and_address_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="set OPENAI_BASE_URL to yours, or OPENAI_API_KEY"):
        OpenAIBackend("m")


def test_leaving_early_closes_the_stream_and_counts():
    async def run(backend):
        async with backend.stream(ASK) as events:
            async for _ in events:
                break
        await backend.aclose()

    with Server((200, {}, sse(SAYING))) as server:
        backend = backend_of(server)
        anyio.run(run, backend)
    assert (backend.usage.cancelled, backend.usage.completion_tok) == (1, 1)


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        ([("a", "f", '{"x":1}'), ("b", "f", '{"x":2}')], ["a", "b"]),
        ([(None, "f", '{"x":1}'), (None, "f", '{"x":2}')], [None, None]),
        ([("a", "f", '{"x"'), (None, "", ":1}"), ("b", "f", ""), (None, "", '{"x":'), (None, "", "2}")], ["a", "b"]),
        ([("a", "f", ""), ("b", "", '{"x":'), ("c", "", "1}"), ("d", "", "")], ["a"]),
        ([("a", "f", ""), ("a", "f", '{"x":'), ("a", "f", "1}"), ("a", "f", "")], ["a"]),
        ([(None, "f", '{"x":'), (None, "f", "1}"), (None, "f", "")], [None]),
    ],
)
def test_calls_that_share_an_index_are_told_apart(pieces, calls):
    deltas = CallDeltas()
    events = [event for tok, piece in enumerate(pieces) for event in deltas.feed(0, *piece, tok)]
    assert [(call.id, dict(call.arguments)) for call in deltas.close()] == [
        (id, {"x": at + 1}) for at, id in enumerate(calls)
    ]
    assert [event.index for event in events if isinstance(event, CallStarted)] == list(range(len(calls)))
    assert [(e.index, e.value) for e in events if isinstance(e, ArgumentDone)] == [
        (at, at + 1) for at in range(len(calls))
    ]


@pytest.mark.parametrize("answer", [(401, {}, "{}"), (400, {}, "p@ss/word and cEBzcy93b3Jk"), None])
def test_a_password_in_the_address_is_sent_and_never_shown(answer, caplog):
    caplog.set_level(logging.DEBUG)
    with Server(answer) as server:
        url = server.url.replace("http://", "http://ann:p%40ss%2Fword@")
        with pytest.raises(LLMError) as raised:
            complete(OpenAIBackend("m", base_url=url, retries=0))
    assert server.requests[0][0]["authorization"] == "Basic " + b64encode(b"ann:p@ss/word").decode()
    assert server.url in str(raised.value)
    for shown in (str(raised.value), caplog.text):
        assert not any(
            secret in shown for secret in ("ann", "p%40ss", "p@ss/word", b64encode(b"ann:p@ss/word").decode())
        )
