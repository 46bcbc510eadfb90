"""Files in archives, logs that repeat a conversation, files of strangers, and records that a function reads."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import specbench as sb
from specbench.cli import app
from specbench.core.display import plural
from specbench.core.errors import ConfigError, TraceError, TraceFormatError
from specbench.core.types import Message, Trace
from specbench.traces import counted_once, trace_files
from specbench.traces.store import load, read_traces

HI = {"role": "user", "content": "hi"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}
FOUND = {"role": "tool", "tool_call_id": "c", "content": "found"}
END = {"role": "assistant", "content": "done"}
TALK = {"messages": [HI, CALL, FOUND, END]}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_archives_are_looked_into(write: Any, tmp_path: Path) -> None:
    line = json.dumps(TALK).encode()
    write("a.jsonl.gz", gzip.compress(line))
    write(
        "b.zip",
        zipped({"runs/c.jsonl": line, "runs/d.json.gz": gzip.compress(line), "README.md": b"#", "schema.json": b"{}"}),
    )
    traces, report = load(tmp_path, keep_prefixes=True)
    assert [Path(file.path).name for file in report.files] == ["a.jsonl.gz", "c.jsonl", "d.json.gz"]
    assert report.files[1].path.endswith("b.zip/runs/c.jsonl")
    assert len(traces) == 3
    assert len({file.sha256 for file in report.files}) == 2


def test_an_error_in_an_archive_names_the_file_in_it(write: Any) -> None:
    path = write("b.zip", zipped({"x/c.jsonl": b'{"messages": [{"role": "clown"}]}'}))
    with pytest.raises(TraceError, match=r"b\.zip/x/c\.jsonl, line 1, field messages\[0\]\.role"):
        load(path)


@pytest.mark.parametrize("kind", ["no gzip", "no zip", "cut off", "nothing in it"])
def test_a_broken_archive_is_told(write: Any, kind: str) -> None:
    contents = {
        "no gzip": b"\x1f\x8b\x08junk",
        "no zip": b"PK\x03\x04junk",
        "cut off": gzip.compress(b"x" * 999)[:-9],
        "nothing in it": zipped({"a.md": b""}),
    }
    with pytest.raises(TraceError, match=r"a\.zip: the archive (cannot be unpacked|holds no trace files).*What to do"):
        load(write("a.zip", contents[kind]))


def test_an_archive_cannot_fill_the_disk_or_leave_its_folder(
    write: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trace_files, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(TraceError, match="it unpacks to more than"):
        load(write("bomb.zip", zipped({"a.jsonl": b" " * 5000})))
    path = write("in/x.zip", zipped({"../../escaped.json": b"[]", "/abs.json": b"[]"}))
    load(path, skip_invalid=True)
    assert not list(tmp_path.rglob("escaped.json"))


def requests(*ends: int) -> list[dict[str, Any]]:
    return [{"messages": TALK["messages"][:end]} for end in ends]


def test_a_log_of_requests_is_counted_once(write: Any) -> None:
    other = {"messages": [{"role": "user", "content": "bye"}, CALL]}
    path = write("log.jsonl", [*requests(1, 2), other, *requests(3, 4, 3)])
    traces, report = load(path)
    assert [len(trace.messages) for trace in traces] == [2, 4]
    assert report.files[0].counted_once == 4
    assert "4 traces are the beginning or a copy of another one" in report.files[0].warnings[0]
    assert len(load(path, keep_prefixes=True)[0]) == 6


def test_copies_of_a_session_count_once_and_equal_greetings_do_not(write: Any, tmp_path: Path) -> None:
    write("a.jsonl", [TALK])
    write("b.jsonl", [TALK, {"messages": [HI, END]}, {"messages": [HI, END]}])
    assert [len(trace.messages) for trace in load(tmp_path)[0]] == [4, 2, 2]


def test_traces_of_different_tasks_are_never_one(write: Any) -> None:
    records = [{**TALK, "task_id": 1}, {**TALK, "task_id": 2}, {**TALK, "task_id": 2, "agent": "other"}]
    assert len(load(write("runs.jsonl", records))[0]) == 3


def test_so_many_traces_are_held_back_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    once: counted_once.CountedOnce[int] = counted_once.CountedOnce(window=2)
    traces = [Trace(str(n), "t", "s", (Message("user", str(n)),)) for n in range(5)]
    assert [len(list(once.add(trace, 0))) for trace in traces] == [0, 0, 1, 1, 1]
    assert [trace.trace_id for trace, _ in once.rest()] == ["3", "4"]


def test_a_record_of_metadata_first_is_no_conversation(write: Any) -> None:
    assert len(load(write("a.jsonl", [{"metadata": {"about": "x"}}, TALK["messages"]]))[0]) == 1


@pytest.mark.parametrize("indent", [None, 2])
def test_one_document_is_no_broken_json_lines(write: Any, indent: int | None) -> None:
    two = [TALK, {"messages": [{"role": "user", "content": "bye"}]}]
    for value in (TALK, two, TALK["messages"]):
        traces, report = load(write("a.json", json.dumps(value, indent=indent)))
        assert (len(traces), report.skipped) == (2 if value is two else 1, [])


def test_documents_may_stand_one_after_another(write: Any) -> None:
    documents = [TALK, {"messages": [{"role": "user", "content": "bye"}]}]
    path = write("a.json", "\n".join(json.dumps(each, indent=2) for each in documents))
    assert [len(trace.messages) for trace in load(path)[0]] == [4, 1]


def test_a_broken_line_among_lines_is_one_problem(write: Any) -> None:
    text = "\n".join([json.dumps(TALK)[:30], json.dumps(TALK), json.dumps({"messages": [END]})])
    traces, report = load(write("a.jsonl", text), "openai_chat", skip_invalid=True)
    assert (len(traces), len(report.skipped)) == (2, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"\x80\x04\x95.", "a Python pickle"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"a,b,c\n1,2,3\n", "a CSV table"),
        (b'{"resourceLogs": []}', "an OTLP export of log records"),
        (b'{"mapping": {}, "current_node": "x"}', "a ChatGPT export"),
        (b'{"rows": [1]}', "JSON objects with the keys rows"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_what_is_not_recognised_is_named(write: Any, content: bytes, words: str) -> None:
    with pytest.raises(TraceFormatError, match=rf"no reader recognises the file; it looks like {words}.*What to do: "):
        load(write("x.json", content))


def test_validate_warns_where_a_file_with_tools_holds_no_call(write: Any) -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    path = write("a.jsonl", [{"messages": [HI, END], "tools": tools}])
    result = CliRunner().invoke(app, ["traces", "validate", str(path)])
    assert result.exit_code == 0
    assert "1 traces declare tools, but no call was read" in result.stderr
    assert "no call was read" in CliRunner().invoke(app, ["traces", "inspect", str(path)]).stderr


def test_keep_prefixes_is_an_option_of_the_commands(write: Any) -> None:
    path = write("log.jsonl", requests(2, 4))
    for options, count in (([], 1), (["--keep-prefixes"], 2)):
        result = CliRunner().invoke(app, ["traces", "validate", str(path), *options])
        assert f"log.jsonl: {plural(count, 'trace')} (openai_chat), 0 problems" in result.stdout


def test_errors_are_short_and_send_nothing_to_the_terminal(write: Any) -> None:
    hostile = "\x1b[2J\x07" + "x" * 9999
    for record in ({"messages": [{"role": hostile}]}, {"messages": [{"role": "user", "content": [{"type": hostile}]}]}):
        with pytest.raises(TraceError) as caught:
            load(write("a.jsonl", [record]))
        assert len(str(caught.value).encode()) < 1024
        assert str(caught.value).isprintable()


def test_record_to_trace_reads_everything_else(write: Any) -> None:
    path = write("log.jsonl", [{"q": "hi", "a": "hello"}, {"skip": True}, {"q": "bye", "a": "bye"}])

    def talk(record: dict[str, Any]) -> Any:
        if "skip" in record:
            return None
        if record["q"] == "bye":
            return Trace("own", "task", "mine", (Message("user", "bye"),))
        return {"messages": [{"role": "user", "content": record["q"]}, {"role": "assistant", "content": record["a"]}]}

    traces = sb.read(path, record_to_trace=talk)
    assert [(trace.trace_id, len(trace.messages)) for trace in traces] == [("log:1", 2), ("own", 1)]
    with pytest.raises(TraceError, match=r"log\.jsonl, line 1: record_to_trace raised KeyError: 'x'"):
        sb.read(path, record_to_trace=lambda record: record["x"])
    with pytest.raises(TraceError, match="record_to_trace gave int"):
        sb.read(path, record_to_trace=lambda record: 7)  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigError, match="either format or record_to_trace"):
        read_traces(path, "openai_chat", record_to_trace=talk)
