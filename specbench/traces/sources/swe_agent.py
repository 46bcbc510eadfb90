"""SWE-agent trajectories (``*.traj``): ``trajectory[]{thought, action, observation}`` and ``history``.

- **trace id**: file name
- **task id**: ``instance_id`` where given, else hash of the first user message
- **messages**: the prompt from ``history``; then, for each step, ``thought`` with ``action`` as a call, and
  ``observation`` as its result. A history with ``tool_calls`` is read as chat messages
- **call**: the action's first word is the tool, what follows its ``arguments``: ``open a.py 7`` →
  ``open({"arguments": "a.py 7"})``
- **metadata**: exit status
- **tool time**: ``execution_time`` of the step; thinking is not timed
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.events import Asked, Event, Result, Text
from specbench.traces.sources.records import RecordSource, add_all, new_trace

__all__ = ["SweAgent"]

_COMMAND = re.compile(r"\s*(\S+)\s*(.*?)\s*\Z", re.DOTALL)


class SweAgent(RecordSource):
    """Reads SWE-agent trajectories."""

    name = "swe_agent"
    counted_once = False

    def knows(self, record: Any) -> bool:
        """An object with ``trajectory`` steps (``action``, ``observation``), or with a ``history`` of such messages."""
        if not isinstance(record, dict):
            return False
        steps, history = record.get("trajectory"), record.get("history")
        if isinstance(steps, list) and steps and isinstance(steps[0], dict):
            return {"action", "observation"} <= steps[0].keys()
        return isinstance(history, list) and any(
            isinstance(each, dict)
            and {"role", "content"} <= each.keys()
            and ("message_type" in each or "action" in each)
            for each in history
        )

    def convert(self, path: Path, number: int, record: Any) -> Trace:
        """Return the trajectory's trace."""
        record = record if isinstance(record, dict) else {}
        history = [
            each for each in _list(record.get("history")) if not (isinstance(each, dict) and each.get("is_demo"))
        ]
        steps = _list(record.get("trajectory"))
        talk = Conversation(tags=False)
        if any(isinstance(each, dict) and each.get("tool_calls") for each in history) or not steps:
            _add_history(talk, history, [step for step in steps if isinstance(step, dict)])
        else:
            prompt = next((i for i, each in enumerate(history) if _role(each) == "assistant"), len(history))
            add_all(talk, history[:prompt], "history")
            spent_s = 0.0
            for index, step in enumerate(steps):
                spent_s = _add_step(talk, step, f"trajectory[{index}]", spent_s)
        info = record.get("info")
        return new_trace(
            self.name,
            path,
            number if number > 1 else None,
            talk.messages(),
            task_id=record.get("instance_id"),
            metadata={"exit_status": info.get("exit_status")} if isinstance(info, dict) else {},
        )


def _add_history(talk: Conversation, history: list[Any], steps: list[dict[str, Any]]) -> None:
    """Add chat messages; the results have the times of the steps, in order."""
    spent_s, times = 0.0, iter([_took(step) for step in steps])
    for index, message in enumerate(history):
        took = next(times, None) if _role(message) == "tool" else None
        started, ended = (spent_s, spent_s + took) if took is not None else (None, None)
        talk.add(_plain(message), f"history[{index}]", started=started, ended=ended)
        spent_s += took or 0.0


def _took(step: dict[str, Any]) -> float | None:
    took = step.get("execution_time")
    measured = isinstance(took, (int, float)) and not isinstance(took, bool) and 0 <= took < 1e6
    return float(took or 0) if measured else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, dict) else None


def _plain(message: Any) -> Any:
    """Take an action in the text of a history without calls as a call."""
    if isinstance(message, dict) and _role(message) == "assistant" and not message.get("tool_calls"):
        action = message.get("action")
        if isinstance(action, str) and (asked := _call(action)) is not None:
            call = {"name": asked.name, "arguments": dict(asked.arguments)}
            return {
                "role": "assistant",
                "content": message.get("thought") or message.get("content"),
                "tool_calls": [call],
            }
    return message


def _call(action: str) -> Asked | None:
    match = _COMMAND.match(action)
    if match is None:
        return None
    return Asked(match[1], {"arguments": match[2]} if match[2] else {})


def _add_step(talk: Conversation, step: Any, place: str, spent_s: float) -> float:
    if not isinstance(step, dict):
        raise TraceError("a step is not an object", field=place, got=step, remedy="give {thought, action, observation}")
    thought, action, observation = step.get("thought"), step.get("action"), step.get("observation")
    for key, value in (("thought", thought), ("action", action), ("observation", observation)):
        if value is not None and not isinstance(value, str):
            raise TraceError(f"the {key} is not text", field=f"{place}.{key}", got=value, remedy="give text")
    said: list[Event] = [Text(thought)] if thought else []
    asked = _call(action or "")
    talk.add_events("assistant", [*said, asked] if asked else said, place)
    took = _took(step)
    until = spent_s + took if took is not None else None
    if asked is not None and observation is not None:
        started = spent_s if until is not None else None
        talk.add_events("tool", [Result(observation)], place, started=started, ended=until)
    elif observation:
        talk.add_events("user", [Text(observation)], place)
    return spent_s if until is None else until
