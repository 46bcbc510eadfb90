"""The HTTP backend against a server that sends whatever servers have been seen to send."""

import json
import logging
import math
import time

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Message, ToolCall, ToolSpec
from specbench.integrations.langgraph.agent import SpeculativeAgent
from specbench.llm.backends.openai_http import OpenAIBackend
from specbench.llm.base import ArgumentDone, CallStarted, LLMError, Request
from specbench.runtime import Executor, Tool
from tests.loopback import Answering, Loopback

TOOLS = {
    "note": ToolSpec("note", "", {"type": "object", "properties": {"text": {"type": "string"}}}),
    "now": ToolSpec("now"),
}
ASK = Request([Message("user", "hi")], TOOLS)
STREAM = "text/event-stream"


def data(value):
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n"


def ev(delta=..., finish=None, **more):
    choice = {"index": 0, "finish_reason": finish} | ({} if delta is ... else {"delta": delta})
    return data({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more})


def calls(*given, index=True):
    pieces = []
    for at, (own, name, arguments) in enumerate(given):
        function = {key: each for key, each in (("name", name), ("arguments", arguments)) if each is not None}
        piece = {"type": "function", "function": function}
        pieces.append(piece | ({"index": at} if index else {}) | ({} if own is None else {"id": own}))
    return {"tool_calls": pieces}


STOP, CALLED = ev({}, "stop"), ev({}, "tool_calls")
DONE = "data: [DONE]\n\n"


class Server(Loopback):
    """Sends prepared answers: (status, content type, pieces); a number among the pieces is a pause in seconds."""

    def __init__(self, *answers):
        self.bodies, self.paths = [], []
        outer, queue = self, list(answers)

        class Handler(Answering):
            def do_POST(self):
                outer.bodies.append(json.loads(self.body()))
                outer.paths.append(self.path)
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                if callable(answer):
                    answer = answer(outer.bodies[-1])
                status, kind, pieces = answer
                self.send_response(status)
                self.send_header("content-type", kind)
                self.end_headers()
                try:
                    for piece in pieces:
                        if isinstance(piece, (int, float)):
                            time.sleep(piece)
                        else:
                            self.wfile.write(piece.encode())
                            self.wfile.flush()
                except OSError:
                    self.close_connection = True

        super().__init__(Handler, "/v1")


def complete(*pieces, answer=None, request=ASK, **options):
    async def run(url):
        backend = OpenAIBackend("m", base_url=url, **{"retries": 0, "timeout_s": 5.0, **options})
        try:
            return await backend.complete(request)
        finally:
            await backend.aclose()

    with Server(answer or (200, STREAM, [*pieces, DONE])) as server:
        return anyio.run(run, server.url)


