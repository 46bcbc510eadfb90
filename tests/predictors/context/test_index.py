"""The context index: what is known of a conversation, the same whether it is read at once or message by message."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Message, ToolCall
from specbench.predictors.context.events import Event
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import (
    GROUP,
    GROUP_SIZE,
    LAST_ASSISTANT,
    LAST_TOOL,
    LAST_USER,
    MENTIONS,
    NAMED,
    ORDINAL,
    PATH,
    PLACED,
    USES,
    shape_of,
)
from specbench.testing import make_traces, odd_trace

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
CALLS = st.builds(
    ToolCall, st.sampled_from("abc"), st.dictionaries(st.text(max_size=5), JSON, max_size=3), st.none() | st.text()
)
MESSAGES = st.one_of(
    st.builds(Message, st.sampled_from(["user", "system", "assistant"]), st.text(max_size=80)),
    st.builds(Message, st.just("assistant"), st.text(max_size=20), st.lists(CALLS, max_size=3).map(tuple)),
    st.builds(
        Message, st.just("tool"), JSON.map(json.dumps) | st.text(max_size=80), st.just(()),
        st.none() | st.text(max_size=3), st.none() | st.sampled_from("abc"), st.booleans(),
    ),
)  # fmt: skip


def called(tool: str, **arguments: object) -> Message:
    return Message("assistant", tool_calls=(ToolCall(tool, arguments, id="1"),))


@given(messages=st.lists(MESSAGES, max_size=12))
def test_any_conversation_can_be_read(messages: list[Message]) -> None:
    index = ContextIndex().extend(messages)
    assert index.now == len(messages)
    assert len(index.table) == len(index.texts) == len(index.values) == len(index.row_paths)
    assert len(set(index.texts)) == len(index.texts)
    for path, rows in index.rows_by_path.items():
        assert len(set(rows)) == len(rows), path
        assert all(0 <= row < len(index.texts) for row in rows)
    assert len(index.calls) == sum(len(m.tool_calls) for m in messages if m.role == "assistant")


def test_the_table_grows_and_keeps_what_it_had() -> None:
    index = ContextIndex()
    for number in range(300):
        index.append(Message("user", f"order #W{number:05}"))
    rows = [index.row(f"#W{number:05}") for number in range(300)]
    assert rows == sorted(row for row in rows if row is not None)
    assert [int(index.table[row, LAST_USER]) for row in rows] == list(range(300))


def test_values_have_their_provenance() -> None:
    index = ContextIndex().extend(
        [
            Message("user", "I am ann@lee.org"),
            called("find", email="ann@lee.org"),
            Message("tool", '{"id": 7, "orders": ["#W1", "#W2"]}', tool_call_id="1", name="find"),
        ]
    )
    assert [index.texts[row] for row in index.rows("find.orders[]")] == ["#W1", "#W2"]
    assert [index.values[row] for row in index.rows("find.id")] == [7]
    row = index.row("ann@lee.org")
    assert row is not None
    assert {index.path_names[path] for path in index.row_paths[row]} >= {"user:email", "argument:email"}
    assert index.used_rows("find", "email") == {row: 1}
    assert index.table[row, USES] == 1
    assert index.table[index.rows("find.id")[0], LAST_TOOL] == 2
    assert index.rows("nowhere") == []
    assert index.row("unheard of") is None


def test_a_number_is_one_value_however_it_is_spelt() -> None:
    index = ContextIndex().extend([Message("user", "number 7"), called("f"), Message("tool", "[7, 7.0]", name="f")])
    assert index.row(7) == index.row("7") == index.row(7.0)


def test_mentions_are_counted_in_any_case_and_as_phrases() -> None:
    index = ContextIndex().extend(
        [
            called("f"),
            Message("tool", '{"name": "Desk Lamp", "city": "Oslo"}', name="f"),
            Message("user", "the desk lamp from oslo, please"),
        ]
    )
    for value in ("Desk Lamp", "Oslo"):
        row = index.row(value)
        assert row is not None
        assert (index.table[row, LAST_USER], index.table[row, MENTIONS]) == (2, 1)


def test_the_history_is_of_events_with_their_failures() -> None:
    index = ContextIndex().extend(odd_trace().messages)
    assert index.events[:5] == [
        Event("reply"),
        Event("user"),
        Event("call", "get_order", error=True),
        Event("call", "get_order"),
        Event("call", "get_order"),
    ]
    assert index.last_tool == "find_user"
    assert index.tool_counts["get_order"] == 4


def test_an_error_marks_the_latest_call_of_its_tool_and_its_values_stand_apart() -> None:
    index = ContextIndex().extend([called("f"), Message("tool", '{"id": "#W9"}', name="f", error=True)])
    assert index.events == [Event("call", "f", error=True)]
    row = index.row("#W9")
    assert row is not None and all(index.path_names[path].startswith("f!") for path in index.row_paths[row])


def test_results_find_their_call_by_id_when_they_have_no_name() -> None:
    calls = (ToolCall("a", {}, id="1"), ToolCall("b", {}, id="2"))
    index = ContextIndex().extend(
        [
            Message("assistant", tool_calls=calls),
            Message("tool", '{"x": "from b"}', tool_call_id="2"),
            Message("tool", '{"x": "from a"}', tool_call_id="1"),
        ]
    )
    assert [index.texts[row] for row in index.rows("a.x")] == ["from a"]
    assert [index.texts[row] for row in index.rows("b.x")] == ["from b"]


def test_the_day_after_is_that_of_a_date_among_the_results() -> None:
    index = ContextIndex().extend(
        [
            Message("user", "The next day"),
            Message("tool", '{"flights": [{"date": "2024-05-18"}, {"date": "2024-13-01"}]}', name="get_booking"),
            Message("user", "I would rather fly the day after"),
        ]
    )
    assert [index.texts[row] for row in index.rows("user:moved")] == ["2024-05-19"]
    assert index.table[index.rows("user:moved"), LAST_USER].tolist() == [2]


def test_notes_of_the_agent_to_itself_are_read_like_its_messages() -> None:
    note = "I should look at order #W77 next and then tell the customer"
    index = ContextIndex().extend([Message("user", "Hi"), called("think", thought=note, mood="rather good")])
    assert index.agent_said == note
    row = index.row("#W77")
    assert row is not None
    assert index.table[row, LAST_ASSISTANT] == 1
    assert index.last_text["assistant"] == ""
    index.append(called("get_order", order="#W77"))
    assert index.agent_said == ""


def test_the_system_prompt_tells_the_day() -> None:
    index = ContextIndex().extend([Message("system", "Today is 2024-05-15."), Message("user", "tomorrow")])
    assert index.today == date(2024, 5, 15)
    assert index.row("2024-05-16") is not None
    assert ContextIndex(date(2020, 1, 1)).extend([Message("user", "tomorrow")]).row("2020-01-02") is not None


def test_reading_at_once_or_step_by_step_is_the_same() -> None:
    for trace in make_traces(4):
        whole = ContextIndex().extend(trace.messages)
        steps = ContextIndex()
        for message in trace.messages:
            steps.append(message)
        assert np.array_equal(whole.table, steps.table)
        assert (whole.texts, whole.events, whole.rows_by_path) == (steps.texts, steps.events, steps.rows_by_path)


ORDER = json.dumps(
    {"items": [{"name": name, "id": number} for number, name in enumerate(["Red Grill", "Desk Lamp", "Water Bottle"])]}
)


def test_a_value_keeps_its_place_in_a_list_when_it_comes_back_alone_or_in_a_map() -> None:
    index = ContextIndex().extend([Message("user", "Hi"), Message("tool", ORDER, name="get_order")])
    row = index.rows("get_order.items[].id")[1]
    columns = [PATH, ORDINAL, GROUP_SIZE, PLACED]
    before = index.table[row, columns].tolist()
    assert before[1:] == [1, 3, 1]
    index.append(Message("tool", '{"id": 1, "name": "Desk Lamp"}', name="get_item"))
    index.append(Message("tool", '{"Bottle": 2, "Chair": 8, "Grill": 0, "Lamp": 1}', name="list_items"))
    assert index.table[row, columns].tolist() == before
    assert index.table[row, LAST_TOOL] == 3
    index.append(Message("tool", ORDER, name="get_order"))
    assert index.table[row, columns].tolist() == [*before[:3], 4]


def named(index: ContextIndex, value: int) -> dict[str, float]:
    row = index.row(value)
    assert row is not None
    return dict(zip(NAMED, index.named[index.table[row, GROUP]].tolist(), strict=True))


@pytest.mark.parametrize("said_first", [True, False])
def test_things_are_named_in_the_plural_too_and_by_a_part_of_their_name(said_first: bool) -> None:
    said, result = Message("user", "Are the red lamps mine?"), Message("tool", ORDER, name="get_order")
    index = ContextIndex().extend([said, result] if said_first else [result, said])
    lamp, grill, bottle = (named(index, item) for item in (1, 0, 2))
    assert lamp == {
        "now": 1, "ever": 1, "first": np.float32(3 / 60), "title_now": 0.5, "title_ever": 0.5, "things_now": 1,
        "things_ever": 1,
    }  # fmt: skip
    assert (grill["title_now"], grill["things_now"]) == (0.5, 0)
    assert bottle == {name: float(name == "first") for name in NAMED}
    index.append(Message("user", "and the desk lamp or red bottle"))
    assert (named(index, 1)["title_now"], named(index, 1)["title_ever"]) == (1.0, 1.0)
    assert (named(index, 0)["title_now"], named(index, 0)["title_ever"]) == (0.5, 0.5)
    (whole,) = (number for number, group in enumerate(index.groups) if len(group.things) == 3 and not group.title)
    assert index.named[whole, 5:].tolist() == [2, 2]


def test_what_the_user_said_before_is_not_said_now_in_a_big_result_either() -> None:
    things = [f"lamp{first}{second}" for first in "abcdef" for second in "abcdefghijklmnopqrstuvwxyz"]
    items = [{"name": name} for name in things]
    index = ContextIndex().extend([Message("tool", json.dumps({"order": "W1", "items": items}), name="get_order")])
    (whole,) = (number for number, group in enumerate(index.groups) if len(group.things) == len(things))
    assert "lampfz" not in index.groups[whole].words
    for said, now in (("lampaa and lampfz", 2), ("lampfz", 1), ("thanks", 0), ("lampfz", 1)):
        index.append(Message("user", said))
        assert index.named[whole, NAMED.index("things_now")] == now
    assert index.named[whole, NAMED.index("things_ever")] == 2


def test_things_that_the_user_has_named_are_found_or_missing() -> None:
    index = ContextIndex().extend([Message("user", "I want to swap the lamp"), Message("user", "and my shoes")])
    known = {"lamp", "shoe", "grill"}
    assert index.things_said(known) == (0, 0, 0, 0, 1, 2)
    index.append(Message("tool", ORDER, name="get_order"))
    assert index.things == {"grill", "lamp", "bottle"}
    assert index.things_said(known) == (0, 1, 0, 1, 1, 1)
    index.append(Message("tool", '{"name": "Running Shoes"}', name="get_item"))
    assert index.things_said(known) == (1, 1, 1, 2, 0, 0)


def test_what_the_user_states_waits_until_a_call_uses_it() -> None:
    index = ContextIndex().extend([Message("user", "Search flights from Oslo, to New York, for 2 people")])
    assert index.unplaced() == {"Oslo", "New York", "New", "York", "2"}
    index.append(Message("assistant", "", (ToolCall("search", {"origin": "Oslo", "seats": 2}),)))
    assert index.unplaced() == {"New York", "New", "York"}
    index.append(Message("user", "The other way: I start from New York and not from Oslo"))
    assert {"Oslo", "New York"} <= index.unplaced()


def test_a_number_of_the_user_is_also_the_identifier_that_tools_would_make_of_it() -> None:
    index = ContextIndex(prefixes={7: ["#W"]}).extend([Message("user", "It is 1234567, item 4107812777, w7654321")])
    made = {text for text in index.texts if text.startswith("#W")}
    assert made == {"#W1234567", "#W7654321"}
    for text in made:
        row = index.row(text)
        assert row is not None
        assert row in index.rows("user:id")
        assert index.table[row, [LAST_USER, MENTIONS]].tolist() == [0, 1]
    index.append(Message("assistant", "I take 1234567"))
    assert "#W1234567" in index.texts
    assert ContextIndex(prefixes={7: ["#W"]}).extend([Message("assistant", "Say 1234567")]).row("#W1234567") is None


@pytest.mark.parametrize(
    ("text", "shape"),
    [("", ""), ("12345678", "9+"), ("ABCD-12", "A+-99"), ("a@b.cd", "a@a.a"), ("Zoë", "Aa"), ("x" * 99, "a")],
)
def test_shapes(text: str, shape: str) -> None:
    assert shape_of(text) == shape


def test_of_many_names_the_latest_are_kept() -> None:
    index = ContextIndex()
    for number in range(200):
        index.append(Message("user", f"We met Ann{chr(97 + number % 26)} Lee{chr(97 + number // 26)} there"))
    index.append(Message("user", "I live in San Jose"))
    assert frozenset({"san", "jose"}) in index.said_names
    assert len(index.said_names) <= 60
