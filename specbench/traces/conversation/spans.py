"""Spans of LLMs and tools (Langfuse, LangSmith, OpenTelemetry) → conversations with measured times.

Each span of an LLM holds the conversation so far and the answer. Spans whose conversation goes on from another one's
belong to one thread; a sub-agent's make a thread of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from specbench.core.types import Message, Timing, ToolCall, ToolSpec
from specbench.traces.call_results import linked
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import as_text, failed

__all__ = ["LLMSpan", "Thread", "ToolSpan", "threads"]

_SLACK_S = 0.5
"""Clocks of one machine's spans differ by less."""


@dataclass
class LLMSpan:
    """One invocation of an LLM: the messages it was given, what it answered, when (seconds since 1970)."""

    items: list[Any]
    answer: list[Any]
    started: float | None = None
    ended: float | None = None
    tools: dict[str, ToolSpec] = field(default_factory=dict)
    model: str | None = None
    place: str = ""
    whole: bool = True
    """``False`` for a span of an agent, whose messages count only where no LLM's do."""
    id: str | None = None
    """Of the span, by which those inside it name it."""


@dataclass
class ToolSpan:
    """One run of a tool."""

    name: str
    started: float | None = None
    ended: float | None = None
    call_id: str | None = None
    output: Any = None
    error: bool = False


@dataclass
class Thread:
    """A conversation, and when each of its answers (by number) was given."""

    messages: tuple[Message, ...]
    times: dict[int, tuple[float, float]] = field(default_factory=dict)
    tools: dict[str, ToolSpec] = field(default_factory=dict)
    model: str | None = None


def threads(
    llms: Iterable[LLMSpan], tools: Sequence[ToolSpan], parents: Mapping[str, str] = MappingProxyType({})
) -> list[Thread]:
    """Return the conversations that the spans of one trace are about.

    Parameters
    ----------
    llms, tools
        The spans of LLMs and tools.
    parents
        The span around each span, by their ids: a span of an LLM around others of LLMs tells the same once more.

    Raises
    ------
    TraceError
        When a span's messages are not understood.

    Examples
    --------
    >>> hi = {"role": "user", "content": "hi"}
    >>> call = {"role": "assistant", "tool_calls": [{"id": "c", "name": "f", "arguments": {}}]}
    >>> end = {"role": "assistant", "content": "done"}
    >>> ok = {"role": "tool", "content": "ok"}
    >>> spans = [LLMSpan([hi], [call], 1.0, 2.0), LLMSpan([hi, call, ok], [end], 3.0, 5.0)]
    >>> [thread] = threads(spans, [ToolSpan("f", 2.1, 2.9)])
    >>> [(message.role, message.timing and round(message.timing.duration_s, 3)) for message in thread.messages]
    [('user', None), ('assistant', 1.0), ('tool', 0.8), ('assistant', 2.0)]
    """
    every = sorted(llms, key=lambda span: (span.started is None, span.started or 0.0))
    chosen = [span for span in every if span.whole] or [max(every, key=_size)] if every else []
    found: list[Thread] = []
    for span in _innermost(chosen, parents):
        _extend(found, span)
    waiting = sorted(tools, key=lambda tool: (tool.started is None, tool.started or 0.0))
    ids = {call.id for thread in found for message in thread.messages for call in message.tool_calls}
    for tool in waiting:
        tool.call_id = tool.call_id if tool.call_id in ids else None
    return [_timed(thread, waiting) for thread in found if thread.messages]


def _size(span: LLMSpan) -> int:
    return len(span.items) + len(span.answer)


def _innermost(spans: list[LLMSpan], parents: Mapping[str, str]) -> list[LLMSpan]:
    """Leave out spans around others; where only the outer one has its messages one by one, the inner ones."""
    by_id = {span.id: span for span in spans if span.id is not None}
    dropped: set[str | None] = set()
    for span in spans:
        name, steps = parents.get(span.id or ""), 0
        while name is not None and steps < 100:
            if name in by_id:
                in_words = len(span.items) == 1 and len(by_id[name].items) > 1
                dropped.add(span.id if in_words else name)
                break
            name, steps = parents.get(name), steps + 1
    return [span for span in spans if span.id is None or span.id not in dropped]


def _extend(found: list[Thread], span: LLMSpan) -> None:
    """Add a span to the thread that it goes on from, or begin one."""
    talk = Conversation(tags=False)
    for index, item in enumerate(span.items):
        talk.add(item, f"{span.place}.input[{index}]")
    talk.close()
    known = len(talk)
    for index, item in enumerate(span.answer):
        talk.add(item, f"{span.place}.output[{index}]")
    messages = talk.messages()
    history, answer = messages[:known], messages[known:]
    before, after = _keys(history), _keys(messages)
    for thread in sorted(found, key=lambda thread: -len(thread.messages)):
        keys = _keys(thread.messages)
        if keys and keys == after:  # the same invocation, told by a span around it
            _shorten(thread, span)
            return
        if keys and (keys == before[: len(keys)] or _without_calls(thread, history)):
            if keys != before[: len(keys)]:
                keys = _keys([message for message in thread.messages if not message.tool_calls])
            thread.messages = (*thread.messages, *_news(thread.messages, len(keys), history))
            break
    else:
        thread = Thread(history)
        found.append(thread)
    number = sum(message.role == "assistant" for message in thread.messages)
    thread.messages = (*thread.messages, *answer)
    if answer and span.started is not None and span.ended is not None:
        thread.times[number] = (span.started, span.ended)
    thread.tools = {**thread.tools, **span.tools}
    thread.model = thread.model or span.model