ONE, TWO = ToolCall("note", {"text": "1"}), ToolCall("note", {"text": "2"})
A, B = '{"text":"1"}', '{"text":"2"}'
SHAPES = {
    "with index": ([ev(calls(("a", "note", A)))], [("a", ONE)]),
    "no index": ([ev(calls(("a", "note", A), index=False))], [("a", ONE)]),
    "arguments as an object": ([ev(calls(("a", "note", {"text": "1"})))], [("a", ONE)]),
    "arguments null": ([ev(calls(("a", "now", None)))], [("a", ToolCall("now"))]),
    "arguments encoded twice": ([ev(calls(("a", "note", json.dumps(A))))], [("a", ONE)]),
    "two in a chunk, no index, no id": (
        [ev(calls((None, "note", A), (None, "note", B), index=False))],
        [(None, ONE), (None, TWO)],
    ),
    "two in pieces, no index": (
        [
            ev(calls(("a", "note", '{"text":'), index=False)),
            ev(calls((None, None, '"1"}'), index=False)),
            ev(calls(("b", "note", B), index=False)),
        ],
        [("a", ONE), ("b", TWO)],
    ),
    "side by side, no index, no id": (
        [
            ev(calls((None, "note", '{"te'), (None, "note", '{"te'), index=False)),
            ev(calls((None, None, 'xt":"1"}'), (None, None, 'xt":"2"}'), index=False)),
        ],
        [(None, ONE), (None, TWO)],
    ),
    "side by side, ids only": (
        [
            ev(calls(("a", "note", '{"te'), index=False)),
            ev(calls(("b", "note", '{"te'), index=False)),
            ev(calls(("a", None, 'xt":"1"}'), index=False)),
            ev(calls(("b", None, 'xt":"2"}'), index=False)),
        ],
        [("a", ONE), ("b", TWO)],
    ),
    "two without arguments, no index, no id": (
        [ev(calls((None, "now", ""), (None, "now", ""), index=False))],
        [(None, ToolCall("now")), (None, ToolCall("now"))],
    ),
    "empty ids": ([ev(calls(("", "note", A), ("", "note", B)))], [(None, ONE), (None, TWO)]),
    "a name in pieces": ([ev(calls(("a", "no", ""))), ev(calls((None, "te", A)))], [("a", ONE)]),
    "a name that grows": ([ev(calls(("a", "no", ""))), ev(calls(("a", "note", A)))], [("a", ONE)]),
    "one id twice": ([ev(calls(("a", "note", A))), ev(calls(("a", "note", B)))], [("a", ONE), ("a", TWO)]),
    "the legacy form": ([ev({"function_call": {"name": "note", "arguments": A}})], [(None, ONE)]),
    "the legacy form in pieces": (
        [ev({"function_call": {"name": "note"}}), ev({"function_call": {"arguments": A}})],
        [(None, ONE)],
    ),
    "in the text only": ([ev({"content": f'<tool_call>{{"name":"note","arguments":{A}}}</tool_call>'})], [(None, ONE)]),
    "as structure and in the text": (
        [ev({"content": f'<tool_call>{{"name":"note","arguments":{A}}}</tool_call>'}), ev(calls(("a", "note", A)))],
        [("a", ONE)],
    ),
    "the other way round": (
        [ev(calls(("a", "note", A))), ev({"content": f'<tool_call>{{"name":"note","arguments":{A}}}</tool_call>'})],
        [("a", ONE)],
    ),
    "as structure, and another one in the text": (
        [ev({"content": f'<tool_call>{{"name":"note","arguments":{B}}}</tool_call>'}), ev(calls(("a", "note", A)))],
        [("a", ONE), (None, TWO)],
    ),
    "only thought of": ([ev({"reasoning_content": f'<tool_call>{{"name":"note","arguments":{A}}}</tool_call>'})], []),
    "drafted in the text, then made": (
        [
            ev({"content": f'<think><tool_call>{{"name":"note","arguments":{B}}}</tool_call></think>'}),
            ev(calls(("a", "note", A))),
        ],
        [("a", ONE)],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_call_comes_once(shape):
    pieces, expected = SHAPES[shape]
    end = complete(*pieces, CALLED)
    assert [(call.id, call) for call in end.calls] == expected
    assert "<tool_call>" not in end.text or "<think>" in end.text


SAID = {
    "the last delta is null": [ev({"content": "hello"}), ev(None, "stop")],
    "the last chunk has no delta": [ev({"content": "hello"}), ev(finish="stop")],
    "choices are null": [ev({"content": "hello"}), STOP, data({"choices": None, "usage": {"prompt_tokens": 3}})],
    "a list of parts": [ev({"content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}), STOP],
    "comments and CRLF": [": ping\r\n\r\n", ev({"content": "hello"}).replace("\n", "\r\n"), STOP],
    "no space after data:": [ev({"content": "hello"}).replace("data: ", "data:"), STOP],
    "an unknown finish_reason": [ev({"content": "hello"}), ev({}, "eos")],
    "odd usage": [ev({"content": "hello"}), ev({}, "stop", usage={"prompt_tokens": "3", "completion_tokens": None})],
}


@pytest.mark.parametrize("shape", SAID)
def test_a_reply_is_read(shape):
    end = complete(*SAID[shape])
    assert (end.text, end.calls, end.reason) == ("hello", (), "stop")


def test_an_answer_that_is_no_stream_is_read():
    message = {"role": "assistant", "content": "so", **calls(("a", "note", A), index=False)}
    body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})
    end = complete(answer=(200, "application/json", [body]))
    assert (end.text, end.calls) == ("so", (ONE,))


@pytest.mark.parametrize(
    ("pieces", "reason", "text"),
    [
        ([ev({"content": "part"}), ev({}, "content_filter")], "content_filter", "part"),
        ([ev({"content": "part"}), ev({}, "length")], "length", "part"),
        ([ev({"refusal": "I can"}), ev({"refusal": "not"}), STOP], "refusal", "I cannot"),
        ([ev({"content": "part"}), ev({}, "function_call")], "stop", "part"),
    ],
)
def test_why_a_message_ended_is_told(pieces, reason, text):
    end = complete(*pieces)
    assert (end.reason, end.text) == (reason, text)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_told_and_counted_apart(name):
    thinking = [each for _ in range(4) for each in (ev({name: "hm "}), 0.02)]
    end = complete(ev({"role": "assistant", "content": ""}), *thinking, ev({"content": "hi"}), STOP)
    assert (end.text, end.reasoning) == ("hi", "hm hm hm hm ")
    assert (end.usage.completion_tok, end.usage.reasoning_tok) == (5, 4)
    assert end.usage.decode_s >= 0.06
    told = {"prompt_tokens": 9, "completion_tokens": 30, "completion_tokens_details": {"reasoning_tokens": 28}}
    end = complete(*thinking, ev({"content": "hi"}), STOP, data({"choices": [], "usage": told}))
    assert (end.usage.prompt_tok, end.usage.completion_tok, end.usage.reasoning_tok) == (9, 30, 28)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, STREAM, [ev({"content": "hel"}), data({"error": {"message": "out of memory"}})]), "out of memory"),
        ((200, STREAM, [data({"object": "error", "message": "too long"})]), "reported an error: too long"),
        ((200, STREAM, ["event: error\n" + data({"message": "too long", "code": 400})]), "reported an error: too long"),
        ((200, STREAM, [data({"error": "plain words"})]), "error"),
        ((200, STREAM, [data({"choices": [{"index": 0, "error": {"message": "upstream"}}]})]), "upstream"),
        ((200, "application/json", ['{"error": {"message": "context of 4096 exceeded"}}']), "context of 4096 exceeded"),
        ((200, "text/html", ["<html>log in</html>"]), "web page.*is the base URL right"),
        ((200, STREAM, [data([1])]), "does not speak the OpenAI chat interface"),
        ((200, "application/json", ["[]"]), "does not speak the OpenAI chat interface"),
        ((404, "application/json", ['{"error": {"message": "no model m"}}']), "no model m.*model's name"),
        ((400, "application/json", ['{"error": {"message": "no temperature here"}}']), "no temperature.*extra="),
    ],
)  # fmt: skip
def test_what_went_wrong_on_the_server_is_told(answer, words):
    with pytest.raises(LLMError, match=words) as raised:
        complete(answer=answer)
    assert len(str(raised.value)) < 500


