"""Files and folders that are written whole or not at all, and never over what is somebody else's.

A file or folder is written beside its place under a hidden name and renamed when it is whole. What was there before
stays until then. Places can be tried, and what is foreign refused, before the work whose results go there.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TypeAlias

from specbench.core.errors import ConfigError

__all__ = [
    "MakeError",
    "atomic_file",
    "disk_errors_as",
    "followed",
    "not_writable",
    "refuse_foreign",
    "replaced_folder",
    "tell_full_disk",
    "try_place",
]

HEAD_BYTES = 64 * 2**10
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors of a disk that takes no more."""

MakeError: TypeAlias = Callable[[str], Exception]
"""Makes the error to raise from the reason that the disk gives ("No space left on device")."""


@contextmanager
def atomic_file(path: str | Path, error: MakeError | None = None) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; the file moves to ``path`` when the block ends well.

    When the block raises, the new file is removed and an older one stays. Missing parents are made. The file is on the
    disk before it moves, so that a crash of the machine leaves the old one or the new one.

    Parameters
    ----------
    path
        Where the file belongs.
    error
        Makes what is raised instead of an ``OSError``; by default it is raised as it is.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new" / "a.txt"
    >>> with atomic_file(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text(), [each.name for each in target.parent.iterdir()]
    ('whole', ['a.txt'])
    """
    target = Path(path)
    temporary = _beside(target)
    with disk_errors_as(error) if error is not None else nullcontext():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            with suppress(OSError):  # gone when all went well; a parent may be a file
                temporary.unlink()


@contextmanager
def replaced_folder(out: str | Path, check: Callable[[Path], None], error: MakeError | None = None) -> Iterator[Path]:
    """Yield a new folder beside ``out``; it becomes ``out`` when the block ends well, and is removed when it does not.

    An older folder is kept until the new one is whole, and comes back when the exchange is interrupted.

    Parameters
    ----------
    out
        The folder. A link stays one: the folder that it points to is replaced.
    check
        Told the folder with all links followed, before the block and again after it; raises when what lies there must
        not be replaced.
    error
        Makes what is raised where the new folder cannot be made; default: "cannot be written, choose another --out".

    Examples
    --------
    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp()) / "run"
    >>> with replaced_folder(out, check=lambda folder: None) as folder:
    ...     _ = (folder / "a.txt").write_text("whole")
    >>> [path.name for path in out.parent.iterdir()]
    ['run']
    """
    with disk_errors_as(error or not_writable(out)):
        target = followed(out)
        check(target)
        fresh, old = _beside(target), _beside(target)
        fresh.mkdir(parents=True)
    try:
        yield fresh
        check(target)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        if old.exists() and not target.exists():  # interrupted between the two renames
            old.rename(target)
        shutil.rmtree(fresh, ignore_errors=True)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def disk_errors_as(make: MakeError) -> Iterator[None]:
    """Raise what ``make`` makes of the reason, wherever the block raises an ``OSError``.

    Examples
    --------
    >>> with disk_errors_as(lambda why: ConfigError(f"no such book: {why}")):
    ...     open("/nowhere")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: no such book: No such file or directory
    """
    try:
        yield
    except OSError as error:
        raise make(error.strerror or str(error)) from error


@contextmanager
def tell_full_disk(out: str | Path) -> Iterator[None]:
    """Turn what a disk that takes no more raises, whoever was writing, into an error that says so.

    Raises
    ------
    ConfigError
        When the disk is full, the quota is used up, or the disk fails.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        why = os.strerror(error.errno)
        raise ConfigError(f"{out} cannot be written ({why}); make room, or choose another --out") from error


def not_writable(target: str | Path) -> MakeError:
    """Return what makes the error of an output of the command line that cannot be written.

    Examples
    --------
    >>> not_writable("runs/a")("Not a directory")
    ConfigError('runs/a cannot be written (Not a directory); choose another --out')
    """
    return lambda why: ConfigError(f"{target} cannot be written ({why}); choose another --out")


def try_place(path: str | Path) -> None:
    """Make a folder beside ``path`` and take it away again, with those of its parents that were missing.

    Permissions and file systems are too many to reason about; only an attempt tells.

    Raises
    ------
    OSError
        When nothing can be written there.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> try_place(home / "deep" / "new"), list(home.iterdir())
    (None, [])
    """
    place = _beside(Path(path))
    missing = [parent for parent in place.parents if not parent.exists()]
    try:
        place.mkdir(parents=True)
        place.rmdir()
    finally:
        for parent in missing:
            with suppress(OSError):
                parent.rmdir()


def refuse_foreign(target: str | Path, mark: str, inputs: Sequence[str | Path | None] = ()) -> None:
    """Raise where a file would be overwritten that is read here, or that specbench did not write.

    Parameters
    ----------
    target
        The file to be written.
    mark
        A text that stands in every such file of specbench's own, near its beginning.
    inputs
        Files and folders that are read.

    Examples
    --------
    >>> refuse_foreign("README.md", "none", ["README.md"])
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: README.md is read here, so it is not overwritten; choose another --out
    """
    place = Path(target).resolve()
    for each in (Path(given).resolve() for given in inputs if given is not None):
        if place == each or (place.is_file() and place.is_relative_to(each)):
            raise ConfigError(f"{target} is read here, so it is not overwritten; choose another --out")
    if not place.is_file():
        return
    try:
        with place.open("rb") as file:
            head = file.read(HEAD_BYTES).decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{target} cannot be read ({error.strerror}); choose another --out") from error
    if head.strip() and mark not in head:
        raise ConfigError(
            f"{target} is there and was not written by this command, so it is not overwritten; choose another --out, "
            "or move it away"
        )


def followed(path: str | Path) -> Path:
    """Return where a path leads, all links followed.

    Raises
    ------
    OSError
        When links go round in a circle, whatever Python raises for it.
    """
    try:
        place = Path(path).resolve()
    except RuntimeError as error:
        raise OSError(errno.ELOOP, str(error)) from error
    if place.is_symlink():  # from Python 3.13 on a circle is no error
        raise OSError(errno.ELOOP, f"Symlink loop from {path}")
    return place


def _beside(target: Path) -> Path:
    """Return a hidden name beside ``target`` that nothing has."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
