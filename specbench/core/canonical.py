"""The canonical form of a JSON value: one text for every spelling of the same value.

Two tool calls are *equal* when their canonical forms are equal. Key order, the spelling of numbers
(``1``, ``1.0``, ``1e0``) and white space between tokens do not matter; values do: ``"1"`` is not ``1``,
``true`` is not ``1``, ``"a "`` is not ``"a"``, and ``[1, 1]`` is not ``[1]``. Strings are compared code
point by code point (no Unicode normalisation: a database would not normalise either).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

__all__ = ["canonical"]


def canonical(value: Any) -> str:
    """Return the canonical JSON text of ``value``.

    Parameters
    ----------
    value
        A JSON value: ``None``, ``bool``, ``int``, ``float``, ``str``, a sequence (list or tuple) or a
        mapping with string keys, nested to any depth that Python can recurse.

    Returns
    -------
    str
        The same text for equal values, different texts for different ones. NaN and the infinities, which
        JSON has not but Python's parser accepts, are spelt ``NaN``, ``Infinity`` and ``-Infinity``.

    Raises
    ------
    TypeError
        When a value is not JSON (a set, bytes, an object, a key that is no string).

    Examples
    --------
    >>> canonical({"b": 1.0, "a": [True, "1"]}) == canonical({"a": [True, "1"], "b": 1})
    True
    >>> canonical({"zip": "01234"})
    '{"zip":"01234"}'
    >>> canonical(1) == canonical("1"), canonical(1) == canonical(True)
    (False, False)
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return int.__repr__(value)  # a kind of int, such as an IntEnum, is its number
    if isinstance(value, float):
        return _number(value)
    if type(value) is dict or isinstance(value, Mapping):
        parts = []
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a JSON object has string keys; got {key!r} ({type(key).__name__})")
        for key in sorted(value):
            parts.append(f"{encode_basestring(key)}:{canonical(value[key])}")
        return "{" + ",".join(parts) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    raise TypeError(
        f"not a JSON value: {value!r} ({type(value).__name__}); use str, int, float, bool, None, list, dict"
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer():
        return str(int(value))
    return float.__repr__(value)  # not numpy's
