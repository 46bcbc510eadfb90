from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.traces.splitting import split


def traces_of(tasks: list[int]) -> list[Trace]:
    return [Trace(f"trace-{number}", f"task-{task}", "test", ()) for number, task in enumerate(tasks)]


@given(
    st.lists(st.integers(0, 30), min_size=3, max_size=60).filter(lambda tasks: len(set(tasks)) >= 3),
    st.floats(0.01, 0.6),
    st.floats(0.01, 0.39),
    st.integers(0, 5),
)
def test_no_task_crosses_and_no_trace_is_lost(tasks: list[int], test: float, validation: float, seed: int) -> None:
    traces = traces_of(tasks)
    parts = split(traces, test, validation, seed)
    task_sets = [{trace.task_id for trace in part} for part in (parts.train, parts.validation, parts.test)]
    assert all(task_sets)
    assert sum(map(len, task_sets)) == len(set(tasks))
    assert set().union(*task_sets) == {trace.task_id for trace in traces}
    together = parts.train + parts.validation + parts.test
    assert sorted(trace.trace_id for trace in together) == sorted(trace.trace_id for trace in traces)


def test_the_split_depends_on_the_seed_and_the_tasks_not_on_the_order() -> None:
    traces = traces_of(list(range(40)))
    parts = split(traces, seed=1)
    assert split(traces, seed=2**32 - 1).validation
    assert parts == split(traces, seed=1)
    assert parts != split(traces, seed=2)
    turned = split(traces[::-1], seed=1)
    assert {trace.task_id for trace in turned.test} == {trace.task_id for trace in parts.test}
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (24, 6, 10)


def test_a_share_of_nothing_gives_an_empty_part() -> None:
    traces = traces_of([0])
    parts = split(traces, test=0, validation=0)
    assert (parts.train, parts.validation, parts.test) == (traces, [], [])


@pytest.mark.parametrize(
    ("tasks", "test", "validation", "words"),
    [
        ([0, 0, 0], 0.25, 0.15, r"needs at least 3 tasks; got 1 task\(s\) in 3 trace\(s\)"),
        ([], 0.25, 0.15, "needs at least 3 tasks; got 0"),
        ([0, 1], 0.25, 0.15, "give more tasks, or set test or validation to 0"),
        ([0, 1, 2], 1.0, 0.0, "test is the share of tasks .* got 1.0"),
        ([0, 1, 2], 0.2, -0.1, "validation is the share of tasks .* got -0.1"),
        ([0, 1, 2], float("nan"), 0.1, "test is the share of tasks .* got nan"),
        ([0, 1, 2], 0.6, 0.4, "leave nothing to train on"),
    ],
)
def test_impossible_splits_say_what_to_do(tasks: list[int], test: float, validation: float, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        split(traces_of(tasks), test, validation)
