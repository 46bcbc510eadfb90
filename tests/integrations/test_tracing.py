"""Tracing: off by default, to a local file, to a local LangSmith endpoint, and to a dead one."""

import json
import logging
import re
import time

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec
from specbench.desk.live.comparison import compare_live, scripted_talks
from specbench.desk.world.tools import DeskLatency
from specbench.integrations.tracing import JsonlSink, LangSmithSink, Span, Tracer
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors import make_predictor
from specbench.runtime import Executor, Tool
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
            make_predictor("frequent").fit(scripted_talks(5, seed=3)),
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
    assert all(span["parent_id"] == root["id"] for span in spans if span is not root)
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
    assert [span["name"] for span in spans] == ["keys", "circle", "talk"]
    assert spans[0]["outputs"] == {"result": "{(1, 2): 3}"} and tracer.dropped == 1
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
    assert [(span["name"], span["error"]) for span in spans[:2]] == [("plain", None), ("broken", "ValueError: no")]
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
