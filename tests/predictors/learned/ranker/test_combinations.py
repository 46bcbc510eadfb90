"""Whole calls: values that stand side by side, and earlier calls moved on, are proposed and weighed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from specbench.core.types import Message, ToolCall
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import OTHER, Candidates
from specbench.predictors.learned.counts.argument_types import ArgumentType
from specbench.predictors.learned.counts.tables import ABSENT, ParameterCounts
from specbench.predictors.learned.ranker.call_ranker import COMBINED, CallRanker, combined_features
from specbench.predictors.learned.ranker.combinations import MOST, Combination, EarlierCalls, RankedCandidates, combine

NAMES = ("date", "destination", "origin")
TRIP = [
    {"origin": "JFK", "destination": "SFO", "date": "2024-05-20"},
    {"origin": "SFO", "destination": "JFK", "date": "2024-05-24"},
]


def conversation(*calls: ToolCall) -> ContextIndex:
    booking = ToolCall("get_booking", {"id": "B1"})
    index = ContextIndex().extend(
        [
            Message("user", "my booking B1"),
            Message("assistant", "", (booking,)),
            Message("tool", json.dumps({"flights": TRIP}), name="get_booking"),
        ]
    )
    for call in calls:
        index.extend([Message("assistant", "", (call,)), Message("tool", "[]", name=call.name)])
    return index


def ranked(index: ContextIndex) -> list[RankedCandidates]:
    """Every value of the trip for every parameter that it may fill, equally probable."""
    out = []
    for name in NAMES:
        paths = ["date"] if name == "date" else ["origin", "destination"]
        rows = sorted({row for path in paths for row in index.rows(f"get_booking.flights[].{path}")})
        texts = [*(index.texts[row] for row in rows), OTHER]
        links = {f"get_booking.flights[].{path}": 1.0 if path == name else 0.1 for path in paths}
        p = np.full(len(texts), 1 / len(texts), np.float32)
        features = np.zeros((len(texts), 1), np.float32)
        out.append(
            RankedCandidates(
                Candidates(name, ArgumentType(None, {}), texts, [*rows, -1], features, links),
                p,
                list(range(len(texts))),
            )
        )
    return out


def values(flight: dict[str, Any]) -> tuple[str, ...]:
    return tuple(flight[name] for name in NAMES)


def search(tool: str = "search", **arguments: str) -> ToolCall:
    return ToolCall(tool, arguments)


def proposed(index: ContextIndex, tool: str = "search") -> dict[tuple[str, ...], Any]:
    earlier = EarlierCalls(tool, NAMES, index)
    return {each.chosen: each for each in combine(ranked(index), {}, earlier, index)}


def test_values_of_one_flight_are_proposed_together() -> None:
    found = proposed(conversation())
    assert all(found[values(flight)].whole for flight in TRIP)
    assert found[values(TRIP[0])].group != found[values(TRIP[1])].group
    assert all(origin != destination for _, destination, origin in found)
    assert len(found) <= MOST + 6


def test_the_next_day_the_way_back_and_the_other_tool_are_proposed() -> None:
    found = proposed(conversation(search(**TRIP[0])))
    assert ("2024-05-21", "SFO", "JFK") in found
    assert ("2024-05-20", "JFK", "SFO") in found
    other = search("search_elsewhere", origin="LAX", destination="BOS", date="2024-06-01")
    assert ("2024-06-01", "BOS", "LAX") in proposed(conversation(other))


def test_features_tell_what_was_called_and_what_comes_next() -> None:
    index = conversation(search(**TRIP[0]))
    earlier = EarlierCalls("search", NAMES, index)
    found = combine(ranked(index), {}, earlier, index)
    features = combined_features(found, earlier, index)
    at = {name: number for number, name in enumerate(COMBINED)}
    rows = {each.chosen: features[row] for row, each in enumerate(found)}
    assert rows[values(TRIP[0])][at["repeat"]] == 1
    assert rows[values(TRIP[1])][at["next_whole"]] == rows[values(TRIP[1])][at["first_whole"]] == 1
    assert rows["2024-05-21", "SFO", "JFK"][at["next_day"]] == 1
    assert rows["2024-05-20", "JFK", "SFO"][at["swapped_last"]] == 1
    assert features[-1, at["is_other"]] == 1
    assert np.isfinite(features).all()


def test_the_way_back_of_an_earlier_call_is_not_that_of_the_last() -> None:
    index = conversation(search(**TRIP[0]), search(origin="SFO", destination="LAX", date="2024-05-24"))
    earlier = EarlierCalls("search", NAMES, index)
    found = combine(ranked(index), {}, earlier, index)
    features = combined_features(found, earlier, index)
    at = {name: number for number, name in enumerate(COMBINED)}
    rows = {each.chosen: features[row] for row, each in enumerate(found)}
    back = rows[values(TRIP[1])]
    assert (back[at["swapped_last"]], back[at["swapped_ever"]]) == (0, 1)
    # All of it stands in the booking, none of it in what the user wrote.
    assert back[at["user_ever"]] == 0


def test_values_that_wait_for_a_call_are_counted_and_those_that_stand_in_it_twice() -> None:
    index = conversation()
    index.append(Message("user", "To JFK from SFO"))
    found = [
        Combination(chosen, 0.1)
        for chosen in [("2024-05-20", "JFK", "SFO"), ("2024-05-20", "JFK", "JFK"), (ABSENT, "LAX", ABSENT)]
    ]
    features = combined_features(found, EarlierCalls("search", NAMES, index), index)
    columns = features[:3][:, [COMBINED.index(name) for name in ("placed", "placed_most", "doubled")]]
    assert columns.tolist() == [[2, 1, 0], [1, 0, 1], [0, 0, 0]]


def test_what_a_word_announces_follows_the_counts() -> None:
    counts = ParameterCounts()
    counts.cue(["refund"], "card")
    assert counts.announced("refund") == []
    counts.cue(["refund"], "card")
    assert counts.announced("refund") == [("card", 2 / 3)]
    counts.cue(["refund"], "credit")
    assert dict(counts.announced("refund"))["card"] < 2 / 3


def test_the_call_ranker_learns_to_go_through_a_list_in_order() -> None:
    lists, targets = [], []
    for calls in ((), (search(**TRIP[0]),)):
        index = conversation(*calls)
        earlier = EarlierCalls("search", NAMES, index)
        found = combine(ranked(index), {}, earlier, index)
        right = values(TRIP[len(calls)])
        lists.append(combined_features(found, earlier, index))
        targets.append(next(row for row, each in enumerate(found) if each.chosen == right))
    ranker = CallRanker(seed=1)
    assert not ranker.fitted
    ranker.fit(lists * 40, targets * 40)
    copy = CallRanker()
    copy.restore(ranker.state())
    for p, same, target in zip(ranker.probabilities(lists), copy.probabilities(lists), targets, strict=True):
        assert int(p.argmax()) == target
        assert np.array_equal(p, same)


def test_arguments_that_are_no_scalars_and_no_dates_do_no_harm() -> None:
    odd = ToolCall("search", {"origin": ["JFK"], "destination": None, "date": "9999-12-31"})
    assert proposed(conversation(odd))


def test_a_part_of_a_name_is_not_placed_beside_the_whole() -> None:
    index = ContextIndex().extend([Message("user", "When is High Life on in Oslo?")])
    earlier = EarlierCalls("times", ("city", "movie", "theater"), index)
    chosen = [("Oslo", "High Life", "High"), ("Oslo", "High Life", ABSENT)]
    rows = combined_features([Combination(each, 0.5) for each in chosen], earlier, index)
    assert rows[0, COMBINED.index("placed")] == rows[1, COMBINED.index("placed")] == 2


def test_a_name_that_holds_another_value_is_told() -> None:
    index = ContextIndex().extend([Message("user", "When is Fidlar in Berkeley?")])
    earlier = EarlierCalls("dates", ("city", "event"), index)
    chosen = [("Berkeley", "Fidlar in Berkeley"), ("Berkeley", "Fidlar"), ("Ber", "Berkeley")]
    rows = combined_features([Combination(each, 0.5) for each in chosen], earlier, index)
    assert rows[:3, COMBINED.index("inside")].tolist() == [1, 0, 0]


def test_a_call_ranker_of_other_features_is_refused() -> None:
    state = CallRanker().state()
    with pytest.raises(ValueError, match="other features"):
        CallRanker().restore({**state, "features": COMBINED[:-1]})
