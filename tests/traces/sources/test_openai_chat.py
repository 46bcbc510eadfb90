from __future__ import annotations

from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.core.types import Effect
from specbench.traces.store import load, read_traces

HELLO = {"role": "user", "content": "hello"}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}


def test_lines_may_be_records_or_bare_lists(write: Any) -> None:
    path = write("chat.jsonl", [{"messages": [HELLO], "tools": [TOOL]}, [HELLO]])
    first, second = read_traces(path)
    assert (first.trace_id, second.trace_id) == ("chat:1", "chat:2")
    assert first.tools["f"].description == "d"
    assert second.tools == {}
    assert first.source == "openai_chat:chat.jsonl"


def test_a_file_of_bare_lists_is_recognised(write: Any) -> None:
    assert [trace.trace_id for trace in read_traces(write("chat.json", [[HELLO]]))] == ["chat:1"]


def test_task_ids_are_given_or_hashed_from_the_first_user_message(write: Any) -> None:
    other = {"role": "user", "content": "other"}
    records = [
        {"messages": [HELLO], "task_id": 7},
        {"messages": [HELLO], "metadata": {"task_id": "seven", "score": 0.5, "nested": {}}},
        {"messages": [HELLO]},
        {"messages": [{"role": "system", "content": "be kind"}, HELLO, other]},
        {"messages": [other]},
    ]
    traces = list(read_traces(write("chat.jsonl", records)))
    tasks = [trace.task_id for trace in traces]
    assert tasks[:2] == ["7", "seven"]
    assert tasks[2] == tasks[3] != tasks[4]
    assert tasks[2].startswith("text-")
    assert traces[1].metadata == {"score": 0.5}


def test_ids_and_agent_are_taken_from_the_record(write: Any) -> None:
    records = [{"id": "x", "messages": [], "model": "m"}, {"trace_id": "y", "id": "z", "messages": [], "agent": "a"}]
    traces = list(read_traces(write("chat.jsonl", records)))
    assert [(trace.trace_id, trace.agent) for trace in traces] == [("x", "m"), ("y", "a")]


@pytest.mark.parametrize(
    ("tool", "effect"),
    [
        (TOOL, Effect.UNKNOWN),
        ({**TOOL, "x-effect": "read"}, Effect.READ),
        ({**TOOL, "effect": "write"}, Effect.WRITE),
        ({"type": "function", "function": {"name": "f", "effect": "local"}}, Effect.LOCAL),
        ({**TOOL, "annotations": {"readOnlyHint": True}}, Effect.READ),
        ({**TOOL, "annotations": {"readOnlyHint": False}}, Effect.UNKNOWN),
        ({**TOOL, "annotations": {"readOnlyHint": True}, "effect": "write"}, Effect.WRITE),
        ({"name": "f"}, Effect.UNKNOWN),
    ],
)
def test_effects_are_declared_never_guessed(write: Any, tool: dict[str, Any], effect: Effect) -> None:
    (trace,) = read_traces(write("chat.jsonl", [{"messages": [HELLO], "tools": [tool]}]))
    assert trace.effect("f") is effect


def test_legacy_functions_are_tools(write: Any) -> None:
    (trace,) = read_traces(write("chat.jsonl", [{"messages": [HELLO], "functions": [{"name": "f"}]}]))
    assert list(trace.tools) == ["f"]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"messages": "hi"}, ["field messages: the messages are not a list"]),
        ({"message": []}, ["field messages: the record is not a conversation"]),
        ({"messages": [], "tools": 7}, ["field tools: tools is not a list; got 7"]),
        ({"messages": [], "tools": {"f": 1}}, ["field tools: tools is not a list"]),
        ({"messages": [], "tools": ["f"]}, ["field tools[0]: a tool is not an object"]),
        ({"messages": [], "tools": [{"type": "function", "function": 3}]}, ["field tools[0].function", "got 3"]),
        ({"messages": [], "tools": [{"type": "function"}]}, ["field tools[0].function.name", "no name"]),
        ({"messages": [], "tools": [TOOL, TOOL]}, ["field tools[1]", "declared twice"]),
        ({"messages": [], "tools": [{"name": "f", "parameters": 3}]}, ["field tools[0].parameters", "got 3"]),
        ({"messages": [], "tools": [{"name": "f", "description": 3}]}, ["field tools[0].description", "got 3"]),
        (
            {"messages": [], "tools": [{"name": "f", "effect": "safe"}]},
            ["field tools[0].effect", "use read, write, local, staged, unknown"],
        ),
        ({"messages": [], "task_id": [1]}, ["field task_id", "got [1]"]),
    ],
)
def test_a_broken_line_is_named_with_its_file_and_number(write: Any, record: Any, words: list[str]) -> None:
    path = write("chat.jsonl", [{"messages": [HELLO]}, record])
    with pytest.raises(TraceError) as caught:
        list(read_traces(path))
    for word in ["chat.jsonl, line 2", "What to do", *words]:
        assert word in str(caught.value)
    traces, report = load(path, skip_invalid=True)
    assert len(traces) == 1
    assert report.skipped == [str(caught.value)]
