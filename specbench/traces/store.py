"""Loading and writing traces: files and folders → a stream of :class:`~specbench.core.types.Trace`, and back."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat, zip_longest
from pathlib import Path

from specbench.core.errors import ConfigError, TraceError
from specbench.core.files import atomic_file
from specbench.core.types import Trace
from specbench.core.workers import Workers
from specbench.traces.counted_once import CountedOnce
from specbench.traces.effects import Declared, Effects, apply_effects, read_effects
from specbench.traces.elsewhere import ReadBefore, read_elsewhere
from specbench.traces.json_files import OnError
from specbench.traces.json_heads import read_head
from specbench.traces.reading import told
from specbench.traces.reports import FileReport, ReadReport
from specbench.traces.schema import encode_trace
from specbench.traces.sources import Source, detect_source, get_source
from specbench.traces.sources.by_function import ByFunction, RecordToTrace
from specbench.traces.splitting import Split, split
from specbench.traces.trace_files import SIDE_FILES, SUFFIXES, Paths, trace_files, unpacked

__all__ = [
    "SIDE_FILES",
    "SUFFIXES",
    "FileReport",
    "Paths",
    "ReadReport",
    "Split",
    "load",
    "read_effects",
    "read_traces",
    "split",
    "write_traces",
]

READ_BESIDE = {"sgd": ("schema.json",)}
"""Those that a reader takes more from: they are data too, and are hashed."""

_log = logging.getLogger("specbench.traces")


def read_traces(
    paths: Paths,
    format: str | Source | type[Source] | None = None,
    skip_invalid: bool = False,
    *,
    effects: Effects | None = None,
    report: ReadReport | None = None,
    keep_prefixes: bool = False,
    record_to_trace: RecordToTrace | None = None,
    workers: Workers | None = None,
) -> Iterator[Trace]:
    """Stream the traces of files and folders.

    Parameters
    ----------
    paths
        A file or folder, or several. Folders are searched with their sub-folders, in sorted order, for files that end
        in one of :data:`SUFFIXES`; hidden files and :data:`SIDE_FILES` are passed over. A file that is reached twice is
        read once. What is packed (``.gz``, ``.zip``, ``.eval``) is looked into.
    format
        Name of the reader for every file. Otherwise each file's own content decides.
    skip_invalid
        Skip records (and files) that cannot be read instead of raising. The reasons go to ``report``, or to the log
        when there is none.
    effects
        What the tools do, or a JSON file of it (:mod:`specbench.traces.effects`): overrides what the traces declare. A
        trace that declares no tools gets all of these. (One that declares some is not given more: that would tell what
        it will call.)
    report
        Filled while the stream is read.
    keep_prefixes
        Keep traces that are the beginning of another one, or its copy. Otherwise, of a format that is used for logs
        of requests, only the longest form of a conversation counts.
    record_to_trace
        Makes a trace of a record, for files of any other shape: takes the parsed record, returns a
        :class:`~specbench.core.types.Trace` (or a list of them), chat messages, or ``None``.
    workers
        Read files side by side, such as those of :func:`specbench.cluster`; the files lie under the same names there.

    Returns
    -------
    iterator of Trace
        Trace ids are unique in it. JSON Lines are read line by line; the formats that are one JSON list, file by file.

    Raises
    ------
    TraceError
        A path does not exist, a file is not recognised (a ``TraceFormatError``), a record is broken.
    ConfigError
        The format does not exist.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "chat.jsonl"
    >>> _ = path.write_text('{"messages": [{"role": "user", "content": "hi"}]}')
    >>> [(trace.trace_id, len(trace.messages)) for trace in read_traces(path)]
    [('chat:1', 1)]
    """
    if record_to_trace is not None and format is not None:
        raise ConfigError("give either format or record_to_trace, not both")
    forced = get_source(format) if format is not None else None
    if record_to_trace is not None:
        forced = ByFunction(record_to_trace)
    overrides = read_effects(effects) if effects is not None else {}
    return _stream(trace_files(paths), forced, skip_invalid, overrides, report, keep_prefixes, workers)


def load(
    paths: Paths,
    format: str | Source | type[Source] | None = None,
    skip_invalid: bool = False,
    *,
    effects: Effects | None = None,
    keep_prefixes: bool = False,
    record_to_trace: RecordToTrace | None = None,
) -> tuple[list[Trace], ReadReport]:
    """Read all traces into memory; returns them with a report of what was read and skipped. See :func:`read_traces`."""
    report = ReadReport()
    stream = read_traces(
        paths, format, skip_invalid,
        effects=effects, report=report, keep_prefixes=keep_prefixes, record_to_trace=record_to_trace,
    )  # fmt: skip
    return list(stream), report


def _stream(
    files: list[Path],
    forced: Source | None,
    skip_invalid: bool,
    effects: Mapping[str, Declared],
    report: ReadReport | None,
    keep_prefixes: bool,
    workers: Workers | None,
) -> Iterator[Trace]:
    once: CountedOnce[FileReport] = CountedOnce()
    entries = report.files if report is not None else []
    if report is not None:
        report.declared.update(effects)
    seen: dict[str, int] = {}

    def counted(pairs: Iterable[tuple[Trace, FileReport]]) -> Iterator[Trace]:
        for trace, entry in pairs:
            entry.count(trace)
            if report is not None and effects:
                called = (call.name for message in trace.messages for call in message.tool_calls)
                report.tools.update(trace.tools, called)
            yield apply_effects(trace, effects) if effects else trace

    read: Iterable[list[ReadBefore | None]] = repeat([]) if workers is None else read_elsewhere(files, forced, workers)
    for path, before in zip(files, read, strict=workers is not None):
        opening = FileReport(str(path))
        collect = _collect(opening, report is None) if skip_invalid else _raise
        try:
            digest = _sha256(path) if report is not None else ""
            with unpacked(path) as inside:
                for (label, file), done in zip_longest(inside, before[: len(inside)]):
                    entry = FileReport(label, sha256=digest)
                    entries.append(entry)
                    on_error = _named(_collect(entry, report is None) if skip_invalid else _raise, file, label)
                    for trace, source in _unique_traces(file, entry, done or forced, on_error, seen, len(entries)):
                        if source.counted_once and not keep_prefixes:
                            yield from counted(once.add(trace, entry))
                        else:
                            yield from counted(once.rest())
                            yield from counted([(trace, entry)])
        except TraceError as error:
            if opening.path not in {entry.path for entry in entries}:
                entries.append(opening)
            collect(error.at(path=path))
    yield from counted(once.rest())
    for entry in once.left_out:
        entry.counted_once += 1


def _unique_traces(
    file: Path, entry: FileReport, forced: Source | None, on_error: OnError, seen: dict[str, int], number: int
) -> Iterator[tuple[Trace, Source]]:
    """Yield a file's traces, under ids that no other trace has."""
    try:
        source = forced or detect_source(file, read_head(file))
    except TraceError as error:
        on_error(error.at(path=file))
        return
    entry.format = source.name
    if entry.sha256:
        sides = [file.with_name(name) for name in READ_BESIDE.get(source.name, ())]
        entry.beside = {side.name: _sha256(side) for side in sides if side.is_file()}
    for trace in told(source, file, on_error):
        unique = _unique(trace, seen, number)
        if unique is None:
            on_error(
                TraceError(
                    "the trace id occurs twice in the file",
                    path=file,
                    field="trace_id",
                    got=trace.trace_id,
                    remedy="give every trace an id of its own (in τ-bench files: task_id and trial)",
                )
            )
            continue
        entry.renamed += unique is not trace
        yield unique, source


