"""``specbench traces effects``: what the template says, and that its suggestions count for nothing until confirmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import specbench as sb
from specbench.cli import app
from specbench.core.errors import TraceError
from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.traces.effects import apply_effects, read_effects
from specbench.traces.effects_template import effects_template
from specbench.traces.schema import trace_to_dict

TOOLS = {
    "get_order": ToolSpec("get_order", effect=Effect.READ),
    **{name: ToolSpec(name) for name in ("odd", "Bash", "web_search", "hotel")},
}
COMMANDS = ["git status", "git  log -n 2", "ls -la", "rm x", "git diff; rm x", "find . -delete", "cat 'a b'", "ls > x"]


def traces() -> list[Trace]:
    calls = [ToolCall("Bash", {"command": each, "description": f"to do this {at}"}) for at, each in enumerate(COMMANDS)]
    calls += [ToolCall("web_search", {"query": f"how to do thing {at}"}) for at in range(9)]
    calls += [ToolCall("hotel", {"RequestType": ("Check", "Book")[at % 2]}) for at in range(8)]
    calls += [ToolCall("get_order", {"id": 7})]
    messages = [Message("user", "go"), *(Message("assistant", "", (call,)) for call in calls)]
    return [Trace("t", "t", "test", tuple(messages), TOOLS)]


def test_the_template_counts_and_suggests() -> None:
    found = effects_template(traces())
    assert list(found)[1:] == ["web_search", "Bash", "hotel", "get_order", "odd"]  # most called first
    bash = found["Bash"]
    assert bash["#"] == "8 calls in 1 trace; command, description"
    assert (bash["#effect"], bash["#irrelevant"]) == ("write", ["description"])
    assert "description (8 values in 8 calls, 4 words each)" in bash["#irrelevant because"]
    (rule,) = bash["#where"]
    assert rule["command"].startswith("(") and {"git status", "git log", "ls", "cat"} == set(
        rule["command"].removeprefix("(").partition(")")[0].split("|")
    )
    assert "4 of 8 calls" in bash["#where because"]
    search = found["web_search"]
    assert search["#effect"] == "read" and "#irrelevant" not in search  # it never repeats, and it is what is asked
    assert "query (9 values in 9 calls, 5 words each): irrelevant only if" in search["#free text"]
    assert found["hotel"]["#RequestType"] == {"Check": 4, "Book": 4}
    assert found["get_order"] == {"#": "1 call in 1 trace; id", "effect": "read"}
    assert found["odd"]["#effect because"] == "its name says nothing: look at what it does"


def test_suggestions_count_for_nothing_until_they_are_confirmed() -> None:
    found = effects_template(traces())
    declared = read_effects(found)
    assert {name: dict(each) for name, each in declared.items() if each} == {"get_order": {"effect": Effect.READ}}
    (trace,) = traces()
    assert apply_effects(trace, declared).tools == trace.tools
    confirmed = {
        name: {each.removeprefix("#"): value for each, value in members.items() if each in ("#effect", "#where")}
        for name, members in found.items()
        if name == "Bash"
    }
    bash = apply_effects(Trace("u", "u", "test", ()), read_effects(confirmed)).tools["Bash"]
    reads = [call for message in trace.messages for call in message.tool_calls if call.name == "Bash"]
    assert [str(bash.effect_of(call)) for call in reads] == [
        "read", "read", "read", "write", "write", "write", "read", "write",
    ]  # fmt: skip


def test_the_command_writes_a_file_that_can_be_used_and_written_again(tmp_path: Path) -> None:
    file, out = tmp_path / "traces.jsonl", tmp_path / "effects.json"
    file.write_text(json.dumps(trace_to_dict(traces()[0])) + "\n", "utf-8")
    run = CliRunner().invoke(app, ["traces", "effects", str(file), "--out", str(out)])
    assert run.exit_code == 0 and "5 tools" in run.output
    text = out.read_text("utf-8").replace('"#where"', '"where"').replace('"#effect": "write"', '"effect": "write"', 1)
    assert [str(each.effect) for each in sb.read(file, effects=out).tools.values()].count("read") == 1
    out.write_text(text, "utf-8")
    assert sb.read(file, effects=out).describe().calls_by_effect["read"] == 5
    again = CliRunner().invoke(app, ["traces", "effects", str(file), "--effects", str(out)])
    members: Any = json.loads(again.output)
    assert members["Bash"]["where"] == json.loads(text)["Bash"]["where"] and "#where" not in members["Bash"]
    refused = CliRunner().invoke(app, ["traces", "effects", str(file), "--effects", str(out), "--out", str(out)])
    assert refused.exit_code != 0 and out.read_text("utf-8") == text


def test_what_is_declared_twice_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "effects.json"
    file.write_text('{"#": 1, "#": 2, "f": {"effect": "read", "effect": "write"}}', "utf-8")
    with pytest.raises(TraceError, match=r"effects.json, field effect: it is declared twice in one object"):
        read_effects(file)
