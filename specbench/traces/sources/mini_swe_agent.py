"""mini-SWE-agent trajectories (``*.traj.json``): chat messages, one tool ``bash``, times in ``extra``.

- **trace id**: file name
- **task id**: ``instance_id``
- **messages**: ``messages`` without the role ``exit``; where the model writes its command as a code block in the text
  (version 1), that is a call of ``bash``, and the user message after it its result
- **agent**: ``info.config.model.model_name``
- **metadata**: exit status, cost, number of LLM invocations
- **thinking time**: from the result before (``extra.timestamp``) to the model's message
- **tool time**: from the model's message to the result
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.sources.records import RecordSource, new_trace

__all__ = ["MiniSweAgent"]

_BLOCK = re.compile(r"```(?:bash|sh|mswea_bash_command)[^\S\n]*\n(.*?)\n?```", re.DOTALL)


class MiniSweAgent(RecordSource):
    """Reads mini-SWE-agent trajectories, with measured times."""

    name = "mini_swe_agent"
    counted_once = False

    def knows(self, record: Any) -> bool:
        """An object whose ``trajectory_format`` is mini-SWE-agent's, or whose ``info`` names its version."""
        if not isinstance(record, dict):
            return False
        info = record.get("info")
        named = str(record.get("trajectory_format", "")).startswith("mini-swe-agent")
        return named or (isinstance(info, dict) and "mini_version" in info)

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the trajectory's trace."""
        messages = record.get("messages") if isinstance(record, dict) else None
        if not isinstance(messages, list):
            raise TraceError(
                "the trajectory has no messages", field="messages", got=messages, remedy="give {info, messages}"
            )
        talk = Conversation(tags=False)
        for index, (message, extra) in enumerate(_with_calls(messages)):
            talk.add(message, f"messages[{index}]", at=seconds(extra.get("timestamp")))
        info = record["info"] if isinstance(record.get("info"), dict) else {}
        config, stats = info.get("config"), info.get("model_stats")
        model = config.get("model") if isinstance(config, dict) else None
        stats = stats if isinstance(stats, dict) else {}
        return new_trace(
            self.name,
            path,
            number if number > 1 else None,
            talk.messages(),
            task_id=record.get("instance_id"),
            agent=model.get("model_name") if isinstance(model, dict) else None,
            metadata={
                "exit_status": info.get("exit_status"),
                "cost": stats.get("instance_cost"),
                "api_calls": stats.get("api_calls"),
            },
        )


def _with_calls(messages: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each message with its ``extra``; commands in code blocks as calls."""
    native = any(isinstance(message, dict) and message.get("tool_calls") for message in messages)
    asked = False
    for message in messages:
        extra = message.get("extra") if isinstance(message, dict) else None
        extra = extra if isinstance(extra, dict) else {}
        if not native and isinstance(message, dict) and isinstance(content := message.get("content"), str):
            if message.get("role") == "assistant":
                commands = _BLOCK.findall(content)
                asked = len(commands) == 1
                if asked:
                    call = {"name": "bash", "arguments": {"command": commands[0]}}
                    message = {**message, "tool_calls": [call]}
            elif message.get("role") == "user" and asked:
                message, asked = {"role": "tool", "name": "bash", "content": content}, False
        yield message, extra
