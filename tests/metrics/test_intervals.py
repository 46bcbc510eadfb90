"""Intervals by task: they cover what they say, and claim nothing on few tasks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.metrics.intervals import MIN_TASKS, ratio_interval, ratios, task_sums
from specbench.metrics.paired import holm

ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)
Floats = npt.NDArray[np.float64]


@given(rows=ROWS)
def test_sums_within_tasks_add_up(rows: list[tuple[str, int, int]]) -> None:
    tasks = [row[0] for row in rows]
    sums = task_sums(tasks, [row[1:] for row in rows])
    assert sums.shape == (len(set(tasks)), 2)
    for at, task in enumerate(sorted(set(tasks))):
        assert sums[at].tolist() == [sum(row[column] for row in rows if row[0] == task) for column in (1, 2)]


@given(rows=ROWS)
def test_an_interval_of_a_share_holds_it_and_stays_a_share(rows: list[tuple[str, int, int]]) -> None:
    tasks, hits = [row[0] for row in rows], [row[1] for row in rows]
    calls = [row[1] + row[2] for row in rows]
    found = ratio_interval(tasks, hits, calls)
    if len({task for task, called in zip(tasks, calls, strict=True) if called}) < MIN_TASKS:
        assert found is None
    else:
        assert found is not None
        assert -1e-9 <= found[0] <= sum(hits) / sum(calls) + 1e-9
        assert sum(hits) / sum(calls) - 1e-9 <= found[1] <= 1 + 1e-9


def test_the_jackknife_by_hand() -> None:
    """Of five tasks of equal size the jackknife is the usual standard error, with Student's quantile of 4 degrees."""
    shares = np.array([0.2, 0.4, 0.4, 0.5, 0.9])
    error = shares.std(ddof=1) / np.sqrt(5)
    found = ratios(10 * shares[:, None], np.full((5, 1), 10.0), share=False)
    assert found.value[0] == pytest.approx(0.48)
    assert (found.low[0], found.high[0]) == pytest.approx((0.48 - 2.7764 * error, 0.48 + 2.7764 * error), abs=1e-4)
    # On the logit scale: the same error over p (1 - p).
    logit = np.log(0.48 / 0.52) + np.array([-1, 1]) * 2.7764 * error / (0.48 * 0.52)
    found = ratios(10 * shares[:, None], np.full((5, 1), 10.0), share=True)
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(1 / (1 + np.exp(-logit))), abs=1e-4)


def test_decisions_of_one_task_are_not_independent_draws() -> None:
    # Six tasks, half of them always right and half never: wide, however many decisions each has.
    tasks = [task for task in "abcdef" for _ in range(500)]
    low, high = ratio_interval(tasks, [task < "d" for task in tasks], [1] * 3000) or (0.5, 0.5)
    assert low < 0.1 and high > 0.9
    # The same decisions as tasks of their own: a narrow interval.
    low, high = ratio_interval([str(at) for at in range(3000)], [at % 2 for at in range(3000)], [1] * 3000) or (0, 1)
    assert 0.48 < low < 0.5 < high < 0.52


def test_hits_everywhere_leave_room_for_a_miss_elsewhere() -> None:
    few, many = (ratio_interval([str(at) for at in range(n)], [1] * n, [1] * n) or (0, 0) for n in (5, 100))
    assert few[0] < 0.5 < 0.95 < many[0] < 1
    assert few[1] == many[1] == pytest.approx(1.0)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_below_five_tasks_there_is_no_interval(n: int) -> None:
    tasks = [str(at % n) for at in range(400)]
    assert ratio_interval(tasks, [at % 2 for at in range(400)], [1] * 400) is None
    # A task without a denominator is none.
    assert ratio_interval([*tasks, "x", "y", "z"], [1] * 403, [1] * 400 + [0] * 3) is None


def drawn(
    generator: np.random.Generator, n: int, p: float, icc: float, sizes: str, draws: int
) -> tuple[Floats, Floats]:
    """Tasks whose decisions share a rate; columns are draws."""
    rate = generator.beta(p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc, (n, draws)) if icc else np.full((n, draws), p)
    size = np.full((n, draws), 12.0)
    if sizes == "unequal":
        size = np.maximum(1, np.round(generator.lognormal(np.log(8), 0.8, (n, draws))))
    return generator.binomial(size.astype(int), rate).astype(float), size


@pytest.mark.parametrize("sizes", ["equal", "unequal"])
@pytest.mark.parametrize("n", [5, 10, 20, 60])
def test_rates_are_covered_as_often_as_is_said(n: int, sizes: str) -> None:
    """Of 2,000 draws for each of 12 settings; the percentile bootstrap of earlier versions covered .79 to .94."""
    generator = np.random.default_rng(n)
    covered = []
    for p in (0.1, 0.3, 0.6, 0.9):
        for icc in (0.0, 0.1, 0.4):
            found = ratios(*drawn(generator, n, p, icc, sizes, 2000), share=True)
            covered.append(((found.low <= p) & (p <= found.high)).mean())
    assert 0.93 <= np.mean(covered) <= 0.975, covered
    assert min(covered) >= 0.90, covered


@pytest.mark.parametrize("n", [5, 10, 20, 60])
def test_a_paired_difference_of_equals_is_rarely_called_one(n: int) -> None:
    generator = np.random.default_rng(n)
    size = np.maximum(1, np.round(generator.lognormal(2, 0.8, (n, 16000))))
    hard = generator.beta(1.4, 0.6, (n, 16000))
    ours, theirs = (
        generator.binomial(size.astype(int), np.clip(hard + generator.normal(0, 0.15, hard.shape), 0, 1)) for _ in "ab"
    )
    found = ratios((ours - theirs).astype(float), size, share=False)
    wrong = (found.low > 0) | (found.high < 0)
    assert wrong.mean() <= 0.065
    assert ((found.p < 0.05) == wrong).mean() > 0.999


def test_eight_equal_variants_seldom_make_a_table_bold() -> None:
    """Without the correction about a third of such tables say that something differs."""
    generator = np.random.default_rng(1)
    bold = plain = 0
    for _ in range(600):
        gained = generator.normal(0, 1, (20, 8))
        p = ratios(gained, np.ones((20, 8)), share=False).p
        plain += bool((p < 0.05).any())
        bold += any(each < 0.05 for each in holm(list(p)) if each is not None)
    assert plain / 600 > 0.25
    assert bold / 600 <= 0.07


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([None, None]) == [None, None]


def test_equals_everywhere_differ_nowhere() -> None:
    found = ratios(np.zeros((9, 1)), np.ones((9, 1)), share=False)
    assert (found.value[0], found.low[0], found.high[0], found.p[0]) == (0, 0, 0, 1)
    found = ratios(np.ones((9, 1)), np.ones((9, 1)), share=False)  # nine of nine: as a sign test has it
    assert found.p[0] == pytest.approx(2**-8)


def test_level() -> None:
    tasks, right = [str(at) for at in range(50)], [at % 2 for at in range(50)]
    narrow = ratio_interval(tasks, right, [1] * 50, level=0.5) or (0, 1)
    wide = ratio_interval(tasks, right, [1] * 50, level=0.99) or (0, 1)
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]
