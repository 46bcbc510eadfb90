"""Training side by side in processes: the same result, errors as they are, and no processes within processes."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from joblib import Parallel, delayed

from specbench.desk.live.comparison import scripted_talks
from specbench.predictors import make_predictor
from specbench.predictors.learned import parallel as workers
from specbench.predictors.learned.parallel import side_by_side, train_all


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes for whatever there is to do."""
    monkeypatch.setattr(workers, "WORTH", 0)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)


def process(at: int) -> tuple[int, int]:
    return at, os.getpid()


def within(at: int) -> set[int]:
    """The processes of parts within a process that would take them for worth others, beside itself."""
    with mock.patch.object(workers, "WORTH", 0), mock.patch("joblib.cpu_count", lambda: 2):
        found = side_by_side([partial(process, each) for each in range(4)], calls=1)
    return {pid for _, pid in found} - {process(at)[1]}


def fails(at: int) -> int:
    if at == 2:
        raise ValueError(f"part {at}")
    return at


class Network:
    def __init__(self, members: int) -> None:
        self.members = members
        self.taken: list[int] = []

    def take(self, members: list[int]) -> None:
        self.taken = members


def test_a_fit_is_the_same_wherever_its_parts_run(two: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    talks = scripted_talks(4, seed=3)  # enough for every network to be trained
    make_predictor("learned").fit(talks).save(tmp_path / "two")
    monkeypatch.setattr(workers, "WORTH", 10**9)
    make_predictor("learned").fit(talks).save(tmp_path / "one")
    for name in ("model.safetensors", "predictor.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_parts_run_in_other_processes_and_come_back_in_order(two: None) -> None:
    found = side_by_side([partial(process, at) for at in range(5)], calls=1)
    assert [at for at, _ in found] == [0, 1, 2, 3, 4]
    assert process(0)[1] not in {pid for _, pid in found}


def test_of_few_calls_nothing_is_worth_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    parts = [partial(process, at) for at in range(3)]
    assert {pid for _, pid in side_by_side(parts, calls=workers.WORTH - 1)} == {process(0)[1]}
    assert process(0)[1] not in {pid for _, pid in side_by_side(parts, calls=workers.WORTH)}


def test_there_are_no_processes_within_processes(two: None) -> None:
    assert Parallel(n_jobs=2, backend="loky")(delayed(within)(at) for at in range(2)) == [set(), set()]


def test_an_error_of_a_part_is_the_caller_s(two: None) -> None:
    with pytest.raises(ValueError, match="part 2"):
        side_by_side([partial(fails, at) for at in range(4)], calls=1)


def test_every_network_takes_its_own_members() -> None:
    networks = [Network(2), Network(0), Network(3)]
    train_all([(each, [partial(abs, -each.members)] * each.members) for each in networks], calls=1)
    assert [each.taken for each in networks] == [[2, 2], [], [3, 3, 3]]
