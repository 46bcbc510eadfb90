"""Parquet files of conversations (Hugging Face data sets): one row a record, read as the same record in JSON would be.

Columns ``messages`` (or ``prompt`` and ``completion``, or ``conversations``), ``tools``, ``task_id`` ...: see
:mod:`specbench.traces.sources.openai_chat` and :mod:`specbench.traces.sources.sharegpt`. The shards of a lake
(:mod:`specbench.traces.lake`) are read, too. Needs pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.extras import named_extras
from specbench.core.types import Trace
from specbench.traces.json_files import OnError, convert_records
from specbench.traces.lake.rows import TRACE, trace_of
from specbench.traces.sources.base import Source
from specbench.traces.sources.openai_chat import chat_trace
from specbench.traces.sources.sharegpt import ShareGPT

__all__ = ["Parquet", "parquet_rows"]

_ROWS_AT_ONCE = 256


class Parquet(Source):
    """Reads Parquet files, a few rows at a time."""

    name = "parquet"

    def detect(self, path: Path, head: str) -> bool:
        """The four letters that every Parquet file begins with."""
        return head.startswith("PAR1")

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield one trace a row.

        Raises
        ------
        MissingExtraError
            When pyarrow is not installed.
        """
        sharegpt = ShareGPT()

        def convert(number: int, record: Any) -> Trace:
            if TRACE in record:
                return trace_of(record[TRACE])
            if sharegpt.knows(record):
                return sharegpt.convert(path, number, record)
            return chat_trace(self.name, path, number, record)

        return convert_records(path, parquet_rows(path, on_error), convert, on_error)


def parquet_rows(path: Path, on_error: OnError) -> Iterator[tuple[int, Any]]:
    """Yield ``(number, row)`` of a Parquet file; a broken one goes to ``on_error``."""
    with named_extras():
        import pyarrow
        import pyarrow.parquet
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield number, _without_nulls(row)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        on_error(
            TraceError(f"the Parquet file cannot be read ({why})", path=path, remedy="is it whole? Download it again")
        )


def _without_nulls(value: Any) -> Any:
    """Leave out fields that are null: a column has a field for every row as soon as one row has it."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value
