from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.traces.json_arguments import MAX_DEPTH, parse_arguments, too_deep

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON))
def test_every_json_object_is_read_back(arguments: dict[str, object]) -> None:
    assert parse_arguments(json.dumps(arguments)) == (arguments, None)


@given(st.dictionaries(st.text(), JSON))
def test_every_python_literal_is_read_back(arguments: dict[str, object]) -> None:
    text = repr(arguments)
    if "inf" not in text:
        assert parse_arguments(text, python_literals=True) == (arguments, None)


@given(st.text())
def test_any_text_gives_arguments_or_itself(text: str) -> None:
    arguments, invalid = parse_arguments(text, python_literals=True)
    assert invalid is None or (arguments == {} and invalid == text)


def test_the_last_of_two_equal_keys_wins() -> None:
    assert parse_arguments('{"a": 1, "b": 0, "a": 2}') == ({"a": 2, "b": 0}, None)


def test_nan_is_allowed() -> None:
    arguments, invalid = parse_arguments('{"x": NaN}')
    assert math.isnan(arguments["x"])
    assert invalid is None


@pytest.mark.parametrize("text", ["[1]", '"a"', "3", "{", '{"a": ', "{'a': 1}", "{a: 1}", '{"a": 1} x'])
def test_what_is_no_json_object_is_kept_as_text(text: str) -> None:
    assert parse_arguments(text) == ({}, text)


@pytest.mark.parametrize("text", ["", " ", "null", "None", "{}", '""', '"null"', '"{}"'])
def test_no_arguments_have_several_spellings(text: str) -> None:
    assert parse_arguments(text) == ({}, None)


def test_what_is_encoded_twice_and_raw_line_breaks_are_read() -> None:
    assert parse_arguments(json.dumps('{"a": 1}')) == ({"a": 1}, None)
    assert parse_arguments('{"a": "one\ntwo"}') == ({"a": "one\ntwo"}, None)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 100_000])
@pytest.mark.parametrize("python_literals", [False, True])
def test_deep_nesting_is_invalid_and_never_overflows(depth: int, python_literals: bool) -> None:
    text = '{"a": ' + "[" * depth + "]" * depth + "}"
    assert parse_arguments(text, python_literals=python_literals) == ({}, text)


def test_the_depth_limit_itself_is_valid() -> None:
    text = '{"a": ' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}"
    assert parse_arguments(text)[1] is None
    assert not too_deep(json.loads(text))


def test_python_literals_are_repaired_only_when_asked() -> None:
    text = "{'order_id': '#W1', 'gift': True, 'note': None, 'ids': ('a', 'b')}"
    assert parse_arguments(text) == ({}, text)
    expected = {"order_id": "#W1", "gift": True, "note": None, "ids": ["a", "b"]}
    assert parse_arguments(text, python_literals=True) == (expected, None)


@pytest.mark.parametrize(
    "text",
    [
        "{1: 'a'}",
        "{'a': b'x'}",
        "{'a': {1, 2}}",
        "{'a'}",
        "{'a': 1 + 2j}",
        "{'a': print(1)}",
        "{'a': __import__('os')}",
        "{'a': ...}",
    ],
)
def test_python_values_that_json_has_not_are_invalid(text: str) -> None:
    assert parse_arguments(text, python_literals=True) == ({}, text)


def test_a_backslash_in_a_literal_raises_no_warning() -> None:
    assert parse_arguments(r"{'path': 'C:\data'}", python_literals=True) == ({"path": r"C:\data"}, None)


def test_a_number_too_long_to_convert_is_invalid() -> None:
    for number in ("9" * 5000, "0x" + "f" * 5000):
        text = '{"a": [' + number + "]}"
        assert parse_arguments(text, python_literals=True) == ({}, text)
