from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.core.types import Effect, Message, ToolCall
from specbench.traces.store import load, read_traces

SCHEMA = [
    {
        "service_name": "Events_1",
        "description": "events",
        "slots": [
            {"name": "city", "description": "where", "is_categorical": False, "possible_values": []},
            {"name": "kind", "description": "what", "is_categorical": True, "possible_values": ["Music", "Sports"]},
        ],
        "intents": [
            {"name": "Find", "description": "find", "is_transactional": False, "required_slots": ["city"],
             "optional_slots": {"kind": "dontcare"}, "result_slots": []},
            {"name": "Buy", "description": "buy", "is_transactional": True, "required_slots": ["city", "kind"],
             "optional_slots": {}, "result_slots": []},
        ],
    }
]  # fmt: skip


def user(text: str) -> dict[str, Any]:
    frame = {"service": "Events_1", "actions": [], "slots": [], "state": {"active_intent": "SECRET"}}
    return {"speaker": "USER", "utterance": text, "frames": [frame]}


def system(text: str, *calls: tuple[str, dict[str, str]]) -> dict[str, Any]:
    frames: list[dict[str, Any]] = [{"service": "Events_1", "actions": [{"act": "SECRET"}], "slots": []}]
    frames += [
        {
            "service": "Events_1",
            "actions": [],
            "slots": [],
            "service_call": {"method": method, "parameters": parameters},
            "service_results": [{"city": "Kraków"}],
        }
        for method, parameters in calls
    ]
    return {"speaker": "SYSTEM", "utterance": text, "frames": frames}


def dialogue(*turns: Any, **more: Any) -> dict[str, Any]:
    return {"dialogue_id": "1_00000", "services": ["Events_1"], "turns": list(turns), **more}


@pytest.fixture
def dialogues(write: Any) -> Any:
    def write_dialogues(*records: Any, folder: str = "train", schema: Any = SCHEMA) -> Path:
        write(f"{folder}/schema.json", whole=schema)
        path: Path = write(f"{folder}/dialogues_001.json", whole=list(records))
        return path

    return write_dialogues


def test_a_call_is_made_before_the_systems_utterance(dialogues: Any) -> None:
    path = dialogues(
        dialogue(user("events?"), system("one found", ("Find", {"city": "Kraków"})), user("ok"), system("bye"))
    )
    (trace,) = read_traces(path)
    name = "Events_1__Find"
    assert trace.messages == (
        Message("user", "events?"),
        Message("assistant", tool_calls=(ToolCall(name, {"city": "Kraków"}),)),
        Message("tool", '[{"city": "Kraków"}]', tool_call_id="call-1-1", name=name),
        Message("assistant", "one found"),
        Message("user", "ok"),
        Message("assistant", "bye"),
    )
    assert (trace.trace_id, trace.task_id, trace.source) == (
        "sgd/train/1_00000",
        "sgd/train/1_00000",
        "sgd:dialogues_001.json",
    )


def test_annotations_are_never_shown(dialogues: Any) -> None:
    (trace,) = read_traces(dialogues(dialogue(user("events?"), system("x", ("Find", {"city": "a"})))))
    assert "SECRET" not in repr(trace)


def test_calls_of_several_frames_are_parallel(dialogues: Any) -> None:
    turn = system("done", ("Find", {"city": "a"}), ("Find", {"city": "b"}))
    (trace,) = read_traces(dialogues(dialogue(user("?"), turn)))
    decisions = list(trace.decisions())
    assert [len(decision.calls) for decision in decisions] == [2, 0]
    assert [m.tool_call_id for m in trace.messages if m.role == "tool"] == [call.id for call in decisions[0].calls]


def test_tools_come_from_the_schema(dialogues: Any) -> None:
    (trace,) = read_traces(dialogues(dialogue(user("?"))))
    find, buy = trace.tools["Events_1__Find"], trace.tools["Events_1__Buy"]
    assert (find.effect, buy.effect) == (Effect.READ, Effect.WRITE)
    assert find.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "where"},
            "kind": {
                "type": "string",
                "description": "what",
                "enum": ["Music", "Sports", "dontcare"],
                "default": "dontcare",
            },
        },
        "required": ["city"],
    }
    assert buy.properties["kind"]["enum"] == ["Music", "Sports"]


