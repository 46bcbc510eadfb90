"""Records of any shape, made into traces by a function of the user's: ``sb.read(path, record_to_trace=...)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from specbench.core.errors import SpecbenchError, TraceError
from specbench.core.types import Trace
from specbench.traces.json_files import OnError, convert_records, records
from specbench.traces.sources.base import Source
from specbench.traces.sources.openai_chat import chat_trace
from specbench.traces.sources.parquet import parquet_rows

__all__ = ["ByFunction", "RecordToTrace"]

RecordToTrace: TypeAlias = Callable[[Any], "Trace | dict[str, Any] | list[Any] | None"]
"""Takes a parsed record; returns a trace or several, chat messages (``{messages, tools}`` or a list), or ``None``."""


class ByFunction(Source):
    """Reads JSON Lines, JSON and Parquet with a function that makes a record a trace.

    Parameters
    ----------
    record_to_trace
        The function.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.jsonl"
    >>> _ = path.write_text('{"who": "hi", "bot": "hello"}')
    >>> def talk(record):
    ...     return [{"role": "user", "content": record["who"]}, {"role": "assistant", "content": record["bot"]}]
    >>> [len(trace.messages) for trace in ByFunction(talk).read(path, print)]
    [2]
    """

    name = "record_to_trace"

    def __init__(self, record_to_trace: RecordToTrace) -> None:
        self._function = record_to_trace

    def detect(self, path: Path, head: str) -> bool:
        """Every file: it was named."""
        return True

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield what the function makes of each record."""
        try:
            with path.open("rb") as file:
                parquet = file.read(4) == b"PAR1"
        except OSError as error:
            on_error(TraceError(f"the file cannot be opened ({error.strerror})", path=path))
            return
        rows = parquet_rows(path, on_error) if parquet else records(path, on_error, whole=lambda value: False)
        yield from convert_records(path, rows, lambda number, record: self._made(path, number, record), on_error)

    def _made(self, path: Path, number: int, record: Any) -> Iterable[Trace]:
        try:
            made = self._function(record)
        except SpecbenchError:
            raise
        except Exception as error:
            raise TraceError(
                f"record_to_trace raised {type(error).__name__}: {error}", got=record,
                remedy="mend the function; it may return None for a record that is no conversation",
            ) from error  # fmt: skip
        if made is None:
            return []
        if isinstance(made, Trace):
            return [made]
        if isinstance(made, list) and made and all(isinstance(each, Trace) for each in made):
            return made
        if not isinstance(made, (dict, list)):
            raise TraceError(
                f"record_to_trace gave {type(made).__name__}", got=made,
                remedy="return a specbench.Trace (or a list of them), chat messages, or None",
            )  # fmt: skip
        return [chat_trace(self.name, path, number, made)]
