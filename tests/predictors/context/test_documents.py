"""Documents in texts: JSON, literals of Python, records; prose stays what it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.predictors.context.documents import document_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["C"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
)


@given(text=st.text())
def test_any_text_can_be_read(text: str) -> None:
    document_in(text)


@given(value=st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1, max_size=4))
def test_what_python_prints_is_what_it_was(value: dict[str, Any]) -> None:
    text = repr(value)
    if "\\" not in text:
        assert document_in(text) == value


def test_keys_that_come_again_begin_a_record() -> None:
    text = "title: One\nurl: a://b\ntitle: Two\nurl: a://c"
    assert document_in(text) == [{"title": "One", "url": "a://b"}, {"title": "Two", "url": "a://c"}]


def test_values_keep_their_types() -> None:
    assert document_in("id: '007'\ncount: 7\nopen: true\nnote: null") == {
        "id": "007", "count": 7, "open": True, "note": None,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["Done.", "", "One line: with a key", "We went.\nThen: we came back\nand stayed."])
def test_prose_stays_prose(text: str) -> None:
    assert document_in(text) == text
