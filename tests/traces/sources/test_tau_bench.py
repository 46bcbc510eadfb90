from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.core.types import Effect, Message, ToolCall
from specbench.traces.sources.tau_bench import tau_bench_tools
from specbench.traces.store import load, read_traces


def record(*messages: dict[str, Any], task_id: Any = 3, **more: Any) -> dict[str, Any]:
    return {"task_id": task_id, "reward": 1.0, "trial": 0, "traj": list(messages), **more}


def called(name: str, arguments: str, **more: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": function, **more}]}


ORDER = called("get_order_details", "{'order_id': '#W1'}")


def test_python_literals_are_repaired_and_results_linked_in_order(write: Any) -> None:
    path = write("assertions.json", whole=[record(ORDER, {"role": "tool", "content": '# var_0 = "Error: no"'})])
    (trace,) = read_traces(path)
    assert trace.messages == (
        Message("assistant", tool_calls=(ToolCall("get_order_details", {"order_id": "#W1"}, "call-1"),)),
        Message("tool", '# var_0 = "Error: no"', tool_call_id="call-1", name="get_order_details", error=True),
    )
    assert (trace.trace_id, trace.task_id) == ("tau_bench_retail/assertions/task-3/trial-0", "tau_bench_retail/3")
    assert (trace.agent, trace.metadata) == ("assertions", {"reward": 1.0, "trial": 0})


def test_the_domain_comes_from_tools_or_policy_and_holds_for_the_file(write: Any) -> None:
    policy = {"role": "system", "content": "# Airline Agent Policy\n..."}
    airline = list(read_traces(write("a.json", whole=[record(policy), record(task_id=4)])))
    assert [trace.task_id for trace in airline] == ["tau_bench_airline/3", "tau_bench_airline/4"]
    assert [len(list(trace.decisions())) for trace in airline] == [0, 0]
    assert "book_reservation" in airline[1].tools
    (unknown,) = read_traces(write("b.json", whole=[record({"role": "user", "content": "hi"})]))
    assert (unknown.task_id, unknown.tools) == ("tau_bench/3", {})


def test_a_tool_that_is_not_declared_has_unknown_effect(write: Any) -> None:
    (trace,) = read_traces(write("a.json", whole=[record(ORDER, called("get_input_from_user", "{}"))]))
    assert trace.effect("get_order_details") is Effect.READ
    assert trace.effect("get_input_from_user") is Effect.UNKNOWN


def test_every_declared_tool_has_an_effect_and_a_schema() -> None:
    domains = tau_bench_tools()
    assert {domain: len(tools) for domain, tools in domains.items()} == {"retail": 16, "airline": 14}
    for tools in domains.values():
        for name, spec in tools.items():
            reads = name.startswith(("get_", "find_", "search_", "list_"))
            expected = Effect.READ if reads else Effect.LOCAL if name in ("think", "calculate") else Effect.WRITE
            assert spec.effect is expected
            assert spec.description
            assert spec.required <= spec.properties.keys()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("x", "the record is not an object; got 'x'"),
        (record(task_id=None), "field task_id: the task id is not a number or text; got None"),
        (record(trial="first"), "field trial: the trial is not a whole number; got 'first'"),
        (record(reward="good"), "field reward: the reward is not a number; got 'good'"),
        ({"task_id": 3, "trial": 1}, "field traj: the record has no trajectory"),
        (record({"role": "clown"}, trial=1), "field traj[0].role: the role is not known; got 'clown'"),
        (record(ORDER), "field trace_id: the trace id occurs twice in the file"),
    ],
)
def test_a_broken_record_is_named_by_number(write: Any, broken: Any, words: str) -> None:
    path = write("a.json", whole=[record(ORDER), broken])
    with pytest.raises(TraceError) as caught:
        list(read_traces(path))
    assert words in str(caught.value)
    assert "a.json" in str(caught.value)
    traces, report = load(path, skip_invalid=True)
    assert (len(traces), len(report.skipped)) == (1, 1)


@pytest.mark.parametrize(
    ("folder", "traces", "tasks", "points", "calls", "reads", "errors", "empty"),
    [("tau_bench_retail", 280, 70, 3583, 1945, 1361, 96, 28), ("tau_bench_airline", 140, 35, 2023, 1001, 576, 70, 0)],
)
def test_the_real_files_are_read_whole(
    shared_data: Path,
    folder: str,
    traces: int,
    tasks: int,
    points: int,
    calls: int,
    reads: int,
    errors: int,
    empty: int,
) -> None:
    found, report = load(shared_data / folder)
    decisions = [(trace, decision) for trace in found for decision in trace.decisions()]
    made = [(trace, call) for trace, decision in decisions for call in decision.calls]
    assert report.skipped == []
    assert (len(found), len({trace.task_id for trace in found})) == (traces, tasks)
    assert (len(decisions), len(made)) == (points, calls)
    assert sum(trace.effect(call.name) is Effect.READ for trace, call in made) == reads
    assert sum(message.error for trace in found for message in trace.messages) == errors
    assert sum(not trace.messages for trace in found) == empty
    assert all(call.invalid_arguments is None for _, call in made)


def test_every_real_call_fits_its_declared_parameters(shared_data: Path) -> None:
    for folder in ("tau_bench_retail", "tau_bench_airline"):
        for trace in read_traces(shared_data / folder, format="tau_bench"):
            identifiers = [call.id for message in trace.messages for call in message.tool_calls]
            assert len(identifiers) == len(set(identifiers))
            for decision in trace.decisions():
                for call in decision.calls:
                    if call.name in trace.tools:
                        assert call.arguments.keys() <= trace.tools[call.name].properties.keys(), call
