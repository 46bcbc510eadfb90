"""Files that are written: places tried beforehand, and what is not ours left alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from specbench.core.errors import ConfigError

__all__ = ["refuse_foreign", "try_place"]

HEAD_BYTES = 64 * 2**10


def try_place(path: Path) -> None:
    """Make a folder at ``path`` and take it away again, with those of its parents that were missing.

    Permissions and file systems are too many to reason about; only an attempt tells.

    Raises
    ------
    OSError
        When none can be made.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> try_place(home / "deep" / "new"), list(home.iterdir())
    (None, [])
    """
    missing = [parent for parent in path.parents if not parent.exists()]
    try:
        path.mkdir(parents=True)
        path.rmdir()
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
