"""A results folder that is replaced as a whole, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from specbench.core.errors import ConfigError
from specbench.core.json_output import read_json

__all__ = ["KIND", "replaced_folder", "told_when_full"]

KIND = "specbench study"
NO_MORE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors of a disk that takes no more."""


@contextmanager
def replaced_folder(out: str | Path, kind: str = KIND) -> Iterator[Path]:
    """Yield a new folder beside ``out``; it becomes ``out`` when the block ends well, and is removed when it does not.

    Parameters
    ----------
    out
        A folder that does not exist, is empty, or was made by the same command before; that one is kept until the new
        one is whole.
    kind
        The command; the folder's ``config.json`` names it as ``kind``.

    Raises
    ------
    ConfigError
        When ``out`` holds anything else.

    Examples
    --------
    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp()) / "run"
    >>> with replaced_folder(out) as folder:
    ...     _ = (folder / "a.txt").write_text("whole")
    >>> [path.name for path in out.parent.iterdir()]
    ['run']
    """
    mark = secrets.token_hex(4)
    try:
        target = Path(out).resolve()
        _refuse_foreign(target, kind)
        fresh, old = (target.with_name(f".{target.name}.{mark}.{kind}") for kind in ("new", "old"))
        fresh.mkdir(parents=True)
    except (OSError, RuntimeError) as error:  # the latter: links that go round in a circle
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{out} cannot be written ({why}); choose another --out") from error
    try:
        with told_when_full(out):
            yield fresh
        _refuse_foreign(target, kind)
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
def told_when_full(out: str | Path) -> Iterator[None]:
    """Turn what a disk that takes no more raises, whoever was writing, into an error that says so.

    Raises
    ------
    ConfigError
        When the disk is full, the quota is used up, or the disk fails.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in NO_MORE:
            raise
        why = os.strerror(error.errno)
        raise ConfigError(f"{out} cannot be written ({why}); make room, or choose another --out") from error


def _refuse_foreign(target: Path, kind: str) -> None:
    if not target.exists():
        return
    remedy = "choose another --out, or move it away"
    if not target.is_dir():
        raise ConfigError(f"{target} is a file, not a folder; {remedy}")
    if not any(target.iterdir()):
        return
    try:
        config = read_json(target / "config.json")
    except ConfigError:
        config = None
    if not isinstance(config, dict) or config.get("kind") != kind:
        raise ConfigError(f"{target} is not empty and was not made by `{kind}`, so it is not replaced; {remedy}")
