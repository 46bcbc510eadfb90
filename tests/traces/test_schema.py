from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import TraceError
from specbench.core.types import Effect, Message, Timing, ToolCall, ToolSpec, Trace
from specbench.traces.schema import encode_trace, trace_from_dict, trace_to_dict

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=3)
NAMES = st.text(min_size=1)
CALLS = st.builds(ToolCall, NAMES, OBJECTS, st.none() | st.text()) | st.builds(
    ToolCall, NAMES, st.just({}), st.none() | st.text(), st.text()
)
TIMINGS = st.none() | st.tuples(st.floats(-1e9, 1e9, allow_nan=False), st.floats(0, 1e9, allow_nan=False)).map(
    lambda pair: Timing(pair[0], pair[0] + pair[1])
)
MESSAGES = st.one_of(
    st.builds(Message, st.sampled_from(["system", "user"]), st.text(), timing=TIMINGS),
    st.builds(Message, st.just("assistant"), st.text(), st.lists(CALLS, max_size=3).map(tuple), timing=TIMINGS),
    st.builds(
        Message,
        st.just("tool"),
        st.text(),
        tool_call_id=st.none() | st.text(),
        name=st.none() | st.text(),
        error=st.booleans(),
        timing=TIMINGS,
    ),
)
TOOLS = st.lists(st.builds(ToolSpec, NAMES, st.text(), OBJECTS, st.sampled_from(Effect)), max_size=3).map(
    lambda specs: {spec.name: spec for spec in specs}
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TRACES = st.builds(
    Trace,
    NAMES,
    NAMES,
    st.text(),
    st.lists(MESSAGES, max_size=5).map(tuple),
    TOOLS,
    st.none() | st.text(),
    st.dictionaries(st.text(), SCALARS, max_size=3),
)


def record(**changes: Any) -> dict[str, Any]:
    return {"specbench": 1, "trace_id": "t", "task_id": "a", "source": "s", "messages": [], **changes}


def assistant(**call: Any) -> list[dict[str, Any]]:
    return [{"role": "assistant", "tool_calls": [call]}]


@given(TRACES)
def test_every_trace_is_read_back_equal_and_writes_the_same_bytes(trace: Trace) -> None:
    line = encode_trace(trace)
    again = trace_from_dict(json.loads(line))
    assert again == trace
    assert line.count(b"\n") == 1
    assert encode_trace(again) == line


@given(TRACES)
def test_call_ids_and_raw_texts_survive_though_equality_does_not_look_at_them(trace: Trace) -> None:
    again = trace_from_dict(json.loads(encode_trace(trace)))
    pairs = zip(trace.messages, again.messages, strict=True)
    calls = [(old, new) for a, b in pairs for old, new in zip(a.tool_calls, b.tool_calls, strict=True)]
    assert all((old.id, old.invalid_arguments) == (new.id, new.invalid_arguments) for old, new in calls)


def test_defaults_are_left_out() -> None:
    trace = Trace("t", "a", "s", (Message("assistant", tool_calls=(ToolCall("f"),)),), {"f": ToolSpec("f")})
    assert encode_trace(trace) == (
        b'{"specbench":1,"trace_id":"t","task_id":"a","source":"s","tools":[{"name":"f"}],'
        b'"messages":[{"role":"assistant","tool_calls":[{"name":"f"}]}]}\n'
    )


def test_nan_in_arguments_survives() -> None:
    trace = Trace("t", "a", "s", (Message("assistant", tool_calls=(ToolCall("f", {"x": float("nan")}),)),))
    assert trace_from_dict(json.loads(encode_trace(trace))) == trace


def test_half_a_surrogate_pair_survives() -> None:
    trace = Trace("t", "a", "s", (Message("user", "\ud83d é"),))
    assert trace_from_dict(json.loads(encode_trace(trace))) == trace


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ([], ["the trace is not an object", "got []"]),
        ({}, ["field specbench", "version is missing", '"specbench": 1']),
        (record(specbench=2), ["field specbench", "newer specbench", "got 2", "upgrade"]),
        (record(specbench="1"), ["field specbench", "version is not known", "got '1'"]),
        (record(specbench=True), ["field specbench", "got True"]),
        (record(specbench=0), ["field specbench", "got 0", "use 1"]),
        ({"specbench": 1, "task_id": "a", "source": "s", "messages": []}, ["field trace_id", "missing"]),
        (record(trace_id=""), ["field trace_id", "not empty"]),
        (record(task_id=3), ["field task_id", "got 3"]),
        (record(source=None), ["field source", "got None"]),
        (record(agent=1), ["field agent", "not a text"]),
        (record(colour="red"), ["field colour", "not known", "use specbench, trace_id"]),
        (record(metadata={"x": [1]}), ["field metadata.x", "scalars", "got [1]"]),
        (record(tools={"f": {}}), ["field tools", "not a list"]),
        (record(tools=[{"description": "d"}]), ["field tools[0].name", "missing"]),
        (record(tools=[{"name": "f"}, {"name": "f"}]), ["field tools[1].name", "twice", "got 'f'"]),
        (
            record(tools=[{"name": "f", "effect": "safe"}]),
            ["field tools[0].effect", "got 'safe'", "read, write, local, staged, unknown"],
        ),
        (record(tools=[{"name": "f", "effect": []}]), ["field tools[0].effect", "got []"]),
        (record(tools=[{"name": "f", "parameters": []}]), ["field tools[0].parameters", "not an object"]),
        (record(messages=None), ["field messages", "not a list"]),
        (record(messages=["hi"]), ["field messages[0]", "not an object"]),
        (record(messages=[{"content": "hi"}]), ["field messages[0].role", "missing"]),
        (
            record(messages=[{"role": "bot"}]),
            ["field messages[0].role", "got 'bot'", "use system, user, assistant, tool"],
        ),
        (record(messages=[{"role": "user", "content": 3}]), ["field messages[0].content", "got 3"]),
        (
            record(messages=[{"role": "user", "tool_calls": []}]),
            ["field messages[0].tool_calls", "only a message of role assistant"],
        ),
        (
            record(messages=[{"role": "user", "error": True}]),
            ["field messages[0].error", "only a message of role tool"],
        ),
        (record(messages=[{"role": "tool", "error": 1}]), ["field messages[0].error", "true or false"]),
        (
            record(messages=[{"role": "user", "timing": [2, 1]}]),
            ["field messages[0].timing", "[start, end]", "got [2, 1]"],
        ),
        (record(messages=[{"role": "user", "timing": [0, float("nan")]}]), ["field messages[0].timing"]),
        (record(messages=[{"role": "user", "timing": 3}]), ["field messages[0].timing", "got 3"]),
        (record(messages=assistant(arguments={})), ["field messages[0].tool_calls[0].name", "missing"]),
        (
            record(messages=assistant(name="f", arguments="{}")),
            ["tool_calls[0].arguments", "not an object", "got '{}'"],
        ),
        (record(messages=assistant(name="f", arguments={}, invalid_arguments="x")), ["invalid_arguments", "either"]),
        (record(messages=assistant(name="f", args={})), ["tool_calls[0].args", "use id, name, arguments"]),
    ],
)
def test_a_wrong_field_is_named_with_what_came_and_what_to_do(broken: Any, words: list[str]) -> None:
    with pytest.raises(TraceError) as caught:
        trace_from_dict(broken)
    for word in words:
        assert word in str(caught.value)


