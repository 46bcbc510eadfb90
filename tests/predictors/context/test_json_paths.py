"""Scalars of a JSON document with their normalised paths."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.predictors.context.json_paths import MAX_LEAVES, walk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=5),
)


def scalars(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for child in value.values() for each in scalars(child)]
    if isinstance(value, list):
        return [each for child in value for each in scalars(child)]
    return [] if value is None else [value]


@given(document=JSON)
def test_every_scalar_is_a_leaf_in_order(document: Any) -> None:
    leaves, groups = walk(document)
    assert [leaf.value for leaf in leaves if not leaf.path.endswith("#key")] == scalars(document)
    assert all(leaf.group < len(groups) for leaf in leaves)


@given(document=JSON)
def test_ordinals_count_the_values_of_a_path(document: Any) -> None:
    counts: dict[str, list[int]] = {}
    for leaf in walk(document)[0]:
        counts.setdefault(leaf.path.removesuffix("#key"), []).append(leaf.ordinal)
    for path, ordinals in counts.items():
        if not path.endswith(".*"):
            assert ordinals == list(range(len(ordinals)))


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        (7, {""}),
        ([1, [2]], {"[]", "[][]"}),
        ({"a": {"b": [{"c": 1}]}}, {".a.b[].c"}),
        ({"#W1": {"x": 1}, "#W2": {"x": 2}}, {".*#key", ".*.x"}),
        ({"Red": 1, "Blue": 2, "Green": 3, "Black": 4}, {".*#key", ".*"}),
        ({"Red": 1, "Blue": 2}, {".Red", ".Blue"}),
        ({"address1": 1, "x12345": 2}, {".address1", ".*#key", ".*"}),
        ({}, set()),
        (None, set()),
    ],
)
def test_paths_name_places_not_data(document: Any, paths: set[str]) -> None:
    assert {leaf.path for leaf in walk(document)[0]} == paths


def test_the_words_of_a_group_are_those_of_the_object() -> None:
    leaves, groups = walk([{"name": "Desk Lamps", "id": 1, "options": {"color": "red"}}, {"name": "Bottle", "id": 2}])
    by_id = {leaf.value: groups[leaf.group] for leaf in leaves if leaf.key == "id"}
    assert {number: group.words for number, group in by_id.items()} == {1: {"desk", "lamp", "red"}, 2: {"bottle"}}
    assert {number: group.title for number, group in by_id.items()} == {1: ("desk", "lamp"), 2: ("bottle",)}


def test_an_object_holds_the_things_below_it() -> None:
    leaves, groups = walk({"order": "W1", "items": [{"name": "Desk Lamp"}, {"name": "Red Shoes"}]})
    assert [groups[leaf.group].things for leaf in leaves] == [{"lamp", "shoe"}, {"lamp"}, {"shoe"}]


def test_entries_of_a_map_are_called_by_their_keys_and_people_are_no_things() -> None:
    leaves, groups = walk({"Desk Lamp": "1", "Bottle": "2", "Shoes": "3", "Grill": "4"})
    assert [groups[leaf.group].title for leaf in leaves if leaf.value == "1"] == [("desk", "lamp")]
    for key in ("first_name", "last_name", "user_name", "firstName"):
        assert walk({key: "Ann"})[1][-1].title == ()
    for key in ("restaurant_name", "title", "eventName", "track_title"):
        assert walk({key: "Ann"})[1][-1].title == ("ann",)


def test_big_and_deep_documents_are_bounded() -> None:
    assert len(walk(list(range(100_000)))[0]) == MAX_LEAVES
    assert len(walk({f"K{number}": 1 for number in range(100_000)})[0]) <= MAX_LEAVES + 1
    assert len(walk([{}] * 100_000)[1]) <= MAX_LEAVES + 1
    assert len(walk([{"a": {}}] * 100_000)[1]) <= MAX_LEAVES + 1
    deep = json.loads("[" * 900 + "1" + "]" * 900)
    assert walk(deep)[0][0].path == "[]" * 900
