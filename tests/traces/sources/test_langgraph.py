"""LangGraph's checkpoints, as its own serializer writes them, in the table that its SqliteSaver makes."""

from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.traces.json_heads import read_head
from specbench.traces.msgpack import unpack
from specbench.traces.sources import detect_source
from specbench.traces.store import load

TABLE = """
CREATE TABLE checkpoints (
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
)"""


def database(path: Path, rows: list[tuple[str, str, bytes]]) -> Path:
    """A file with checkpoints ``(thread, type, blob)``, in order."""
    connection = sqlite3.connect(path)
    connection.execute(TABLE)
    for number, (thread, kind, blob) in enumerate(rows):
        connection.execute(
            "INSERT INTO checkpoints VALUES (?, '', ?, NULL, ?, ?, NULL)", (thread, f"{number:04}", kind, blob)
        )
    connection.commit()
    connection.close()
    return path


def test_a_thread_is_read_from_its_checkpoints(tmp_path: Path) -> None:
    serde = pytest.importorskip("langgraph.checkpoint.serde.jsonplus").JsonPlusSerializer()
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    call: Any = {"name": "look", "args": {"x": [1, 2.5, None, True, -7, "ü" * 40, 2**40]}, "id": "c1"}
    messages = [
        HumanMessage("hi"),
        AIMessage("", tool_calls=[call], response_metadata={"model_name": "gpt"}),
        ToolMessage("found", tool_call_id="c1"),
        AIMessage("It is there."),
    ]
    rows = []
    for count, second in ((1, 1), (2, 3), (3, 7), (4, 8)):
        state = {"v": 4, "ts": f"2026-03-01T10:00:0{second}+00:00", "channel_values": {"messages": messages[:count]}}
        kind, blob = serde.dumps_typed(state)
        rows.append(("talk", kind, blob))
    path = database(tmp_path / "agent.sqlite", rows)
    assert detect_source(path, read_head(path)).name == "langgraph"
    (trace,) = load(tmp_path)[0]
    assert (trace.trace_id, trace.agent) == ("talk", "gpt")
    assert [message.role for message in trace.messages] == ["user", "assistant", "tool", "assistant"]
    assert trace.messages[1].tool_calls[0].arguments == call["args"]
    assert [message.timing and message.timing.duration_s for message in trace.messages] == [None, 2.0, 4.0, 1.0]


class Trap:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("sprung"),)


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = database(tmp_path / "agent.sqlite", [("talk", "pickle", pickle.dumps(Trap()))])
    with pytest.raises(TraceError, match=r"the checkpoint cannot be read \(its type is 'pickle'.*never a pickle"):
        load(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "blob", [b"", b"\x81", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x91" * 500, b"\x01\x02", b"\xc9\xff\xff\xff\xff\x05"]
)
def test_what_is_no_msgpack_is_refused(blob: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cut off|begins no value|nested|left over"):
        unpack(blob)
    with pytest.raises(TraceError, match="the checkpoint cannot be read"):
        load(database(tmp_path / "agent.sqlite", [("talk", "msgpack", blob)]))


def test_another_database_is_named(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.sqlite")
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(TraceError, match="it looks like an SQLite database"):
        load(tmp_path)
    (tmp_path / "x.sqlite").write_bytes(b"SQLite format 3\x00 checkpoint_ns and then nothing")
    with pytest.raises(TraceError, match="the database cannot be read"):
        load(tmp_path)
