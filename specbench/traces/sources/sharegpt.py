"""ShareGPT: ``{"conversations": [{"from": "human", "value": ...}], "tools": "[...]", "system": ...}``; Hermes too.

- **trace id**: ``trace_id`` or ``id``, else ``file-stem:number``
- **task id**: ``task_id``, else hash of the first user message
- **messages**: ``conversations``: ``human``, ``gpt``, ``function_call``, ``observation``, ``tool`` ...; calls may
  also stand in ``<tool_call>`` tags, results in ``<tool_response>`` tags
- **tools**: ``tools``, a list or its JSON text; else the ``<tools>`` of Hermes' system prompt
- **times**: none
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import parsed
from specbench.traces.sources.records import RecordSource, add_all, new_trace, record_id

__all__ = ["ShareGPT"]

_KEYS = ("conversations", "conversation")
_TOOLS = re.compile(r"<tools>(.*?)</tools>", re.DOTALL)


class ShareGPT(RecordSource):
    """Reads ShareGPT conversations."""

    name = "sharegpt"
    priority = 1
    counted_once = False

    def knows(self, record: Any) -> bool:
        """An object with ``conversations``, whose turns have ``from`` and ``value``; or a list of such turns."""
        turns = record
        if isinstance(record, dict):
            turns = next((parsed(record[key]) for key in _KEYS if key in record), None)
        first = turns[0] if isinstance(turns, list) and turns else None
        return isinstance(first, dict) and {"from", "value"} <= first.keys()

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the record's trace."""
        if isinstance(record, list):
            record = {"conversations": record}
        held = next((key for key in _KEYS if isinstance(record, dict) and key in record), None)
        turns = parsed(record[held]) if held is not None else None
        if held is None or not isinstance(turns, list):
            raise TraceError(
                "the record has no list of conversations", field="conversations", got=record,
                remedy='give {"conversations": [{"from": "human", "value": ...}]}',
            )  # fmt: skip
        talk = Conversation(literals=True)
        system = record.get("system")
        if isinstance(system, str) and system:
            talk.add({"role": "system", "content": system}, "system")
        add_all(talk, turns, held)
        messages = talk.messages()
        tools = record.get("tools")
        if tools is None:
            found = (_TOOLS.search(message.content) for message in messages if message.role == "system")
            listed = next((match[1] for match in found if match), "").strip()
            listed = listed if listed.startswith("[") else "[" + ",".join(filter(str.strip, listed.splitlines())) + "]"
            tools = listed if isinstance(parsed(listed), list) else None
        return new_trace(
            self.name,
            path,
            number,
            messages,
            trace_id=record_id(record, ("trace_id", "id")),
            task_id=record_id(record, ("task_id",)),
            tools=read_tools(tools),
            agent=record_id(record, ("agent", "model")),
        )
