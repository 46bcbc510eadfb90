"""Parameters that do not count: equality, conversations without them, guesses made whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from specbench.core.errors import ConfigError
from specbench.core.relevant import relevant_message, relevant_tools, relevant_traces, whole_predictions
from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall, ToolSpec, Trace

OPEN = ToolSpec(
    "open",
    parameters={"properties": {"url": {"type": "string"}, "reason": {"type": "string"}}, "required": ["url", "reason"]},
    irrelevant=("reason",),
)
TOOLS = {"open": OPEN}


def asked(reason: str, url: str = "a") -> ToolCall:
    return ToolCall("open", {"url": url, "reason": reason})


def test_a_trace_and_a_decision_point_know_what_does_not_count() -> None:
    said = (Message("user", "go"), Message("assistant", "", (asked("to see"),)))
    trace = Trace("t", "t", "test", said, TOOLS)
    (decision,) = trace.decisions()
    assert decision.outcome == ToolCall("open", {"url": "a"}) != ToolCall("open", {"url": "b"})
    assert decision.calls[0].arguments == {"url": "a", "reason": "to see"}  # nothing is lost
    point = DecisionPoint("t", 1, said, TOOLS)
    assert point.messages[1].tool_calls[0] == asked("another").of(OPEN)
    assert asked("to see") != asked("another")  # no tool has said that it does not count


def test_a_declaration_that_is_taken_back_counts_again() -> None:
    trace = Trace("t", "t", "test", (Message("assistant", "", (asked("x"),)),), TOOLS)
    back = replace(trace, tools={"open": replace(OPEN, irrelevant=())})
    assert back.messages[0].tool_calls[0] != asked("y")


def test_a_call_without_json_arguments_equals_none_by_accident() -> None:
    broken = ToolCall("open", {}, invalid_arguments="{").of(OPEN)
    assert broken != ToolCall("open", {}).of(OPEN)


def test_what_a_learner_sees_has_no_reason() -> None:
    trace = Trace("t", "t", "test", (Message("assistant", "", (asked("x"),)),), TOOLS)
    (seen,) = relevant_traces([trace])
    assert dict(seen.messages[0].tool_calls[0].arguments) == {"url": "a"}
    assert seen.tools["open"].properties.keys() == {"url"} and seen.tools["open"].required == {"url"}
    plain = replace(trace, tools={})
    assert relevant_traces([plain])[0] is plain
    assert relevant_tools({"open": ToolSpec("open")})["open"] == ToolSpec("open")
    message = Message("assistant", "", (asked("x"),))
    assert dict(relevant_message(message, TOOLS).tool_calls[0].arguments) == {"url": "a"}  # not marked yet


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "minLength": 12},
        {"type": "string", "maxLength": 3},
        {"type": ["string", "null"]},
        {"enum": ["a", "b"]},
        {"const": 7},
        {"type": "integer"},
        {"type": "number", "minimum": 3},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"type": "null"},
        {"type": "string", "pattern": "^[0-9]+$", "examples": ["12"]},
        {},
    ],
)
def test_a_guess_is_valid_where_the_schema_requires_what_does_not_count(schema: Any) -> None:
    parameters = {"type": "object", "properties": {"reason": schema}, "required": ["reason"]}
    spec = ToolSpec("open", parameters=parameters, irrelevant=("reason",))
    (guess,) = whole_predictions([Prediction(ToolCall("open", {"url": "a"}), 0.5)], {"open": spec})
    assert guess.call is not None and guess.call == ToolCall("open", {"url": "a"})
    assert not list(Draft202012Validator(parameters).iter_errors(dict(guess.call.arguments)))


def test_a_guess_keeps_its_own_value_and_gets_none_that_is_not_needed() -> None:
    own, bare = Prediction(asked("mine"), 0.5), Prediction(ToolCall("open", {"url": "b"}), 0.1)
    optional = {"open": replace(OPEN, parameters={"properties": OPEN.properties})}
    first, second, reply = whole_predictions([own, bare, Prediction(None, 0.2)], optional)
    assert first.call is not None and first.call.arguments["reason"] == "mine"
    assert second.call is not None and "reason" not in second.call.arguments
    assert reply.call is None
    odd = {"open": replace(OPEN, parameters={"properties": {"reason": {"pattern": "^x"}}, "required": ["reason"]})}
    (left,) = whole_predictions([bare], odd)
    assert left.call is not None and "reason" not in left.call.arguments


def test_a_declaration_is_checked() -> None:
    with pytest.raises(ConfigError, match="irrelevant parameters of tool 'open' are a sequence of texts; got 'reason'"):
        ToolSpec("open", irrelevant="reason")
    with pytest.raises(ConfigError, match=r"tool 'pay' is staged: .* declare none irrelevant \(got note"):
        ToolSpec("pay", effect="staged", irrelevant=("note",))  # type: ignore[arg-type]
