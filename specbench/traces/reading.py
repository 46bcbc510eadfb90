"""One file, read by one reader: whatever the reader does, its errors are told with the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from specbench.core.errors import SpecbenchError, TraceError
from specbench.core.types import Trace
from specbench.traces.json_files import OnError
from specbench.traces.sources import Source

__all__ = ["told"]


def told(source: Source, path: Path, on_error: OnError) -> Iterator[Trace]:
    """Read a file; what a reader raises that is no error of ours, or gives that is no trace, is told with the file."""
    found = 0

    def counting(error: TraceError) -> None:
        nonlocal found
        found += 1
        on_error(error)

    try:
        for trace in source.read(path, counting):
            if not isinstance(trace, Trace):
                raise TypeError(f"it gave {trace!r}, which is no specbench.Trace")
            found += 1
            yield trace
        if not found:
            on_error(
                TraceError(
                    f"no conversation was found in the file (format {source.name})", path=path,
                    remedy="leave it out, or name its format (format=, --format)",
                )
            )  # fmt: skip
    except (SpecbenchError, GeneratorExit):
        raise
    except Exception as error:
        on_error(
            TraceError(
                f"the reader {source.name!r} raised {type(error).__name__}: {error}", path=path,
                remedy="mend the reader, or name another format",
            )
        )  # fmt: skip
