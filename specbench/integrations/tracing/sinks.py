"""Where spans go. A sink never blocks and never breaks a run: what it cannot deliver it counts and drops."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.integrations.tracing.spans import Span

__all__ = ["JsonlSink", "LangSmithSink", "Sink"]


class Sink(Protocol):
    """Takes finished spans."""

    dropped: int

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
    return json.dumps(record, ensure_ascii=False, default=str) + "\n"


def _shown(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in values.items()}


class LangSmithSink:
    """LangSmith, or any server that speaks its interface. Spans leave in a background thread, with short timeouts.

    Parameters
    ----------
    endpoint, api_key, project
        ``LANGSMITH_ENDPOINT``, ``LANGSMITH_API_KEY`` and ``LANGSMITH_PROJECT`` where not given.
    timeout_s
        Longest wait for the server, and for what is left at the end.

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
        self.dropped = 0
        self.project = project or os.environ.get("LANGSMITH_PROJECT") or "specbench"
        self._timeout_s = timeout_s
        self.client = Client(
            api_url=endpoint,
            api_key=api_key,
            timeout_ms=int(1000 * timeout_s),
            retry_config=Retry(total=0),
            tracing_error_callback=self._failed,
        )

    def put(self, span: Span) -> None:
        """Hand the span to the background thread."""
        try:
            self.client.create_run(
                span.name,
                dict(span.inputs),
                span.kind,
                id=span.id,
                trace_id=span.root.id,
                dotted_order=span.dotted_order,
                parent_run_id=None if span.parent is None else span.parent.id,
                start_time=span.started,
                end_time=span.ended,
                outputs=dict(span.outputs),
                error=span.error,
                extra={"metadata": span.metadata},
                project_name=self.project,
            )
        except Exception as error:  # a tracing service is no reason to fail
            self._failed(error)

    def close(self) -> None:
        """Wait a short time for what is under way."""
        try:
            self.client.flush(timeout=self._timeout_s)
            self.client.close(timeout=self._timeout_s)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.dropped += 1


def _silence() -> None:
    """LangSmith's own log tells failed requests with their content; we count them instead."""
    logger = logging.getLogger("langsmith.client")
    if not any(isinstance(each, _Never) for each in logger.filters):
        logger.addFilter(_Never())


class _Never(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return False
