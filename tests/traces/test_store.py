from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specbench.core import registry
from specbench.core.errors import ConfigError, PluginWarning, TraceError, TraceFormatError
from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.traces import sources, store
from specbench.traces.json_files import OnError
from specbench.traces.sources import Source
from specbench.traces.store import ReadReport, load, read_traces, write_traces

CHAT = {"messages": [{"role": "user", "content": "hello"}]}
TAU = [{"task_id": 1, "reward": 0.0, "trial": 0, "traj": [{"role": "user", "content": "hi"}]}]


def simple(trace_id: str, task_id: str = "task") -> Trace:
    call = ToolCall("get_order", {"id": trace_id}, "c1")
    result = Message("tool", "{}", tool_call_id="c1", name="get_order")
    messages = (Message("user", "?"), Message("assistant", tool_calls=(call,)), result, Message("assistant", "!"))
    return Trace(trace_id, task_id, "test", messages, {"get_order": ToolSpec("get_order", effect=Effect.READ)})


def test_files_and_folders_are_read_in_sorted_order_each_once(write: Any, tmp_path: Path) -> None:
    write("b/chat.jsonl", [CHAT])
    write("a/run.json", whole=TAU)
    write(
        "a/deep/own.jsonl",
        "".join(json.dumps({"specbench": 1, "trace_id": "o", "task_id": "t", "source": "s", "messages": []}) + "\n"),
    )
    for side_file in ("a/schema.json", "a/effects.json", "a/.hidden.json", "a/.cache/x.json", "README.md", "notes.txt"):
        write(side_file, "{}")
    traces, report = load([tmp_path / "b" / "chat.jsonl", tmp_path])
    assert [trace.source for trace in traces] == ["openai_chat:chat.jsonl", "s", "tau_bench:run.json"]
    assert [file.format for file in report.files] == ["openai_chat", "specbench_jsonl", "tau_bench"]
    assert report.read == 3
    assert report.files[0].sha256 == hashlib.sha256((tmp_path / "b" / "chat.jsonl").read_bytes()).hexdigest()


def test_a_file_that_nobody_recognises_is_named(write: Any, tmp_path: Path) -> None:
    write("chat.jsonl", [CHAT])
    write("other.json", '{"rows": []}')
    with pytest.raises(TraceFormatError) as caught:
        list(read_traces(tmp_path))
    for words in (
        "other.json: no reader recognises the file",
        """got '{"rows": []}'""",
        "it looks like JSON objects with the keys rows",
        "record_to_trace=",
        "name the format",
    ):
        assert words in str(caught.value)
    traces, report = load(tmp_path, skip_invalid=True)
    assert len(traces) == 1
    assert report.skipped == [str(caught.value)]


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"\x89PNG\r\n\x1a\n\x00\xff", b"[]", b"[{}]", b'{"a"', b"\xff\xfe[\x00"]
)
@pytest.mark.parametrize("format", [None, "specbench_jsonl", "tau_bench", "sgd", "openai_chat"])
def test_junk_is_a_clear_error_in_every_format(write: Any, content: bytes, format: str | None) -> None:
    write("schema.json", "[]")
    path = write("junk.json", content)
    with pytest.raises(TraceError, match=r"junk.json.*: ") as caught:
        list(read_traces(path, format))
    assert "What to do: " in str(caught.value)


def test_paths_are_checked_before_the_first_trace(write: Any, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"none.json: there is no such file or folder"):
        read_traces(tmp_path / "none.json")
    with pytest.raises(TraceError, match="the folder holds no trace files"):
        read_traces(tmp_path)
    with pytest.raises(ConfigError, match="no trace files were given"):
        read_traces([])
    with pytest.raises(ConfigError, match="no trace format is called 'csv'; use one of specbench_jsonl, tau_bench"):
        read_traces(write("chat.jsonl", [CHAT]), format="csv")


def test_files_of_one_name_give_different_trace_ids_and_the_same_tasks(write: Any, tmp_path: Path) -> None:
    for run in ("run-1", "run-2", "run-3"):
        write(f"{run}/gpt.json", whole=TAU)
    traces, report = load(tmp_path)
    name = "tau_bench/gpt/task-1/trial-0"
    assert [trace.trace_id for trace in traces] == [name, f"{name}~2", f"{name}~3"]
    assert {trace.task_id for trace in traces} == {"tau_bench/1"}
    assert [file.renamed for file in report.files] == [0, 1, 1]


