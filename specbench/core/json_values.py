"""Strict JSON, in which NaN becomes null, on the disk: written as a whole or not at all, and read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.files import atomic_file, disk_errors_as, not_writable, refuse_foreign, try_place
from specbench.core.text import writable

__all__ = ["check_file", "read_json", "strict", "write_json"]

RESULT = '"specbench": "'
"""What tells a result that specbench wrote: the version that did. (Traces have a number there.)"""


def strict(value: Any) -> Any:
    """Return ``value`` as plain JSON values; NaN and the infinities, which JSON has not, become ``None``.

    Parameters
    ----------
    value
        JSON values, numpy scalars and arrays, mappings, lists and tuples, paths.

    Examples
    --------
    >>> strict({"precision": float("nan"), "ci": (0.1, 0.2), "out": Path("runs")})
    {'precision': None, 'ci': [0.1, 0.2], 'out': 'runs'}
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    return str(value)


def write_json(path: str | Path, value: Any) -> Path:
    """Write ``value`` as strict JSON, the whole file or none.

    Raises
    ------
    ConfigError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> read_json(write_json(Path(tempfile.mkdtemp()) / "a.json", {"recall": float("nan")}))
    {'recall': None}
    """
    target = Path(path)
    text = _dumps(value, ensure_ascii=False)
    if text != writable(text):  # half a surrogate pair: its escape is lossless
        text = _dumps(value, ensure_ascii=True)
    with atomic_file(target, not_writable(target)) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def check_file(path: str | Path, inputs: Sequence[str | Path | None] = (), mark: str = RESULT) -> None:
    """Raise where :func:`write_json` could not or should not write: before the work whose numbers go there.

    Parameters
    ----------
    path
        The file.
    inputs
        Files and folders that are read: none of them is overwritten.
    mark
        A text in every file that the command writes: one without it is somebody else's.

    Raises
    ------
    ConfigError
        When ``path`` is a folder, cannot be written, is read, or is a file that the command did not write.

    Examples
    --------
    >>> check_file("/dev/null/a.json")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: /dev/null/a.json cannot be written (Not a directory); choose another --out
    """
    target = Path(path)
    with disk_errors_as(not_writable(target)):
        if target.is_dir():
            raise ConfigError(f"{target} is a folder, not a file; choose another --out")
        refuse_foreign(target, mark, inputs)
        try_place(target)


def _dumps(value: Any, *, ensure_ascii: bool) -> str:
    return json.dumps(strict(value), indent=1, ensure_ascii=ensure_ascii, allow_nan=False) + "\n"


def read_json(path: str | Path) -> Any:
    """Return the value of a JSON file.

    Raises
    ------
    ConfigError
        When it is not there or not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON ({error})") from error
