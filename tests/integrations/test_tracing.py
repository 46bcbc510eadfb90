"""Tracing: off by default, to a local file, to a local LangSmith endpoint, and to a dead one."""

import json
import logging
import re
import socket
import subprocess
import sys
import time

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.desk.live.comparison import compare_live, scripted_talks
from specbench.desk.world.tools import DeskLatency
from specbench.integrations.tracing import JsonlSink, LangSmithSink, Span, Tracer
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors import make_predictor
from specbench.predictors.base import Predictor, Session
from specbench.runtime import Decided, Executor, Tool
from specbench.runtime.thinking import takes_point
from specbench.testing.clock import run_virtual
from tests.loopback import Answering, Loopback

KEY = "lsv2-very-secret"
SECRET = "the words of a customer"


class Endpoint(Loopback):
    """A local server that takes what LangSmith's client sends."""

    def __init__(self):
        self.bodies, self.keys = [], set()
        outer = self

        class Handler(Answering):
            def do_GET(self):
                self.answer(b'{"version": "0"}', "application/json")

            def do_POST(self):
                outer.bodies.append(self.body().decode("utf-8", "replace"))
                outer.keys.add(self.headers["x-api-key"])
                self.answer(b"{}", "application/json")

            do_PATCH = do_POST

        super().__init__(Handler)


def compare(tracer):
    """A model that looks up one thing and answers; the predictor knows the tool by heart."""
    talk = scripted_talks(1)[0]
    script = [Message("assistant", "", (ToolCall("search_products", {"category": "toys"}),)), SECRET] * 20

    async def run():
        return await compare_live(
            ScriptedBackend(script * 2, token_s=0.1),
            make_predictor("frequent+linked").fit(scripted_talks(5, seed=3)),
            TopK(1),
            [talk],
            latency=DeskLatency(),
            tracer=tracer,
        )

    return run_virtual(run)


def test_off_is_off(monkeypatch):
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    monkeypatch.setenv("LANGSMITH_API_KEY", KEY)
    tracer = Tracer.from_environment()
    assert not tracer.enabled
    think = object()
    assert tracer.think(think, "m") is think
    with tracer.conversation("c") as span:
        assert span is None


def test_every_llm_call_tool_call_and_speculation_is_a_line(tmp_path):
    tracer = Tracer([JsonlSink(tmp_path / "spans.jsonl")])
    found = compare(tracer)
    tracer.close()
    spans = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    ledger = found.speculative.ledger
    kinds = [span["kind"] for span in spans]
    assert kinds.count("llm") == len(ledger.outcomes) and kinds.count("chain") == 1
    speculations = [span for span in spans if span["name"].startswith("speculate")]
    assert len(speculations) == len(ledger.speculations) > 0
    assert {"fate", "p", "run_s", "window"} <= set(speculations[0]["metadata"])
    root = next(span for span in spans if span["kind"] == "chain")
    assert all(span["trace_id"] == root["id"] for span in spans)
    guesses = {span["id"]: span for span in speculations}
    assert all(
        span["parent_id"] == root["id"] for span in spans if span is not root and span["parent_id"] not in guesses
    )
    for span in speculations:
        (run,) = (each for each in spans if each["parent_id"] == span["id"])
        assert span["name"] == f"speculate {run['name']}: {span['metadata']['fate']}"
        assert span["error"] is run["error"] is None
    calls = sum(row.calls for row in ledger.outcomes)
    assert kinds.count("tool") - len(speculations) >= calls
    assert found.lossless


def test_langsmith_receives_the_runs():
    with Endpoint() as endpoint:
        sink = LangSmithSink(endpoint=endpoint.url, api_key=KEY, project="test")
        tracer = Tracer([sink])
        found = compare(tracer)
        tracer.close()
    told = "".join(endpoint.bodies)
    assert endpoint.keys == {KEY}
    names = re.findall(r'"name":\s*"([^"]+)"', told)
    assert "scripted" in names and "search_products" in names
    assert any(name.startswith("speculate") for name in names)
    assert '"fate"' in told and tracer.dropped == 0
    assert len(found.speculative.ledger.outcomes) <= told.count("dotted_order")


def test_a_dead_endpoint_neither_blocks_nor_breaks_nor_tells(caplog):
    caplog.set_level(logging.DEBUG)
    tracer = Tracer([LangSmithSink(endpoint="http://127.0.0.1:9", api_key=KEY, timeout_s=0.3)])
    started = time.monotonic()
    found = compare(tracer)
    tracer.close()
    assert found.lossless
    assert time.monotonic() - started < 5
    assert KEY not in caplog.text and SECRET not in caplog.text


