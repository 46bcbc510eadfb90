"""Writing a lake: one pass over the traces, a bounded number of bytes in memory, the folder whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from specbench.core.errors import ConfigError, TraceError
from specbench.core.extras import named_extras
from specbench.core.files import replaced_folder
from specbench.core.types import Trace
from specbench.core.version import __version__
from specbench.traces.lake.rows import MANIFEST, TRACE, day_of, row_of, schema, source_of

__all__ = ["write_lake"]

GROUP_BYTES = 8 * 2**20
"""Text in a row group: what is read at once."""
SHARD_BYTES = 256 * 2**20
"""Text in a shard."""
HELD_BYTES = 128 * 2**20
"""Text that waits for its row group, in all shards together."""
OPEN_SHARDS = 64


def write_lake(out: str | Path, traces: Iterable[Trace], *, day_key: str | None = None) -> int:
    """Write traces as a lake; returns how many.

    The folder has a shard ``source=…/day=…/part-00000.parquet`` for every 256 MiB of traces of a source and day, and
    ``_lake.json``, which lists the shards with their numbers of traces and decisions and their hashes. It appears whole
    or not at all.

    Parameters
    ----------
    out
        The folder. An earlier lake there is replaced; anything else is not.
    traces
        Read once.
    day_key
        The field of a trace's metadata that holds its day; the usual ones when not given
        (:func:`specbench.traces.lake.rows.day_of`).

    Raises
    ------
    TraceError
        When a trace cannot be written, or two have the same id.
    ConfigError
        When ``out`` holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from specbench.core.types import Message
    >>> from specbench.traces.lake import Lake
    >>> folder = Path(tempfile.mkdtemp()) / "lake"
    >>> write_lake(folder, [Trace("t", "task", "doc", (Message("user", "hi"),))])
    1
    >>> [trace.trace_id for trace in Lake(folder)]
    ['t']
    """
    with replaced_folder(out, _check) as folder:
        writer = _Writer(folder)
        try:
            for trace in traces:
                writer.add(trace, day_key)
            shards = writer.finished()
        except BaseException:
            writer.abandon()
            raise
        facts = {"specbench_lake": 1, "specbench": __version__, "shards": shards}
        (folder / MANIFEST).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return len(writer.seen)


def _check(folder: Path) -> None:
    if folder.exists() and not (folder / MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} holds something else than a lake; choose another --out")


class _Writer:
    """All shards that are being written."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, set[str]()
        self.open: dict[str, _Shard] = {}
        self.parts: dict[str, int] = {}
        self.done: list[dict[str, Any]] = []
        with named_extras():
            import pyarrow.parquet  # noqa: F401

    def add(self, trace: Trace, day_key: str | None) -> None:
        """Put a trace into its shard."""
        if trace.trace_id in self.seen:
            raise TraceError("two traces have the same id", field="trace_id", got=trace.trace_id)
        self.seen.add(trace.trace_id)
        place = f"source={quote(source_of(trace), safe='')}/day={quote(day_of(trace, day_key), safe='')}"
        shard = self.open.get(place)
        if shard is None:
            if len(self.open) >= OPEN_SHARDS:
                self._close(max(self.open, key=lambda each: self.open[each].written))
            part = self.parts[place] = self.parts.get(place, -1) + 1
            shard = self.open[place] = _Shard(self.folder, f"{place}/part-{part:05d}.parquet")
        shard.add(row_of(trace))
        if shard.written + shard.held >= SHARD_BYTES:
            self._close(place)
        elif sum(each.held for each in self.open.values()) >= HELD_BYTES:
            max(self.open.values(), key=lambda each: each.held).flush()

    def _close(self, place: str) -> None:
        self.done.append(self.open.pop(place).close())

    def finished(self) -> list[dict[str, Any]]:
        """Close all shards and return what the manifest says of each."""
        for place in list(self.open):
            self._close(place)
        return sorted(self.done, key=lambda each: str(each["path"]))

    def abandon(self) -> None:
        """Close files that will be thrown away."""
        for shard in self.open.values():
            shard.writer.close()


class _Shard:
    """One file, and the rows that wait for it."""

    def __init__(self, folder: Path, name: str) -> None:
        import pyarrow.parquet as pq

        self.path, self.name = folder / name, name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.schema = schema()
        self.writer = pq.ParquetWriter(self.path, self.schema, compression="zstd")
        self.rows: list[dict[str, Any]] = []
        self.held = self.written = self.traces = self.decisions = self.calls = 0

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self.held += len(row[TRACE])
        self.traces, self.decisions, self.calls = (
            self.traces + 1, self.decisions + row["decisions"], self.calls + row["calls"],
        )  # fmt: skip
        if self.held >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the rows as one row group."""
        import pyarrow as pa

        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, self.schema), row_group_size=len(self.rows))
            self.written += self.held
            self.rows, self.held = [], 0

    def close(self) -> dict[str, Any]:
        self.flush()
        self.writer.close()
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "path": self.name, "bytes": self.path.stat().st_size, "sha256": digest, "traces": self.traces,
            "decisions": self.decisions, "calls": self.calls,
        }  # fmt: skip