def test_an_id_that_occurs_twice_in_one_file_is_an_error(write: Any) -> None:
    path = write("chat.jsonl", [{"id": "x", **CHAT}, {"id": "x", **CHAT}])
    with pytest.raises(TraceError, match=r"chat.jsonl, field trace_id: the trace id occurs twice .* got 'x'"):
        list(read_traces(path))


def test_skipped_records_are_logged_when_there_is_no_report(write: Any, caplog: pytest.LogCaptureFixture) -> None:
    path = write("chat.jsonl", [CHAT, {"messages": 3}])
    with caplog.at_level(logging.WARNING, "specbench.traces"):
        assert len(list(read_traces(path, skip_invalid=True))) == 1
    assert "chat.jsonl, line 2" in caplog.text
    caplog.clear()
    list(read_traces(path, skip_invalid=True, report=ReadReport()))
    assert caplog.text == ""


def test_effects_of_a_side_file_override_every_format(write: Any) -> None:
    tool = {"type": "function", "function": {"name": "get_order"}, "effect": "write"}
    chat = write("chat.jsonl", [{**CHAT, "tools": [tool]}, CHAT])
    effects = write("effects.json", whole={"get_order": "read", "pay": "write"})
    declared, bare = read_traces(chat, effects=effects)
    assert declared.effect("get_order") is Effect.READ
    assert list(declared.tools) == ["get_order"]
    assert {name: spec.effect for name, spec in bare.tools.items()} == {"get_order": Effect.READ, "pay": Effect.WRITE}
    own = next(read_traces(chat, effects={"get_order": Effect.LOCAL}))
    assert own.effect("get_order") is Effect.LOCAL


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", r"effects.json: the effects are not an object; got \[\]. What to do: give"),
        ("{", "effects.json: the effects file is not JSON"),
        (
            '{"f": "safe"}',
            "effects.json, field f: the effect is not known; got 'safe'.* read, write, local, staged, unknown",
        ),
        ('{"f": ["read"]}', "field f: the effect is not known"),
    ],
)
def test_a_broken_effects_file_is_named(write: Any, content: str, words: str) -> None:
    with pytest.raises(TraceError, match=words):
        read_traces(write("chat.jsonl", [CHAT]), effects=write("effects.json", content))
    with pytest.raises(TraceError, match="cannot be opened"):
        read_traces(write("chat.jsonl", [CHAT]), effects="no-such-file.json")


def test_written_traces_are_read_back_equal(tmp_path: Path) -> None:
    traces = [simple("a"), simple("b", "other")]
    path = tmp_path / "new" / "traces.jsonl"
    assert write_traces(path, iter(traces)) == 2
    assert list(read_traces(path)) == traces
    assert write_traces(tmp_path / "again.jsonl", read_traces(path)) == 2
    assert path.read_bytes() == (tmp_path / "again.jsonl").read_bytes()
    assert path.stat().st_mode & 0o444 == (tmp_path / "again.jsonl").stat().st_mode & 0o444


