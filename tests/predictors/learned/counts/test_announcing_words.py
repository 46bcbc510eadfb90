"""What words announce: the same whether parameters are asked for one by one or all at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Message, ToolCall, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.candidates.features import Moment
from specbench.predictors.learned.counts.announcing_words import CueTable
from specbench.predictors.learned.counts.counting import count
from specbench.predictors.learned.counts.tables import ParameterCounts

WORDS = st.sampled_from(["to", "nyc", "from", "@where", "san fran"])
ROW = st.dictionaries(st.sampled_from(["New York", "Lima", "Oslo"]), st.integers(1, 9), max_size=3)
COUNTS = st.builds(
    lambda cues: ParameterCounts(cues=cues, cue_totals={word: sum(row.values()) + 1 for word, row in cues.items()}),
    st.dictionaries(WORDS, ROW, max_size=4),
)


@given(
    parameters=st.lists(COUNTS, min_size=1, max_size=4),
    messages=st.lists(st.sets(WORDS), min_size=1, max_size=3),
    late=st.integers(0, 3),
)
def test_a_value_has_the_greatest_share_that_any_word_gives_it(
    parameters: list[ParameterCounts], messages: list[set[str]], late: int
) -> None:
    table = CueTable()
    for each in parameters[:late]:
        table.add(each)
    early = [table.announced_by(words) for words in messages]
    for each in parameters:
        table.add(each)
    for at, counts in enumerate(parameters):
        best: dict[str, float] = {}
        for words in messages:
            for word in words:
                for value, share in counts.announced(word):
                    best[value] = max(share, best.get(value, 0.0))
        announced = table.merged(table.announced_by(words) for words in messages)
        assert table.values(counts, announced) == sorted(best.items())
        if at < late:
            # What was heard before others joined still stands for those that were there.
            assert table.values(counts, table.merged(early)) == sorted(best.items())


def test_a_message_announces_until_three_more_have_come() -> None:
    call = ToolCall("go", {"city": "New York"})
    counts = count(
        [Trace(f"t{n}", f"k{n}", "x", (Message("user", "nyc"), Message("assistant", "", (call,)))) for n in range(5)]
    )
    city = counts.tools["go"]["city"]
    index = ContextIndex()
    moment = Moment(index)
    said = []
    for text in ("nyc please", "tomorrow", "for two", "thanks"):
        index.append(Message("user", text))
        moment = moment.next()
        assert moment.next() is moment
        moment.look_up(counts, [city])
        said.append(list(moment.announced(city)))
    assert said == [["New York"]] * 3 + [[]]
