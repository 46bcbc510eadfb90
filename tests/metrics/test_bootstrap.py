"""The bootstrap draws tasks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.metrics.bootstrap import ratio_interval, task_sums, task_weights

ROWS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(rows=ROWS)
def test_sums_within_tasks_add_up(rows: list[tuple[str, int, int]]) -> None:
    tasks = [row[0] for row in rows]
    sums = task_sums(tasks, [row[1:] for row in rows])
    assert sums.shape == (len(set(tasks)), 2)
    for at, task in enumerate(sorted(set(tasks))):
        assert sums[at].tolist() == [sum(row[column] for row in rows if row[0] == task) for column in (1, 2)]


@given(tasks=st.integers(1, 30), resamples=st.integers(1, 50), seed=st.integers(0, 99))
def test_every_resample_draws_as_many_tasks_as_there_are(tasks: int, resamples: int, seed: int) -> None:
    weights = task_weights(tasks, resamples, seed)
    assert weights.shape == (resamples, tasks)
    assert (weights.sum(axis=1) == tasks).all()
    assert (weights == task_weights(tasks, resamples, seed)).all()


@given(rows=ROWS, seed=st.integers(0, 9))
def test_the_interval_is_that_of_resampled_tasks(rows: list[tuple[str, int, int]], seed: int) -> None:
    tasks, above = [row[0] for row in rows], [row[1] for row in rows]
    below = [row[1] + row[2] for row in rows]
    found = ratio_interval(tasks, above, below, resamples=60, seed=seed)
    names = sorted(set(tasks))
    if len(names) < 2 or not sum(below):
        assert found is None
        return
    ratios = []
    for weights in task_weights(len(names), 60, seed):
        drawn = dict(zip(names, weights, strict=True))
        bottom = sum(drawn[task] * value for task, value in zip(tasks, below, strict=True))
        if bottom:
            ratios.append(sum(drawn[task] * value for task, value in zip(tasks, above, strict=True)) / bottom)
    assert found == pytest.approx(tuple(np.quantile(ratios, [0.025, 0.975])))


def test_decisions_of_one_task_are_not_independent_draws() -> None:
    # Two tasks, one always right and one never: the interval is everything, however many decisions each has.
    tasks, right = ["a"] * 500 + ["b"] * 500, [1] * 500 + [0] * 500
    assert ratio_interval(tasks, right, [1] * 1000) == (0.0, 1.0)
    # The same decisions as tasks of their own: a narrow interval.
    low, high = ratio_interval([str(at) for at in range(1000)], right, [1] * 1000) or (0.0, 1.0)
    assert 0.45 < low < 0.5 < high < 0.55


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        shares = generator.beta(3, 3, size=40)
        hits = generator.binomial(8, shares)
        found = ratio_interval([str(at) for at in range(40)], hits, [8] * 40, resamples=200, seed=trial)
        covered += found is not None and found[0] <= 0.5 <= found[1]
    assert 0.88 <= covered / 200 <= 0.99


def test_level_and_resamples() -> None:
    tasks, right = [str(at) for at in range(50)], [at % 2 for at in range(50)]
    narrow = ratio_interval(tasks, right, [1] * 50, level=0.5) or (0, 1)
    wide = ratio_interval(tasks, right, [1] * 50, level=0.99) or (0, 1)
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]
    with pytest.raises(ConfigError, match="the number of resamples is at least 1; got 0"):
        ratio_interval(tasks, right, [1] * 50, resamples=0)


def test_without_a_ratio_in_any_resample_there_is_no_interval() -> None:
    found = {ratio_interval(["a", "b"], [1, 0], [1, 0], resamples=1, seed=seed) for seed in range(8)}
    assert found == {(1.0, 1.0), None}
