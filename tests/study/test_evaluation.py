from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import specbench as sb
from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.core.json_values import write_json
from specbench.core.types import Message, Trace
from specbench.predictors.checkpoint import read_card
from specbench.study import Settings, evaluate_predictor, evaluation_record, load_data
from specbench.study.data import refuse_overlap
from specbench.study.evaluation import THRESHOLDS, parse_names
from specbench.study.leaks import trained_on
from specbench.traces.sources.records import derived_task
from specbench.traces.store import write_traces

RATES = (
    "tool_top1", "tool_top3", "call_top1", "call_top3", "read_call_top1", "read_call_top3", "reply_accuracy", "brier",
)  # fmt: skip
KEYS = {
    *RATES, "points", "calls", "read_calls", "ece", "curve", "read_recall_at_precision_75", "latency_ms", "fit_s",
    "size_bytes", "by_novelty", "ci", "predict_ms_charged",
}  # fmt: skip
runner = CliRunner()


@pytest.fixture
def halves(toy_traces: list[Trace], tmp_path: Path) -> tuple[Path, Path]:
    train, test = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    write_traces(train, toy_traces[:28])
    write_traces(test, toy_traces[28:])
    return train, test


def run(*words: str | Path) -> Any:
    return runner.invoke(app, ["evaluate", *map(str, words), "--quiet"])


def test_the_json_has_every_number_that_is_asked_for(halves: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "numbers.json"
    result = run("--train", halves[0], "--test", halves[1], "--predictors", "markov,oracle", "--out", out)
    assert result.exit_code == 0, result.stderr
    record = json.loads(out.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert list(record["predictors"]) == ["markov", "oracle"]
    markov = record["predictors"]["markov"]
    assert set(markov) >= KEYS
    assert [row["threshold"] for row in markov["curve"]] == list(THRESHOLDS)
    assert markov["curve"][-1]["precision"] is None
    assert set(RATES) <= set(markov["ci"])
    assert set(markov["by_novelty"]) == {"seen", "unseen"}
    assert markov["size_bytes"] > 100
    assert markov["predict_ms_charged"] >= markov["latency_ms"]["p50"]
    assert record["train"]["traces"] == 28
    assert record["test"]["tasks"] == 6
    assert len(record["test"]["files"][0]["sha256"]) == 64
    assert record["config"]["latency"]["modelled"] is True
    assert "markov" in result.stdout
    assert "modelled" in result.stdout


def test_the_oracle_is_right_everywhere_and_nobody_beats_it(halves: tuple[Path, Path]) -> None:
    record = evaluation_record(load_data(halves[0]), load_data(halves[1]), ["oracle", "markov", "silent"])["predictors"]
    oracle = record["oracle"]
    assert all(oracle[name] == 1.0 for name in RATES if name != "brier")
    assert (oracle["brier"], oracle["curve"][30]["wasted_s"]) == (0.0, 0.0)
    assert record["markov"]["read_call_top1"] > 0.3
    saved = {name: metrics["at_operating_point"]["saved_s"] for name, metrics in record.items()}
    assert saved["oracle"] >= saved["markov"] > saved["silent"] == 0.0


def test_options_take_several_values_or_are_repeated(halves: tuple[Path, Path], tmp_path: Path, toy_file: Path) -> None:
    more = tmp_path / "more.jsonl"
    write_traces(more, load_data(toy_file).traces[28:30])
    rest = ["--test", halves[1], "--allow-overlap", "--predictors", "silent", "wrong", "--out", tmp_path / "o.json"]
    seen = []
    for train in (
        ["--train", halves[0], more],
        ["--train", halves[0], "--train", more],
        [f"--train={halves[0]}", more],
    ):
        result = run(*train, *rest)
        assert result.exit_code == 0, result.stderr
        record = json.loads((tmp_path / "o.json").read_text())
        seen.append(record["train"]["traces"])
        assert list(record["predictors"]) == ["silent", "wrong"]
        assert "2 predictors" in result.stdout
        assert "warning: 1 task id(s) occur in both training and test" in result.stderr
    assert seen == [30, 30, 30]


def test_a_folder_with_mixed_formats_is_read(halves: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    halves[0].rename(folder / "a.jsonl")
    (folder / "b.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}\n'
    )
    result = run("--train", folder, "--test", halves[1], "--predictors", "silent", "--out", tmp_path / "o.json")
    assert result.exit_code == 0, result.stderr
    files = json.loads((tmp_path / "o.json").read_text())["train"]["files"]
    assert [file["format"] for file in files] == ["specbench_jsonl", "openai_chat"]


def test_a_shared_task_is_a_leak(halves: tuple[Path, Path], toy_file: Path, tmp_path: Path) -> None:
    result = run("--train", toy_file, "--test", halves[1], "--out", tmp_path / "o.json")
    assert result.exit_code == 2
    assert "training and test share 6 task(s): toy/14, toy/15, toy/16, toy/17, toy/18, ..." in result.stderr
    assert "--allow-overlap" in result.stderr
    assert not (tmp_path / "o.json").exists()


def test_task_ids_made_from_an_equal_first_message_are_no_leak() -> None:
    hello = (Message("user", "hello"),)
    twins = [[Trace(name, derived_task(hello), "doc", hello)] for name in "ab"]
    refuse_overlap(*twins)


def test_a_declared_task_id_that_looks_like_a_derived_one_is_a_leak() -> None:
    twins = [[Trace(name, "text-to-sql/7", "doc", (Message("user", "hello"),))] for name in "ab"]
    with pytest.raises(ConfigError, match="training and test share 1 task"):
        refuse_overlap(*twins)


def test_novelty_is_measured_against_the_tools_of_training(
    toy_traces: list[Trace], make_toy_trace: Callable[..., Trace]
) -> None:
    strange = [make_toy_trace(task, read="fetch_parcel") for task in range(50, 54)]
    novelty = evaluate_predictor("markov", toy_traces, strange).metrics["by_novelty"]
    assert novelty["unseen"]["calls"] == 6
    assert novelty["seen"]["read_calls"] == 4
    assert novelty["unseen"]["tool_top1"] == 0.0


def test_the_predictors_latency_is_charged(toy_traces: list[Trace]) -> None:
    quick, late = (
        evaluate_predictor("oracle", toy_traces[:20], toy_traces[20:], Settings(predict_ms=ms)).metrics
        for ms in (1.0, 1500.0)
    )
    assert quick["predict_ms_charged"] == 1.0
    # 2 s of thinking, 1 s of tool: only 0.5 s are left to overlap when the prediction takes 1.5 s.
    saved = quick["at_operating_point"]["saved_s"]
    assert late["at_operating_point"]["saved_s"] == pytest.approx(saved / 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--predictors", "markov,oracel"], "no predictor is called 'oracel'; use one of markov, ngram"),
        (["--predictors", ","], "no predictor was named"),
        (["--latency", "fast"], "no latency model is called 'fast'; use one of constant"),
        (["--predict-ms", "-1"], "predict_ms is a time in milliseconds, 0 or more; got -1.0"),
    ],
)
def test_mistakes_are_told_before_any_work(
    halves: tuple[Path, Path], tmp_path: Path, words: list[str], message: str
) -> None:
    result = run("--train", halves[0], "--test", halves[1], "--out", tmp_path / "o.json", *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_file_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name, words in (
        ("file/o.json", "o.json cannot be written (Not a directory); choose another --out"),
        (".", "is a folder, not a file; choose another --out"),
    ):
        result = run("--train", "no.jsonl", "--test", "no.jsonl", "--out", tmp_path / name)
        assert result.exit_code == 2
        assert words in result.stderr
    with pytest.raises(ConfigError, match=r"o\.json cannot be written"):
        write_json(tmp_path / "file" / "o.json", {})
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_traces_without_decision_points_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mute.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "x"}]}\n')
    with pytest.raises(ConfigError, match=r"--test: 1 trace\(s\) but no decision point"):
        load_data(path, label="--test")
    path.write_text('{"messages": [{"role": "clown"}]}\n')
    with pytest.raises(ConfigError, match=r"no trace was read from .* \(1 records were skipped\)"):
        load_data(path, "openai_chat", skip_invalid=True)


