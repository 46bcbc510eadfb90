"""Rates of a prediction table, by examples worked out by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Effect
from specbench.metrics import PredictionTable, rates
from specbench.metrics.calibration import calibration_error
from specbench.metrics.prediction_rates import brier, hits_at, is_read, launches, reply_right
from tests.tables import CALL_TEXTS, call, table, tables

EXAMPLE = table(
    ("a.1", ["read:1"], [("read:1", 0.6), (None, 0.3), ("look:1", 0.1)]),  # right at once
    ("a.1", ["read:2"], [(None, 0.5), ("read:1", 0.3), ("read:2", 0.2)]),  # tool first, call second
    ("a.2", ["write:1"], [("look", 0.4), ("read:1", 0.3), ("note", 0.2), ("write:1", 0.1)]),  # tool and call fourth
    ("b.1", ["look:1", "look"], []),  # abstained
    ("b.1", [], [(None, 0.8), ("read:1", 0.2)]),  # a reply, expected
    ("b.1", [], [("read:1", 0.9)]),  # a reply, not expected
)


def test_rates_by_hand() -> None:
    numbers = rates(EXAMPLE)
    assert {name: numbers[name] for name in ("points", "calls", "read_calls")} == {
        "points": 6,
        "calls": 5,
        "read_calls": 4,
    }
    assert (numbers["tool_top1"], numbers["tool_top3"]) == (2 / 5, 2 / 5)
    assert (numbers["call_top1"], numbers["call_top3"]) == (1 / 5, 2 / 5)
    assert (numbers["read_call_top1"], numbers["read_call_top3"]) == (1 / 4, 2 / 4)
    first = numbers["first_call"]  # of decisions, as in earlier versions
    assert (first["call_top1"], first["call_top3"], first["read_call_top1"]) == (1 / 4, 2 / 4, 1 / 3)
    # A call was expected at points 1, 3 and 6 (mass of calls above 1/2), and happened at 1 to 4.
    assert numbers["reply_accuracy"] == 3 / 6


def test_brier_by_hand() -> None:
    expected = [
        0.4**2 + 0.3**2 + 0.1**2,
        0.5**2 + 0.3**2 + 0.8**2,
        0.4**2 + 0.3**2 + 0.2**2 + 0.9**2,
        1.0,
        0.2**2 + 0.2**2,
        0.9**2 + 1.0,
    ]
    assert brier(EXAMPLE).tolist() == pytest.approx(expected)
    assert rates(EXAMPLE)["brier"] == pytest.approx(sum(expected) / 6)


def test_given_that_a_call_happens_predicted_replies_do_not_count() -> None:
    assert hits_at(EXAMPLE, 1, "tool").hit.tolist() == [1, 1, 0, 0, 0, 0]
    assert hits_at(EXAMPLE, 2, "call").hit.tolist() == [1, 1, 0, 0, 0, 0]
    assert hits_at(EXAMPLE, 4, "call").hit.tolist() == [1, 1, 1, 0, 0, 0]
    assert hits_at(EXAMPLE, 4, "call").of.tolist() == [1, 1, 1, 2, 0, 0]


def test_each_of_parallel_calls_counts() -> None:
    calls, guesses = ["read:1", "look:1", "look:1", "write:1"], [("look:1", 0.5), ("write:1", 0.3), ("read:2", 0.1)]
    together = table(("a.1", calls, guesses))
    for k, hits in ((1, 1), (2, 2), (3, 2)):  # of two equal calls one is hit: a result is used once
        assert hits_at(together, k) == ([hits], [4])
    assert hits_at(together, 2, "tool") == ([3], [4])
    assert hits_at(together, 2, among=is_read) == ([1], [3])
    assert hits_at(together, 2, first_call=True) == ([0], [1])
    assert launches(together, 2).hit.tolist() == [[True, False]]
    # They are one outcome for the probabilities: .5 + .3 for what happened, .1 for what did not.
    assert brier(together).tolist() == pytest.approx([0.2**2 + 0.1**2])


def test_launches_are_reads_in_order() -> None:
    found = launches(EXAMPLE, k=2)
    assert found.p.tolist() == [[0.6, 0.1], [0.3, 0.2], [0.4, 0.3], [0, 0], [0.2, 0], [0.9, 0]]
    assert found.hit.tolist() == [[True, False], [False, True], *[[False, False]] * 4]


def test_novelty_splits_the_calls_by_their_tool() -> None:
    split = rates(EXAMPLE, frozenset({"read"}))["by_novelty"]
    assert split["seen"] == {
        "calls": 2, "read_calls": 2, "tool_top1": 1.0, "tool_top3": 1.0, "call_top1": 0.5, "call_top3": 1.0,
        "read_call_top1": 0.5, "read_call_top3": 1.0,
    }  # fmt: skip
    assert split["unseen"] == {
        "calls": 3, "read_calls": 2, "tool_top1": 0.0, "tool_top3": 0.0, "call_top1": 0.0, "call_top3": 0.0,
        "read_call_top1": 0.0, "read_call_top3": 0.0,
    }  # fmt: skip


def test_nothing_below_the_line_is_none() -> None:
    numbers = rates(table(("a.1", [], [(None, 1.0)])))
    assert (numbers["tool_top1"], numbers["read_call_top1"], numbers["ece"]) == (None, None, None)
    assert (numbers["reply_accuracy"], numbers["brier"]) == (1.0, 0.0)
    empty = rates(table(), frozenset())
    assert (empty["points"], empty["brier"], empty["by_novelty"]["seen"]["tool_top1"]) == (0, None, None)


@given(table=tables())
def test_rates_agree_with_counting(table: PredictionTable) -> None:
    numbers = rates(table, intervals=False)
    for name, kinds in (("call", list(Effect)), ("read_call", [Effect.READ])):
        of = sum(effect in kinds for effects in table.effects() for effect in effects)
        assert numbers[f"{name}s"] == of
        for k in (1, 3):
            right = 0
            for calls, effects, predictions in zip(table.calls, table.effects(), table.predictions, strict=True):
                left = [call for call, effect in zip(calls, effects, strict=True) if effect in kinds]
                for guess in [each.call for each in predictions if each.call is not None][:k]:
                    if guess in left:
                        left.remove(guess)
                        right += 1
            assert numbers[f"{name}_top{k}"] == (pytest.approx(right / of) if of else None)


@given(table=tables())
def test_rates_are_ordered_and_bounded(table: PredictionTable) -> None:
    numbers = rates(table, intervals=False)
    for what in ("tool", "call", "read_call"):
        if numbers[f"{what}_top1"] is not None:
            assert 0.0 <= numbers[f"{what}_top1"] <= numbers[f"{what}_top3"] <= 1.0
    if numbers["calls"]:
        assert numbers["call_top3"] <= numbers["tool_top3"] + 1e-12
    assert ((brier(table) >= 0) & (brier(table) <= 2)).all()


@given(outcome=st.none() | CALL_TEXTS)
def test_a_sure_and_right_prediction_is_perfect(outcome: str | None) -> None:
    perfect = table(("a.1", [outcome] if outcome else [], [(outcome, 1.0)]))
    assert brier(perfect).tolist() == [0.0]
    assert reply_right(perfect).tolist() == [True]


def test_the_best_probability_for_brier_is_the_frequency() -> None:
    scores = {}
    for p in (0.5, 0.6, 0.7, 0.8, 0.9):
        rows = [("a.1", ["read:1" if hit else "read:2"], [("read:1", p)]) for hit in [True] * 7 + [False] * 3]
        scores[p] = float(brier(table(*rows)).mean())
    assert min(scores, key=scores.__getitem__) == 0.7


def test_calibration_error_by_hand() -> None:
    p = np.array([0.2, 0.2, 0.8, 0.8])
    hit = np.array([False, True, True, True])
    assert calibration_error(p, hit, bins=2) == pytest.approx((2 * 0.3 + 2 * 0.2) / 4)
    assert calibration_error(np.zeros(0), np.zeros(0, bool)) is None
    assert calibration_error(np.array([0.7]), np.array([True]), bins=10) == pytest.approx(0.3)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]) | st.floats(0, 1), st.booleans()), min_size=1))
def test_the_order_of_the_points_does_not_change_the_calibration_error(rows: list[tuple[float, bool]]) -> None:
    expected = calibration_error(*map(np.array, zip(*rows, strict=True)))
    for other in (rows[::-1], sorted(rows), sorted(rows, key=lambda row: (row[0], not row[1]))):
        assert calibration_error(*map(np.array, zip(*other, strict=True))) == pytest.approx(expected)


def test_equal_probabilities_share_a_bin() -> None:
    assert calibration_error(np.full(100, 0.5), np.arange(100) < 50) == 0.0
    p, hit = np.array([0.1, 0.2, 0.2, 0.2, 0.9, 0.9]), np.array([True, False, False, True, True, True])
    assert calibration_error(p, hit, bins=3) == pytest.approx((4 * abs(0.175 - 0.5) + 2 * 0.1) / 6)


def test_the_bins_of_unequal_probabilities_are_of_equal_count() -> None:
    p = np.random.default_rng(0).permutation(np.linspace(0, 1, 25))
    hit = p > 0.3
    parts = np.array_split(np.argsort(p), 10)
    assert calibration_error(p, hit) == sum(len(at) * abs(p[at].mean() - hit[at].mean()) for at in parts) / 25


def test_effects_of_undeclared_tools_are_unknown() -> None:
    effects = table(("a.1", ["undeclared"], []), ("a.1", [], []), ("a.1", ["note"], [])).effects()
    assert effects == [[Effect.UNKNOWN], [], [Effect.LOCAL]]
    assert call("look") == call("look")
