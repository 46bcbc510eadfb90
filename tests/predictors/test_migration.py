"""Checkpoints that earlier versions wrote load, or say why not; ``old_checkpoints`` are by the code of 7e1910f."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import specbench
from specbench.core.errors import CheckpointError
from specbench.predictors import migration
from specbench.predictors.controls import Silent
from specbench.predictors.saving import VERSION
from specbench.study.export import export
from specbench.testing import make_points

OLD = Path(__file__).parent / "old_checkpoints"
SHIPPED = Path(__file__).resolve().parents[2] / "models" / "support-desk"


@pytest.mark.parametrize("name", ["markov", "ngram", "frequent", "patterns"])
def test_old_checkpoints_load_and_predict(name: str, tmp_path: Path) -> None:
    old = json.loads((OLD / name / "predictor.json").read_text())
    assert old["version"] == 1
    loaded = specbench.load(OLD / name)
    assert all(0 <= sum(p for _, p in loaded.predict(point, 3)) <= 1 + 1e-9 for point in make_points())
    now = json.loads((export(OLD / name, tmp_path / "now") / "predictor.json").read_text())
    assert (now["version"], now["layout"]) == (VERSION, 1)
    assert specbench.load(tmp_path / "now").predict_batch(make_points(), 3) == loaded.predict_batch(make_points(), 3)


def test_the_shipped_checkpoint_is_brought_up_to_date() -> None:
    assert specbench.load(SHIPPED).layout == 2


def test_a_learned_predictor_of_other_features_says_what_to_do() -> None:
    with pytest.raises(CheckpointError, match=r"a learned predictor of 30 November 2026 or earlier.*specbench train"):
        specbench.load(OLD / "learned")


def test_every_version_has_a_step() -> None:
    assert sorted(migration.STEPS) == list(range(1, VERSION))


class Counter(Silent):
    """Counted words in a list, and counts them in an array now."""

    name = "counter"
    counts = np.zeros(2)

    def state(self) -> dict[str, Any]:
        return {"counts": self.counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.fitted, self.counts = True, state["counts"]


class Newer(Counter):
    """The same class, two changes later."""

    layout: ClassVar[int] = 3
    layout_steps: ClassVar[Mapping[int, Any]] = {
        1: lambda state: {"total": state["counts"].sum(), "counts": state["counts"]},
        2: lambda state: {"counts": state["counts"] / state["total"]},
    }


Newer.__qualname__ = "Counter"


def saved(folder: Path, cls: type[Counter]) -> Path:
    counter = cls()
    counter.fitted, counter.counts = True, np.array([1.0, 3.0])
    return counter.save(folder)


def test_steps_follow_each_other(tmp_path: Path) -> None:
    loaded = specbench.load(saved(tmp_path / "old", Counter), make=Newer)
    assert loaded.counts.tolist() == [0.25, 0.75]  # type: ignore[attr-defined]
    assert json.loads((loaded.save(tmp_path / "new") / "predictor.json").read_text())["layout"] == 3


def test_a_newer_layout_asks_for_an_upgrade(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"its state has layout 3, and the installed predictor reads up to 1.*upgrade"
    ):
        specbench.load(saved(tmp_path / "new", Newer), make=Counter)


def test_an_old_checkpoint_that_was_changed_is_refused(tmp_path: Path) -> None:
    shutil.copytree(OLD / "markov", tmp_path / "c")
    path = tmp_path / "c" / "predictor.json"
    path.write_text(path.read_text().replace('"version":1', '"version":2'))
    with pytest.raises(CheckpointError, match="its SHA-256 differs"):
        specbench.load(tmp_path / "c")
