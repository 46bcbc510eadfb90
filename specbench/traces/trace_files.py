"""Which files hold traces: those of a folder, and those packed in a ``.gz`` or ``.zip`` (an ``.eval`` is one)."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeAlias

from specbench.core.errors import ConfigError, TraceError

__all__ = ["SIDE_FILES", "SUFFIXES", "Paths", "is_trace_name", "trace_files", "unpacked"]

Paths: TypeAlias = str | Path | Sequence[str | Path]

SUFFIXES = (".json", ".jsonl", ".ndjson", ".traj", ".eval", ".zip", ".gz", ".parquet", ".sqlite")
"""Endings of the files that are looked into in a folder and in an archive."""

SIDE_FILES = frozenset({
    "schema.json", "effects.json", "dataset_info.json", "predictor.json", "sessions-index.json", "package.json",
    "_lake.json",
})  # fmt: skip
"""JSON files that stand beside traces and hold none: passed over in a folder."""

MAX_UNPACKED_BYTES = 4 * 2**30
MAX_FILES = 100_000
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)


def is_trace_name(name: str) -> bool:
    """Tell from its name whether a file may hold traces.

    Examples
    --------
    >>> is_trace_name("run.traj"), is_trace_name("schema.json"), is_trace_name("agent-1.meta.json")
    (True, False, False)
    """
    return name.endswith(SUFFIXES) and name not in SIDE_FILES and not name.endswith(".meta.json")


def trace_files(paths: Paths) -> list[Path]:
    """Return the files that paths name, and those in folders, each once, in reading order."""
    endings = ", ".join(SUFFIXES)
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not given:
        raise ConfigError("no trace files were given; name at least one file or folder")
    found: dict[Path, Path] = {}
    for path in map(Path, given):
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if _is_trace_file(file, path)]
            if not inside:
                raise TraceError(
                    "the folder holds no trace files",
                    path=path,
                    remedy=f"give a folder with files that end in {endings}",
                )
        elif path.is_file():
            inside = [path]
        elif path.exists():
            raise TraceError(
                "this is a pipe or a device, which can be read but once", path=path, remedy="write it to a file first"
            )
        else:
            raise TraceError("there is no such file or folder", path=path, remedy="check the path")
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _is_trace_file(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return is_trace_name(file.name) and not hidden and file.is_file()


@contextmanager
def unpacked(path: Path) -> Iterator[list[tuple[str, Path]]]:
    """Give the files that a file holds, each with its name for people: itself, or what is packed inside.

    Raises
    ------
    TraceError
        When the archive is broken, protected, or unpacks to more than :data:`MAX_UNPACKED_BYTES`.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.json.gz").write_bytes(gzip.compress(b"[1]"))
    >>> with unpacked(folder / "a.json.gz") as files:
    ...     [(name.rpartition("/")[2], file.read_text()) for name, file in files]
    [('a.json.gz', '[1]')]
    """
    if _kind(path) is None:
        yield [(str(path), path)]
        return
    with tempfile.TemporaryDirectory(prefix="specbench-") as folder:
        try:
            files = _unpack(path, str(path), Path(folder), [MAX_UNPACKED_BYTES], depth=0)
        except _BROKEN as error:
            raise TraceError(
                f"the archive cannot be unpacked ({str(error)[:100] or type(error).__name__})",
                path=path,
                remedy="unpack it yourself and give the folder, or download it again if it is cut off",
            ) from error
        if not files:
            raise TraceError(
                "the archive holds no trace files", path=path, remedy=f"pack files that end in {', '.join(SUFFIXES)}"
            )
        yield files


def _kind(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise TraceError(f"the file cannot be opened ({error.strerror})", path=path) from error
    if magic.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zip" if magic in (b"PK\x03\x04", b"PK\x05\x06") else None


def _unpack(path: Path, label: str, folder: Path, left: list[int], depth: int) -> list[tuple[str, Path]]:
    """Unpack a file into a folder; what is packed twice (a .gz in a .zip) is unpacked once more."""
    kind = _kind(path) if depth < 3 else None
    if kind is None:
        return [(label, path)]
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "gzip":
        target = folder / (path.name.removesuffix(".gz") or "file")
        with gzip.open(path) as source:
            _copy(source, target, left)
        return _unpack(target, label, folder / "inside", left, depth + 1)
    found: list[tuple[str, Path]] = []
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MAX_FILES:
            raise ValueError(f"it holds more than {MAX_FILES} files")
        names = {member.filename for member in members}
        inspect_log = any(name.startswith("_journal/") or name == "header.json" for name in names)
        for number, member in enumerate(members):
            parts = [part for part in PurePosixPath(member.filename).parts if part not in ("/", ".", "..")]
            wanted = (
                bool(parts)
                and is_trace_name(parts[-1])
                and not any(part.startswith((".", "__MACOSX")) for part in parts)
            )
            sample = not inspect_log or parts[:1] == ["samples"]
            if not wanted or not (sample or member.filename in ("header.json", "_journal/start.json")):
                continue
            target = folder.joinpath(*(part[-100:] for part in parts))
            if target.exists():
                target = folder / str(number) / parts[-1][-100:]
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source:
                _copy(source, target, left)
            if sample:
                inside = f"{label}/{member.filename}"
                found += _unpack(target, inside, folder / f"inside-{number}", left, depth + 1)
    return found


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _copy(source: _Readable, target: Path, left: list[int]) -> None:
    with target.open("xb") as file:
        while chunk := source.read(2**20):
            left[0] -= len(chunk)
            if left[0] < 0:
                raise ValueError(f"it unpacks to more than {MAX_UNPACKED_BYTES // 2**30} GiB")
            file.write(chunk)
