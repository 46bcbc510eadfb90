"""One command trains a checkpoint; every checkpoint of a study or a training has a card."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import specbench
from specbench.cli import app
from specbench.core.errors import CheckpointError, ConfigError
from specbench.core.types import Trace
from specbench.predictors.checkpoint import read_card
from specbench.study import Settings, StudyResult
from specbench.study.train import run_train


def test_the_card_tells_data_split_metrics_tools_and_command(toy_file: Path, tmp_path: Path) -> None:
    result = run_train(toy_file, tmp_path / "m", predictor="ngram", settings=Settings(seed=2))
    card = read_card(tmp_path / "m")
    assert card is not None
    assert card["made by"].startswith(f"specbench train --traces {toy_file} --predictor ngram --seed 2 --out ")
    assert (card["seed"], card["data"][0]["file"], len(card["data"][0]["sha256"])) == (2, "toy.jsonl", 64)
    assert card["licence of the data"] == "as the traces' licence, which specbench does not know"
    assert {row["part"]: row["tasks"] for row in card["split"]} == {"train": 12, "validation": 3, "test": 5}
    metrics = {row["metric"]: row for row in card["metrics"]}
    assert metrics["read_call_top1"]["value"] == result.metrics["read_call_top1"]
    assert [metrics["brier"][f"{end} (95 %)"] for end in ("low", "high")] == result.metrics["ci"]["brier"]
    assert "precision at p ≥ 0.60" in metrics
    assert {"tool": "cancel", "effect": "write"} in card["tools"]
    text = (tmp_path / "m" / "README.md").read_text()
    assert "| metric | value | low (95 %) | high (95 %) |" in text
    assert "| train | 24 | 12 |" in text


def test_the_same_command_writes_the_same_bytes(toy_file: Path, tmp_path: Path) -> None:
    before = {}
    for _ in range(2):
        folder = tmp_path / "m"
        run_train(toy_file, folder, predictor="markov")
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert before in ({}, files)
        before = files


def test_a_study_saves_its_checkpoints_with_cards(toy_study: StudyResult) -> None:
    card = read_card(toy_study.folder / "checkpoints" / "markov")
    assert card is not None
    assert card["made by"].startswith("specbench study --traces ")
    assert card["metrics"][0]["value"] == toy_study.metrics["predictors"]["markov"]["tool_top1"]


def test_names_and_folders_are_checked(toy_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no predictor is called 'lerned'"):
        run_train(toy_file, tmp_path / "m", predictor="lerned")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("precious")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        run_train(toy_file, tmp_path / "thesis", predictor="markov")


def test_a_bad_folder_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name, words in (("file/sub", "cannot be written"), ("file", "is a file"), ("n" * 250, "cannot be written")):
        with pytest.raises(CheckpointError, match=words):  # not a word about the traces, which are not there
            run_train(tmp_path / "no.jsonl", tmp_path / name, predictor="markov")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_the_command_prints_the_rates_and_the_folder(toy_file: Path, toy_traces: list[Trace], tmp_path: Path) -> None:
    words = ["train", "--traces", str(toy_file), "--predictor", "markov", "--out", str(tmp_path / "m"), "--quiet"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    assert f"checkpoint: {tmp_path / 'm'}" in done.stdout
    assert specbench.load(tmp_path / "m").predict(next(iter(toy_traces[0].decisions())).point)
