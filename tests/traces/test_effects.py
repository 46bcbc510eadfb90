"""The effects file: what it may say of a tool, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import specbench as sb
from specbench.core.errors import TraceError
from specbench.core.types import Effect, ToolCall
from specbench.traces.schema import trace_from_dict, trace_to_dict

CALL = {"id": "1", "type": "function", "function": {"name": "open", "arguments": '{"url": "a", "reason": "to see"}'}}
CHAT = [{"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [CALL]}]}]


def test_a_tool_is_declared_in_full(write: Any) -> None:
    declared = {
        "#": "JSON has no comments",
        "open": {
            "#": "a page",
            "effect": "read",
            "irrelevant": ["reason"],
            "open_world": True,
            "hosts": ["a.example"],
            "sources": {"url": ["user"]},
        },
        "pay": "write",
    }
    (trace,) = sb.read(write("chat.jsonl", CHAT), effects=write("effects.json", whole=declared))
    assert sorted(trace.tools) == ["open", "pay"]
    spec = trace.tools["open"]
    assert (spec.effect, spec.open_world, spec.hosts) == (Effect.READ, True, ("a.example",))
    assert dict(spec.sources) == {"url": ("user",)}
    assert trace.messages[1].tool_calls[0] == ToolCall("open", {"url": "a"})
    again = trace_from_dict(trace_to_dict(trace))
    assert again.tools["open"].irrelevant == ("reason",)
    assert again.messages[1].tool_calls[0].arguments["reason"] == "to see"


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"f": {"effects": "read"}}, r"field f.effects: the field is not known.*effect, irrelevant, open_world, hosts"),
        ({"f": {"effect": "safe"}}, r"field f.effect: the effect is not known; got 'safe'"),
        ({"f": {"irrelevant": "reason"}}, r"field f.irrelevant: not a list; got 'reason'"),
        ({"f": {"irrelevant": [1]}}, r"field f.irrelevant\[0\]: not a text; got 1"),
        ({"f": {"open_world": 1}}, r"field f.open_world: not true or false; got 1"),
        ({"f": {"sources": {"x": ["moon"]}}}, r"field f: the sources of 'x' .* are some of user.*got .'moon'"),
        ({"f": {"effect": "staged", "irrelevant": ["x"]}}, "field f: tool 'f' is staged"),
    ],
)
def test_what_is_wrong_is_named(write: Any, declared: Any, words: str) -> None:
    with pytest.raises(TraceError, match=words):
        sb.read(write("chat.jsonl", CHAT), effects=write("effects.json", whole=declared))
