"""Claude Code session logs (``~/.claude/projects/*/*.jsonl``): one content block a line.

- **trace id**: ``sessionId``
- **task id**: hash of the first user message: a session and its resumed copy are one task
- **messages**: ``message`` of the lines of type ``user`` and ``assistant``; those of one ``message.id`` are one
  invocation
- **agent**: ``message.model``
- **metadata**: ``cwd``, ``gitBranch``, ``version``
- **thinking time**: from the line before (the user's words, the last result) to the invocation's last line
- **tool time**: from the line with the ``tool_use`` to the line with its ``tool_result``

Left out: side chains (sub-agents), meta records, progress, what Claude Code itself writes in the LLM's name. A log of a
sub-agent alone is read as a session of its own.

The wait for a person's approval is no time of the tool. The log tells it where the result gives a duration, or where
progress is logged: the tool then began later than its ``tool_use``. A call that the person refused, and a tool that
asks the person, has no tool time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.events import Asked, Event, Result
from specbench.traces.conversation.items import item_events
from specbench.traces.conversation.parts import content_events
from specbench.traces.json_files import OnError, json_lines
from specbench.traces.json_heads import first_records
from specbench.traces.sources.base import Source
from specbench.traces.sources.records import new_trace

__all__ = ["ClaudeCode"]

_ASKS_A_PERSON = frozenset({"AskUserQuestion", "ExitPlanMode", "EnterPlanMode"})
_REFUSED = ("The user doesn't want to proceed", "The user doesn't want to take this action", "[Request interrupted")
_SLACK_S = 1.0
"""Progress counts whole seconds: a later beginning than this is a wait."""


@dataclass
class _Line:
    number: int
    role: str
    events: list[Event]
    at: float | None
    result: Any = None


@dataclass
class _Session:
    """What is kept of a session's lines."""

    about: dict[str, Any] = field(default_factory=dict)
    model: str | None = None
    groups: list[list[_Line]] = field(default_factory=list)
    by_message: dict[str, list[_Line]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    began: dict[str, float] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)


