"""The effects file: what it may say of a tool, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

import specbench as sb
from specbench.core.errors import TraceError
from specbench.core.types import Effect, ToolCall
from specbench.metrics import predict_traces, rates
from specbench.policies import TopK
from specbench.predictors import make_predictor
from specbench.sim import Constant, simulate, sweep
from specbench.study.figure_tables import per_tool
from specbench.study.time_use import time_use
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
        ({"f": {"effects": "read"}}, r"field f.effects: the field is not known.*effect, where, irrelevant, open_world"),
        ({"f": {"effect": "safe"}}, r"field f.effect: the effect is not known; got 'safe'"),
        ({"f": {"irrelevant": "reason"}}, r"field f.irrelevant: not a list; got 'reason'"),
        ({"f": {"irrelevant": [1]}}, r"field f.irrelevant\[0\]: not a text; got 1"),
        ({"f": {"open_world": 1}}, r"field f.open_world: not true or false; got 1"),
        ({"f": {"sources": {"x": 1.5}}}, r"field f: the sources of 'x' .* are some of user.*got 1.5"),
        ({"f": {"sources": {"x": [["user"]]}}}, r"field f: the sources of 'x' .* are some of user.*got .*'user'"),
        ({"f": {"sources": {"x": ["moon"]}}}, r"field f: the sources of 'x' .* are some of user.*got .'moon'"),
        ({"f": {"effect": "staged", "irrelevant": ["x"]}}, "field f: tool 'f' is staged"),
        (
            {"f": {"effect": "read", "where": [{"x": 1, "effect": "read"}]}},
            "its own effect is write or unknown; got read",
        ),
        ({"f": {"where": {"x": 1}}}, "field f.where: not a list"),
        ({"f": {"where": [{"x": "("}]}}, "field f: tool 'f', where: a rule is"),
    ],
)
def test_what_is_wrong_is_named(write: Any, declared: Any, words: str) -> None:
    with pytest.raises(TraceError, match=words):
        sb.read(write("chat.jsonl", CHAT), effects=write("effects.json", whole=declared))


def test_an_effect_by_argument_counts_wherever_an_effect_is_asked_for(write: Any) -> None:
    def shell(command: str) -> dict[str, Any]:
        function = {"name": "Bash", "arguments": json.dumps({"command": command})}
        return {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]}

    commands = ["git diff", "git diff; rm -rf .", "find . -delete", "ls"]
    chat = [{"messages": [{"role": "user", "content": "go"}, *map(shell, commands)]}]
    rules = [{"command": r"^(git (status|diff|log|show)|ls|cat|find)\b[^;&|>]*$", "effect": "read"}]
    declared = {"Bash": {"effect": "write", "where": rules}}
    traces = sb.read(write("chat.jsonl", chat), effects=write("effects.json", whole=declared))
    found = traces.describe()
    assert found.calls_by_effect == {"read": 2, "write": 2}
    table = predict_traces(make_predictor("oracle").fit([]), list(traces))
    assert rates(table)["read_calls"] == 2
    ledger = simulate(table, TopK(3))
    assert [row.effect for row in ledger.outcomes] == ["read", "write", "write", "read"]
    assert [row.hit for row in ledger.outcomes] == [True, False, False, True]
    tools = time_use(list(traces), Constant(2.0, 1.0)).tools  # what reads and what does not are two tools
    assert tools == {"Bash (read)": ("read", 2, 2.0), "Bash (write)": ("write", 2, 2.0)}
    rows = per_tool(table, ledger).set_index("tool")
    assert rows.loc["Bash (read)", ["calls", "launched", "hits"]].tolist() == [2, 2, 2]
    assert rows.loc["Bash (write)", ["calls", "launched", "hits"]].tolist() == [2, 0, 0]
    frame = sweep(table, [0.5], k=3)
    assert (frame["launched"][0], frame["read_recall"][0]) == (2, 1.0)
    (trace,) = traces
    assert trace_from_dict(trace_to_dict(trace)).tools["Bash"] == trace.tools["Bash"]
