"""Places to write to, tried before the work whose result is to lie there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["try_place"]


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