def test_pings_do_not_keep_a_silent_server_alive():
    with pytest.raises(LLMError, match=r"silent for 0\.2 s"):
        complete(*[": ping\n\n", 0.05] * 20, ev({"content": "x"}), STOP, timeout_s=0.2)


def test_a_whole_invocation_has_a_deadline():
    with pytest.raises(LLMError, match=r"did not end its answer within 0\.3 s; raise deadline_s"):
        complete(*[ev({"content": "x"}), 0.05] * 40, STOP, deadline_s=0.3)
    with pytest.raises(LLMError, match="deadline_s"):
        complete(0.6, ev({"content": "x"}), STOP, deadline_s=0.2)


def test_a_server_that_holds_the_line_after_the_end_is_left(monkeypatch):
    monkeypatch.setattr("specbench.llm.backends.openai_http._LONGEST_END_S", 0.1)
    started = time.monotonic()
    end = complete(answer=(200, STREAM, [ev({"content": "hello"}), STOP, 1.5]))
    assert end.text == "hello" and time.monotonic() - started < 1.4


def body_of(**options):
    request = options.pop("request", ASK)

    async def run(url):
        backend = OpenAIBackend("m", base_url=url, retries=0, **options)
        await backend.complete(request)
        await backend.aclose()

    with Server((200, STREAM, [ev({"content": "x"}), ev(calls(("a", "note", A))), STOP, DONE])) as server:
        anyio.run(run, server.url)
    return server.bodies[-1]


