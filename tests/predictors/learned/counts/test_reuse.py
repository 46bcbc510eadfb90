"""Whose values other tools reuse: "a hotel there" is where the flight goes, also after a tool never seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import FEATURES, Moment
from specbench.predictors.learned.candidates.generation import list_candidates
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.reuse import ReuseRates
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker

CITIES = ("Oslo", "Rome", "Lima", "Cairo", "Delhi", "Quito", "Paris", "Tokyo", "Accra", "Sofia")
NAMES = st.sampled_from(("origin", "destination", "origin_city", "from_city", "date"))
COUNTS = st.lists(st.tuples(NAMES, st.booleans()), max_size=30)


def spec(name: str, *parameters: str) -> ToolSpec:
    properties = {each: {"type": "string"} for each in parameters}
    return ToolSpec(name, "", {"properties": properties, "required": list(parameters)}, Effect.READ)


BUS, HOTEL = spec("find_bus", "origin", "destination"), spec("find_hotel", "city")
FLIGHT = spec("find_flight", "origin_city", "destination_city")


def journey(tool: ToolSpec, start: str, goal: str, *, turned: bool) -> list[Message]:
    """From one city to another, and a hotel "there"; no words say which is which."""
    first, second = tool.properties
    return [
        Message("user", f"{goal}, {start}." if turned else f"{start}, {goal}."),
        Message("assistant", "", (ToolCall(tool.name, {first: start, second: goal}),)),
        Message("tool", "[]", name=tool.name),
        Message("assistant", "There is one at noon."),
        Message("user", "Now find a hotel there."),
    ]


def traces() -> list[Trace]:
    draw = np.random.default_rng(0)
    out = []
    for number in range(40):
        start, goal = draw.choice(CITIES, 2, replace=False).tolist()
        found = Message("assistant", "", (ToolCall("find_hotel", {"city": goal}),))
        messages = (*journey(BUS, start, goal, turned=bool(draw.random() < 0.5)), found)
        out.append(Trace(f"{number}", f"{number}", "", messages, {each.name: each for each in (BUS, HOTEL)}))
    return out


@pytest.fixture(scope="module")
def ranker() -> ArgumentRanker:
    out = ArgumentRanker(seed=0)
    out.fit(traces())
    return out


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("start", "goal"), [("Oslo", "Rome"), ("Rome", "Oslo"), ("Paris", "Tokyo"), ("Lima", "Cairo")])
def test_there_is_where_one_goes_also_with_a_tool_never_seen(
    ranker: ArgumentRanker, start: str, goal: str, turned: bool
) -> None:
    moment = Moment(ContextIndex(None, ranker.counts.prefixes()).extend(journey(FLIGHT, start, goal, turned=turned)))
    ranked = ranker.rank({"find_hotel": [LiveParameter(ranker.counts, "find_hotel", "city", HOTEL)]}, moment)
    (best,) = ranker.fill(ranked, moment, k=1)["find_hotel"]
    assert best.call.arguments == {"city": goal}


def test_what_is_learned_on_counts_at_once() -> None:
    counts = ParameterIndex()
    index = ContextIndex().extend(journey(FLIGHT, "Oslo", "Rome", turned=False))
    at = FEATURES.index("reuse_rate")

    def rates() -> dict[str, float]:
        each = list_candidates([LiveParameter(counts, "find_hotel", "city", HOTEL)], Moment(index)).each[0]
        return {text: float(rate) for text, rate in zip(each.texts, each.features[:, at].tolist(), strict=True)}

    before = rates()
    counts.learn(ToolCall("find_hotel", {"city": "Rome"}), HOTEL, index)
    assert before["Rome"] == before["Oslo"] < rates()["Rome"] and rates()["Oslo"] < rates()["Rome"]


def test_tools_with_a_parameter_of_the_name_do_not_count() -> None:
    rates = ReuseRates()
    rates.count(ToolCall("book_bus", {"origin": "Oslo"}), None, [ToolCall("find_bus", {"origin": "Oslo"})])
    rates.count(ToolCall("find_bus", {}), BUS, [ToolCall("find_flight", {"origin": "Oslo"})])
    assert rates.counts == {}


@given(one=COUNTS, two=COUNTS)
def test_rates_are_shares_and_counts_add_up(one: list[tuple[str, bool]], two: list[tuple[str, bool]]) -> None:
    def counted(*many: list[tuple[str, bool]]) -> ReuseRates:
        rates = ReuseRates()
        for name, reused in (each for some in many for each in some):
            rates.count(ToolCall("b", {"x": "1" if reused else "2"}), None, [ToolCall("a", {name: "1"})])
        return rates

    together, apart, again = counted(one, two), counted(one), ReuseRates()
    apart.add(counted(two))
    again.restore(together.state())
    names = ("origin", "destination", "origin_city", "city", "never_heard", "")
    assert [each.of(name) for each in (apart, again) for name in names] == [together.of(name) for name in names] * 2
    assert all(0 <= together.of(name) <= 1 for name in names)
