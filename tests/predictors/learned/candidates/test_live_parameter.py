"""What a parameter knows of its candidates from what was asked, what stands beside them, and its schema."""

from __future__ import annotations

from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import FEATURES, Moment
from specbench.predictors.learned.candidates.generation import list_candidates
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.counting import count
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.tables import ABSENT

FLIGHTS = ToolSpec(
    "search",
    "Search for flights",
    {
        "type": "object",
        "properties": {
            "origin_city": {"type": "string", "description": "City where the journey starts"},
            "destination_city": {"type": "string", "description": "City where the journey ends"},
            "fare": {"type": "string", "enum": ["Economy", "Premium Economy"], "default": "Economy"},
            "number_bags": {"type": "string", "enum": ["0", "1", "2", "3"], "default": "0"},
        },
        "required": ["origin_city", "destination_city"],
    },
    Effect.READ,
)


def features(live: LiveParameter, *messages: Message) -> dict[str, dict[str, float]]:
    """The features of the candidates, by name."""
    (each,) = list_candidates([live], Moment(ContextIndex().extend(messages))).each
    return {
        text: dict(zip(FEATURES, row, strict=True))
        for text, row in zip(each.texts, each.features.tolist(), strict=True)
    }


def test_what_only_this_parameter_says_of_itself_is_told_apart() -> None:
    asked = Message("assistant", "In which city does the journey start?"), Message("user", "Baku")
    origin = features(LiveParameter(ParameterIndex(), "search", "origin_city", FLIGHTS), *asked)
    destination = features(LiveParameter(ParameterIndex(), "search", "destination_city", FLIGHTS), *asked)
    assert origin["Baku"]["asked"] == destination["Baku"]["asked"] == 1
    assert (origin["Baku"]["asked_apart"], destination["Baku"]["asked_apart"]) == (1, 0)


def test_a_parameter_seen_alone_knows_nothing_of_its_namesakes() -> None:
    call = ToolCall("rail", {"origin_city": "Baku"})
    talk = Message("user", "from Baku"), Message("assistant", "", (call,))
    counts = count([Trace(f"t{n}", f"k{n}", "test", talk) for n in range(9)])
    for alone, share in ((False, 1), (True, 0)):
        live = LiveParameter(counts, "search", "origin_city", FLIGHTS, unseen=True, alone=alone)
        assert features(live, talk[0])["Baku"]["others_share"] == share


def test_a_number_knows_the_noun_behind_it() -> None:
    said = Message("user", "For 3 people with 2 bags, a one way flight")
    bags = features(LiveParameter(ParameterIndex(), "search", "number_bags", FLIGHTS), said)
    assert bags["2"]["before_name"] == 1
    assert bags["3"]["before_name"] == 0
    assert bags["1"]["user_now"] == 0


def test_the_shorter_of_two_closed_values_is_not_said_within_the_longer() -> None:
    for text, shares in (("a premium economy seat", (1, 0)), ("an economy seat", (0.5, 1))):
        said = features(LiveParameter(ParameterIndex(), "search", "fare", FLIGHTS), Message("user", text))
        assert (said["Premium Economy"]["said_now"], said["Economy"]["said_now"]) == shares


def test_the_words_of_a_tool_do_not_tell_that_a_parameter_was_said() -> None:
    tool = ToolSpec(
        "find_flight",
        "Find a flight",
        {"properties": {"flight_class": {"type": "string", "enum": ["A", "B"]}}},
        Effect.READ,
    )
    for text, told in (("a flight, please", 0), ("a flight in the best class", 1)):
        said = features(LiveParameter(ParameterIndex(), "find_flight", "flight_class", tool), Message("user", text))
        assert said[ABSENT]["user_said"] == told


def test_who_speaks_of_a_thing_wants_it_unless_there_is_a_no() -> None:
    tool = ToolSpec("find_hotel", "", {"properties": {"has_pool": {"enum": ["True", "False"]}}}, Effect.READ)
    for text, flags in (("one with a pool", (1, 0)), ("without a pool", (1, 1)), ("a nice one", (0, 0))):
        said = features(LiveParameter(ParameterIndex(), "find_hotel", "has_pool", tool), Message("user", text))
        assert (said["True"]["user_said"], said["False"]["user_said"]) == flags


def test_what_the_user_says_in_full_is_no_meaning_of_the_words_beside_it() -> None:
    def trace(number: int, said: str, city: str) -> Trace:
        call = ToolCall("search", {"destination_city": city})
        return Trace(f"t{number}", f"k{number}", "test", (Message("user", said), Message("assistant", "", (call,))))

    nicknames = [("take me to nyc", "New York"), ("take me to sunny Lima", "Lima")]
    counts = count([trace(number, *nicknames[number % 2]) for number in range(20)])
    meant = {word: value for word, (value, _) in counts.aliases().items()}
    assert meant["nyc"] == "New York"
    assert "Lima" not in meant.values()


