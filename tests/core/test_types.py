"""Core types: equality of calls, decision points, frozen values."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import ROLES, DecisionPoint, Effect, Message, Timing, ToolCall, ToolSpec, Trace
from specbench.testing import make_tools, make_traces, odd_trace

ARGUMENTS = st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.text(), max_size=3), max_size=4)


@given(arguments=ARGUMENTS, first=st.none() | st.text(), second=st.none() | st.text())
def test_the_id_of_a_call_does_not_count(arguments: dict[str, object], first: str | None, second: str | None) -> None:
    assert ToolCall("t", arguments, id=first) == ToolCall("t", arguments, id=second)
    assert len({ToolCall("t", arguments, id=first), ToolCall("t", arguments, id=second)}) == 1


@given(arguments=ARGUMENTS, raw=st.text())
def test_a_call_with_invalid_arguments_equals_only_the_same_raw_text(arguments: dict[str, object], raw: str) -> None:
    broken = ToolCall("t", {}, invalid_arguments=raw)
    assert broken != ToolCall("t", arguments)
    assert broken == ToolCall("t", {}, invalid_arguments=raw, id="other")
    assert broken != ToolCall("t", {}, invalid_arguments=raw + "x")


def test_calls_of_different_tools_differ() -> None:
    assert ToolCall("a", {"x": 1}) != ToolCall("b", {"x": 1})
    assert ToolCall("a") != "a({})"
    assert str(ToolCall("get_order", {"id": 7.0, "all": True})) == 'get_order({"all":true,"id":7})'


def test_values_cannot_be_changed() -> None:
    for value, field in ((ToolCall("a"), "name"), (Message("user"), "content"), (ToolSpec("a"), "effect")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, "other")
    with pytest.raises(FrozenInstanceError):
        DecisionPoint("t", 0, ()).index = 1  # type: ignore[misc]


def test_every_assistant_message_is_a_decision_point_that_sees_only_the_past() -> None:
    for trace in [*make_traces(6), odd_trace()]:
        decisions = list(trace.decisions())
        speakers = [at for at, message in enumerate(trace.messages) if message.role == "assistant"]
        assert [decision.point.index for decision in decisions] == list(range(len(speakers)))
        for at, (point, calls) in zip(speakers, decisions, strict=True):
            assert point.messages == trace.messages[:at]
            assert calls == trace.messages[at].tool_calls
            assert (point.trace_id, point.tools, point.agent) == (trace.trace_id, trace.tools, trace.agent)


def test_the_outcome_is_the_first_of_parallel_calls_or_a_reply() -> None:
    outcomes = [decision.outcome for decision in odd_trace().decisions()]
    assert outcomes[0] is None
    assert outcomes[2] == ToolCall("get_order", {"order_id": "#W1"})
    assert outcomes[-1] is None


def test_a_trace_without_assistant_has_no_decisions() -> None:
    assert list(Trace("t", "a", "doc", (Message("user", "hi"),)).decisions()) == []
    assert list(Trace("t", "a", "doc", ()).decisions()) == []


def test_the_effect_of_an_undeclared_tool_is_unknown() -> None:
    trace = Trace("t", "a", "doc", (), make_tools())
    assert [trace.effect(tool) for tool in ("get_order", "cancel_order", "calculate", "teleport")] == [
        Effect.READ,
        Effect.WRITE,
        Effect.LOCAL,
        Effect.UNKNOWN,
    ]
    assert ToolSpec("new").effect is Effect.UNKNOWN


@pytest.mark.parametrize("schema", [{}, {"properties": None}, {"properties": 3, "required": 5}, {"required": "all"}])
def test_a_schema_that_is_none_has_no_parameters(schema: dict[str, object]) -> None:
    assert (dict(ToolSpec("t", parameters=schema).properties), ToolSpec("t", parameters=schema).required) == (
        {},
        frozenset(),
    )


def test_roles_effects_and_durations_are_spelt_as_in_files() -> None:
    assert ROLES == ("system", "user", "assistant", "tool")
    assert [str(effect) for effect in Effect] == ["read", "write", "local", "staged", "unknown"]
    assert Timing(1.5, 4.0).duration_s == 2.5