class ClaudeCode(Source):
    """Reads Claude Code session logs, with measured times."""

    name = "claude_code"
    counted_once = True

    def detect(self, path: Path, head: str) -> bool:
        """Lines with ``uuid``, ``parentUuid`` and ``message``, or of a type that only these logs have."""
        return any(isinstance(record, dict) and _is_line(record) for record in first_records(head)[:50])

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a session, in the order of their first lines."""
        chains: dict[bool, dict[str, _Session]] = {False: defaultdict(_Session), True: defaultdict(_Session)}
        for number, row in json_lines(path, on_error):
            try:
                if isinstance(row, dict):
                    name = row.get("sessionId") or row.get("session_id") or path.stem
                    side = row.get("isSidechain") is True
                    _take(chains[side][str(name)], number, row)
            except TraceError as error:
                on_error(error.at(path=path, line=number))
        main = {name: session for name, session in chains[False].items() if session.groups}
        for name, session in (main or chains[True]).items():
            if session.groups:
                try:
                    yield _trace(path, name, session, side=not main)
                except TraceError as error:
                    on_error(error.at(path=path))


def _is_line(record: dict[str, Any]) -> bool:
    if record.get("type") in ("file-history-snapshot", "queue-operation") or "leafUuid" in record:
        return True
    message = record.get("message")
    spoken = isinstance(message, dict) and ("role" in message or "content" in message)
    return "uuid" in record and ("parentUuid" in record or (spoken and "sessionId" in record))


def _take(session: _Session, number: int, row: dict[str, Any]) -> None:
    """Keep what a line tells."""
    kind, at = row.get("type"), seconds(row.get("timestamp"))
    if kind == "progress":
        _progress(session, row, at)
        return
    uuid = row.get("uuid")
    if isinstance(uuid, str):
        if uuid in session.seen:
            return
        session.seen.add(uuid)
    message = row.get("message")
    if kind in ("tool_use", "tool_result"):  # an old generation of the format
        role, events = item_events(row, "")
        line = _Line(number, role or "tool", events, at)
    elif isinstance(message, dict) and kind in ("user", "assistant", None):
        events = list(content_events(message.get("content"), "message.content"))
        role = "assistant" if (message.get("role") or kind) == "assistant" else "user"
        if row.get("isMeta") is True or row.get("isApiErrorMessage") is True or message.get("model") == "<synthetic>":
            events = [event for event in events if isinstance(event, (Asked, Result))]
            if not events:
                return
        line = _Line(number, role, events, at, row.get("toolUseResult"))
        if role == "assistant" and isinstance(message.get("model"), str) and session.model is None:
            session.model = message["model"]
    else:
        return
    if not session.about:
        session.about = {key: row[key] for key in ("cwd", "gitBranch", "version") if isinstance(row.get(key), str)}
    session.tools.update({event.id: event.name for event in line.events if isinstance(event, Asked) and event.id})
    identifier = message.get("id") if isinstance(message, dict) and line.role == "assistant" else None
    if isinstance(identifier, str) and identifier in session.by_message:
        session.by_message[identifier].append(line)
        return
    session.groups.append([line])
    if isinstance(identifier, str) and identifier:
        session.by_message[identifier] = session.groups[-1]


def _progress(session: _Session, row: dict[str, Any], at: float | None) -> None:
    """Note when a tool began: its progress says for how many seconds it has been running."""
    data, call = row.get("data"), row.get("parentToolUseID") or row.get("toolUseID")
    elapsed = data.get("elapsedTimeSeconds") if isinstance(data, dict) else None
    if at is not None and isinstance(call, str) and isinstance(elapsed, (int, float)) and elapsed >= 0:
        session.began[call] = min(session.began.get(call, at), at - elapsed)


def _trace(path: Path, name: str, session: _Session, side: bool) -> Trace:
    talk = Conversation(tags=False)
    asked_at: dict[str, float] = {}
    for group in session.groups:
        talk.close()
        for line in group:
            place = f"line {line.number}: message.content"
            if line.role == "assistant":
                for event in line.events:
                    if isinstance(event, Asked) and event.id and line.at is not None:
                        asked_at[event.id] = line.at
                talk.add_events("assistant", line.events, place, at=line.at, open=True)
                continue
            results = [event for event in line.events if isinstance(event, Result)]
            for result in results:
                started = _began(session, result, line, asked_at)
                talk.add_events(
                    "tool", [result], place, at=line.at, started=started, timed=_timed(session, result, line)
                )
            rest = [event for event in line.events if not isinstance(event, Result)]
            if rest or not results:
                talk.add_events("user", rest, place, at=line.at)
    metadata = {**session.about, "sidechain": True} if side else session.about
    return new_trace("claude_code", path, None, talk.messages(), trace_id=name, agent=session.model, metadata=metadata)


def _timed(session: _Session, result: Result, line: _Line) -> bool:
    told = line.result if isinstance(line.result, str) else ""
    refused = any(words in result.content or words in told for words in _REFUSED) or "User rejected" in told
    return not (refused and (result.error or told)) and session.tools.get(result.id or "") not in _ASKS_A_PERSON


def _began(session: _Session, result: Result, line: _Line, asked_at: dict[str, float]) -> float | None:
    """Return when the tool began, where the log tells that it waited before it did."""
    asked = asked_at.get(result.id or "")
    if asked is None or line.at is None:
        return None
    began = asked
    if isinstance(line.result, dict):
        for key, unit in (("durationMs", 1000), ("totalDurationMs", 1000), ("durationSeconds", 1)):
            value = line.result.get(key)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value / unit <= line.at - asked:
                return line.at - value / unit
    shown = session.began.get(result.id or "", asked)
    return shown if shown - began > _SLACK_S and shown <= line.at else began
