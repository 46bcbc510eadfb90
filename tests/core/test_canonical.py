"""The canonical form: equal values have one text, different values have two."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from specbench.core.canonical import canonical, spelling
from specbench.core.types import ToolCall

NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5)
)


def shuffled(value: Any, order: random.Random) -> Any:
    """The same JSON value, spelt otherwise: keys in another order, whole numbers as the other type, lists as tuples."""
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    if isinstance(value, list):
        kind = order.choice((list, tuple))
        return kind(shuffled(each, order) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int) and abs(value) < 2**53 and order.random() < 0.5:
        return float(value)
    if isinstance(value, float) and value.is_integer() and order.random() < 0.5:
        return int(value)
    return value


def plain(value: Any) -> Any:
    """A second, slow definition of equality: a value whose Python equality is JSON equality."""
    if isinstance(value, bool) or value is None:
        return ("atom", repr(value))
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, str):
        return ("text", value)
    if isinstance(value, dict):
        return ("object", frozenset((key, plain(each)) for key, each in value.items()))
    return ("list", tuple(plain(each) for each in value))


@given(value=VALUES, seed=st.integers(0, 2**32))
def test_the_spelling_does_not_matter(value: Any, seed: int) -> None:
    assert canonical(value) == canonical(shuffled(value, random.Random(seed)))


@given(first=VALUES, second=VALUES)
def test_the_text_is_equal_exactly_when_the_value_is(first: Any, second: Any) -> None:
    assert (canonical(first) == canonical(second)) == (plain(first) == plain(second))


@given(value=VALUES)
def test_the_text_is_json_of_the_same_value(value: Any) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)
    assert canonical(json.loads(json.dumps(value))) == canonical(value)


@given(first=VALUES, second=VALUES, third=VALUES, seed=st.integers(0, 2**32))
def test_equality_of_calls_is_an_equivalence(first: Any, second: Any, third: Any, seed: int) -> None:
    pool = [first, shuffled(first, random.Random(seed)), second, third]
    a, b, c = (ToolCall("t", {"x": each}) for each in random.Random(seed).choices(pool, k=3))
    assert a == a
    assert (a == b) == (b == a)
    if a == b and b == c:
        assert a == c
    if a == b:
        assert hash(a) == hash(b)


@given(value=VALUES, text=st.text())
def test_values_matter(value: Any, text: str) -> None:
    assert canonical(value) != canonical([value])
    assert canonical(value) != canonical({text: value})
    assert canonical([value]) != canonical([value, value])
    assume(not isinstance(value, str))
    assert canonical(value) != canonical(canonical(value))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, "1"),
        (1, True),
        (0, False),
        (0, None),
        ("", None),
        ({}, []),
        ({"a": None}, {}),
        ([1, 2], [2, 1]),
        ([1, 1], [1]),
        ("a", "a "),
        ("é", "e\u0301"),
        ("A", "a"),
        (0.1 + 0.2, 0.3),
        (10**30, 10**30 + 1),
        (2**53 + 1, float(2**53)),
        ([[1], 2], [1, [2]]),
        ({"a": {"b": 1}}, {"a": 1, "b": 1}),
        (math.inf, "Infinity"),
        (math.inf, -math.inf),
    ],
)
def test_different_values_differ(first: Any, second: Any) -> None:
    assert canonical(first) != canonical(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 1.0),
        (0, -0.0),
        (1000, 1e3),
        ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}),
        ((1, 2), [1, 2]),
        (math.nan, float("nan")),
        (10**22, 1e22),
    ],
)
def test_equal_values_are_equal(first: Any, second: Any) -> None:
    assert canonical(first) == canonical(second)


def test_text_is_kept_code_point_by_code_point() -> None:
    assert canonical('żółć "🙂"\n\u2028') == '"żółć \\"🙂\\"\\n\u2028"'


@pytest.mark.parametrize("value", [{1, 2}, b"a", object(), {1: "a"}, {None: "a"}, [{"a": {3: 1}}]])
def test_what_is_not_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"not a JSON value|a JSON object has string keys"):
        canonical(value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 1.0),
        (0.0, -0.0),
        (10**22, 1e22),
        ((1, 2), [1, 2]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([{"a": [1]}], [{"a": [1.0]}]),
    ],
)
def test_what_python_can_tell_apart_is_spelt_differently(first: Any, second: Any) -> None:
    assert canonical(first) == canonical(second)
    assert spelling(first) != spelling(second)


def test_what_the_schema_calls_a_number_has_one_spelling() -> None:
    schema = {"properties": {"x": {"type": "number"}, "y": {"items": {"type": ["number", "null"]}}}}
    assert spelling({"x": 1, "y": [2, None]}, schema) == spelling({"x": 1.0, "y": [2.0, None]}, schema)
    assert spelling({"x": 0}, schema) != spelling({"x": -0.0}, schema)
    assert spelling({"x": True}, schema) != spelling({"x": 1}, schema)
    assert spelling({"z": 1}, schema) != spelling({"z": 1.0}, schema)
    assert spelling(1, {"type": "integer"}) != spelling(1.0, {"type": "integer"})


@given(VALUES)
def test_the_spelling_is_what_json_gives_back(value: Any) -> None:
    assert spelling(value) == spelling(json.loads(json.dumps(value)))


@given(VALUES, st.randoms(use_true_random=False))
def test_one_spelling_means_that_all_is_shown_alike(value: Any, order: random.Random) -> None:
    other = shuffled(value, order)
    assert (spelling(value) == spelling(other)) == (repr(value) == repr(other))
