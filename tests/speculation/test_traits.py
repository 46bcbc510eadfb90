"""Key patterns: what a write may touch."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.types import ToolCall
from specbench.speculation import Traits
from specbench.speculation.traits import keys_of, touches

ITEM = Traits(("item:{x}",))


@given(x=st.text() | st.integers(), y=st.text() | st.integers())
def test_the_same_values_always_touch(x: object, y: object) -> None:
    write, read = ToolCall("put", {"x": x}), ToolCall("get", {"x": y})
    same = ToolCall("get", {"x": x})
    assert touches(write, ITEM, same, ITEM)
    if "*" not in f"{x}{y}":
        assert touches(write, ITEM, read, ITEM) == (keys_of(write, ITEM.keys) == keys_of(read, ITEM.keys))


PATTERN = st.text(alphabet="ab*", max_size=4)


@given(one=PATTERN, two=PATTERN)
def test_patterns_touch_if_any_key_matches_both(one: str, two: str) -> None:
    """Against all texts of up to six letters, which are enough for patterns of four."""
    write, read = ToolCall("put", {}), ToolCall("get", {})
    texts = ("".join(letters) for size in range(7) for letters in product("ab", repeat=size))
    both = any(fnmatchcase(text, one) and fnmatchcase(text, two) for text in texts)
    assert touches(write, Traits((one,)), read, Traits((two,))) is both


@pytest.mark.parametrize(
    ("of_write", "of_read", "expected"),
    [
        (Traits(), ITEM, True),
        (ITEM, Traits(), True),
        (Traits(("item:*",)), ITEM, True),
        (ITEM, Traits(("item:*",)), True),
        (Traits(("user:{x}",)), ITEM, False),
        (Traits(("user:{x}", "item:{missing}")), ITEM, True),
    ],
)
def test_without_keys_and_with_stars(of_write: Traits, of_read: Traits, expected: bool) -> None:
    assert touches(ToolCall("put", {"x": 1}), of_write, ToolCall("get", {"x": 2}), of_read) is expected


def test_brackets_and_question_marks_are_ordinary() -> None:
    assert not touches(ToolCall("put", {"x": "[ab]"}), ITEM, ToolCall("get", {"x": "a"}), ITEM)
    assert not touches(ToolCall("put", {"x": "?"}), ITEM, ToolCall("get", {"x": "a"}), ITEM)
    assert touches(ToolCall("put", {"x": "[ab]"}), ITEM, ToolCall("get", {"x": "[ab]"}), ITEM)


@pytest.mark.parametrize(
    "wrong", [{"keys": "item"}, {"keys": ("item:{x",)}, {"max_staleness_s": -1}, {"cache_ttl_s": -1}]
)
def test_wrong_traits_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"write \('item',\)|key pattern|seconds, 0 or more"):
        Traits(**wrong)  # type: ignore[arg-type]
