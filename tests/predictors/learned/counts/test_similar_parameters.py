"""What a new tool may ask for is learned from parameters of other tools that are described alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import FEATURES, Moment
from specbench.predictors.learned.candidates.generation import list_candidates
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.argument_pairs import ArgumentPairs
from specbench.predictors.learned.counts.counting import count
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.similar_parameters import SimilarParameters
from specbench.predictors.learned.counts.tables import ParameterCounts


def tool(name: str, **descriptions: str) -> ToolSpec:
    schemas = {each: {"type": "string", "description": text} for each, text in descriptions.items()}
    return ToolSpec(name, "", {"type": "object", "properties": schemas, "required": [*schemas]}, Effect.READ)


FLIGHT = tool("find_flight", origin_city="City in which the flight starts", departure_date="Day of the flight")
BUS = tool("find_bus", origin="City where the bus starts", leaving_date="Day of departure")


def flights() -> ParameterIndex:
    """Counts of flights: "sf" is San Francisco, cities come after "from", days are days."""
    talks = [("from sf tomorrow", "San Francisco"), ("from Baku, please", "Baku")]
    traces = []
    for number in range(12):
        said, city = talks[number % 2]
        call = ToolCall("find_flight", {"origin_city": city, "departure_date": f"2019-03-{number + 10}"})
        messages = Message("user", said), Message("assistant", "", (call,))
        traces.append(Trace(f"t{number}", f"k{number}", "test", messages, {"find_flight": FLIGHT}))
    counts = count(traces)
    counts.compact()
    return counts


def candidates(counts: ParameterIndex, parameter: str, text: str) -> dict[str, dict[str, float]]:
    index = ContextIndex().extend([Message("user", text)])
    (each,) = list_candidates([LiveParameter(counts, "find_bus", parameter, BUS)], Moment(index)).each
    rows = each.features.tolist()
    return {name: dict(zip(FEATURES, row, strict=True)) for name, row in zip(each.texts, rows, strict=True)}


def test_a_new_parameter_takes_what_its_relatives_take() -> None:
    origin = candidates(flights(), "origin", "a bus from Oslo on 2019-03-04")
    assert origin["Oslo"]["others_shape"] > 0 == origin["2019-03-04"]["others_shape"]
    assert origin["Oslo"]["before_others"] > 0
    leaving = candidates(flights(), "leaving_date", "a bus from Oslo on 2019-03-04")
    assert leaving["2019-03-04"]["others_shape"] > 0 == leaving["Oslo"]["others_shape"]
    assert 0.25 <= origin["Oslo"]["alike"] < 1


def test_what_words_mean_for_a_relative_they_mean_for_a_new_parameter() -> None:
    assert candidates(flights(), "origin", "a bus from sf")["San Francisco"]["cue_others"] > 0.5


def test_parameters_of_another_type_and_the_tool_itself_are_no_relatives() -> None:
    counted = ParameterCounts(fills=5, described="City where the bus starts", kind="string")
    relatives = SimilarParameters({"find_bus": {"origin_town": counted}, "find_train": {"origin_flag": counted}})
    assert relatives.of("find_bus", "origin", BUS)[0] is counted
    yes = ToolSpec("find_bus", "", {"properties": {"origin": {"type": "string", "enum": ["True", "False"]}}})
    none, alike = relatives.of("find_bus", "origin", yes)
    assert none.fills == alike == 0


def test_a_name_that_nobody_has_heard_does_not_hide_what_the_description_says() -> None:
    city = ParameterCounts(fills=9, described="City where the event takes place", kind="string")
    others = {
        name: ParameterCounts(fills=9, described=f"The {name} of it", kind="string") for name in ("price", "owner")
    }
    area = {"area": {"type": "string", "description": "City where the flat is located"}}
    found, alike = SimilarParameters({"go": {"city": city, **others}}).of(
        "rent", "area", ToolSpec("rent", "", {"properties": area})
    )
    assert found is city
    assert alike > 0.3


def test_truth_values_are_related_by_name_only() -> None:
    def flag(name: str, of: str) -> ToolSpec:
        schema = {"type": "boolean", "description": f"Boolean flag indicating whether it has {of}"}
        return ToolSpec("rent", "", {"properties": {name: schema}})

    music = ParameterCounts(absent=9, described="Boolean flag indicating whether it has live music", kind="boolean")
    relatives = SimilarParameters({"eat": {"has_live_music": music}})
    assert relatives.of("rent", "has_wifi", flag("has_wifi", "wifi"))[0].absent == 0
    assert relatives.of("rent", "music_played", flag("music_played", "music"))[0] is music


words = st.sampled_from(["city", "date", "start", "end", "price", "name", "数"])
names = st.lists(words, min_size=1, max_size=3, unique=True).map("_".join)
tables = st.dictionaries(st.sampled_from("abcd"), st.dictionaries(names, st.integers(1, 9), max_size=3), max_size=4)


@given(tables, names, st.booleans())
def test_namesakes_of_other_tools_are_always_relatives_unless_left_aside(
    table: dict[str, dict[str, int]], parameter: str, alone: bool
) -> None:
    counted = {
        name: {each: ParameterCounts(fills=fills) for each, fills in fills_of.items()}
        for name, fills_of in table.items()
    }
    found, alike = SimilarParameters(counted).of("a", parameter, None, alone=alone)
    namesakes = sum(fills.get(parameter, 0) for name, fills in table.items() if name != "a")
    others = sum(sum(fills.values()) for name, fills in table.items() if name != "a")
    assert 0 <= alike <= 1.0 + 1e-9
    if alone:
        assert found.fills <= others - namesakes
    else:
        assert namesakes <= found.fills <= others
    assert (alike == 0) == (found.fills == 0)


def test_a_new_tool_keeps_to_the_order_that_others_keep_to() -> None:
    pairs = ArgumentPairs()
    pairs.tools = {
        "rent": {"dropoff_date|pickup_date": [20, 0, 0, 20]},
        "hire": {"dropoff_date|pickup_date": [7, 0, 1, 7], "city|pickup_date": [7, 0, 0, 0]},
    }
    names = ["dropoff_date", "pickup_date"]
    assert pairs.kept_to("lease", names, unseen=True) == {"dropoff_date|pickup_date": [27, 0, 1, 27]}
    assert pairs.kept_to("rent", names, unseen=True) == {"dropoff_date|pickup_date": [7, 0, 1, 7]}
    assert pairs.kept_to("rent", names) == pairs.tools["rent"]


def test_what_is_learned_on_of_a_relative_counts_at_once() -> None:
    counts = flights()
    before = counts.related("find_bus", "origin", BUS)[0].fills
    said = ContextIndex().extend([Message("user", "from Rome")])
    counts.learn(ToolCall("find_flight", {"origin_city": "Rome"}), FLIGHT, said)
    assert counts.related("find_bus", "origin", BUS)[0].fills == before + 1
    counts.learn(ToolCall("find_train", {"origin_town": "Rome"}), None, said)
    assert counts.related("find_bus", "origin_town", None)[0].fills == 1
