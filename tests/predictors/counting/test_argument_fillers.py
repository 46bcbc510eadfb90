"""Argument fillers: where the next argument comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.argument_fillers import ArgumentFiller
from specbench.predictors.counting.fillers import FILLERS, make_filler
from specbench.testing import make_traces, odd_trace


def turn(tool: str, arguments: dict[str, Any], result: Any) -> list[Message]:
    identifier = f"{tool}{json.dumps(arguments)}"
    return [
        Message("assistant", tool_calls=(ToolCall(tool, arguments, id=identifier),)),
        Message("tool", json.dumps(result), tool_call_id=identifier, name=tool),
    ]


def talk(orders: list[str], number: int = 0) -> Trace:
    messages = [Message("user", "my orders please"), *turn("list_orders", {}, {"orders": orders})]
    for order in orders:
        messages += turn("get_order", {"order_id": order}, {"status": "sent"})
    return Trace(f"t{number}", "a", "test", tuple(messages))


TALKS = [talk([f"#W{n}1111", f"#W{n}2222"], n) for n in range(1, 6)]


def fitted(name: str) -> ArgumentFiller:
    filler = make_filler(name)
    filler.fit(TALKS)
    return filler


def listed(*done: str) -> ContextIndex:
    """Orders A, B, C have been listed, and some looked at."""
    index = ContextIndex().extend(turn("list_orders", {}, {"orders": ["#W71111", "#W72222", "#W73333"]}))
    for order in done:
        index.extend(turn("get_order", {"order_id": order}, {"status": "sent"}))
    return index


def test_linked_takes_the_next_unused_value_in_order() -> None:
    filler = fitted("linked")
    assert filler.fill("get_order", listed())[0] == {"order_id": "#W71111"}
    assert filler.fill("get_order", listed("#W71111"))[0] == {"order_id": "#W72222"}
    assert filler.fill("get_order", listed("#W71111", "#W72222"))[0] == {"order_id": "#W73333"}


def test_linked_takes_first_what_the_user_just_named() -> None:
    index = listed()
    index.append(Message("user", "and #W73333?"))
    assert fitted("linked").fill("get_order", index)[0] == {"order_id": "#W73333"}


def test_recent_takes_the_latest_value_of_the_right_shape() -> None:
    index = listed("#W71111")  # a use is no mention: the list's last is still the most recent
    assert fitted("recent").fill("get_order", index)[0] == {"order_id": "#W73333"}
    index.append(Message("user", "what about #W99999 or tomorrow?"))
    assert fitted("recent").fill("get_order", index)[0] == {"order_id": "#W99999"}


def test_none_fills_only_tools_without_arguments() -> None:
    filler = fitted("none")
    assert filler.fill("get_order", listed()) == []
    assert filler.fill("list_orders", listed()) == [{}]


@pytest.mark.parametrize("name", sorted(FILLERS))
def test_nothing_is_proposed_where_nothing_fits(name: str) -> None:
    filler = fitted(name)
    assert filler.fill("get_order", ContextIndex()) == []
    assert filler.fill("never_seen", listed()) == []


@pytest.mark.parametrize("name", ["linked", "recent"])
def test_further_sets_of_arguments_are_different(name: str) -> None:
    sets = fitted(name).fill("get_order", listed(), k=3)
    assert len(sets) == 3
    assert len({json.dumps(each) for each in sets}) == 3


def test_reliability_is_the_smoothed_share_of_right_proposals() -> None:
    filler = fitted("linked")
    right, of = filler.right["get_order"]
    assert of == 9  # the first call of all had nothing to go by
    assert right >= 8
    assert filler.reliability("get_order") == (right + 0.5) / (of + 1.5)
    assert filler.reliability("never_seen") == pytest.approx(1 / 3)


def test_rare_parameters_are_left_out() -> None:
    calls: list[dict[str, Any]] = [{"q": "shoes"}, {"q": "shoes"}, {"q": "shoes", "page": 2}]
    messages = [Message("user", 'find "shoes"')]
    for arguments in calls:
        messages += turn("search", arguments, [])
    filler = make_filler("recent")
    filler.fit([Trace("t", "a", "test", tuple(messages))])
    assert set(filler.fill("search", ContextIndex().extend(messages))[0]) == {"q"}


@pytest.mark.parametrize("name", sorted(FILLERS))
def test_the_state_is_json_and_the_filler(name: str) -> None:
    filler = make_filler(name)
    filler.fit([*make_traces(6), odd_trace()])
    other = make_filler(name)
    other.restore(json.loads(json.dumps(filler.state())))
    for trace in make_traces(2, seed=3):
        index = ContextIndex()
        for message in trace.messages:
            for tool in trace.tools:
                assert other.fill(tool, index, 3) == filler.fill(tool, index, 3)
                assert other.reliability(tool) == filler.reliability(tool)
            index.append(message)


def test_invalid_calls_teach_nothing() -> None:
    filler = make_filler("linked")
    broken = ToolCall("get_order", {}, invalid_arguments="{")
    filler.fit([Trace("t", "a", "test", (Message("assistant", tool_calls=(broken,)),))])
    assert filler.calls == {}


def test_an_unknown_filler_is_told() -> None:
    with pytest.raises(ConfigError, match="no argument filler is called 'magic'; use one of none, recent, linked"):
        make_filler("magic")
