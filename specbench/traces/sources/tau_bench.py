"""τ-bench result files: one JSON list of ``{task_id, reward, trial, traj}``; ``traj`` holds OpenAI chat messages.

- **domain**: retail or airline, from the tools that the file's agents call and from the system prompt. The tools on
  offer are the domain's; the files carry none, so ``tau_bench_tools.json`` beside this module declares them with their
  effects. A call of a tool that is not declared there (``get_input_from_user``) has effect ``unknown``. A file of
  another domain gets no tools.
- **task id**: ``tau_bench_retail/12``: the same task in four agent configurations is one task.
- **trace id**: ``tau_bench_retail/tool-calling/task-12/trial-0``; **agent**: the file's stem.
- An empty ``traj`` (the run crashed) is kept: a trace without decision points. Results without ``tool_call_id`` are
  linked to their calls in order, and arguments written as Python literals are repaired.

References
----------
Yao et al., "τ-bench: A Benchmark for Tool-Agent-User Interaction in Real-World Domains", 2024
(github.com/sierra-research/tau-bench).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Effect, ToolSpec, Trace
from specbench.traces.conversation.builder import chat_messages
from specbench.traces.json_files import OnError, convert_records, json_list
from specbench.traces.json_heads import peek
from specbench.traces.sources.base import Source

__all__ = ["TauBench", "tau_bench_tools"]

_ERROR_RESULT = re.compile(r'Error|# var_\d+ = ["\']Error')


class TauBench(Source):
    """Reads τ-bench result files."""

    name = "tau_bench"

    def detect(self, path: Path, head: str) -> bool:
        """A JSON list whose first record has ``task_id`` and ``traj``."""
        first = peek(head)
        return first.listed and {"task_id", "traj"} <= first.keys

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a record."""
        records = json_list(path, on_error)
        domain = _domain(records)

        def convert(number: int, record: Any) -> Trace:
            return _trace(path, domain, record)

        return convert_records(path, enumerate(records, 1), convert, on_error)


@cache
def tau_bench_tools() -> dict[str, dict[str, ToolSpec]]:
    """Return the declared tools of each τ-bench domain, by name.

    Examples
    --------
    >>> tau_bench_tools()["retail"]["get_order_details"].effect
    <Effect.READ: 'read'>
    """
    text = files("specbench.traces.sources").joinpath("tau_bench_tools.json").read_text("utf-8")
    return {
        domain: {
            tool["name"]: ToolSpec(tool["name"], tool["description"], tool["parameters"], Effect(tool["effect"]))
            for tool in tools
        }
        for domain, tools in json.loads(text).items()
    }


def _trace(path: Path, domain: str | None, record: Any) -> Trace:
    if not isinstance(record, dict):
        raise TraceError("the record is not an object", got=record, remedy="give {task_id, reward, trial, traj}")
    task, trial, reward = record.get("task_id"), record.get("trial", 0), record.get("reward")
    if isinstance(task, bool) or not isinstance(task, (int, str)) or task == "":
        raise TraceError("the task id is not a number or text", field="task_id", got=task, remedy="give the task's id")
    if isinstance(trial, bool) or not isinstance(trial, int):
        raise TraceError("the trial is not a whole number", field="trial", got=trial, remedy="number the trials from 0")
    if reward is not None and not isinstance(reward, (int, float)):
        raise TraceError(
            "the reward is not a number", field="reward", got=reward, remedy="give a number or leave it out"
        )
    if "traj" not in record:
        raise TraceError("the record has no trajectory", field="traj", remedy="give the list of messages as traj")
    messages = chat_messages(
        record["traj"],
        field="traj",
        python_literals=True,
        is_error=lambda content: _ERROR_RESULT.match(content) is not None,
    )
    space = "tau_bench" if domain is None else f"tau_bench_{domain}"
    return Trace(
        trace_id=f"{space}/{path.stem}/task-{task}/trial-{trial}",
        task_id=f"{space}/{task}",
        source=f"tau_bench:{path.name}",
        messages=messages,
        tools={} if domain is None else tau_bench_tools()[domain],
        agent=path.stem,
        metadata={"trial": trial} if reward is None else {"reward": reward, "trial": trial},
    )


def _domain(records: list[Any]) -> str | None:
    """Return the domain whose own tools and policy the file shows most; ``None`` when it shows none.

    A whole file belongs to one domain, and a record with an empty trajectory shows nothing: so the file is asked.
    """
    called = [name for record in records for name in _called(record)]
    prompts = [text.lower() for record in records for text in _system_prompts(record)]
    votes = {}
    for domain, tools in tau_bench_tools().items():
        shared = {name for other, names in tau_bench_tools().items() if other != domain for name in names}
        own = tools.keys() - shared
        votes[domain] = sum(name in own for name in called) + sum(f"{domain} agent" in text for text in prompts)
    best = max(votes, key=lambda domain: votes[domain])
    return best if votes[best] else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list that has not been validated yet."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _called(record: Any) -> Iterator[str]:
    for message in _dicts(record.get("traj") if isinstance(record, dict) else None):
        for call in _dicts(message.get("tool_calls")):
            function = call.get("function")
            if isinstance(function, dict) and isinstance(function.get("name"), str):
                yield function["name"]


def _system_prompts(record: Any) -> Iterator[str]:
    for message in _dicts(record.get("traj") if isinstance(record, dict) else None)[:1]:
        if message.get("role") == "system" and isinstance(message.get("content"), str):
            yield message["content"][:200]