def _named(on_error: OnError, file: Path, label: str) -> OnError:
    """Tell errors of a file that was unpacked with the name of where it is packed."""

    def named(error: TraceError) -> None:
        if error.path is not None and Path(error.path) == file:
            error.path = label
        on_error(error)

    return named


def _raise(error: TraceError) -> None:
    raise error


def _collect(entry: FileReport, log: bool) -> OnError:
    def on_error(error: TraceError) -> None:
        entry.skipped.append(str(error))
        if log:
            _log.warning("skipped: %s", error)

    return on_error


def _unique(trace: Trace, seen: dict[str, int], file: int) -> Trace | None:
    """Return the trace under an id that is not taken, or ``None`` when its own file has used its id already."""
    if trace.trace_id not in seen:
        seen[trace.trace_id] = file
        return trace
    if seen[trace.trace_id] == file:
        return None
    # Two files of one name (run-1/gpt-4o.json, run-2/gpt-4o.json) give the same ids to different traces.
    number = 2
    while (name := f"{trace.trace_id}~{number}") in seen:
        if seen[name] == file:
            return None
        number += 1
    seen[name] = file
    return replace(trace, trace_id=name)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TraceError(f"the file cannot be read ({error.strerror})", path=path) from error


def write_traces(path: str | Path, traces: Iterable[Trace]) -> int:
    """Write traces as JSON Lines, schema v1; returns how many.

    The file appears whole or not at all: it is written beside its place and then renamed.

    Raises
    ------
    TraceError
        When a trace cannot be written, or two have the same id.

    Examples
    --------
    >>> import tempfile
    >>> from specbench.core.types import Message
    >>> target = Path(tempfile.mkdtemp()) / "traces.jsonl"
    >>> write_traces(target, [Trace("t", "task", "doc", (Message("user", "hi"),))])
    1
    >>> [trace.trace_id for trace in read_traces(target)]
    ['t']
    """
    target = Path(path)
    seen: set[str] = set()

    def unwritable(why: str) -> TraceError:
        return TraceError(f"the file cannot be written ({why})", path=target)

    with atomic_file(target, unwritable) as temporary, temporary.open("xb") as file:
        for trace in traces:
            if trace.trace_id in seen:
                raise TraceError("two traces have the same id", path=target, field="trace_id", got=trace.trace_id)
            seen.add(trace.trace_id)
            try:
                file.write(encode_trace(trace))
            except TraceError as error:
                raise error.at(path=target, line=len(seen)) from None
    return len(seen)
