"""Every reader on a small file of its format: what is recognised, what is read, and the seconds that it measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.schema import trace_from_dict, trace_to_dict
from specbench.traces.sources import sources
from specbench.traces.store import load
from tests.traces.sources.samples import (
    CLAUDE_CODE,
    DONE,
    LANGFUSE,
    OTEL_CALL,
    OTEL_IN,
    SAMPLES,
    SGD_SCHEMA,
    T0,
    TAU2,
    claude,
    span,
    use,
)


def counts(traces: Iterable[Trace]) -> tuple[int, int, int, int]:
    """Traces, LLM invocations, calls, results."""
    found = list(traces)
    messages = [message for trace in found for message in trace.messages]
    return (
        len(found),
        sum(message.role == "assistant" for message in messages),
        sum(len(message.tool_calls) for message in messages),
        sum(message.role == "tool" for message in messages),
    )


def seconds(traces: Iterable[Trace], role: str) -> float:
    """Measured seconds of an LLM's or the tools' messages."""
    messages = (message for trace in traces for message in trace.messages)
    return sum(message.timing.duration_s for message in messages if message.role == role and message.timing)


@pytest.fixture
def sample(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The sample file of the format that the test names."""
    name = request.getfixturevalue("name")
    (tmp_path / "schema.json").write_text(json.dumps(SGD_SCHEMA))
    path = tmp_path / "sample.json"
    path.write_bytes(SAMPLES[name].encode())
    return path


def test_every_format_has_a_sample() -> None:
    assert {*sources()} == {*SAMPLES, "parquet"}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_recognised_and_read_whole(name: str, sample: Path) -> None:
    traces, report = load(sample)
    expected = SAMPLES[name]
    assert report.files[0].format == name
    assert counts(traces) == expected.counts
    assert seconds(traces, "assistant") == pytest.approx(expected.think_s)
    assert seconds(traces, "tool") == pytest.approx(expected.tool_s)
    assert {tool for trace in traces for tool in trace.tools} >= expected.tools
    assert report.files[0].unasked == 0
    for trace in traces:
        assert trace_from_dict(trace_to_dict(trace)) == trace
        assert trace.source.partition(":")[0] in (name, "s")


def test_claude_code_groups_the_blocks_of_a_message_and_leaves_side_chains_out(write: Any) -> None:
    (trace,) = load(write("s.jsonl", CLAUDE_CODE))[0]
    assert [message.role for message in trace.messages] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "tool",
        "assistant",
    ]
    first = trace.messages[1]
    assert (first.content, [call.name for call in first.tool_calls]) == ("Reading.", ["Read", "Bash"])
    assert [message.timing for message in trace.messages if message.name == "Write"] == [None]
    assert (trace.trace_id, trace.agent, trace.metadata["cwd"]) == ("s1", "claude", "/repo")


def test_a_log_of_a_sub_agent_alone_is_read(write: Any) -> None:
    rows = [
        claude("user", 1, "go", "a", isSidechain=True),
        claude("assistant", 2, [use("Read", "t")], "b", isSidechain=True),
    ]
    (trace,) = load(write("agent-1.jsonl", rows))[0]
    assert counts([trace]) == (1, 1, 1, 0)
    assert trace.metadata["sidechain"] is True


def test_a_duration_that_the_log_gives_is_the_tools_time(write: Any) -> None:
    done = [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]
    rows = [
        claude("user", 1, "go", "a"),
        claude("assistant", 2, [use("Glob", "t")], "b"),
        claude("user", 50, done, "c", toolUseResult={"durationMs": 1500, "filenames": []}),
    ]
    assert seconds(load(write("s.jsonl", rows))[0], "tool") == pytest.approx(1.5)


def test_what_the_simulated_user_does_with_tools_is_left_out(write: Any) -> None:
    (trace,) = load(write("tau2.json", whole=TAU2))[0]
    assert {call.name for message in trace.messages for call in message.tool_calls} == {"look"}
    assert (trace.task_id, trace.metadata["reward"]) == ("tau2_telecom/7", 1.0)


def test_commands_in_code_blocks_are_calls_of_the_first_mini_swe_agent(write: Any) -> None:
    messages = [
        {"role": "user", "content": "fix"},
        {"role": "assistant", "content": "Look:\n```bash\nls -a\n```"},
        {"role": "user", "content": "<output>a</output>"},
        {"role": "assistant", "content": "No command."},
        {"role": "user", "content": "Give one command."},
    ]
    record = {"info": {"mini_version": "1.0"}, "messages": messages}
    (trace,) = load(write("x.traj.json", whole=record))[0]
    assert counts([trace]) == (1, 2, 1, 1)
    assert trace.messages[1].tool_calls[0].arguments == {"command": "ls -a"}