def test_the_same_dialogue_id_in_two_splits_is_two_tasks(dialogues: Any, tmp_path: Path) -> None:
    dialogues(dialogue(user("?")), folder="train")
    dialogues(dialogue(user("?")), folder="dev")
    traces, report = load(tmp_path)
    assert [trace.task_id for trace in traces] == ["sgd/dev/1_00000", "sgd/train/1_00000"]
    assert [Path(file.path).name for file in report.files] == ["dialogues_001.json"] * 2


def test_the_schema_is_hashed_with_the_dialogues(dialogues: Any) -> None:
    path = dialogues(dialogue(user("?")))
    schema = path.with_name("schema.json")
    before = load(path)[1].files[0]
    schema.write_text(schema.read_text().replace("true", "false"))
    after = load(path)[1].files[0]
    assert before.sha256 == after.sha256
    assert after.beside == {"schema.json": hashlib.sha256(schema.read_bytes()).hexdigest()} != before.beside


def test_dialogues_without_their_schema_are_an_error(dialogues: Any) -> None:
    path = dialogues(dialogue(user("?")))
    path.with_name("schema.json").unlink()
    with pytest.raises(TraceError, match=r"dialogues_001.json: the dialogues have no schema.json beside them.*put the"):
        list(read_traces(path))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "schema.json: the file is not a JSON list"),
        ([{}], r"schema.json, line 1: the service's schema is malformed \(KeyError: 'service_name'\)"),
        (["x"], "malformed"),
    ],
)
def test_a_broken_schema_is_named(write: Any, schema: Any, words: str) -> None:
    write("schema.json", whole=schema) if schema else write("schema.json", "{}")
    path = write("dialogues_001.json", whole=[dialogue(user("?"))])
    with pytest.raises(TraceError, match=words):
        list(read_traces(path))
    traces, report = load(path, skip_invalid=True)
    assert traces == []
    assert len(report.skipped) == 1


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("x", "the dialogue is not an object; got 'x'"),
        (dialogue(dialogue_id=None), "field dialogue_id: the dialogue has no id"),
        (dialogue(services="Events_1"), "field services: the services are not a list"),
        (dialogue(services=["Hotels_9"]), "field services[0]: the service is not in schema.json; got 'Hotels_9'"),
        (dialogue(turns=None), "field turns: the turns are not a list"),
        (dialogue("hi"), "field turns[0].speaker: the speaker is not known"),
        (dialogue({"speaker": "USER"}), "field turns[0].utterance: the utterance is not text"),
        (dialogue({"speaker": "SYSTEM", "utterance": "", "frames": [1]}), "field turns[0].frames: the frames are not"),
        (
            dialogue(system("", ("Fly", {}))),
            "field turns[0].frames[1].service_call.method: the call is of no intent of the dialogue's services; "
            "got 'Events_1__Fly'",
        ),
        (dialogue(system("", ("Find", 3))), "frames[1].service_call.parameters: the parameters are not a flat object"),  # type: ignore[arg-type]
    ],
)
def test_a_broken_dialogue_is_named_by_number(dialogues: Any, broken: Any, words: str) -> None:
    path = dialogues(dialogue(user("?"), dialogue_id="0"), broken)
    with pytest.raises(TraceError) as caught:
        list(read_traces(path))
    assert f"dialogues_001.json, line 2, {words}" in str(caught.value) or words in str(caught.value)


def test_the_real_files_are_read_whole(shared_data: Path) -> None:
    traces, report = load(shared_data / "sgd")
    calls = [(trace, call) for trace in traces for decision in trace.decisions() for call in decision.calls]
    assert report.skipped == []
    assert (len(traces), len({trace.task_id for trace in traces}), len(calls)) == (2939, 2939, 7925)
    for trace, call in calls:
        assert trace.tools[call.name].required <= call.arguments.keys() <= trace.tools[call.name].properties.keys()
