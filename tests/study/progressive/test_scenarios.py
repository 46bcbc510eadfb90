"""Scenarios: no task is learned first and streamed later, and a new tool is nowhere before it appears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.study.progressive.scenarios import Scenario, agent_change, new_tool, parse_shift, stream


def tasks(traces: list[Trace]) -> set[str]:
    return {trace.task_id for trace in traces}


def offered(traces: list[Trace]) -> set[str]:
    called = {call.name for trace in traces for message in trace.messages for call in message.tool_calls}
    return called | {tool for trace in traces for tool in trace.tools}


def assert_no_task_returns(found: Scenario) -> None:
    assert not tasks(found.fit) & tasks(found.stream)
    assert not tasks(found.before) & tasks(found.after)


@pytest.fixture
def two_agents(toy_traces: list[Trace]) -> list[Trace]:
    return [replace(trace, agent="old" if at // 2 % 4 < 3 else "new") for at, trace in enumerate(toy_traces)]


def test_the_plain_stream_keeps_order_and_tasks_apart(toy_traces: list[Trace]) -> None:
    plain = stream(toy_traces, 0.25)
    assert_no_task_returns(plain)
    assert (len(plain.fit), plain.before) == (10, [])
    assert [each for each in toy_traces if each in plain.fit or each in plain.stream] == [*plain.fit, *plain.stream]
    mixed = [*toy_traces[::2], *toy_traces[1::2]]
    again = stream(mixed, 0.25)
    assert_no_task_returns(again)
    assert len(again.fit) == 10


def test_a_task_comes_once_in_the_stream(toy_traces: list[Trace], two_agents: list[Trace]) -> None:
    """Two conversations of one task hold the same order: whoever learns from the first knows the second."""
    for scenario in (
        stream(toy_traces, 0.25),
        agent_change(two_agents, "old", "new", 0.5),
        new_tool(toy_traces, "cancel"),
    ):
        tasks = [trace.task_id for trace in scenario.stream]
        assert len(tasks) == len(set(tasks))
    assert {trace.task_id for trace in toy_traces} == {
        trace.task_id for trace in [*stream(toy_traces, 0.25).fit, *stream(toy_traces, 0.25).stream]
    }


def test_an_agent_change_fits_on_the_old_agent_alone(two_agents: list[Trace]) -> None:
    change = agent_change(two_agents, "old", "new", 0.5)
    assert {trace.agent for trace in [*change.fit, *change.before]} == {"old"}
    assert change.before
    with pytest.raises(ConfigError, match=r"the agents of these traces are: new, old; name two with --shift agent:"):
        agent_change(two_agents, "old", "newer")


def test_tasks_of_the_old_agent_are_not_streamed_again(make_toy_trace: Callable[..., Trace]) -> None:
    old = [replace(make_toy_trace(task), agent="old") for task in range(10)]
    new = [replace(make_toy_trace(task, 1), agent="new") for task in range(5, 15)]
    change = agent_change([*old, *new], "old", "new")
    assert_no_task_returns(change)
    assert tasks(change.after) == {f"toy/{task}" for task in range(10, 15)}


def test_of_tasks_that_both_agents_have_played_the_last_are_the_new_ones(make_toy_trace: Callable[..., Trace]) -> None:
    both = [
        replace(make_toy_trace(task, at), agent=name) for task in range(10) for at, name in enumerate(("old", "new"))
    ]
    change = agent_change(both, "old", "new")
    assert_no_task_returns(change)
    assert tasks(change.after) == {f"toy/{task}" for task in range(6, 10)}
    assert {trace.agent for trace in change.after} == {"new"}
    assert len(change.fit) + len(change.before) == 6 and change.before


def test_a_new_tool_is_neither_offered_nor_called_before(toy_traces: list[Trace]) -> None:
    found = new_tool(toy_traces, "cancel")
    assert_no_task_returns(found)
    assert "cancel" not in offered([*found.fit, *found.before])
    assert "cancel" in offered(found.after)
    assert found.before
    assert found.to_dict()["traces"] == {
        "fit": len(found.fit), "before": len(found.before), "after": len(found.after),
    }  # fmt: skip


def test_what_cannot_be_made_says_what_can(toy_traces: list[Trace]) -> None:
    with pytest.raises(ConfigError, match=r"calls 'fly'; called there are: cancel, find_user, get_order\. Name one of"):
        new_tool(toy_traces, "fly")
    with pytest.raises(ConfigError, match="tool-find_user: no decision point is left to fit on"):
        new_tool(toy_traces, "find_user")
    with pytest.raises(ConfigError, match="between 0 and 1; got 1"):
        stream(toy_traces, 1)
    with pytest.raises(ConfigError, match="no decision point is left to stream"):
        stream(toy_traces[:2])


@pytest.mark.parametrize("text", ["agent:old", "agent:,new", "tool:", "cancel", "agent:old,"])
def test_a_shift_is_an_agent_or_a_tool(text: str, toy_traces: list[Trace]) -> None:
    with pytest.raises(ConfigError, match=r"--shift is agent:OLD,NEW or tool:NAME; got '"):
        parse_shift(text, toy_traces)


def test_shifts_are_read(two_agents: list[Trace]) -> None:
    assert parse_shift("tool:cancel", two_agents).tool == "cancel"
    assert parse_shift("agent:old,new", two_agents).name == "agent-old-to-new"
