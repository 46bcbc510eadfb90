"""Counts of several parameters: the same as those added up at once."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Message, ToolCall
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.tables import MAX_CUES, ParameterCounts, SummedCounts

TABLE = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9))
COUNTS = st.builds(
    ParameterCounts,
    fills=st.integers(0, 9), absent=st.integers(0, 9), found=st.integers(0, 9), paths=TABLE, present=TABLE,
    shapes=TABLE, codes=TABLE, values=TABLE, before=TABLE, passed=TABLE, cue_totals=TABLE,
    cues=st.dictionaries(st.sampled_from("wxyz"), TABLE),
)  # fmt: skip
TABLES = ("paths", "present", "shapes", "codes", "values", "before", "passed", "cue_totals")


@given(st.lists(COUNTS, max_size=4))
def test_a_sum_says_what_adding_up_says(each):
    total = ParameterCounts()
    for counts in each:
        total.add(counts)
    lazy = SummedCounts(each)
    assert (lazy.fills, lazy.absent, lazy.found) == (total.fills, total.absent, total.found)
    for name in TABLES:
        mine, expected = getattr(lazy, name), getattr(total, name)
        assert dict(mine) == expected and len(mine) == len(expected)
        assert {key: mine.get(key, 0) for key in "abcde"} == {key: expected.get(key, 0) for key in "abcde"}
        assert [key in mine for key in "abcde"] == [key in expected for key in "abcde"]
    assert {word: dict(row) for word, row in lazy.cues.items()} == total.cues and len(lazy.cues) == len(total.cues)
    assert lazy.closed() == total.closed()
    for word in "vwxyz":
        assert (word in lazy.cues) == (word in total.cues)
        assert sorted(lazy.announced(word)) == sorted(total.announced(word))


def test_what_is_learned_on_and_on_is_bounded():
    counts = ParameterCounts()
    for number in range(MAX_CUES + 50):
        for table in (counts.present, counts.passed, counts.before, counts.paths):
            table[f"{number}"] = 1
    counts.bound()
    for table in (counts.present, counts.passed, counts.before, counts.paths):
        assert len(table) == MAX_CUES and "0" in table


def test_words_that_stand_for_nothing_are_not_kept():
    counts, sizes = ParameterIndex(), []
    call = ToolCall("find", {"city": "New York"})
    for _ in range(5):
        counts.count(call, None, ContextIndex().extend([Message("user", "nyc")]))
    for number in range(60):
        counts.learn(call, None, ContextIndex().extend([Message("user", f"nyc word{number} other{number}")]))
        if number in (9, 59):
            sizes.append(len(pickle.dumps(counts.word_values)))
    assert sizes[0] == sizes[1] and counts.aliases().keys() == {"nyc"}
