"""inspect_ai logs: ``.json`` (a log), and the samples inside ``.eval`` (a zip).

- **trace id**: ``TASK/SAMPLE/epoch-N``
- **task id**: ``TASK/SAMPLE``: the epochs of a sample are one task
- **messages**: the sample's ``messages``; attachments are put back in their places
- **tools**: of the model events
- **agent**: ``eval.model``, else the model of the sample's output
- **metadata**: epoch and scores
- **thinking time**: ``timestamp`` to ``completed`` of the model event that gave the message
- **tool time**: ``timestamp`` to ``completed`` of the tool event with the call's id
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.tools import read_tools
from specbench.traces.sources.records import RecordSource, new_trace

__all__ = ["InspectAI"]

_SAMPLE = {"epoch", "input", "target", "messages"}
_ATTACHED = "attachment://"


class InspectAI(RecordSource):
    """Reads inspect_ai logs, with measured times."""

    name = "inspect_ai"
    counted_once = False

    def knows(self, record: Any) -> bool:
        """A log (``eval``, ``status``), or one sample (``epoch``, ``target``, ``messages``)."""
        if not isinstance(record, dict):
            return False
        log = isinstance(record.get("eval"), dict) and "status" in record
        return log or record.keys() >= _SAMPLE or {"epoch", "input", "target", "uuid"} <= record.keys()

    def convert(self, path: Path, number: int, record: Any) -> Iterable[Trace]:
        """Return a trace for each sample."""
        record = record if isinstance(record, dict) else {}
        header = record if isinstance(record.get("eval"), dict) else _header(path)
        samples = record.get("samples") if header is record else [record]
        if samples is None:
            raise TraceError(
                "the log holds no samples", field="samples",
                remedy="give the whole log; with inspect: `inspect log convert --to json` or the .eval file",
            )  # fmt: skip
        about = header.get("eval")
        for sample in samples if isinstance(samples, list) else [samples]:
            yield _trace(path, sample, about if isinstance(about, dict) else {})


def _header(path: Path) -> dict[str, Any]:
    """Return what stands beside a sample in its ``.eval``; nothing where that is missing."""
    for name in ("header.json", "_journal/start.json"):
        try:
            found = json.loads((path.parent.parent / name).read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _trace(path: Path, sample: Any, about: dict[str, Any]) -> Trace:
    if not isinstance(sample, dict) or not isinstance(sample.get("messages"), list):
        raise TraceError(
            "the sample has no messages",
            field="messages",
            got=sample,
            remedy="give an inspect_ai log of a finished run",
        )
    events = [event for event in _list(sample.get("events")) if isinstance(event, dict)]
    times = _times(events)
    attachments = sample.get("attachments")
    attached = attachments if isinstance(attachments, dict) else {}
    talk = Conversation(tags=False)
    for index, message in enumerate(sample["messages"]):
        key = None
        if isinstance(message, dict):
            key = message.get("tool_call_id") if message.get("role") == "tool" else message.get("id")
            if message.get("role") == "tool" and "name" not in message:
                message = {**message, "name": message.get("function")}
        started, ended = times.get(key, (None, None)) if isinstance(key, str) else (None, None)
        talk.add(_put_back(message, attached), f"messages[{index}]", started=started, ended=ended)
    task = about.get("task") if isinstance(about.get("task"), str) else path.stem
    tools = [tool for event in events if event.get("event") == "model" for tool in _list(event.get("tools"))]
    output = sample.get("output")
    return new_trace(
        "inspect_ai",
        path,
        None,
        talk.messages(),
        trace_id=f"{task}/{sample.get('id')}/epoch-{sample.get('epoch')}",
        task_id=f"{task}/{sample.get('id')}",
        tools=read_tools(tools, "events[].tools", strict=False),
        agent=about.get("model") or (output.get("model") if isinstance(output, dict) else None),
        metadata={"epoch": sample.get("epoch"), **dict(_scores(sample.get("scores")))},
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _scores(scores: Any) -> Iterator[tuple[str, Any]]:
    for name, score in scores.items() if isinstance(scores, dict) else ():
        value = score.get("value") if isinstance(score, dict) else None
        if isinstance(value, (str, int, float)):
            yield f"score_{name}", value


def _times(events: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Return when each message (by its id) was generated and each call (by its id) ran."""
    times: dict[str, tuple[float, float]] = {}
    for event in events:
        at, until = seconds(event.get("timestamp")), seconds(event.get("completed"))
        if event.get("event") == "tool":
            names = [event.get("id"), event.get("message_id")]
        elif event.get("event") == "model":
            output = event.get("output")
            choices = output.get("choices") if isinstance(output, dict) else None
            message = (
                choices[0].get("message")
                if isinstance(choices, list) and choices and isinstance(choices[0], dict)
                else None
            )
            names = [message.get("id")] if isinstance(message, dict) else []
        else:
            continue
        if at is not None and until is not None:
            times.update({name: (at, until) for name in names if isinstance(name, str)})
    return times


def _put_back(value: Any, attached: dict[str, Any]) -> Any:
    """Return a message with its attachments in their places."""
    if isinstance(value, str):
        name = value.removeprefix(_ATTACHED)
        return attached.get(name, value) if name != value else value
    if isinstance(value, list):
        return [_put_back(each, attached) for each in value]
    if isinstance(value, dict):
        return {key: _put_back(each, attached) for key, each in value.items()}
    return value
