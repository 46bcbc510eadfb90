from __future__ import annotations

from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.core.types import Message, ToolCall
from specbench.traces.conversation.builder import chat_messages


def call(name: str, arguments: Any = "{}", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


def links(messages: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    """Each call's and each result's (kind or name, id, name)."""
    found: list[tuple[str, str | None, str | None]] = []
    for message in chat_messages(messages):
        found += [("call", each.id, each.name) for each in message.tool_calls]
        if message.role == "tool":
            found.append(("result", message.tool_call_id, message.name))
    return found


def test_roles_are_mapped() -> None:
    roles = ["developer", "system", "user", "assistant", "tool", "function"]
    mapped = [message.role for message in chat_messages([{"role": role, "content": "x"} for role in roles])]
    assert mapped == ["system", "system", "user", "assistant", "tool", "tool"]


def test_content_may_be_null_text_or_parts() -> None:
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {}},
        {"type": "refusal", "refusal": "b"},
        "c",
    ]
    raw = [{"role": "user"}, {"role": "user", "content": None}, {"role": "user", "content": parts}]
    assert [message.content for message in chat_messages(raw)] == ["", "", "a\n[image_url]\nb\nc"]
    assert chat_messages([{"role": "assistant", "content": None, "refusal": "no"}]) == (Message("assistant", "no"),)


def test_arguments_may_be_text_an_object_missing_or_invalid() -> None:
    raw = [
        call("a", '{"x": 1}'),
        call("b", {"x": 1}),
        call("c", None),
        call("d", "{oops"),
        call("e", [1]),
        call("f", "{'x': 1}"),
    ]
    (message,) = chat_messages([{"role": "assistant", "tool_calls": raw}])
    assert [(each.arguments, each.invalid_arguments) for each in message.tool_calls] == [
        ({"x": 1}, None),
        ({"x": 1}, None),
        ({}, None),
        ({}, "{oops"),
        ({}, "[1]"),
        ({}, "{'x': 1}"),
    ]
    (repaired,) = chat_messages([{"role": "assistant", "tool_calls": raw[-1:]}], python_literals=True)
    assert repaired.tool_calls == (ToolCall("f", {"x": 1}),)


def test_parallel_results_are_linked_by_id_in_any_order() -> None:
    calls = [call("f", id="c1"), call("f", id="c2")]
    results = [{"role": "tool", "tool_call_id": "c2"}, {"role": "tool", "tool_call_id": "c1"}]
    assert links([{"role": "assistant", "tool_calls": calls}, *results]) == [
        ("call", "c1", "f"),
        ("call", "c2", "f"),
        ("result", "c2", "f"),
        ("result", "c1", "f"),
    ]


def test_without_ids_results_are_linked_by_name_then_in_order() -> None:
    calls = [call("f"), call("g"), call("h")]
    results = [{"role": "tool", "name": "g"}, {"role": "tool"}, {"role": "tool"}]
    assert links([{"role": "assistant", "tool_calls": calls}, *results])[3:] == [
        ("result", "call-2", "g"),
        ("result", "call-1", "f"),
        ("result", "call-3", "h"),
    ]


def test_a_repeated_id_is_made_unique_and_its_result_follows() -> None:
    turn = [{"role": "assistant", "tool_calls": [call("f", id="same")]}, {"role": "tool", "tool_call_id": "same"}]
    assert links(turn + turn) == [
        ("call", "same", "f"),
        ("result", "same", "f"),
        ("call", "call-1", "f"),
        ("result", "call-1", "f"),
    ]


@pytest.mark.parametrize("given", ["same", "", None])
def test_parallel_calls_of_one_id_are_answered_in_order(given: str | None) -> None:
    turn = [
        {"role": "assistant", "tool_calls": [call("f", '{"x": 1}', id=given), call("f", '{"x": 2}', id=given)]},
        {"role": "tool", "tool_call_id": given, "content": "of 1"},
        {"role": "tool", "tool_call_id": given, "content": "of 2"},
    ]
    for asked, one, two in (chat_messages(turn), chat_messages(turn + turn)[3:]):
        assert [one.tool_call_id, two.tool_call_id] == [each.id for each in asked.tool_calls]
        assert one.tool_call_id != two.tool_call_id


def test_a_legacy_call_beside_an_empty_list_is_read() -> None:
    raw = [{"role": "assistant", "tool_calls": [], "function_call": {"name": "f", "arguments": "{}"}}]
    assert chat_messages(raw)[0].tool_calls == (ToolCall("f"),)


