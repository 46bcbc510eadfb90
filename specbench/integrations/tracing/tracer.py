"""The tracer: wraps a conversation, the model and the tools of an executor, and hands finished spans to its sinks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from specbench.core.ledger import Ledger
from specbench.core.types import DecisionPoint, Message
from specbench.integrations.llm_think import ThinkPoint
from specbench.integrations.tracing.sinks import JsonlSink, LangSmithSink, Sink
from specbench.integrations.tracing.spans import Span, now
from specbench.runtime import Decided, Partial, Tool

__all__ = ["Tracer"]

_CONVERSATION: ContextVar[Span | None] = ContextVar("specbench_conversation", default=None)


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
        """Deliver what is left, in a short time."""
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

    def think(self, think: ThinkPoint, model: str) -> ThinkPoint:
        """Wrap a model; see :func:`specbench.integrations.llm_think.thinking`. Wrap it once and keep it."""
        if not self.enabled:
            return think

        async def traced(point: DecisionPoint) -> AsyncIterator[Partial | Decided]:
            messages = [_message(each) for each in point.messages]
            span = Span(model, "llm", _CONVERSATION.get(), {"messages": messages}, metadata={"index": point.index})
            try:
                async for part in think(point):
                    if isinstance(part, Decided):
                        calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in part.calls]
                        span.outputs = {"text": part.text, "tool_calls": calls}
                        span.metadata["completion_tok"] = part.used_tok
                    yield part
            except BaseException as error:
                span.error = type(error).__name__
                raise
            finally:
                self._end(span)

        return traced

    def tools(self, tools: Sequence[Tool]) -> list[Tool]:
        """Wrap tools: each run is a span, speculated or not."""
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

        return replace(tool, run=traced_in_thread if tool.in_thread else traced)

    def _span(self, tool: Tool, arguments: dict[str, Any]) -> Span:
        return Span(tool.name, "tool", _CONVERSATION.get(), arguments, metadata={"effect": str(tool.spec.effect)})

    @contextmanager
    def _lasting(self, span: Span) -> Iterator[Span]:
        """A span lasts as long as the block, whose error is its own."""
        try:
            yield span
        except BaseException as error:
            span.error = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._end(span)

    def speculations(self, ledger: Ledger, conversation: Span | None) -> None:
        """A span for each speculation of a conversation's ledger: fate, probability and seconds as metadata."""
        if conversation is None:
            return
        for row in ledger.speculations:
            span = Span(
                f"speculate {row.tool}",
                "tool",
                conversation,
                {"call": row.call},
                metadata={
                    **{key: value for key, value in row._asdict().items() if key not in ("trace_id", "call", "tool")},
                    "run_s": row.run_s,
                },
                started=conversation.started + timedelta(seconds=row.launched_s),
                ended=conversation.started + timedelta(seconds=row.ended_s),
            )
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


def _message(message: Message) -> dict[str, Any]:
    calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in message.tool_calls]
    return {"role": message.role, "content": message.content, **({"tool_calls": calls} if calls else {})}
