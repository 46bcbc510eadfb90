"""The tracer: wraps a conversation, the model and the tools of an executor, and hands finished spans to its sinks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any

from specbench.core.errors import ends_program, in_words
from specbench.core.ledger import Ledger, Speculation
from specbench.core.types import DecisionPoint, Message, ToolCall
from specbench.integrations.tracing.sinks import JsonlSink, LangSmithSink, Sink
from specbench.integrations.tracing.spans import Span, now
from specbench.runtime import Decided, Partial, Tool
from specbench.runtime.thinking import Think, takes_point
from specbench.speculation import Launch
from specbench.speculation.launch import SPECULATION

__all__ = ["Tracer"]

_CONVERSATION: ContextVar[Span | None] = ContextVar("specbench_conversation", default=None)

_MOST_OPEN = 1_000
"""Speculations that wait for a ledger to tell their fate."""


class Tracer:
    """Makes spans and hands them to sinks.

    Parameters
    ----------
    sinks
        Where spans go; none switches tracing off, and every method then gives back what it was given.

    Examples
    --------
    >>> tracer = Tracer()
    >>> tracer.enabled, tracer.tools([]) == []
    (False, True)
    """

    def __init__(self, sinks: Sequence[Sink] = ()) -> None:
        self._sinks = tuple(sinks)
        self._dropped = 0
        self._lock = Lock()  # tools in threads begin when they like
        self._open: dict[Launch, Span] = {}

    @classmethod
    def from_environment(cls, jsonl: str | Path | None = None) -> Tracer:
        """Return a tracer to LangSmith where ``LANGSMITH_TRACING`` is ``true``, and to a file where one is named."""
        sinks: list[Sink] = [] if jsonl is None else [JsonlSink(jsonl)]
        if os.environ.get("LANGSMITH_TRACING", "").lower() in ("true", "1"):
            sinks.append(LangSmithSink())
        return cls(sinks)

    @property
    def enabled(self) -> bool:
        """Whether spans go anywhere."""
        return bool(self._sinks)

    @property
    def dropped(self) -> int:
        """Deliveries that failed."""
        return self._dropped + sum(sink.dropped for sink in self._sinks)

    def close(self) -> None:
        """Deliver what is left, in a short time; also the speculations of which no ledger was shown."""
        self._tell_open()
        for sink in self._sinks:
            sink.close()

    @contextmanager
    def conversation(self, name: str, **metadata: Any) -> Iterator[Span | None]:
        """A conversation: what happens inside the block belongs to it."""
        if not self.enabled:
            yield None
            return
        span = Span(name, "chain", metadata=dict(metadata))
        token = _CONVERSATION.set(span)
        try:
            with self._lasting(span):
                yield span
        finally:
            _CONVERSATION.reset(token)

    def think(self, think: Think, model: str) -> Think:
        """Wrap a model: any ``think`` function that an executor takes. Wrap it once and keep it."""
        if not self.enabled:
            return think

        async def parts(point: DecisionPoint | None) -> AsyncIterator[Partial | Decided]:
            span = Span(model, "llm", _CONVERSATION.get())
            if point is not None:
                span.inputs = {"messages": [_message(each) for each in point.messages]}
                span.metadata["index"] = point.index
            with self._lasting(span):
                thinking = think() if point is None else think(point)
                if hasattr(thinking, "__aiter__"):
                    async for part in thinking:
                        if isinstance(part, Decided):
                            _decide(span, part)
                        yield part
                else:
                    decided = Decided.of(await thinking if isinstance(thinking, Awaitable) else thinking)
                    _decide(span, decided)
                    yield decided

        if takes_point(think):
            return lambda point: parts(point)
        return lambda: parts(None)

    def tools(self, tools: Sequence[Tool]) -> list[Tool]:
        """Wrap tools: each run is a span, below that of its speculation where it is one."""
        return [self._tool(tool) for tool in tools] if self.enabled else list(tools)

    def _tool(self, tool: Tool) -> Tool:
        run = tool.run

        def traced_in_thread(**arguments: Any) -> Any:
            with self._lasting(self._span(tool, arguments)) as span:
                span.outputs = {"result": run(**arguments)}
            return span.outputs["result"]

        async def traced(**arguments: Any) -> Any:
            with self._lasting(self._span(tool, arguments)) as span:
                span.outputs = {"result": await run(**arguments)}
            return span.outputs["result"]

        return replace(tool, run=wraps(run)(traced_in_thread if tool.in_thread else traced))

    def _span(self, tool: Tool, arguments: dict[str, Any]) -> Span:
        parent, launch = _CONVERSATION.get(), SPECULATION.get()
        if launch is not None:
            if len(self._open) >= _MOST_OPEN:
                self._tell_open()
            parent = Span(f"speculate {tool.name}", "tool", parent, {"call": launch.key})
            with self._lock:
                self._open[launch] = parent
        call = ToolCall(tool.name, arguments)
        return Span(tool.name, "tool", parent, arguments, metadata={"effect": str(tool.spec.effect_of(call))})

    @contextmanager
    def _lasting(self, span: Span) -> Iterator[Span]:
        """A span lasts as long as the block, whose error is its own. To be cancelled is no error."""
        try:
            yield span
        except Exception as error:
            span.error = in_words(error)
            raise
        except BaseException as error:
            if ends_program(error):
                span.error = in_words(error)
            else:
                span.metadata["cancelled"] = True
            raise
        finally:
            self._end(span)

    def speculations(self, ledger: Ledger, conversation: Span | None) -> None:
        """A span for each speculation of a conversation's ledger, named by its fate; its run is the span below it."""
        if conversation is None:
            return
        with self._lock:
            known = {launch.row(): span for launch, span in self._open.items() if launch.ended_s is not None}
            rows = [(row, known.get(row)) for row in ledger.speculations]
            told = [span for _, span in rows if span is not None]
            self._open = {launch: span for launch, span in self._open.items() if span not in told}
        for row, span in rows:
            if span is None:  # it never ran
                span = Span("", "tool", conversation, {"call": row.call})
                span.started = conversation.started + timedelta(seconds=row.launched_s)
            self._tell_fate(span, row)

    def _tell_open(self) -> None:
        """Tell the speculations that have ended, with what is known of their fate."""
        with self._lock:
            ended = {launch: span for launch, span in self._open.items() if launch.ended_s is not None}
            for launch in ended:
                del self._open[launch]
        for launch, span in ended.items():
            self._tell_fate(span, launch.row())

    def _tell_fate(self, span: Span, row: Speculation) -> None:
        span.name = f"speculate {row.tool}: {row.fate}"
        span.ended = span.started + timedelta(seconds=row.run_s)
        span.error = row.error
        shown = {key: value for key, value in row._asdict().items() if key not in ("trace_id", "call", "tool", "error")}
        span.metadata = {**shown, "run_s": row.run_s}
        self._put(span)

    def _end(self, span: Span) -> None:
        span.ended = now()
        self._put(span)

    def _put(self, span: Span) -> None:
        for sink in self._sinks:
            try:
                sink.put(span)
            except Exception:  # a sink of somebody else's: tracing is no reason to fail
                self._dropped += 1


def _decide(span: Span, decided: Decided) -> None:
    calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in decided.calls]
    span.outputs = {"text": decided.text, "tool_calls": calls}
    span.metadata["completion_tok"] = decided.used_tok


def _message(message: Message) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in message.tool_calls]
    return {"role": message.role, "content": message.content, **({"tool_calls": calls} if calls else {})}