def travels(*talks: tuple[str, str]) -> ParameterIndex:
    """Counts of searches: what was said, and the city that was searched."""
    traces = []
    for number in range(6 * len(talks)):
        said, city = talks[number % len(talks)]
        call = ToolCall("search", {"destination_city": city})
        messages = Message("user", said), Message("assistant", "", (call,))
        traces.append(Trace(f"t{number}", f"k{number}", "test", messages, {"search": FLIGHTS}))
    counts = count(traces)
    counts.compact()
    return counts


def test_a_word_of_another_name_hints_at_nothing() -> None:
    counts = travels(("fly to san fran", "San Francisco"), ("fly to Lima", "Lima"))
    live = LiveParameter(counts, "search", "destination_city", FLIGHTS)
    assert features(live, Message("user", "to San Fran"))["San Francisco"]["cue"] > 0.5
    live = LiveParameter(counts, "search", "destination_city", FLIGHTS)
    hinted = features(live, Message("user", "to San Jose")).get("San Francisco", {"cue": 0.0, "said_now": 0.0})
    assert hinted["cue"] == hinted["said_now"] == 0


def test_a_nickname_is_short_for_its_value() -> None:
    counts = travels(("Philly", "Philadelphia"), ("Lima", "Lima"))
    said = features(
        LiveParameter(counts, "search", "destination_city", FLIGHTS, unseen=True), Message("user", "to Philly")
    )
    assert said["Philly"]["short_for"] > 0.5
    assert said["Philadelphia"]["alias"] > 0.5
    assert said["Philadelphia"]["short_for"] == 0


def test_a_name_beside_a_small_word_stands_for_itself() -> None:
    def longer(text: str) -> dict[str, float]:
        live = LiveParameter(ParameterIndex(), "search", "destination_city", FLIGHTS, unseen=True)
        return {name: each["longer"] for name, each in features(live, Message("user", text)).items()}

    concert = longer("I would like to see Pup in San Diego")
    assert (concert["Pup"], concert["San Diego"], concert["San"], concert["Diego"]) == (0, 0, 1, 1)
    game = longer("Maybe Westside Gunn")
    assert (game["Westside Gunn"], game["Gunn"]) == (0, 1)


def test_days_passed_over_say_nothing_against_what_a_city_comes_after() -> None:
    call = ToolCall("search", {"destination_city": "Baku"})
    talk = Message("user", "from March 9th on, from Baku, not from Oslo"), Message("assistant", "", (call,))
    counts = count([Trace(f"t{n}", f"k{n}", "test", talk) for n in range(4)])
    # Oslo was passed over, the day was not.
    assert counts.own("search", "destination_city").passed["from"] == 4  # type: ignore[union-attr]


def test_what_an_earlier_call_was_given_may_fill_a_new_tool() -> None:
    call = ToolCall("events", {"city_of_event": "Baku"})
    live = LiveParameter(ParameterIndex(), "search", "destination_city", FLIGHTS)
    assert "Baku" in features(live, Message("user", "what is on there?"), Message("assistant", "", (call,)))


HOMES = ToolSpec(
    "find_home",
    "Find a place to live",
    {
        "type": "object",
        "properties": {
            "number_of_beds": {"type": "string", "enum": ["1", "2", "3"]},
            "number_of_baths": {"type": "string", "enum": ["1", "2", "3", "dontcare"]},
            "has_garage": {"type": "string", "enum": ["True", "False", "dontcare"]},
        },
        "required": ["number_of_beds"],
    },
    Effect.READ,
)


def test_a_number_beside_the_noun_of_another_parameter_is_told() -> None:
    said = Message("user", "I would like 3 bedrooms. And one bath")
    beds, baths = (
        features(LiveParameter(ParameterIndex(), "find_home", name, HOMES), said)
        for name in ("number_of_beds", "number_of_baths")
    )
    assert (beds["3"]["before_name"], beds["3"]["before_sibling"]) == (1, 0)
    assert (baths["3"]["before_name"], baths["3"]["before_sibling"]) == (0, 1)
    assert (baths["1"]["before_name"], baths["1"]["before_sibling"]) == (1, 0)


def test_an_answer_to_what_was_asked_of_another_parameter_is_told() -> None:
    asked = Message("assistant", "How many bedrooms?"), Message("user", "3")
    beds, baths = (
        features(LiveParameter(ParameterIndex(), "find_home", name, HOMES), *asked)
        for name in ("number_of_beds", "number_of_baths")
    )
    assert (beds["3"]["asked_sibling"], baths["3"]["asked_sibling"]) == (0, 1)


def test_what_was_wanted_some_turns_ago_is_still_known() -> None:
    talk = Message("user", "With a garage, please"), Message("assistant", "Where?"), Message("user", "In Oslo")
    said = features(LiveParameter(ParameterIndex(), "find_home", "has_garage", HOMES), *talk)
    assert (said["True"]["user_said"], said["True"]["said_ever"]) == (0, 1)