def test_names_are_taken_once() -> None:
    assert parse_names("markov,ngram, markov") == ["markov", "ngram"]


def test_files_that_are_read_or_foreign_are_not_overwritten(halves: tuple[Path, Path], tmp_path: Path) -> None:
    traces, notes = halves[0].read_bytes(), tmp_path / "notes.txt"
    notes.write_text("mine")
    for out, words in ((halves[1], "is read here, so it is not"), (notes, "was not written by this command")):
        result = run("--train", halves[0], "--test", halves[1], "--predictors", "silent", "--out", out)
        assert result.exit_code == 2 and words in result.stderr
        tuned = CliRunner().invoke(app, ["tune", "--traces", str(halves[1]), "--waste", "1", "--out", str(out)])
        assert tuned.exit_code == 2 and words in tuned.stderr
        converted = CliRunner().invoke(app, ["traces", "convert", str(halves[1]), "--out", str(out)])
        assert converted.exit_code == 2 and words in converted.stderr
    assert (halves[0].read_bytes(), notes.read_text()) == (traces, "mine")
    for _ in range(2):  # the second time over its own result
        result = run("--train", halves[0], "--test", halves[1], "--predictors", "silent", "--out", tmp_path / "o.json")
        assert result.exit_code == 0, result.stderr


def test_further_fits_tell_how_much_the_seed_matters(halves: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "o.json"
    made = run(
        *("--train", halves[0], "--test", halves[1], "--predictors", "learned,markov", "--refits", 1, "--out", out)
    )
    assert made.exit_code == 0, made.stderr
    found = json.loads(out.read_text())
    assert "learned: READ call@1 of 1 fit with other seeds" in made.stdout
    assert found["config"]["refits"] == 1
    assert len(found["predictors"]["learned"]["refits"]["read_call_top1"]) == 1
    assert found["predictors"]["markov"]["refits"] is None  # it has no seed
    with pytest.raises(ConfigError, match="0 to 100; got -1"):
        Settings(refits=-1)


def test_a_predictor_that_was_evaluated_knows_what_it_has_learned(toy_traces: list[Trace], tmp_path: Path) -> None:
    found = sb.evaluate("markov", toy_traces[:20], toy_traces[28:])
    folder = sb.save(found["markov"], tmp_path / "markov")
    card = read_card(folder)
    assert trained_on(card, toy_traces[:20]) == 1.0 and trained_on(card, toy_traces[28:]) == 0.0
    assert card is not None and card["conversations"]["hashes"][0] not in (folder / "README.md").read_text()