def test_a_file_may_be_written_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    write_traces(path, [simple("a"), simple("b")])
    assert write_traces(path, read_traces(path)) == 2
    assert len(list(read_traces(path))) == 2


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    write_traces(path, [simple("old")])

    def broken() -> Iterator[Trace]:
        yield simple("new")
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        write_traces(path, broken())
    with pytest.raises(TraceError, match=r"traces.jsonl, field trace_id: two traces have the same id; got 'a'"):
        write_traces(path, [simple("a"), simple("a")])
    with pytest.raises(TraceError, match=r"traces.jsonl, line 1, .*only a message of role assistant"):
        write_traces(path, [Trace("t", "a", "s", (Message("user", tool_calls=(ToolCall("f"),)),))])
    assert [trace.trace_id for trace in read_traces(path)] == ["old"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_an_error(write: Any) -> None:
    file = write("file", "x")
    with pytest.raises(TraceError, match="the file cannot be written"):
        write_traces(file / "traces.jsonl", [])


@pytest.mark.parametrize("format", ["specbench_jsonl", "openai_chat"])
def test_json_lines_are_streamed(tmp_path: Path, format: str) -> None:
    text = "x" * 2**20
    extra = {"specbench": 1, "task_id": "t", "source": "s"} if format == "specbench_jsonl" else {"task_id": "t"}
    path = tmp_path / "big.jsonl"
    with path.open("w") as file:
        for number in range(64):
            messages = [{"role": "user", "content": text}]
            file.write(json.dumps({**extra, "trace_id": f"t{number}", "messages": messages}) + "\n")
    tracemalloc.start()
    try:
        assert sum(len(trace.messages[0].content) for trace in read_traces(path)) == 64 * 2**20
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 16 * 2**20


class Csv(Source):
    """A reader as a package outside would bring it."""

    name = "csv"

    def detect(self, path: Path, head: str) -> bool:
        return head.startswith("task,text")

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        for number, line in enumerate(path.read_text().splitlines()[1:]):
            task, text = line.split(",")
            yield Trace(f"{path.stem}:{number}", task, "csv", (Message("user", text),))


class Entry:
    name = value = "elsewhere"

    def __init__(self, loaded: Any) -> None:
        self.loaded = loaded

    def load(self) -> Any:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Pretend that a package with this reader is installed."""

    def install_source(loaded: Any) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda group: [Entry(loaded)])
        monkeypatch.setattr(registry.SOURCES, "_plugins", None)
        monkeypatch.setattr(registry.SOURCES, "_broken", set())
        sources.sources.cache_clear()

    yield install_source
    monkeypatch.undo()
    sources.sources.cache_clear()


@pytest.mark.parametrize("loaded", [Csv, Csv()])
def test_a_package_outside_adds_a_reader(install: Any, write: Any, loaded: Any) -> None:
    install(loaded)
    path = write("a.txt", "task,text\n1,hi\n")
    assert [trace.task_id for trace in read_traces(path)] == ["1"]
    assert [trace.task_id for trace in read_traces(path, format="elsewhere")] == ["1"]


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        (ImportError("no module"), r"the trace format 'elsewhere' \(elsewhere\) cannot be loaded: .*no module"),
        (dict, "is no reader: a reader is a subclass of specbench.traces.sources.Source"),
    ],
)
def test_a_broken_reader_of_a_package_is_named_and_left_out(install: Any, write: Any, loaded: Any, words: str) -> None:
    install(loaded)
    with pytest.warns(PluginWarning, match=words):
        assert list(read_traces(write("chat.jsonl", [CHAT])))
    assert "elsewhere" not in sources.sources()


def test_the_more_specific_reader_wins(install: Any, write: Any) -> None:
    install(type("Own", (Csv,), {"name": "own", "detect": lambda self, path, head: '"messages"' in head}))
    own = write("chat.jsonl", [CHAT])
    assert sources.detect_source(own, own.read_text()).name == "own"
    assert len(list(read_traces(own, format="openai_chat"))) == 1


def test_a_file_that_two_readers_recognise_needs_a_format(install: Any, write: Any) -> None:
    greedy = {"name": "greedy", "detect": lambda self, path, head: True, "priority": 0}
    install(type("Greedy", (Csv,), greedy))
    path = write("chat.jsonl", [CHAT])
    with pytest.raises(TraceFormatError, match=r"several readers recognise the file \(openai_chat, greedy\)"):
        list(read_traces(path))
    assert len(list(read_traces(path, format="openai_chat"))) == 1


def test_splitting_is_offered_here_too() -> None:
    assert store.split([simple("a")], test=0, validation=0).train == [simple("a")]


def test_a_pipe_is_refused_as_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TraceError, match=r"this is a pipe or a device.*What to do: write it to a file first"):
        list(read_traces(tmp_path / "pipe"))


def test_a_field_that_occurs_twice_in_a_trace_is_an_error(tmp_path: Path) -> None:
    line = '{"specbench":1,"trace_id":"t","task_id":"k","source":"s","messages":[{"role":"user"}],"messages":[]}'
    (tmp_path / "a.jsonl").write_text(line)
    with pytest.raises(TraceError, match=r"a\.jsonl, line 1, field messages: a key occurs twice"):
        list(read_traces(tmp_path / "a.jsonl"))


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TraceError, match=r"a\.jsonl: the file cannot be written \(No space left on device\)"):
        write_traces(tmp_path / "a.jsonl", [simple("a")])
    assert list(tmp_path.iterdir()) == []
