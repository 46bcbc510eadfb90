"""Reading files in other processes: what a reader found in a file travels back, and is told as if it were read here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from specbench.core.errors import ClusterError, TraceError
from specbench.core.types import Trace
from specbench.core.workers import Workers
from specbench.traces.json_files import OnError
from specbench.traces.json_heads import read_head
from specbench.traces.reading import told
from specbench.traces.sources import Source, detect_source
from specbench.traces.trace_files import unpacked

__all__ = ["ReadBefore", "read_elsewhere"]


class ReadBefore(Source):
    """Stands for the reader that has read a file already.

    Parameters
    ----------
    name, counted_once
        Of that reader.
    found
        Traces and errors, in the file's order.
    path
        What the file was called there: errors name it, and are told with the name that it has here.
    """

    name = ""

    def __init__(self, source: Source, path: Path, found: Sequence[Trace | TraceError]) -> None:
        self.name, self.counted_once = source.name, source.counted_once  # type: ignore[misc]
        self.path, self.found = path, found

    def detect(self, path: Path, head: str) -> bool:
        """Say no: it reads one file."""
        return False

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Tell again what was found."""
        for each in self.found:
            if isinstance(each, Trace):
                yield each
                continue
            if each.path is not None and Path(each.path) == self.path:
                each.path = path
            on_error(each)


def read_elsewhere(files: Sequence[Path], forced: Source | None, workers: Workers) -> Iterator[list[ReadBefore | None]]:
    """Yield, for each file, what a worker has read in it, or in the files that are packed in it.

    Parameters
    ----------
    files
        They lie under the same names where the workers are.
    forced
        The reader of all files; otherwise each file's own content decides.
    workers
        Who reads.
    """
    yield from workers.in_order(_read, [(path.absolute(), forced) for path in files])


def _read(path: Path, forced: Source | None) -> list[ReadBefore | None]:
    """Read a file; ``None`` where it has no reader: whoever asked finds out why."""
    if not path.is_file():
        raise ClusterError(f"a worker does not find {path}; put traces where every worker has them under this name")
    out: list[ReadBefore | None] = []
    try:
        with unpacked(path) as inside:
            for _, file in inside:
                try:
                    source = forced or detect_source(file, read_head(file))
                except TraceError:
                    out.append(None)
                    continue
                found: list[Trace | TraceError] = []
                for trace in told(source, file, found.append):
                    found.append(trace)
                out.append(ReadBefore(source, file, found))
    except TraceError:
        return []
    return out
