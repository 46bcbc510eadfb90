"""What the readers of spans share: every record of a file is looked at, then each trace is put together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Trace
from specbench.traces.conversation.spans import LLMSpan, ToolSpan, threads
from specbench.traces.json_files import OnError, records
from specbench.traces.json_heads import first_records
from specbench.traces.sources.base import Source
from specbench.traces.sources.records import new_trace

__all__ = ["SpanSource", "SpanTrace"]


@dataclass
class SpanTrace:
    """The spans of one trace, and what is known of it."""

    llms: list[LLMSpan] = field(default_factory=list)
    tools: list[ToolSpan] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    others: int = 0

    def nest(self, span: Any, parent: Any) -> str | None:
        """Note the span around a span; returns the span's id."""
        if isinstance(span, str) and isinstance(parent, str) and parent:
            self.parents[span] = parent
        return span if isinstance(span, str) else None


class SpanSource(Source):
    """A reader of files of spans, which it holds in memory: those of one trace may stand anywhere in the file."""

    counted_once = True

    @abstractmethod
    def knows(self, record: Any) -> bool:
        """Tell whether a record is of this format."""

    @abstractmethod
    def take(self, record: Any, number: int, traces: dict[str, SpanTrace]) -> None:
        """Sort a record's spans into the traces that they belong to."""

    def detect(self, path: Path, head: str) -> bool:
        """Any of the first records is of this format."""
        return any(map(self.knows, first_records(head)[:50]))

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield a trace for each conversation that the file's spans are about."""
        traces: dict[str, SpanTrace] = {}
        for number, record in records(path, on_error, whole=lambda value: False):
            try:
                self.take(record, number, traces)
            except TraceError as error:
                on_error(error.at(path=path, line=number))
            except RecursionError:
                on_error(TraceError("the record is nested too deeply to be read", path=path, line=number))
        given = 0
        for name, found in traces.items():
            try:
                conversations = threads(found.llms, found.tools, found.parents)
            except TraceError as error:
                given += 1
                on_error(error.at(path=path))
                continue
            for index, thread in enumerate(conversations, 1):
                given += 1
                yield new_trace(
                    self.name,
                    path,
                    None,
                    thread.messages,
                    trace_id=name if index == 1 else f"{name}/{index}",
                    tools=thread.tools,
                    agent=thread.model,
                    metadata=found.about,
                )
        if not given and traces:
            spans = sum(found.others + len(found.tools) + len(found.llms) for found in traces.values())
            on_error(
                TraceError(
                    f"none of the file's {spans} spans holds an LLM's messages",
                    path=path,
                    remedy="record the messages' content too (it is often switched off), or leave the file out",
                )
            )