def test_arguments_that_are_nested_too_deeply_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(TraceError, match="nested deeper than 100"):
        trace_from_dict(record(messages=assistant(name="f", arguments={"x": deep})))


def test_null_stands_for_an_optional_field_that_is_absent() -> None:
    nothing = dict.fromkeys(("content", "tool_calls", "tool_call_id", "name", "error", "timing"))
    calls = [
        {"id": None, "name": "f", "arguments": None, "invalid_arguments": None},
        {"name": "f", "arguments": {"x": 1}, "invalid_arguments": None},
        {"name": "f", "arguments": None, "invalid_arguments": "{"},
    ]
    trace = trace_from_dict(
        record(
            agent=None,
            metadata=None,
            tools=[{"name": "f", "description": None, "parameters": None, "effect": None}],
            messages=[{"role": role, **nothing} for role in ("user", "tool", "assistant")]
            + [{"role": "assistant", "content": None, "tool_calls": calls}],
        )
    )
    called = (ToolCall("f"), ToolCall("f", {"x": 1}), ToolCall("f", invalid_arguments="{"))
    messages = Message("user"), Message("tool"), Message("assistant"), Message("assistant", "", called)
    assert trace == Trace("t", "a", "s", messages, {"f": ToolSpec("f")})
    assert trace_from_dict(record(tools=None)).tools == {}


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (Trace("t", "a", "s", (Message("user", tool_calls=(ToolCall("f"),)),)), "only a message of role assistant"),
        (Trace("t", "a", "s", (), metadata={"x": {}}), "metadata.x"),
        (Trace("t", "a", "s", (), {"g": ToolSpec("f")}), "under another name"),
        (Trace("", "a", "s", ()), "trace_id"),
    ],
)
def test_a_trace_that_could_not_be_read_again_is_not_written(trace: Trace, words: str) -> None:
    with pytest.raises(TraceError, match=words):
        trace_to_dict(trace)


def test_arguments_that_are_not_json_are_not_written() -> None:
    trace = Trace("t", "a", "s", (Message("assistant", tool_calls=(ToolCall("f", {"x": {1, 2}}),)),))
    with pytest.raises(TraceError, match=r"cannot be written as JSON \(set is not a JSON value\)"):
        encode_trace(trace)


def test_the_documented_example_is_valid_and_uses_every_section() -> None:
    page = (Path(__file__).resolve().parents[2] / "data" / "README.md").read_text("utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    trace = trace_from_dict(json.loads(example))
    assert trace.effect("get_order") is Effect.READ
    assert [decision.outcome is None for decision in trace.decisions()] == [False, True]


def test_what_a_tool_says_of_the_outside_comes_back() -> None:
    tools = [
        ToolSpec("fetch", "", {}, Effect.READ, True, ["a.example"], {"url": ["user", "result:search"]}),
        ToolSpec("look", open_world=False),
        ToolSpec("find"),
    ]
    trace = Trace("t", "t", "test", (Message("assistant", "Hi."),), {tool.name: tool for tool in tools})
    assert trace_from_dict(json.loads(encode_trace(trace))) == trace


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("open_world", "yes", "tools[0].open_world"),
        ("hosts", "a.example", "tools[0].hosts"),
        ("hosts", [1], "tools[0].hosts[0]"),
        ("sources", {"url": "user"}, "tools[0].sources.url"),
        ("sources", {"url": ["page"]}, "tools[0]"),
    ],
)
def test_wrong_words_about_the_outside_are_told(key: str, value: object, where: str) -> None:
    record = {"specbench": 1, "trace_id": "t", "task_id": "t", "source": "test", "messages": [{"role": "assistant"}]}
    with pytest.raises(TraceError) as caught:
        trace_from_dict({**record, "tools": [{"name": "fetch", key: value}]})
    assert caught.value.field == where
