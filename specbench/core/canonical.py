"""The canonical form of a JSON value, and its spelling: what makes two tool calls the same, where.

**Predictors, metrics and the simulator** ask whether two calls *mean* the same: equal calls have equal canonical
forms. Key order, the spelling of numbers (``1``, ``1.0``, ``1e0``) and white space between tokens do not matter;
values do: ``"1"`` is not ``1``, ``true`` is not ``1``, ``"a "`` is not ``"a"``, and ``[1, 1]`` is not ``[1]``. Strings
are compared code point by code point (no Unicode normalisation: a database would not normalise either).

**The executor** asks more before it gives the result of one call for another: can the tool tell them apart? A Python
function sees whether a number is ``50`` or ``50.0``, and the order of keys. :func:`spelling` keeps all that; what the
schema and the function prove to be invisible is left out in :meth:`specbench.runtime.Tool.key_of`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

__all__ = ["NOTHING", "canonical", "schema_in", "spelling"]


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
        items = []
        for each in value:  # not map: this takes half as much of Python's stack
            items.append(canonical(each))
        return "[" + ",".join(items) + "]"
    raise TypeError(
        f"not a JSON value: {value!r} ({type(value).__name__}); use str, int, float, bool, None, list, dict"
    )


NOTHING: Mapping[str, Any] = {}
"""The schema of what is not known."""
PLAIN = frozenset({str, int, bool, type(None), dict, list})


def spelling(value: Any, schema: Mapping[str, Any] = NOTHING) -> str:
    """Return a text that is the same only for values that Python code cannot tell apart.

    Parameters
    ----------
    value
        A JSON value, as for :func:`canonical`.
    schema
        Its JSON schema, if known: where that says ``number``, a whole number is one value as ``int`` and as ``float``.

    Raises
    ------
    TypeError
        When a value is not JSON.

    Examples
    --------
    >>> spelling({"b": 1.0, "a": [True]}), spelling({"a": [True], "b": 1})
    ('{"b":1.0,"a":[true]}', '{"a":[true],"b":1}')
    >>> spelling(50.0, {"type": "number"}) == spelling(50, {"type": "number"})
    True
    >>> spelling(-0.0, {"type": "number"}), spelling((1,))
    ('-0.0', '<tuple>[1]')
    """
    kind = type(value)
    if kind is float:
        whole = value.is_integer() and (value != 0 or math.copysign(1, value) > 0)
        return str(int(value)) if whole and _says_number(schema) else float.__repr__(value)
    if isinstance(value, Mapping):
        properties, members = schema.get("properties"), []
        for name, each in value.items():
            members.append(f"{spelling(name)}:{spelling(each, schema_in(properties, name))}")
        text = "{" + ",".join(members) + "}"
    elif isinstance(value, (list, tuple)):
        of_items, items = schema_in(schema, "items"), []
        for each in value:
            items.append(spelling(each, of_items))
        text = "[" + ",".join(items) + "]"
    else:
        text = canonical(value)
    return text if kind in PLAIN else f"<{kind.__qualname__}>{text}"


def schema_in(schemas: Any, name: str) -> Mapping[str, Any]:
    """Return the schema that ``schemas`` has under a name; an empty one where there is none."""
    found = schemas.get(name) if isinstance(schemas, Mapping) else None
    return found if isinstance(found, Mapping) else NOTHING


def _says_number(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    return kinds == "number" or (isinstance(kinds, (list, tuple)) and "number" in kinds)


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer():
        return str(int(value))
    return float.__repr__(value)  # not numpy's