def test_further_fields_are_sent_and_fields_left_out():
    body = body_of(extra={"reasoning_effort": "low", "top_k": 5, "temperature": None})
    assert (body["reasoning_effort"], body["top_k"], body["max_tokens"]) == ("low", 5, 512)
    assert "temperature" not in body
    body = body_of(extra={"max_completion_tokens": 9})
    assert body["max_completion_tokens"] == 9 and "max_tokens" not in body
    request = Request(ASK.messages, TOOLS, stop=["\n"], tool_choice="note", temperature=0.5, extra={"top_p": 0.9})
    body = body_of(request=request)
    assert (body["stop"], body["top_p"], body["temperature"]) == (["\n"], 0.9, 0.5)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "note"}}
    with pytest.raises(ConfigError, match="extra has messages"):
        OpenAIBackend("m", base_url="http://localhost/v1", extra={"messages": []})


def test_a_model_that_wants_the_other_limit_gets_it():
    said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."

    def answer(body):
        if "max_tokens" in body:
            return 400, "application/json", [json.dumps({"error": {"message": said}})]
        return 200, STREAM, [ev({"content": "ok"}), STOP, DONE]

    async def run(url):
        backend = OpenAIBackend("m", base_url=url, retries=0)
        texts = [(await backend.complete(ASK)).text for _ in range(2)]
        await backend.aclose()
        return texts

    with Server(answer) as server:
        assert anyio.run(run, server.url) == ["ok", "ok"]
    assert [("max_tokens" in body, body.get("max_completion_tokens")) for body in server.bodies] == [
        (True, None),
        (False, 512),
        (False, 512),
    ]


def test_half_a_surrogate_pair_is_sent_as_its_escape():
    said = Message("assistant", tool_calls=(ToolCall("note", {"text": "\ud83d"}, "c"),))
    request = Request([Message("user", "half \ud83d"), said], TOOLS)
    body = body_of(request=request)
    assert body["messages"][0]["content"] == "half \\ud83d"
    assert json.loads(body["messages"][1]["tool_calls"][0]["function"]["arguments"])["text"] in ("\ud83d", "\\ud83d")


@pytest.mark.parametrize("url", ["localhost:{}/v1", "127.0.0.1:{}/v1"])
def test_a_server_here_needs_no_scheme(url):
    async def run(port):
        backend = OpenAIBackend("m", base_url=url.format(port), retries=0)
        end = await backend.complete(ASK)
        await backend.aclose()
        return end.text

    with Server((200, STREAM, [ev({"content": "hello"}), STOP, DONE])) as server:
        assert anyio.run(run, server.url.rpartition(":")[2].partition("/")[0]) == "hello"


@pytest.mark.parametrize("url", ["gpu-box:8000/v1", "ftp://box/v1", "http://", "http://box:99999/v1", "://x"])
def test_what_is_no_base_url_is_refused(url):
    with pytest.raises(ConfigError, match="no base URL of a server; write it with http"):
        OpenAIBackend("m", base_url=url)


@pytest.mark.parametrize("options", [{"timeout_s": 0}, {"deadline_s": -1}, {"deadline_s": math.nan}])
def test_times_are_checked(options):
    with pytest.raises(ConfigError, match="more than 0 seconds"):
        OpenAIBackend("m", base_url="http://box/v1", **options)