def test_on_without_key_and_endpoint_says_what_to_set(monkeypatch):
    for name in ("LANGSMITH_API_KEY", "LANGSMITH_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    with pytest.raises(ConfigError, match=r"set LANGSMITH_API_KEY .*LANGSMITH_TRACING=false"):
        Tracer.from_environment()


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(ConfigError, match="choose another file for the spans"):
        JsonlSink(tmp_path / "no" / "spans.jsonl")


def test_a_full_disk_is_no_reason_to_stop(tmp_path):
    sink = JsonlSink(tmp_path / "spans.jsonl")
    sink.close()
    sink.put(Span("x", "tool"))
    assert sink.dropped == 1


def test_errors_are_told():
    class List:
        dropped = 0

        def __init__(self):
            self.spans = []

        def put(self, span):
            self.spans.append(span)

        def close(self):
            pass

    sink = List()
    with pytest.raises(KeyError), Tracer([sink]).conversation("c"):
        raise KeyError("x")
    assert sink.spans[0].error == "KeyError: 'x'" and sink.spans[0].ended is not None


class Mute:
    """Cannot even be shown."""

    def __repr__(self):
        raise RuntimeError("no")


def traced_calls(tracer, *functions):
    """Call each function once in an executor, traced; what they gave."""
    tools = tracer.tools([Tool(ToolSpec(each.__name__, effect=Effect.READ), each) for each in functions])

    async def run():
        async with Executor(tools) as executor:
            with tracer.conversation("talk"):
                calls = [ToolCall(each.__name__, {"x": 1}) for each in functions]
                step = await executor.run_step(DecisionPoint("t", 0, (), executor.tools.specs), lambda: calls)
        return [each.value if each.error is None else each.error for each in step.results]

    return run_virtual(run)


def test_no_result_breaks_a_traced_tool(tmp_path):
    mute, loop = Mute(), []
    loop.append(loop)

    async def keys(x):
        return {(1, 2): 3}

    async def circle(x):
        return loop

    async def silent(x):
        return mute

    tracer = Tracer([JsonlSink(tmp_path / "spans.jsonl")])
    results = traced_calls(tracer, keys, circle, silent)
    assert results[0] == {(1, 2): 3} and results[1] is loop and results[2] is mute
    spans = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    assert sorted(span["name"] for span in spans) == ["circle", "keys", "talk"]
    (keys_span,) = (span for span in spans if span["name"] == "keys")
    assert keys_span["outputs"] == {"result": "{(1, 2): 3}"} and tracer.dropped == 1
    tracer.close()


def test_tools_in_threads_are_traced_too(tmp_path):
    def plain(x):
        return x

    def broken(x):
        raise ValueError("no")

    tracer = Tracer([JsonlSink(tmp_path / "spans.jsonl")])
    results = traced_calls(tracer, plain, broken)
    tracer.close()
    assert results[0] == 1 and str(results[1]) == "no"
    spans = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    found = sorted((span["name"], span["error"]) for span in spans[:2])
    assert found == [("broken", "ValueError: no"), ("plain", None)]
    assert {span["parent_id"] for span in spans[:2]} == {spans[2]["id"]}


def test_a_sink_that_raises_is_counted_and_breaks_nothing():
    class Bad:
        dropped = 0

        def put(self, span):
            raise OSError("gone")

        def close(self):
            pass

    async def look(x):
        return x

    tracer = Tracer([Bad()])
    assert traced_calls(tracer, look) == [1]
    assert tracer.dropped == 2


class Lines:
    """Keeps spans."""

    dropped = 0

    def __init__(self):
        self.spans = []

    def put(self, span):
        self.spans.append(span)

    def close(self):
        pass

    def of(self, name):
        (found,) = (span for span in self.spans if span.name == name)
        return found


class Guess(Predictor):
    """Always the same call."""

    name = "guess"
    fitted = True

    def __init__(self, call):
        self.call = call

    def fit(self, traces):
        return self

    def session(self, tools, agent=None):
        call = self.call

        class Says(Session):
            def observe(self, message):
                pass

            def predict(self, k=8):
                return [Prediction(call, 0.9)]

        return Says()

    def state(self):
        return {}

    def restore(self, state):
        pass


async def thinks_later(point):
    await anyio.sleep(1)
    return ToolCall("look", {"x": 1})


async def thinks_in_parts(point):
    await anyio.sleep(1)
    yield Decided((ToolCall("look", {"x": 1}),), "so", 7.0)


async def thinks_without_a_point():
    await anyio.sleep(1)
    return ToolCall("look", {"x": 1})


def decides_at_once(point):
    return ToolCall("look", {"x": 1})


def speculated(look, guess, think=thinks_later):
    """The spans and the ledger of one step."""
    sink = Lines()
    tracer = Tracer([sink])

    async def run():
        tools = tracer.tools([Tool(ToolSpec("look", effect=Effect.READ), look)])
        executor = Executor(tools, Guess(guess))
        with tracer.conversation("talk") as span:
            async with executor:
                point = DecisionPoint("t", 0, (Message("user", "hi"),), executor.tools.specs)
                step = await executor.run_step(point, tracer.think(think, "model"))
            tracer.speculations(executor.ledger(), span)
        return step, executor.ledger()

    step, ledger = run_virtual(run)
    tracer.close()
    return sink, step, ledger


async def look(x):
    await anyio.sleep(0.5)
    return x


async def look_for_ever(x):
    await anyio.sleep(5 if x == 2 else 0.1)
    return x


async def look_in_vain(x):
    raise ConnectionError("the line is busy")


@pytest.mark.parametrize("think", [thinks_later, thinks_in_parts, thinks_without_a_point, decides_at_once])
def test_any_think_function_is_traced(think):
    sink, step, _ = speculated(look, ToolCall("look", {"x": 1}), think)
    assert step.results[0].value == 1
    span = sink.of("model")
    assert span.outputs["tool_calls"] == [{"name": "look", "arguments": {"x": 1}}] and span.error is None
    assert takes_point(Tracer([Lines()]).think(think, "m")) is takes_point(think)


def test_a_used_speculation_is_one_span_with_its_run_below():
    sink, _, _ = speculated(look, ToolCall("look", {"x": 1}))
    guess, run = sink.of("speculate look: commit"), sink.of("look")
    assert run.parent is guess and guess.parent is sink.of("talk")
    assert guess.metadata["fate"] == "commit" and run.outputs == {"result": 1}


def test_a_squash_is_no_error():
    sink, _, ledger = speculated(look_for_ever, ToolCall("look", {"x": 2}))
    guess = sink.of("speculate look: squash")
    runs = [span for span in sink.spans if span.name == "look"]
    assert [(span.parent is guess, span.error, span.metadata.get("cancelled")) for span in runs] == [
        (True, None, True),
        (False, None, None),
    ]
    assert guess.error is None and ledger.speculations[0].error is None


def test_a_failed_speculation_says_why_in_its_span_and_in_the_ledger(tmp_path):
    sink, _, ledger = speculated(look_in_vain, ToolCall("look", {"x": 2}))
    told = "ConnectionError: the line is busy"
    assert sink.of("speculate look: fail").error == told
    assert [row.error for row in ledger.speculations] == [told]
    ledger.to_parquet(tmp_path / "ledger.parquet")
    assert Ledger.from_parquet(tmp_path / "ledger.parquet").speculations == ledger.speculations


def test_speculations_of_which_no_ledger_is_shown_are_told_at_the_end():
    sink = Lines()
    tracer = Tracer([sink])

    async def run():
        tools = tracer.tools([Tool(ToolSpec("look", effect=Effect.READ), look)])
        async with Executor(tools, Guess(ToolCall("look", {"x": 1}))) as executor:
            await executor.run_step(DecisionPoint("t", 0, (), executor.tools.specs), thinks_later)

    run_virtual(run)
    tracer.close()
    assert sink.of("look").parent is sink.of("speculate look: commit")


def test_half_a_surrogate_pair_is_a_line_like_any_other(tmp_path):
    sink = JsonlSink(tmp_path / "spans.jsonl")
    sink.put(Span("look", "tool", outputs={"result": "half \ud83d"}))
    sink.close()
    assert json.loads((tmp_path / "spans.jsonl").read_text())["outputs"] == {"result": "half \ud83d"}
    assert sink.dropped == 0


def test_a_server_that_never_answers_delays_the_end_by_less_than_a_second_and_counts_as_nothing(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        code = (
            "from specbench.integrations.tracing import LangSmithSink, Tracer\n"
            f"tracer = Tracer([LangSmithSink(endpoint='http://127.0.0.1:{silent.getsockname()[1]}', api_key='k')])\n"
            "import time\n"
            "for at in range(5):\n"
            "    with tracer.conversation(f'c{at}'):\n"
            "        pass\n"
            "began = time.monotonic()\n"
            "tracer.close()\n"
            "print(time.monotonic() - began, tracer.dropped, time.time(), flush=True)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        ended = time.time()
    close_s, dropped, last = done.stdout.split()
    assert float(close_s) < 1 and int(dropped) == 5 and ended - float(last) < 1


def test_what_a_server_refuses_counts_as_dropped():
    class Handler(Answering):
        def do_POST(self):
            self.send_response(403)
            self.send_header("content-length", "0")
            self.end_headers()

    with Loopback(Handler) as server:
        sink = LangSmithSink(endpoint=server.url, api_key=KEY, close_s=10)
        for at in range(3):
            sink.put(Span(f"s{at}", "chain"))
        sink.close()
    assert sink.dropped == 3
