"""Where spans go. A sink never blocks and never breaks a run: what it cannot deliver it counts and drops."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, Protocol

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.text import writable
from specbench.integrations.tracing.spans import Span

__all__ = ["JsonlSink", "LangSmithSink", "Sink"]


class Sink(Protocol):
    """Takes finished spans."""

    @property
    def dropped(self) -> int:
        """Spans that were not delivered."""
        ...

    def put(self, span: Span) -> None:
        """Take a finished span; never raises."""
        ...

    def close(self) -> None:
        """Deliver what is left, in a short time; never raises."""
        ...


class JsonlSink:
    """A line of JSON for each span, in a local file.

    Parameters
    ----------
    path
        The file; spans are added at its end.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115  # close() closes it
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be written ({error.strerror}); choose another file for the spans"
            ) from error
        self._lock = Lock()  # tools in threads end when they like
        self.dropped = 0

    def put(self, span: Span) -> None:
        """Write a line; inputs and outputs that are no JSON stand there as Python shows them."""
        try:
            record = span.record()
            try:
                line = _line(record)
            except (TypeError, ValueError, RecursionError):
                line = _line(record | {name: _shown(record[name]) for name in ("inputs", "outputs")})
            with self._lock:
                self._file.write(line)
                self._file.flush()
        except Exception:  # a full disk, a value that cannot even be shown
            self.dropped += 1

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError:
            self.dropped += 1


def _line(record: dict[str, Any]) -> str:
    text = json.dumps(record, ensure_ascii=False, default=str)
    if text != writable(text):  # half a surrogate pair: its escape is lossless
        text = json.dumps(record, default=str)
    return text + "\n"


def _shown(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in values.items()}


class LangSmithSink:
    """LangSmith, or any server that speaks its interface. Spans leave in a thread that holds nobody up.

    Parameters
    ----------
    endpoint, api_key, project
        ``LANGSMITH_ENDPOINT``, ``LANGSMITH_API_KEY`` and ``LANGSMITH_PROJECT`` where not given.
    timeout_s
        Longest wait for the server.
    close_s
        Longest wait at the end for what is left; what has not been taken by then counts as dropped.

    Raises
    ------
    ConfigError
        When there is neither a key nor an endpoint: nothing is sent to a public service by accident.
    """

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        timeout_s: float = 2.0,
        close_s: float = 0.8,
    ) -> None:
        endpoint = endpoint or os.environ.get("LANGSMITH_ENDPOINT")
        api_key = api_key or os.environ.get("LANGSMITH_API_KEY")
        if not endpoint and not api_key:
            raise ConfigError(
                "tracing to LangSmith is on, but nothing says where: set LANGSMITH_API_KEY (and, for a server of your "
                "own, LANGSMITH_ENDPOINT), or turn it off with LANGSMITH_TRACING=false"
            )
        with named_extras():
            from langsmith import Client
            from urllib3.util import Retry
        _silence()
        self.project = project or os.environ.get("LANGSMITH_PROJECT") or "specbench"
        self.client = Client(
            api_url=endpoint,
            api_key=api_key,
            timeout_ms=int(1000 * timeout_s),
            retry_config=Retry(total=0),
            auto_batch_tracing=False,  # its own threads keep a program alive while a dead server is waited for
            info={},
            tracing_error_callback=self._failed,
        )
        self._close_s = close_s
        self._lost = self._waiting = 0
        self._failure = False
        self._lock = Lock()
        self._spans: SimpleQueue[Span | None] = SimpleQueue()
        self._over = Event()
        Thread(target=self._deliver, name="specbench-langsmith", daemon=True).start()

    @property
    def dropped(self) -> int:
        """Spans that did not arrive; after :meth:`close` also those of which nobody knows."""
        return self._lost + (self._waiting if self._closed else 0)

    @property
    def _closed(self) -> bool:
        return self._over.is_set()

    def put(self, span: Span) -> None:
        """Hand the span to the thread."""
        with self._lock:
            self._waiting += 1
        self._spans.put(span)

    def close(self) -> None:
        """Wait a short time for what is under way."""
        if self._closed:
            return
        self._spans.put(None)
        self._over.wait(self._close_s)
        self._over.set()

    def _deliver(self) -> None:
        """Send what there is, batch by batch."""
        ended = False
        while not (ended or self._closed):
            batch = [self._spans.get()]
            while len(batch) < _BATCH and not self._spans.empty():
                batch.append(self._spans.get())
            ended = None in batch
            spans = [span for span in batch if span is not None]
            self._failure = False
            try:
                self.client.batch_ingest_runs(create=[_run(span, self.project) for span in spans])
            except Exception:  # a tracing service is no reason to fail
                self._failure = True
            with self._lock:
                if not self._closed:
                    self._waiting -= len(spans)
                    self._lost += len(spans) if self._failure else 0
        self._over.set()

    def _failed(self, error: Exception) -> None:
        self._failure = True


_BATCH = 100


def _run(span: Span, project: str) -> dict[str, Any]:
    """A span as LangSmith takes it."""
    return {
        "id": str(span.id),
        "trace_id": str(span.root.id),
        "parent_run_id": None if span.parent is None else str(span.parent.id),
        "dotted_order": span.dotted_order,
        "name": span.name,
        "run_type": span.kind,
        "start_time": span.started,
        "end_time": span.ended,
        "inputs": _plain(span.inputs),
        "outputs": _plain(span.outputs),
        "error": span.error,
        "extra": {"metadata": span.metadata},
        "session_name": project,
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON can hold them: what is none stands there as Python shows it."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    except (TypeError, ValueError, RecursionError):
        return _shown(values)
    return plain


def _silence() -> None:
    """LangSmith's own log tells failed requests with their content; we count them instead."""
    logger = logging.getLogger("langsmith.client")
    if not any(isinstance(each, _Never) for each in logger.filters):
        logger.addFilter(_Never())


class _Never(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return False
