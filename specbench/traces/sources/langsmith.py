"""LangSmith run exports: runs (``run_type``, ``inputs``, ``outputs``), as JSON Lines, a list, or nested ``child_runs``.

- **trace id**: ``trace_id``, else the id of the root run
- **task id**: hash of the first user message
- **messages**: ``inputs`` and ``outputs`` of runs of type ``llm``, serialised by LangChain or as the provider had
  them
- **tools**: ``extra.invocation_params.tools``
- **agent**: ``extra.metadata.ls_model_name``
- **metadata**: ``session_name``, the run's name
- **thinking time**: ``start_time`` to ``end_time`` of the run
- **tool time**: those of the run of type ``tool``
"""

from __future__ import annotations

from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import ToolSpec
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.items import plain
from specbench.traces.conversation.spans import LLMSpan, ToolSpan
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, items_in, parsed
from specbench.traces.sources.span_records import SpanSource, SpanTrace

__all__ = ["LangSmith"]


class LangSmith(SpanSource):
    """Reads LangSmith run exports, with measured times."""

    name = "langsmith"

    def knows(self, record: Any) -> bool:
        """An object with ``run_type``, and ``inputs`` or ``outputs``; or a page of them (``runs``)."""
        if isinstance(record, dict) and isinstance(record.get("runs"), list):
            return any(map(self.knows, record["runs"][:20]))
        return isinstance(record, dict) and "run_type" in record and ("inputs" in record or "outputs" in record)

    def take(self, record: Any, number: int, traces: dict[str, SpanTrace]) -> None:
        """Sort a run and its children."""
        runs = record.get("runs") if isinstance(record, dict) else None
        waiting: list[tuple[Any, str | None]] = [(run, None) for run in (runs if isinstance(runs, list) else [record])]
        while waiting:
            run, root = waiting.pop()
            if not isinstance(run, dict):
                continue
            name = str(first_of(run, ("trace_id",)) or root or run.get("parent_run_id") or run.get("id") or number)
            found = traces.setdefault(name, SpanTrace())
            _take(run, found)
            children = run.get("child_runs")
            waiting += [(child, name) for child in (children if isinstance(children, list) else ())]


def _take(run: dict[str, Any], found: SpanTrace) -> None:
    started, ended = seconds(run.get("start_time")), seconds(run.get("end_time"))
    inputs, outputs, place = parsed(run.get("inputs")), parsed(run.get("outputs")), f"run {run.get('id')}"
    span = found.nest(run.get("id"), run.get("parent_run_id"))
    if run.get("parent_run_id") is None:
        found.about.update({key: run[key] for key in ("name", "session_name") if isinstance(run.get(key), str)})
    if run.get("run_type") == "tool":
        output = outputs.get("output", outputs) if isinstance(outputs, dict) else outputs
        output = plain(output) if isinstance(output, dict) else output
        call = None
        if isinstance(output, dict) and "tool_call_id" in output:
            call, output = output["tool_call_id"], output.get("content")
        call = call if isinstance(call, str) and call else None
        found.tools.append(ToolSpan(str(run.get("name") or ""), started, ended, call, output, bool(run.get("error"))))
        return
    items = items_in(inputs) if isinstance(inputs, (dict, list)) else []
    answer = answer_items(outputs) if isinstance(outputs, (dict, list)) else []
    llm = run.get("run_type") == "llm"
    if not items or not (llm or len(items) > 1 or len(answer) > 1):
        found.others += 1
        return
    if not llm and answer[: len(items)] == items:
        items, answer = answer, []
    extra = run["extra"] if isinstance(run.get("extra"), dict) else {}
    metadata = extra.get("metadata")
    model = metadata.get("ls_model_name") if isinstance(metadata, dict) else None
    found.llms.append(
        LLMSpan(
            items, answer, started, ended, _tools(extra), model if isinstance(model, str) else None, place, llm, span
        )
    )


def _tools(extra: dict[str, Any]) -> dict[str, ToolSpec]:
    parameters = extra.get("invocation_params")
    declared = first_of(parameters, ("tools", "functions")) if isinstance(parameters, dict) else None
    try:
        return read_tools(declared, "extra.invocation_params.tools", strict=False)
    except TraceError:
        return {}
