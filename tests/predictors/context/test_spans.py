"""Runs of words: every short run that no filler word begins or ends, with the words around it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Message
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.spans import spans_in


@given(text=st.text())
def test_runs_stand_where_they_say(text: str) -> None:
    for each in spans_in(text):
        assert text.startswith(each.text, each.start)


def test_filler_words_neither_begin_nor_end_a_run() -> None:
    runs = [each.text for each in spans_in("delete the tech roundup of may", {"delete", "the", "of"})]
    assert "tech roundup" in runs
    assert "roundup of may" in runs
    assert not any(run.startswith(("the ", "of ")) or run.endswith((" of", " the")) for run in runs)


def test_a_run_ends_with_its_clause() -> None:
    assert "kim, ann" not in [each.text for each in spans_in("find kim, ann")]


def test_of_a_long_text_the_beginning_and_the_end_are_looked_at() -> None:
    runs = {each.text for each in spans_in(" ".join(f"word{n}" for n in range(1000)))}
    assert {"word0", "word999"} <= runs
    assert "word500" not in runs


def test_the_index_knows_runs_of_small_letters() -> None:
    index = ContextIndex().extend([Message("user", "cancel my meeting with aisha")])
    assert index.row("aisha") is not None