def test_a_model_has_a_name():
    with pytest.raises(ConfigError, match="openai:MODEL@URL"):
        OpenAIBackend.from_argument("@http://box/v1")


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_key_in_the_query_is_sent_and_never_shown(status, caplog):
    caplog.set_level(logging.DEBUG)
    pieces = (
        [ev({"content": "x"}), STOP, DONE]
        if status == 200
        else ['{"error": {"message": "bad key s3cr%t or s3cr%25t"}}']
    )
    with Server((status, STREAM if status == 200 else "application/json", pieces)) as server:

        async def run():
            backend = OpenAIBackend("m", base_url=f"{server.url}?api-key=s3cr%25t&api-version=2024", retries=0)
            try:
                return await backend.complete(ASK)
            finally:
                await backend.aclose()

        shown = ""
        try:
            anyio.run(run)
        except LLMError as error:
            shown = str(error)
    assert "api-key=s3cr%25t" in server.paths[0] and "api-version=2024" in server.paths[0]
    for text in (shown, caplog.text):
        assert "s3cr" not in text


def test_a_key_is_kept_from_the_traceback_of_an_error_too(caplog):
    caplog.set_level(logging.DEBUG)
    OpenAIBackend("m", base_url="http://box/v1?api-key=s3cr-in-words")
    try:
        raise RuntimeError("400 for url http://box/v1?api-key=s3cr-in-words")
    except RuntimeError:
        logging.getLogger("openai._base_client").debug("Encountered an error", exc_info=True)
    assert "s3cr" not in caplog.text
    assert "400 for url http://box/v1?api-key=[key]" in caplog.text


def test_a_call_in_structure_and_text_runs_once():
    done = []

    async def refund(text):
        done.append(text)
        return "refunded"

    async def run(url):
        backend = OpenAIBackend("m", base_url=url)
        executor = Executor([Tool(ToolSpec("note", effect=Effect.WRITE), refund)])
        async with executor:
            state = await SpeculativeAgent(backend, executor).compile().ainvoke({"messages": [("user", "pay")]})
        await backend.aclose()
        return state["messages"][-1].content

    text = f'I do. <tool_call>\n{{"name": "note", "arguments": {A}}}\n</tool_call>'
    first = (200, STREAM, [ev({"content": text}), ev(calls(("c1", "note", A))), CALLED, DONE])
    with Server(first, (200, STREAM, [ev({"content": "Done."}), STOP, DONE])) as server:
        assert anyio.run(run, server.url) == "Done."
    assert done == ["1"]


def test_events_tell_a_call_once_where_it_comes_twice():
    async def run(url):
        backend = OpenAIBackend("m", base_url=url)
        async with backend.stream(ASK) as events:
            found = [event async for event in events]
        await backend.aclose()
        return found

    text = f'<tool_call>{{"name": "note", "arguments": {A}}}</tool_call>'
    with Server((200, STREAM, [ev(calls(("c1", "note", A))), ev({"content": text}), CALLED, DONE])) as server:
        events = anyio.run(run, server.url)
    assert [event.index for event in events if isinstance(event, CallStarted)] == [0]
    assert [event.value for event in events if isinstance(event, ArgumentDone)] == ["1"]


def test_arguments_of_no_tool_are_not_lost():
    end = complete(ev({"content": "so "}), ev(calls((None, None, A))), STOP)
    assert (end.calls, end.text) == ((), f"so{A}")


def test_a_second_answer_that_nobody_asked_for_does_not_mix_in():
    other = data({"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": None}]})
    assert complete(ev({"content": "hel"}), other, ev({"content": "lo"}), STOP).text == "hello"


def test_a_call_that_the_conversation_has_gone_on_without_gets_a_result():
    said = Message("assistant", tool_calls=(ToolCall("now", {}, "c1"), ToolCall("note", {}, "c2")))
    talk = [Message("user", "hi"), said, Message("tool", "9:00", (), "c1", "now"), Message("user", "wait!")]
    sent = body_of(request=Request(talk, TOOLS))["messages"]
    assert [(row["role"], row.get("tool_call_id")) for row in sent][2:] == [
        ("tool", "c1"),
        ("tool", "c2"),
        ("user", None),
    ]


def test_warming_up_asks_for_one_token_and_leaves_errors_to_the_first_request():
    for status, piece in ((200, ev({"content": "H"}) + STOP + DONE), (500, "down")):
        with Server((status, STREAM, [piece])) as server:
            backend = OpenAIBackend("m", base_url=server.url, retries=0)
            anyio.run(backend.warm_up)
            assert [body["max_tokens"] for body in server.bodies] == [1]
