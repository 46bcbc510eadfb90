"""Chat conversations: ``{"messages": [...], "tools": [...]}`` or a bare list of messages, in any provider's dialect.

JSON Lines, a JSON list of records, or one document. Also the columns of a TRL or Hugging Face data set (``messages``
or ``prompt`` and ``completion``, ``tools`` as JSON text), and logs of requests with their responses. Messages: see
:mod:`specbench.traces.conversation`.

- **trace id**: the record's ``trace_id`` or ``id``, else ``file-stem:line``.
- **task id**: the record's ``task_id`` or ``metadata.task_id``. Without one, ``text-`` and a hash of the first user
  message: conversations that open with the same words count as one task, so that they never fall on both sides of a
  split. Give task ids when your users open with "hello".
- **agent**: the record's ``agent``, else its ``model``.
- **effects**: a declaration, never a guess. ``x-effect`` or ``effect`` (``read``, ``write``, ``local``, ``staged``,
  ``unknown``) in the tool or its function, or MCP's ``annotations.readOnlyHint: true`` (``read``); else ``unknown``. A
  side file (``effects=``) overrides both.
- **tools**: ``tools``, or the legacy ``functions``. Scalars of ``metadata`` are kept.
- A first record that holds only ``metadata`` describes the file, and is no conversation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, is_conversation, items_in, parsed
from specbench.traces.sources.records import RecordSource, add_all, new_trace, record_id

__all__ = ["OpenAIChat", "chat_trace"]

_HOLDERS = (
    "messages", "prompt", "request", "body", "input", "conversation", "chat", "steps", "events", "turns", "transcript",
    "trajectory", "history", "chat_history", "dialogue", "entries", "items", "log", "session", "data",
)  # fmt: skip
_ABOUT = frozenset({"metadata", "meta", "_meta", "info", "schema"})
_ANSWERS = ("completion", "response", "output", "choices")


class OpenAIChat(RecordSource):
    """Reads chat conversations in any dialect, one a record; JSON Lines are streamed."""

    name = "openai_chat"
    priority = 0

    def knows(self, record: Any) -> bool:
        """An object with ``messages``, or with a list of messages in another place; or a list of messages."""
        if not isinstance(record, dict):
            return is_conversation(record)
        if "specbench" in record:
            return False
        return "messages" in record or any(
            is_conversation(items_in(record[key])) for key in _HOLDERS if isinstance(record.get(key), (list, dict, str))
        )

    def convert(self, path: Path, number: int, record: Any) -> Trace | Iterable[Trace]:
        """Return the record's conversation; nothing for a record of metadata only."""
        if number == 1 and isinstance(record, dict) and record and record.keys() <= _ABOUT:
            return []
        return chat_trace(self.name, path, number, record)


def chat_trace(source: str, path: Path, number: int, record: Any) -> Trace:
    """Return the trace of a record of chat messages, whatever their dialect.

    Raises
    ------
    TraceError
        When it holds none, or one that is not understood.
    """
    if isinstance(record, list):
        record = {"messages": record}
    held = next((key for key in _HOLDERS if isinstance(record, dict) and record.get(key) is not None), None)
    if held is None:
        raise TraceError(
            "the record is not a conversation",
            field="messages",
            got=record,
            remedy='give {"messages": [...], "tools": [...]} or a list of messages',
        )
    raw = parsed(record[held])
    if held == "messages" and not isinstance(raw, list):
        raise TraceError("the messages are not a list", field=held, got=raw, remedy="give a list of chat messages")
    items = items_in(record)
    if held == "messages" and not is_conversation(items):
        items = raw
    talk = add_all(Conversation(), items, "messages", "timestamp")
    for key in _ANSWERS:
        if record.get(key):
            add_all(talk, answer_items(record[key]), key)
            break
    inners = (record[key] for key in ("request", "body", "input") if isinstance(record.get(key), dict))
    inner: dict[str, Any] = next(inners, {})
    metadata = record.get("metadata")
    given = metadata if isinstance(metadata, dict) else {}
    declared = next(
        (each for holder in (record, inner) for key in ("tools", "functions") if (each := holder.get(key)) is not None),
        None,
    )
    return new_trace(
        source,
        path,
        number,
        talk.messages(),
        trace_id=record_id(record, ("trace_id", "id")),
        task_id=record_id(record, ("task_id",)) or given.get("task_id"),
        tools=read_tools(declared),
        agent=_agent(record) or record_id(inner, ("model",)),
        metadata={key: value for key, value in given.items() if key != "task_id"},
    )


def _agent(record: dict[str, Any]) -> str | None:
    agent = record.get("agent")
    if isinstance(agent, dict):
        return record_id(agent, ("model_name", "model", "name"))
    return record_id(record, ("agent", "model"))
