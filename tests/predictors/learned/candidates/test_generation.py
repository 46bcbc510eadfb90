"""What candidates look like at a moment: which of a list comes next, which one the user has named."""

from __future__ import annotations

import json

import pytest

from specbench.core.types import Message, ToolCall, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import FEATURES, Moment
from specbench.predictors.learned.candidates.generation import list_candidates
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.counting import count
from specbench.predictors.learned.counts.parameters import ParameterIndex

ITEMS = {"Red Grill": "g", "Desk Lamp": "l", "Water Bottle": "b"}
ORDER = {"items": [{"name": name, "product": product} for name, product in ITEMS.items()]}


def order_of(*products: str) -> Message:
    items = [item for item in ORDER["items"] if item["product"] in products]
    return Message("tool", json.dumps({"items": items}), name="get_order")


def called(product: str) -> Message:
    return Message("assistant", "", (ToolCall("get_product", {"product": product}),))


@pytest.fixture(scope="module")
def counts() -> ParameterIndex:
    """In training a product has always come from the items of an order."""
    return count(
        [Trace(f"t{n}", f"task{n}", "test", (order_of("g", "l", "b"), called("glb"[n % 3]))) for n in range(9)]
    )


def marked(counts: ParameterIndex, index: ContextIndex, feature: str) -> list[str]:
    """The candidates of the product that have a feature."""
    (each,) = list_candidates([LiveParameter(counts, "get_product", "product", None)], Moment(index)).each
    flags = each.features[:, FEATURES.index(feature)]
    return [text for text, flag in zip(each.texts, flags.tolist(), strict=True) if flag]


@pytest.mark.parametrize(
    ("said", "first", "second"),
    [("My order, please", "g", "l"), ("My most recent order, please", "b", "l"), ("The latest one!", "b", "l")],
)
def test_a_list_is_gone_through_from_its_end_when_the_latest_was_asked_for(
    counts: ParameterIndex, said: str, first: str, second: str
) -> None:
    index = ContextIndex().extend([Message("user", said), order_of("g", "l", "b")])
    for feature in ("first_unused", "first_of_place"):
        assert marked(counts, index, feature) == [first]
    assert marked(counts, index, "next_after_used") == []
    index.append(called(first))
    for feature in ("first_unused", "first_of_place", "next_after_used"):
        assert marked(counts, index, feature) == [second]


def test_each_list_has_its_first_also_after_a_map_of_all_there_is(counts: ParameterIndex) -> None:
    everything = {"Apron": "a", "Bottle": "b", "Grill": "g", "Lamp": "l"}
    index = ContextIndex().extend(
        [order_of("l"), order_of("g", "b"), Message("tool", json.dumps(everything), name="list_products")]
    )
    assert marked(counts, index, "first_of_place") == ["l", "g"]
    index.append(called("g"))
    assert marked(counts, index, "first_of_place") == ["l", "b"]
    assert marked(counts, index, "next_after_used") == ["b"]


def test_the_one_whose_name_was_said_best_is_told_until_it_is_used(counts: ParameterIndex) -> None:
    index = ContextIndex().extend([Message("user", "Do you have red desk lamps?"), order_of("g", "l", "b")])
    assert marked(counts, index, "title_now") == ["g", "l"]
    assert marked(counts, index, "title_best") == ["l"]
    index.append(called("l"))
    assert marked(counts, index, "title_best") == ["g"]


def test_of_values_that_the_user_has_given_the_first_one_not_used_is_told(counts: ParameterIndex) -> None:
    index = ContextIndex().extend([order_of("g", "l", "b"), Message("user", "Check l, then g")])
    assert marked(counts, index, "first_said") == ["l"]
    index.append(called("l"))
    index.append(Message("user", "Go on"))
    assert marked(counts, index, "first_said") == ["g"]
    index.append(called("g"))
    assert marked(counts, index, "first_said") == []
