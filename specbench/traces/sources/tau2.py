"""τ²-bench results: ``simulations[].messages`` with times; a whole run, or one simulation a record.

- **trace id**: the simulation's ``id``
- **task id**: ``tau2_DOMAIN/TASK_ID``: the trials of a task are one task
- **messages**: ``messages``, without what the simulated user's own tools did (``requestor: user``)
- **agent**: ``info.agent_info.llm``
- **metadata**: domain, trial, reward, termination reason
- **thinking time**: from the message before to the agent's message; the first from ``start_time``
- **tool time**: from the agent's message to the tool's

References
----------
Barres et al., "τ²-Bench: Evaluating Conversational Agents in a Dual-Control Environment", 2025
(github.com/sierra-research/tau2-bench).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.tools import read_tools
from specbench.traces.sources.records import RecordSource, new_trace

__all__ = ["Tau2"]


class Tau2(RecordSource):
    """Reads τ²-bench results, with measured times."""

    name = "tau2"
    counted_once = False

    def knows(self, record: Any) -> bool:
        """An object with ``simulations``, or one simulation (``termination_reason``, ``task_id``, ``messages``)."""
        if not isinstance(record, dict):
            return False
        return (
            isinstance(record.get("simulations"), list)
            or {"termination_reason", "task_id", "messages"} <= record.keys()
        )

    def convert(self, path: Path, number: int, record: Any) -> Iterable[Trace]:
        """Return a trace for each simulation."""
        info = _dict(record.get("info")) if isinstance(record, dict) else {}
        simulations = record.get("simulations", [record]) if isinstance(record, dict) else [record]
        for index, simulation in enumerate(simulations if isinstance(simulations, list) else [simulations]):
            if not isinstance(simulation, dict) or not isinstance(simulation.get("messages"), list):
                raise TraceError(
                    "the simulation has no messages", field=f"simulations[{index}].messages",
                    got=simulation, remedy="give τ²'s own results: {info, tasks, simulations: [{id, messages, ...}]}",
                )  # fmt: skip
            yield _trace(path, simulation, info, f"simulations[{index}]")


def _trace(path: Path, simulation: dict[str, Any], info: dict[str, Any], place: str) -> Trace:
    environment = _dict(info.get("environment_info"))
    domain = environment.get("domain_name")
    talk = Conversation()
    talk.note(seconds(simulation.get("start_time")))
    for index, message in _messages(simulation["messages"]):
        at = seconds(message.get("timestamp")) if isinstance(message, dict) else None
        if not _of_the_user(message):
            talk.add(_linked(message), f"{place}.messages[{index}]", at=at)
        elif isinstance(message.get("content"), str) and message["content"] and message.get("role") == "user":
            talk.add({"role": "user", "content": message["content"]}, f"{place}.messages[{index}]", at=at)
        else:
            talk.note(at)
    space = f"tau2_{domain}" if isinstance(domain, str) else "tau2"
    return new_trace(
        "tau2",
        path,
        None,
        talk.messages(),
        trace_id=simulation.get("id") or f"{path.stem}/{simulation.get('task_id')}/{simulation.get('trial')}",
        task_id=f"{space}/{simulation.get('task_id')}",
        tools=read_tools(environment.get("tool_defs"), "info.environment_info.tool_defs", strict=False),
        agent=_dict(info.get("agent_info")).get("llm"),
        metadata={
            "domain": domain,
            "trial": simulation.get("trial"),
            "reward": _dict(simulation.get("reward_info")).get("reward"),
            "termination_reason": simulation.get("termination_reason"),
        },
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _messages(messages: list[Any]) -> Iterator[tuple[int, Any]]:
    """Yield every message, those of a group of results one by one."""
    for index, message in enumerate(messages):
        grouped = message.get("tool_messages") if isinstance(message, dict) else None
        yield from ((index, each) for each in (grouped if isinstance(grouped, list) else [message]))


def _of_the_user(message: Any) -> bool:
    """Tell whether a message is of the simulated user's own tools."""
    if not isinstance(message, dict):
        return False
    return message.get("requestor") == "user" or (message.get("role") == "user" and bool(message.get("tool_calls")))


def _linked(message: Any) -> Any:
    """Give a result the id of its call, which τ² writes as its own."""
    if isinstance(message, dict) and message.get("role") == "tool" and "tool_call_id" not in message:
        return {**message, "tool_call_id": message.get("id")}
    return message
