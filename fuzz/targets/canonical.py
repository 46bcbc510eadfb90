"""Any JSON value: one canonical form, which says of two values whether they are equal."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from fuzz.json_values import value_of
from fuzz.oracle import allowed
from specbench.core.canonical import canonical, spelling
from specbench.core.types import ToolCall
from specbench.traces.json_arguments import too_deep


def check(data: bytes) -> None:
    """Compare the values of a list, or the members of an object, in pairs."""
    value = value_of(data)
    if too_deep(value):
        return
    with allowed(20 * len(data)):
        form = canonical(value)
        assert canonical(json.loads(form)) == form
        assert canonical(_turned(value)) == form
        assert spelling(json.loads(json.dumps(value))) == spelling(value)
        parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        parts = list(islice(parts, 12))
        for one in parts:
            for other in parts:
                equal = canonical(one) == canonical(other)
                assert equal == _equal(one, other), (one, other)
                assert equal or spelling(one) != spelling(other), (one, other)
                calls = ToolCall("f", {"x": one}), ToolCall("f", {"x": other})
                assert (calls[0] == calls[1]) == equal
                assert not equal or hash(calls[0]) == hash(calls[1])


def _turned(value: Any) -> Any:
    """Return a value with the keys of its objects in the opposite order."""
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(each) for each in value] if isinstance(value, list) else value


def _equal(one: Any, other: Any) -> bool:
    """Whether two values mean the same, by the words of :mod:`specbench.core.canonical`."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or (one != one and other != other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)
