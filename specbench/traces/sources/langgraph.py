"""LangGraph checkpoints: the SQLite file of ``SqliteSaver``, and state histories as JSON (``get_state_history``).

- **trace id**: ``thread_id``, with the namespace of a sub-graph
- **task id**: hash of the first user message
- **messages**: ``channel_values.messages`` (``values.messages``) of the thread's last checkpoint
- **agent**: ``response_metadata.model_name`` of the first answer
- **thinking time**, **tool time**: from one checkpoint (``ts``, ``created_at``) to the next that has the message

Checkpoints are MessagePack or JSON; nothing is unpickled, and one that is a pickle is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.items import plain
from specbench.traces.conversation.wrappers import is_conversation, items_in, parsed
from specbench.traces.json_files import OnError, records
from specbench.traces.json_heads import first_records
from specbench.traces.msgpack import unpack
from specbench.traces.sources.base import Source
from specbench.traces.sources.records import new_trace

__all__ = ["LangGraph"]

Snapshots = dict[str, list[tuple[float | None, list[Any]]]]
_STATES = ("values", "channel_values", "checkpoint", "state")


class LangGraph(Source):
    """Reads LangGraph checkpoints, with measured times."""

    name = "langgraph"

    def detect(self, path: Path, head: str) -> bool:
        """An SQLite file with checkpoints, or JSON snapshots with a ``thread_id``."""
        if head.startswith("SQLite format 3"):
            return "checkpoint_ns" in head
        return any(_thread(record) is not None and _messages(record) for record in first_records(head)[:20])

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a thread."""
        threads: Snapshots = {}
        with path.open("rb") as file:
            database = file.read(15) == b"SQLite format 3"
        found = _rows(path, on_error) if database else records(path, on_error, whole=is_conversation)
        for number, record in found:
            thread = _thread(record)
            if thread is None:
                on_error(
                    TraceError("the snapshot names no thread", path=path, line=number, field="thread_id", got=record)
                )
                continue
            threads.setdefault(thread, []).append((_time(record), _messages(record)))
        for thread, snapshots in threads.items():
            try:
                yield _trace(path, thread, snapshots)
            except TraceError as error:
                on_error(error.at(path=path))
            except RecursionError:
                on_error(TraceError("the checkpoint is nested too deeply to be read", path=path))


def _rows(path: Path, on_error: OnError) -> Iterator[tuple[int, Any]]:
    """Yield the checkpoints of a SqliteSaver's file, which is opened for reading only."""
    query = "SELECT thread_id, checkpoint_ns, type, checkpoint FROM checkpoints ORDER BY checkpoint_id"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            for number, (thread, space, kind, blob) in enumerate(connection.execute(query), 1):
                try:
                    if kind not in ("msgpack", "json") or not isinstance(blob, bytes):
                        raise ValueError(f"its type is {kind!r}; msgpack and json are read, never a pickle")
                    state = unpack(blob) if kind == "msgpack" else parsed(blob.decode("utf-8", errors="replace"))
                except (ValueError, RecursionError) as error:
                    on_error(TraceError(f"the checkpoint cannot be read ({error})", path=path, line=number))
                    continue
                yield number, {"thread_id": f"{thread}/{space}" if space else str(thread), "checkpoint": state}
        finally:
            connection.close()
    except sqlite3.Error as error:
        on_error(
            TraceError(f"the database cannot be read ({error})", path=path, remedy="give a file that SqliteSaver wrote")
        )


def _thread(record: Any) -> str | None:
    if not isinstance(record, dict):
        return None
    config = record.get("config")
    configurable = config.get("configurable") if isinstance(config, dict) else None
    thread = configurable.get("thread_id") if isinstance(configurable, dict) else record.get("thread_id")
    return str(thread) if isinstance(thread, (str, int)) and thread != "" else None


def _state(record: Any) -> Any:
    """Return the innermost state of a snapshot."""
    state = record
    for _ in range(4):
        inner = first_of(state, _STATES) if isinstance(state, dict) else None
        if not isinstance(inner, dict):
            break
        state = inner
    return state


def _messages(record: Any) -> list[Any]:
    state = _state(record)
    found = state.get("messages") if isinstance(state, dict) else None
    return items_in(found) if isinstance(found, list) else []


def _time(record: Any) -> float | None:
    checkpoint = record.get("checkpoint")
    inner = checkpoint.get("ts") if isinstance(checkpoint, dict) else None
    return seconds(first_of(record, ("created_at", "createdAt", "ts")) or inner)


def _trace(path: Path, thread: str, snapshots: list[tuple[float | None, list[Any]]]) -> Trace:
    """Put a thread's snapshots together: each message has the time of the first that holds it."""
    ordered = sorted(snapshots, key=lambda snapshot: (snapshot[0] or 0.0, len(snapshot[1])))
    last = ordered[-1][1]
    talk = Conversation()
    known = 0
    for at, items in ordered:
        if items[:known] != last[:known] or len(items) > len(last):
            continue  # a branch that was given up, or messages that were taken out later
        fresh = last[known : len(items)] if items == last[: len(items)] else []
        for index, item in enumerate(fresh, known):
            talk.add(item, f"messages[{index}]", at=at)
        known += len(fresh)
    models = (plain(item).get("response_metadata") for item in last if isinstance(item, dict))
    model = next((each["model_name"] for each in models if isinstance(each, dict) and "model_name" in each), None)
    return new_trace("langgraph", path, None, talk.messages(), trace_id=thread, agent=model)
