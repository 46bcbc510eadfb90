"""AgentDojo runs: ``{suite_name, pipeline_name, user_task_id, injection_task_id, messages, utility, ...}``.

- **trace id**: ``SUITE/PIPELINE/USER_TASK/ATTACK/INJECTION_TASK``
- **task id**: ``SUITE/USER_TASK``
- **messages**: ``messages``; a call is ``{function: NAME, args, id}``, a result has ``tool_call_id`` and ``error``
- **agent**: ``pipeline_name``
- **metadata**: utility, security, attack type, duration
- **times**: none: only the whole run is timed
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import chat_messages
from specbench.traces.conversation.tools import read_tools
from specbench.traces.sources.records import RecordSource, new_trace

__all__ = ["AgentDojo"]

_ABOUT = ("utility", "security", "attack_type", "duration")


class AgentDojo(RecordSource):
    """Reads AgentDojo runs."""

    name = "agentdojo"
    counted_once = False

    def knows(self, record: Any) -> bool:
        """An object with ``suite_name``, ``user_task_id`` and ``messages``."""
        return isinstance(record, dict) and {"suite_name", "user_task_id", "messages"} <= record.keys()

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the run's trace."""
        if not isinstance(record, dict):
            raise TraceError("the run is not an object", got=record, remedy="give AgentDojo's own result files")
        keys = ("suite_name", "pipeline_name", "user_task_id", "attack_type", "injection_task_id")
        names = [str(record[key]) for key in keys if record.get(key) is not None]
        return new_trace(
            self.name,
            path,
            number,
            chat_messages(record.get("messages")),
            trace_id="/".join(names),
            task_id=f"{record.get('suite_name')}/{record.get('user_task_id')}",
            tools=read_tools(record.get("tools"), strict=False),
            agent=record.get("pipeline_name"),
            metadata={key: record[key] for key in _ABOUT if key in record},
        )
