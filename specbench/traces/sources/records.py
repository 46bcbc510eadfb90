"""What the readers of JSON records share: recognise a record by its shape, and make a trace of its messages."""

from __future__ import annotations

import hashlib
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Message, ToolSpec, Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.wrappers import is_conversation
from specbench.traces.json_files import OnError, convert_records, records
from specbench.traces.json_heads import first_records
from specbench.traces.sources.base import Source

__all__ = ["RecordSource", "add_all", "derived_task", "is_derived", "new_trace", "record_id", "scalars"]

_DERIVED = re.compile(r"text-[0-9a-f]{16}")

_MOST_LOOKED_AT = 50


class RecordSource(Source):
    """A reader of JSON Lines, of a JSON list of records, or of one JSON document; each record is a conversation."""

    counted_once = True

    @abstractmethod
    def knows(self, record: Any) -> bool:
        """Tell whether a record (an object, or a list of messages) is of this format."""

    @abstractmethod
    def convert(self, path: Path, number: int, record: Any) -> Trace | Iterable[Trace]:
        """Return the traces of one record."""

    def detect(self, path: Path, head: str) -> bool:
        """Any of the first records is of this format."""
        found = list(first_records(head))[:_MOST_LOOKED_AT]
        if is_conversation(found):  # one list of messages; of lines of messages see message_lines
            return head.lstrip().startswith("[") and self.knows(found)
        return any(map(self.knows, found))

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the traces of each record."""

        def convert(number: int, record: Any) -> Trace | Iterable[Trace]:
            return self.convert(path, number, record)

        return convert_records(path, records(path, on_error, whole=is_conversation), convert, on_error)


def add_all(talk: Conversation, items: Sequence[Any], field: str = "messages", time: str | None = None) -> Conversation:
    """Add every item of a list; ``time`` is the key of its time, where it has one."""
    for index, item in enumerate(items):
        at = seconds(item.get(time)) if time is not None and isinstance(item, dict) else None
        talk.add(item, f"{field}[{index}]", at=at)
    return talk


def new_trace(
    source: str,
    path: Path,
    number: int | None,
    messages: Sequence[Message],
    *,
    trace_id: Any = None,
    task_id: Any = None,
    tools: Mapping[str, ToolSpec] | None = None,
    agent: Any = None,
    metadata: Any = None,
) -> Trace:
    """Return a trace; ids that are not given are the file's stem and record number, and a hash of the first words."""
    return Trace(
        trace_id=_text(trace_id) or (path.stem if number is None else f"{path.stem}:{number}"),
        task_id=_text(task_id) or derived_task(messages),
        source=f"{source}:{path.name}",
        messages=tuple(messages),
        tools=dict(tools or {}),
        agent=_text(agent),
        metadata=scalars(metadata),
    )


def _text(value: Any) -> str | None:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value) or None
    return None


def scalars(value: Any) -> dict[str, Any]:
    """Return those entries of an object that are JSON scalars.

    Examples
    --------
    >>> scalars({"reward": 1.0, "info": {}})
    {'reward': 1.0}
    """
    if not isinstance(value, dict):
        return {}
    return {key: each for key, each in value.items() if each is None or isinstance(each, (str, int, float, bool))}


def record_id(record: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """Return the first id that a record gives: text that is not empty, or a whole number.

    Raises
    ------
    TraceError
        When it is neither.
    """
    for key in keys:
        value = record.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise TraceError(f"{key} is neither text nor a number", field=key, got=value, remedy="give a string")
        return value
    return None


def is_derived(task_id: str) -> bool:
    """Whether a task id is one that :func:`derived_task` makes.

    Examples
    --------
    >>> is_derived(derived_task([])), is_derived("text-to-sql/7")
    (True, False)
    """
    return _DERIVED.fullmatch(task_id) is not None


def derived_task(messages: Sequence[Message]) -> str:
    """Return the task id of a conversation that declares none: ``text-`` and a hash of the first user message.

    Examples
    --------
    >>> derived_task([Message("user", "hello")])
    'text-2cf24dba5fb0a30e'
    """
    opening = next((message.content for message in messages if message.role == "user"), "")
    return f"text-{hashlib.sha256(opening.encode('utf-8', errors='surrogatepass')).hexdigest()[:16]}"
