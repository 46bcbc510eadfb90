"""A guess counts if the agent makes the same call before its next write: by hand, and against the simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.ledger import Fate
from specbench.metrics import PredictionTable, summarise
from specbench.metrics.before_write import before_write, lookups
from specbench.policies import Threshold
from specbench.sim import Constant, simulate, sweep
from specbench.speculation import Options
from tests.tables import table, tables


def test_a_guess_that_comes_early_is_used_later_and_a_write_ends_it() -> None:
    rows = table(
        ("a.1", ["look:1"], [("read:1", 0.9)]),  # early
        ("a.1", [], [("read:1", 0.5)]),  # it is there already
        ("a.1", ["read:1"], []),  # used, and gone
        ("a.1", ["read:1"], []),
        ("a.1", ["write:1"], [("read:2", 0.8)]),  # void
        ("a.1", ["read:2"], [("look", 0.3)]),  # used by nobody
        ("b.1", ["look"], []),  # another conversation
    )
    found = lookups(rows)
    assert sorted(zip(found.p.tolist(), found.hit.tolist(), found.row.tolist(), strict=True)) == [
        (0.3, False, 5),
        (0.8, False, 4),
        (0.9, True, 0),
    ]
    assert before_write(rows) == (1 / 6, 1 / 5, 1 / 3, 3 / 6)
    assert before_write(rows, 0.85) == (1 / 6, 1 / 5, 1.0, 1 / 6)
    assert before_write(rows, 1.0) == (0.0, 0.0, None, 0.0)
    assert before_write(table()) == (None, None, None, None)


def test_of_parallel_calls_those_before_the_write_are_answered() -> None:
    guesses = [("read:1", 0.5), ("look:1", 0.4)]
    assert before_write(table(("t", ["read:1", "write:1", "look:1"], guesses)), k=2).precision == 0.5
    assert before_write(table(("t", ["read:1", "look:1"], guesses)), k=2).precision == 1.0
    assert before_write(table(("t", ["read:1", "read:1"], guesses)), k=2).recall == 0.5  # a result is used once


@given(table=tables(), threshold=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5]) | st.floats(0, 1), k=st.integers(1, 4))
def test_it_is_what_a_cache_until_the_next_write_would_answer(table: PredictionTable, threshold: float, k: int) -> None:
    """The simulator with results that are carried on for ever launches and commits just these."""
    options = Options(carry_ttl_s=1e9)
    ledger = simulate(table, Threshold(threshold, k), latency=Constant(think=2.0, tool=0.5), options=options)
    numbers, found = summarise(ledger), before_write(table, threshold, k)
    calls = numbers["calls"]
    assert found.recall == (pytest.approx(numbers["hits"] / calls) if calls else None)
    assert found.precision == (pytest.approx(numbers["precision"]) if numbers["launched"] else None)
    assert found.lookups_per_call == (pytest.approx(numbers["launched"] / calls) if calls else None)
    committed = sum(row.fate == Fate.COMMIT for row in ledger.speculations)
    assert (found.recall or 0.0) * calls == pytest.approx(committed)


@given(table=tables(), k=st.integers(1, 3))
def test_the_curves_have_it(table: PredictionTable, k: int) -> None:
    thresholds = [0.0, 0.2, 0.5, 0.9]
    frame = sweep(table, thresholds, k=k)
    for threshold, (_, row) in zip(thresholds, frame.iterrows(), strict=True):
        expected = before_write(table, threshold, k)
        told = row["recall_before_write"], row["precision_before_write"], row["lookups_per_call"]
        for value, wanted in zip(told, (expected.recall, expected.precision, expected.lookups_per_call), strict=True):
            assert value == pytest.approx(float("nan") if wanted is None else wanted, nan_ok=True)
        if table.points and expected.recall is not None:
            assert expected.recall >= row["recall"] - 1e-9  # whatever hits at its own decision counts here too


def test_other_parts_of_a_table_do_not_matter() -> None:
    rows = table(("t", ["read:1"], [("read:1", 0.9)]))
    assert before_write(replace(rows, tools=[[]])) == (1.0, 1.0, 1.0, 1.0)
