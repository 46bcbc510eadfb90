"""specbench's own format: JSON Lines, schema v1 (:mod:`specbench.traces.schema`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.types import Trace
from specbench.traces.json_files import OnError, convert_records, json_lines
from specbench.traces.json_heads import peek
from specbench.traces.schema import trace_from_dict
from specbench.traces.sources.base import Source

__all__ = ["SpecbenchJsonl"]


class SpecbenchJsonl(Source):
    """Reads specbench's own JSON Lines; streamed."""

    name = "specbench_jsonl"

    def detect(self, path: Path, head: str) -> bool:
        """A first line that is an object with the key ``specbench``."""
        first = peek(head)
        return not first.listed and "specbench" in first.keys

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a line."""

        def convert(line: int, record: Any) -> Trace:
            return trace_from_dict(record)

        return convert_records(path, json_lines(path, on_error, unique_keys=True), convert, on_error)
