"""A predictor's state as JSON and named arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.errors import PredictorError

__all__ = ["pack", "unpack"]

_REFERENCE = "$array"
_KINDS = "float16, float32, float64, int8 … int64, uint8 … uint64, bool"
_DTYPES = frozenset(np.dtype(code) for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"))


def pack(value: Any, path: str, arrays: dict[str, npt.NDArray[Any]] | None) -> Any:
    """Return ``value`` as JSON, its arrays moved to ``arrays`` under their path.

    Parameters
    ----------
    value
        JSON values and numpy arrays, nested in mappings, lists and tuples.
    path
        Where it is in the whole, as a JSON pointer.
    arrays
        Filled; no array is allowed where it is ``None``.

    Raises
    ------
    PredictorError
        When there is anything else in it.

    Examples
    --------
    >>> arrays = {}
    >>> pack({"name": "head", "weights": np.zeros(2)}, "", arrays), list(arrays)
    ({'name': 'head', 'weights': {'$array': '/weights'}}, ['/weights'])
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.ndarray) and arrays is not None:
        if value.dtype.newbyteorder("=") not in _DTYPES:
            raise PredictorError(f"the state holds an array of {value.dtype} at {path!r}; allowed are {_KINDS}")
        arrays[path] = np.asarray(value, value.dtype.newbyteorder("<"), order="C")
        return {_REFERENCE: path}
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise PredictorError(
                    f"the state has the key {key!r} at {path!r}; keys are strings: convert it in state()"
                )
        # A key of the predictor's own that looks like a reference gets one more "$".
        return {
            "$" * key.startswith("$") + key: pack(each, f"{path}/{_step(key)}", arrays) for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [pack(each, f"{path}/{at}", arrays) for at, each in enumerate(value)]
    raise PredictorError(
        f"the state holds a {type(value).__module__}.{type(value).__qualname__} at {path!r}; allowed are str, int, "
        f"float, bool, None, list, tuple, dict and numpy arrays: convert it in state()"
    )


def _step(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")  # RFC 6901: no two paths are spelt alike


def unpack(value: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Return the value that :func:`pack` made JSON and arrays of."""
    if isinstance(value, list):
        return [unpack(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_REFERENCE}:
        return arrays[value[_REFERENCE]]
    return {key[1:] if key.startswith("$") else key: unpack(each, arrays) for key, each in value.items()}