def test_attachments_of_inspect_are_put_back(write: Any) -> None:
    (trace,) = load(write("log.json", SAMPLES["inspect_ai"].encode()))[0]
    assert trace.messages[0].content == "a long text"
    assert trace.messages[2].error
    assert trace.messages[2].content == '{"type": "timeout", "message": "too slow"}'
    assert (trace.trace_id, trace.metadata["score_match"]) == ("guess/1/epoch-1", "C")


def test_a_generation_around_another_is_not_counted_twice(write: Any) -> None:
    inner = [
        {**each, "parentObservationId": "outer"} for each in LANGFUSE["observations"] if each["type"] == "GENERATION"
    ]  # type: ignore[index]
    outer = {**inner[0], "id": "outer", "startTime": T0 + "00Z", "endTime": T0 + "10Z", "output": "It is there."}
    tools = [each for each in LANGFUSE["observations"] if each["type"] == "TOOL"]  # type: ignore[index]
    traces = load(write("export.json", whole={"trace": {"id": "tr"}, "observations": [outer, *inner, *tools]}))[0]
    assert counts(traces) == (1, 2, 1, 1)
    assert seconds(traces, "assistant") == pytest.approx(3.0)


def test_observations_may_stand_one_a_line_as_api_v2_gives_them(write: Any) -> None:
    traces = load(write("observations.jsonl", LANGFUSE["observations"]))[0]
    assert counts(traces) == (1, 2, 1, 1)


def test_a_result_that_no_llm_saw_is_taken_from_the_tools_span(write: Any) -> None:
    spans = [
        span("chat", 1, 3, gen_ai__operation__name="chat", gen_ai__input__messages=json.dumps(OTEL_IN),
             gen_ai__output__messages=json.dumps(OTEL_CALL)),
        span("run", 3, 4, gen_ai__operation__name="execute_tool", gen_ai__tool__name="look",
             gen_ai__tool__call__id="c1",             gen_ai__tool__call__result="found"),
    ]  # fmt: skip
    (trace,) = load(write("x.json", whole={"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))[0]
    assert (trace.messages[-1].role, trace.messages[-1].content) == ("tool", "found")


OPENINFERENCE = {
    "openinference.span.kind": "LLM", "llm.model_name": "gpt",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.type": "text",
    "llm.input_messages.0.message.contents.0.message_content.text": "hi",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "look",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"x": 1}',
}  # fmt: skip
OPENLLMETRY = {
    "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi",
    "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.finish_reason": "tool_calls",
    "gen_ai.completion.0.tool_calls.0.id": "c1", "gen_ai.completion.0.tool_calls.0.name": "look",
    "gen_ai.completion.0.tool_calls.0.arguments": '{"x": 1}',
}  # fmt: skip
VERCEL = {
    "ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": "hi"}]}]),
    "ai.response.toolCalls": json.dumps([{"toolCallId": "c1", "toolName": "look", "input": {"x": 1}}]),
}
EVENTS = {
    "gen_ai.operation.name": "chat",
    "events": json.dumps([
        {"event.name": "gen_ai.user.message", "content": "hi", "role": "user"},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"x": 1}'}}]}},
    ]),
}  # fmt: skip


@pytest.mark.parametrize("attributes", [OPENINFERENCE, OPENLLMETRY, VERCEL, EVENTS])
def test_every_convention_of_attributes_is_understood(write: Any, attributes: dict[str, Any]) -> None:
    record = {"name": "llm", "context": {"trace_id": "0x1", "span_id": "0x2"}, "parent_id": None,
              "start_time": T0 + "01Z", "end_time": T0 + "03Z", "attributes": attributes}  # fmt: skip
    (trace,) = load(write("spans.jsonl", [record]))[0]
    assert [message.role for message in trace.messages] == ["user", "assistant"]
    assert trace.messages[1].tool_calls[0].key == 'look({"x":1})'
    assert seconds([trace], "assistant") == pytest.approx(2.0)


def test_spans_without_messages_are_told(write: Any) -> None:
    path = write("x.json", whole={"resourceSpans": [{"scopeSpans": [{"spans": [span("http", 1, 2, method="GET")]}]}]})
    with pytest.raises(TraceError, match=r"none of the file's 1 spans holds an LLM's messages.*switched off"):
        load(path)


def test_parquet_is_read_row_by_row(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{**SAMPLES["openai_chat"].records[0], "tools": json.dumps(SAMPLES["openai_chat"].records[0]["tools"])}]
    rows[0]["messages"] = [{**message, "content": "hi"} for message in rows[0]["messages"][:2]] + [DONE[1]]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "train.parquet")
    traces, report = load(tmp_path / "train.parquet")
    assert (report.files[0].format, counts(traces), {*traces[0].tools}) == ("parquet", (1, 2, 1, 0), {"f"})
    (tmp_path / "train.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(TraceError, match=r"train\.parquet: the Parquet file cannot be read"):
        load(tmp_path / "train.parquet")