def _without_calls(thread: Thread, history: Sequence[Message]) -> bool:
    """Tell whether a history that goes on from a thread has lost its calls: there are results, and no call."""
    results = sum(message.role == "tool" for message in history)
    if not results or any(message.tool_calls for message in history):
        return False
    said = [message for message in thread.messages if not message.tool_calls]
    calls = sum(len(message.tool_calls) for message in thread.messages)
    keys = _keys(said)
    return results >= calls > 0 and keys == _keys(history)[: len(keys)]


def _shorten(thread: Thread, span: LLMSpan) -> None:
    """Take a span's time for the last answer where it is shorter than the one known: it is the LLM's own."""
    number = sum(message.role == "assistant" for message in thread.messages) - 1
    old = thread.times.get(number)
    if (
        span.started is not None
        and span.ended is not None
        and (old is None or span.ended - span.started < old[1] - old[0])
    ):
        thread.times[number] = (span.started, span.ended)
    thread.tools = thread.tools or span.tools


def _news(told: Sequence[Message], keys: int, history: Sequence[Message]) -> list[Message]:
    """Return what a history says beyond the messages told already, which have so many keys."""
    results = sum(message.role == "tool" for message in told)
    news: list[Message] = []
    for message in history:
        if message.role == "tool":
            results -= 1
            if results < 0:
                news.append(message)
        elif message.role != "system":
            keys -= len(_keys([message]))
            if keys < 0:
                news.append(message)
    return news


def _keys(messages: Sequence[Message]) -> list[Any]:
    """Return what must be equal for one conversation to go on from another: words and calls, one by one.

    Histories respell prompts and results, and some write parallel calls one after the other.
    """
    keys: list[Any] = []
    for message in messages:
        if message.role == "assistant" and message.tool_calls:
            keys.extend(call.key for call in message.tool_calls)
        elif message.role in ("assistant", "user"):
            keys.append((message.role, message.content.strip()))
    return keys


def _timed(thread: Thread, waiting: list[ToolSpan]) -> Thread:
    """Give the messages their times, and calls without a result the one that a tool's span holds."""
    results = {(asked.position, asked.number): result for result, asked in linked(thread.messages) if asked is not None}
    runs: dict[int, ToolSpan] = {}
    added: list[tuple[int, Message, ToolSpan]] = []
    number = -1
    for position, message in enumerate(thread.messages):
        if message.role != "assistant":
            continue
        number += 1
        ended = thread.times.get(number, (None, None))[1]
        for index, call in enumerate(message.tool_calls):
            run = _take(waiting, call, ended)
            if run is None:
                continue
            result = results.get((position, index))
            if result is not None:
                runs[id(result)] = run
            elif run.output is not None:
                error = run.error or (isinstance(run.output, dict) and failed(run.output))
                answer = Message("tool", as_text(run.output), tool_call_id=call.id, name=call.name, error=error)
                added.append((position, answer, run))
    stamps = [time[0] for time in thread.times.values()] + [
        run.started for run in (*runs.values(), *(run for _, _, run in added)) if run.started is not None
    ]
    first = min(stamps, default=0.0)
    messages: list[Message] = []
    number = -1
    for position, message in enumerate(thread.messages):
        if message.role == "assistant":
            number += 1
            started, ended = thread.times.get(number, (None, None))
            message = replace(message, timing=_timing(started, ended, first))
        elif id(message) in runs:
            run = runs[id(message)]
            message = replace(message, timing=_timing(run.started, run.ended, first))
        messages.append(message)
        for place, answer, run in added:
            if place == position:
                messages.append(replace(answer, timing=_timing(run.started, run.ended, first)))
    thread.messages = tuple(messages)
    return thread


def _timing(started: float | None, ended: float | None, first: float) -> Timing | None:
    if started is None or ended is None or ended < started:
        return None
    return Timing(round(started - first, 6), round(ended - first, 6))


def _take(waiting: list[ToolSpan], call: ToolCall, after: float | None) -> ToolSpan | None:
    """Take the span of a call: that of its id, else the first of its tool that did not begin before the call."""
    for run in waiting:
        if run.call_id is not None and run.call_id == call.id:
            waiting.remove(run)
            return run
    for run in waiting:
        early = after is not None and run.started is not None and run.started < after - _SLACK_S
        if run.name == call.name and run.call_id is None and not early:
            waiting.remove(run)
            return run
    return None