def test_an_invented_id_never_takes_a_given_one() -> None:
    calls = [call("f"), call("g", id="call-1")]
    assert [entry[1] for entry in links([{"role": "assistant", "tool_calls": calls}])] == ["call-2", "call-1"]


def test_a_result_without_its_call_and_a_call_without_its_result_are_kept() -> None:
    raw = [
        {"role": "tool", "tool_call_id": "lost", "content": "r"},
        {"role": "assistant", "tool_calls": [call("f", id="c1")]},
        {"role": "user", "content": "never mind"},
    ]
    assert links(raw) == [("result", "lost", None), ("call", "c1", "f")]


def test_legacy_function_calls_are_read() -> None:
    raw = [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x": 1}'}},
        {"role": "function", "name": "f", "content": "ok"},
    ]
    called, result = chat_messages(raw)
    assert called.tool_calls == (ToolCall("f", {"x": 1}),)
    assert result == Message("tool", "ok", tool_call_id="call-1", name="f")


def test_a_custom_tools_free_text_is_kept_as_it_is() -> None:
    raw = [{"type": "custom", "id": "c", "custom": {"name": "sql", "input": "select 1"}}]
    (message,) = chat_messages([{"role": "assistant", "tool_calls": raw}])
    assert message.tool_calls == (ToolCall("sql", invalid_arguments="select 1"),)


def test_errors_are_flagged_only_when_declared() -> None:
    raw = [
        {"role": "tool", "content": "Error: no"},
        {"role": "tool", "content": "no", "is_error": True},
        {"role": "tool", "content": "no", "status": "error"},
    ]
    assert [message.error for message in chat_messages(raw)] == [False, True, True]
    assert chat_messages(raw, is_error=lambda content: content.startswith("Error"))[0].error


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, ["field messages: the messages are not a list", "got None"]),
        (["hi"], ["field messages[0]", "not an object"]),
        (
            [{"role": "user"}, {"role": "clown"}],
            ["field messages[1].role", "got 'clown'", "use system, developer, user"],
        ),
        ([{"role": ["user"]}], ["field messages[0].role"]),
        ([{"role": "user", "content": 3}], ["field messages[0].content", "got 3", "parts"]),
        ([{"role": "user", "content": [{"shout": "a"}]}], ["field messages[0].content[0]", "no type that is known"]),
        ([{"role": "user", "content": [{"type": "summons"}]}], ["type summons is not known, and may hold a call"]),
        ([{"role": "user", "content": [{"type": "text"}]}], ["field messages[0].content[0].text", "no text"]),
        ([{"role": "assistant", "tool_calls": 7}], ["field messages[0].tool_calls", "not a list"]),
        ([{"role": "assistant", "tool_calls": ["f"]}], ["field messages[0].tool_calls[0]", "not an object"]),
        ([{"role": "assistant", "tool_calls": [{"id": "c"}]}], ["tool_calls[0].name", "no tool name"]),
        ([{"role": "assistant", "tool_calls": [call("")]}], ["tool_calls[0].function.name", "no tool name"]),
        ([{"role": "assistant", "tool_calls": [call("f", id=[3])]}], ["tool_calls[0].id", "not text", "got [3]"]),
        ([{"role": "assistant", "function_call": "f"}], ["messages[0].function_call", "not a list"]),
        (
            [{"role": "user", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]}],
            ["field messages[0].tool_calls", "only a message of role assistant has tool_calls"],
        ),
        (
            [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]}],
            ["field messages[0]: there are results of tool calls, but no call", "as tool_calls"],
        ),
        (
            [{"role": "assistant", "content": "", "deeds": [{"name": "f", "args": {}}]}],
            ["field messages[0].deeds", "neither content nor calls that are understood"],
        ),
        (
            [{"role": "user", "segments": [{"text": "hi"}]}],
            ["field messages[0].segments", "neither content nor calls that are understood"],
        ),
        ([{"role": "user", "tool_calls": [call("f")]}], ["messages[0].tool_calls", "only a message of role assistant"]),
        ([{"role": "tool", "function_call": {"name": "f"}}], ["messages[0].function_call", "role assistant"]),
        (
            [{"role": "tool", "tool_call_id": [3, 4]}, {"role": "tool", "tool_call_id": {}}],
            ["messages[1].tool_call_id", "got {}"],
        ),
    ],
)
def test_a_malformed_message_is_named(raw: Any, words: list[str]) -> None:
    with pytest.raises(TraceError) as caught:
        chat_messages(raw)
    for word in words:
        assert word in str(caught.value)
