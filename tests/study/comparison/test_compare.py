"""The comparison as a job: what its folder holds, and that a rerun says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.predictors import competitor_names, control_names
from specbench.study import Settings, run_study
from specbench.study.comparison import Comparison, Parts, compare_names, run_compare
from specbench.study.comparison import job as job_module
from specbench.study.comparison.bench import RATES, Variant

LIGHT = "markov,patterns,oracle,silent"
MEASURED = ("latency_p50_ms", "latency_p99_ms", "fit_s")
SETTINGS = Settings()
runner = CliRunner()


@pytest.fixture(scope="module")
def result(toy_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    parts = Parts(learning_curve=True, transfer=True)
    out = tmp_path_factory.mktemp("runs") / "toy"
    return run_compare(toy_file, out, predictors=LIGHT, parts=parts, settings=SETTINGS)


def test_all_is_the_whole_registry_and_the_baseline_is_always_there() -> None:
    assert compare_names("all") == [*competitor_names(), *control_names()]
    assert compare_names("oracle,ngram") == ["markov", "ngram", "oracle"]
    assert compare_names(["all", "markov+recent"])[-len(control_names()) - 1] == "markov+recent"
    with pytest.raises(ConfigError, match="no predictor is called 'crystal'"):
        compare_names("crystal")


def test_the_folder_is_whole(result: Comparison) -> None:
    names = {path.relative_to(result.folder).as_posix() for path in result.folder.rglob("*") if path.is_file()}
    figures = {
        f"figures/{name}{end}" for name in ("leaderboard", "learning_curve") for end in (".png", ".svg", "-dark.svg")
    }
    tables = {"leaderboard.csv", "learning_curve.csv"}
    assert names == {"compare.md", "compare.json", "config.json"} | tables | figures
    assert [path.name for path in result.folder.parent.iterdir()] == ["toy"]
    config = json.loads((result.folder / "config.json").read_text())
    assert (config["kind"], config["config"]["seed"]) == ("specbench compare", 0)
    assert len(config["data"]["files"][0]["sha256"]) == 64
    assert {"python", "numpy"} <= set(config["versions"])
    assert config["split"]["test"]["tasks"] == 5


def test_the_leaderboard_has_every_number(result: Comparison) -> None:
    table = pd.read_csv(result.folder / "leaderboard.csv")
    assert set(RATES) | set(MEASURED) | {"size_bytes", "control"} <= set(table.columns)
    assert list(table["control"]) == [False, False, True, True]
    assert table["read_call_top1"][:2].is_monotonic_decreasing
    rows = table.set_index("predictor")
    assert rows.loc["oracle", "read_call_top1"] == 1.0
    for rate in ("call_top1", "call_top3", "read_call_top1", "read_call_top3"):
        assert rows.loc["markov", f"{rate}_minus_markov"] == rows.loc["markov", f"{rate}_minus_markov_high"] == 0.0
        gap = rows.loc["oracle", rate] - rows.loc["markov", rate]
        assert rows.loc["oracle", f"{rate}_minus_markov"] == pytest.approx(gap)
        assert rows.loc["oracle", f"{rate}_minus_markov_low"] <= gap <= rows.loc["oracle", f"{rate}_minus_markov_high"]
    record = json.loads((result.folder / "compare.json").read_text(), parse_constant=pytest.fail)
    assert [row["predictor"] for row in record["leaderboard"]] == list(table["predictor"])
    assert record["predictors"]["patterns"]["read_call_top1"] == rows.loc["patterns", "read_call_top1"]


def test_the_page_says_what_was_compared_and_how_to_do_it_again(result: Comparison) -> None:
    page = (result.folder / "compare.md").read_text()
    for words in (
        "40 traces of 20 tasks (toy.jsonl), split by task with seed 0",
        "| oracle (control) |",
        "baseline |",
        "## Learning curve",
        "- left out: unseen agent: the traces name 0 agent configuration(s), 2 are needed",
        "- left out: unseen tools: 0 service(s)",
        "specbench compare --traces",
        "--learning-curve --transfer",
    ):
        assert words in page, words


def test_a_rerun_says_the_same_apart_from_the_clock(result: Comparison, toy_file: Path) -> None:
    again = run_compare(toy_file, result.folder, predictors=LIGHT, settings=SETTINGS)
    first, second = (each.tables["leaderboard"].drop(columns=list(MEASURED)) for each in (result, again))
    pd.testing.assert_frame_equal(first, second)
    assert not (result.folder / "learning_curve.csv").exists()  # the folder was replaced as a whole


def test_only_an_earlier_comparison_is_replaced(toy_file: Path, tmp_path: Path) -> None:
    run_study(toy_file, tmp_path / "study", predictors=("silent",), settings=SETTINGS)
    with pytest.raises(ConfigError, match=r"study is not empty and was not made by `specbench compare`"):
        run_compare(toy_file, tmp_path / "study", predictors="silent", settings=SETTINGS)
    assert (tmp_path / "study" / "report.html").is_file()


def test_ablations_and_embeddings_are_tables_too(
    toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants = [
        Variant("whole", "ngram", {}, "complete"),
        Variant("without order", "ngram", {"order": 1}, "no | history"),
    ]
    monkeypatch.setattr(job_module, "learned_variants", lambda sentence: variants)
    run = run_compare(toy_file, tmp_path / "a", predictors="ngram", parts=Parts(ablations=True), settings=SETTINGS)
    table = run.tables["ablations"].set_index("variant")
    assert list(table.index) == ["whole", "without order"]
    assert table.loc["whole", "call_top1_minus_complete"] == 0.0
    assert table.loc["without order", "tool_top1"] < table.loc["whole", "tool_top1"]
    page = (tmp_path / "a" / "compare.md").read_text()
    assert "## Ablations" in page
    assert "no \\| history" in page
    assert (tmp_path / "a" / "ablations.csv").is_file()


def run(*words: Any) -> Any:
    return runner.invoke(app, ["compare", *map(str, words)])


def test_the_command_prints_the_leaderboard(toy_file: Path, tmp_path: Path) -> None:
    options = ["--predictors", "markov,oracle", "--transfer", "--seed", 3, "--quiet"]
    done = run("--traces", toy_file, "--out", tmp_path / "c", *options)
    assert done.exit_code == 0, done.stderr
    assert "| oracle (control) | 100.0 % |" in done.stdout
    assert f"comparison: {tmp_path / 'c' / 'compare.md'}" in done.stdout
    assert "left out: unseen agent" in done.stderr
    assert json.loads((tmp_path / "c" / "config.json").read_text())["config"]["seed"] == 3


def test_a_mistake_is_one_message(toy_file: Path, tmp_path: Path) -> None:
    done = run("--traces", toy_file, "--out", tmp_path / "c", "--predictors", "crystal")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: no predictor is called 'crystal'")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--hidden", "."],
            "the hidden states of . are for the table of embeddings, which is not asked for; add --emb",
        ),
        (["--hidden", ".", "--ablations"], "which is not asked for; add --embeddings"),
        (["--sentence", "."], "and neither is asked for; add --embeddings or --ablations"),
        (["--sentence", "/nope", "--embeddings"], "there is no sentence-transformers model at /nope"),
        (["--sentence", "/nope", "--ablations"], "there is no sentence-transformers model at /nope"),
        (["--hidden", "/nope", "--embeddings"], "there is no model at /nope"),
    ],
)
def test_a_model_for_nothing_or_nowhere_is_told_before_any_work(tmp_path: Path, options: list[str], words: str) -> None:
    done = run("--traces", "no.jsonl", "--out", tmp_path / "c", *options)
    assert done.exit_code == 2
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []
