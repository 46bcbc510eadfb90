from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import specbench
from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.core.json_values import write_json
from specbench.core.ledger import Ledger
from specbench.core.types import Message, Trace
from specbench.study import Settings, StudyResult, run_study
from specbench.study.job import results_folder
from specbench.traces.store import write_traces

LIGHT = ("markov", "ngram", "frequent", "oracle")
MEASURED = {"latency_ms", "fit_s", "predict_ms_charged"}


@pytest.fixture(scope="module")
def result(toy_study: StudyResult) -> StudyResult:
    return toy_study


def without_timings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_timings(item) for key, item in value.items() if key not in MEASURED}
    return [without_timings(item) for item in value] if isinstance(value, list) else value


def test_the_folder_is_whole(result: StudyResult) -> None:
    names = {path.relative_to(result.folder).as_posix() for path in result.folder.rglob("*") if path.is_file()}
    figures = ("curve", "savings", "tools", "waterfall", "reliability")
    assert {"report.html", "metrics.json", "config.json", "ledger.parquet", "curves.parquet"} <= names
    assert {f"figures/{name}{end}" for name in figures for end in (".png", ".svg", "-dark.svg")} <= names
    assert {path.name for path in (result.folder / "checkpoints").iterdir()} == {"markov", "ngram"}
    assert [path.name for path in result.folder.parent.iterdir()] == ["toy"]


def test_ledger_metrics_and_curves_agree(result: StudyResult) -> None:
    ledger = Ledger.from_parquet(result.folder / "ledger.parquet")
    assert ledger.outcomes == result.ledger.outcomes
    policy, curve = result.metrics["default_policy"], result.metrics["predictors"]["ngram"]["at_operating_point"]
    assert policy["predictor"] == "ngram"
    for name in ("recall", "precision", "amplification", "saved_s", "wasted_s"):
        assert policy[name] == pytest.approx(curve[name]), name
    tools = pd.DataFrame(result.metrics["per_tool"])
    assert tools["hits"].sum() == policy["hits"]
    assert tools["launched"].sum() == policy["launched"]
    assert tools["calls"].sum() == result.metrics["predictors"]["ngram"]["calls"]
    assert tools["wasted_s"].sum() == pytest.approx(policy["wasted_s"])
    curves = pd.read_parquet(result.folder / "curves.parquet")
    assert list(curves["predictor"].unique()) == list(LIGHT)
    assert sum(row["count"] for row in result.metrics["reliability"]) > 0


def test_a_checkpoint_predicts_like_its_predictor(result: StudyResult, toy_traces: list[Trace]) -> None:
    predictor = specbench.load(result.folder / "checkpoints" / "markov")
    point = next(iter(toy_traces[0].decisions())).point
    assert predictor.predict(point)


def test_no_task_crosses_and_config_tells_how_to_repeat(result: StudyResult) -> None:
    parts = result.metrics["split"]
    assert sum(part["tasks"] for part in parts.values()) == 20
    config = json.loads((result.folder / "config.json").read_text())
    assert config["kind"] == "specbench study"
    assert "--predictors markov,ngram,frequent,oracle --seed 0" in config["command"]
    assert len(config["data"]["files"][0]["sha256"]) == 64
    assert {"python", "numpy", "specbench"} <= set(config["versions"])


def test_the_verdict_is_computed(result: StudyResult) -> None:
    assert "speculation pays here: when the ngram predictor launches calls of " in result.verdict[0]
    assert result.verdict[0].lower().startswith(result.metrics["worth"]["answer"])
    assert "modelled" in result.verdict[0]
    assert "Net of waste that is" in result.verdict[1] and "worth having" in result.verdict[1]
    assert "a perfect predictor of READ calls would save" in result.verdict[2]
    assert result.verdict[3].startswith("What limits it: tools take ")
    assert "At no more waste, the next best, markov, hits" in result.verdict[4]
    assert "With hindsight, p ≥" in result.verdict[4]
    same = result.metrics["default_policy"]["recall_at_same_waste"]
    assert same["ngram"] >= result.metrics["default_policy"]["recall"]
    assert same["oracle"] == result.metrics["predictors"]["oracle"]["at_operating_point"]["recall"]


def test_a_rerun_gives_the_same_numbers_and_replaces_the_folder(toy_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    first = run_study(toy_file, out, predictors=("markov", "oracle"), settings=Settings(seed=3))
    figure = (out / "figures" / "curve.svg").read_bytes()
    (out / "left-over.txt").write_text("old")
    second = run_study(toy_file, out, predictors=("markov", "oracle"), settings=Settings(seed=3))
    assert without_timings(first.metrics) == without_timings(second.metrics)
    assert without_timings(json.loads((out / "metrics.json").read_text())) == without_timings(first.metrics)
    assert (out / "figures" / "curve.svg").read_bytes() == figure
    assert not (out / "left-over.txt").exists()
    other = run_study(toy_file, out, predictors=("markov",), settings=Settings(seed=4))
    assert without_timings(other.metrics["predictors"]["markov"]) != without_timings(
        first.metrics["predictors"]["markov"]
    )


def test_a_failing_study_keeps_the_old_folder(toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "kept"
    run_study(toy_file, out, predictors=("silent",))
    before = (out / "report.html").read_bytes()

    def fail(folder: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr("specbench.study.main.build_report", fail)
    with pytest.raises(OSError, match="disk full"):
        run_study(toy_file, out, predictors=("markov",))
    assert (out / "report.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_foreign_folder_is_never_replaced(toy_file: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("precious")
    with pytest.raises(ConfigError, match="was not made by `specbench study`, so it is not replaced; choose another"):
        run_study(toy_file, tmp_path / "thesis", predictors=("silent",))
    (tmp_path / "thesis" / "config.json").write_text('{"kind": "other"}')
    with pytest.raises(ConfigError, match="not made by"):
        run_study(toy_file, tmp_path / "thesis", predictors=("silent",))
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "precious"
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        run_study(toy_file, tmp_path / "thesis" / "chapter1.tex", predictors=("silent",))
    (tmp_path / "empty").mkdir()
    assert run_study(toy_file, tmp_path / "empty", predictors=("silent",)).report.exists()


def test_one_task_is_refused_with_what_to_do(make_toy_trace: Callable[..., Trace], tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write_traces(path, [make_toy_trace(1, trial) for trial in range(3)])
    with pytest.raises(ConfigError, match=r"at least 2; got 1 task in 3 trace\(s\). Give traces of more tasks"):
        run_study(path, tmp_path / "out", predictors=("silent",))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("tasks", [2, 3])
def test_two_or_three_tasks_are_enough(make_toy_trace: Callable[..., Trace], tmp_path: Path, tasks: int) -> None:
    path = tmp_path / "few.jsonl"
    write_traces(path, [make_toy_trace(task) for task in range(tasks)])
    done = run_study(path, tmp_path / "out", predictors=("markov", "oracle"))
    assert done.metrics["split"]["test"]["tasks"] == 1
    assert "NaN" not in done.report.read_text()


def test_without_any_call_the_report_says_so_calmly(tmp_path: Path) -> None:
    talk = (Message("user", "hi"), Message("assistant", "hello"))
    path = tmp_path / "talk.jsonl"
    write_traces(path, [Trace(f"t{task}", f"task-{task}", "doc", talk) for task in range(4)])
    done = run_study(path, tmp_path / "out", predictors=("markov", "wrong", "oracle"))
    assert done.verdict[0] == "There is nothing to speculate on: the test traces hold no tool call."
    assert done.verdict[0] in done.report.read_text()


def test_undeclared_effects_are_told(toy_traces: list[Trace], tmp_path: Path) -> None:
    path, effects = tmp_path / "toy.jsonl", dict.fromkeys(("find_user", "get_order", "cancel"), "unknown")
    write_traces(path, toy_traces[:12])
    done = run_study(path, tmp_path / "out", predictors=("markov", "oracle"), effects=effects)
    assert done.verdict[0].startswith("Nothing may be speculated on here: none of the")
    assert "--effects" in done.verdict[1]


def test_the_command_prints_verdict_and_report(toy_file: Path, tmp_path: Path) -> None:
    words = ["study", "--traces", str(toy_file), "--out", str(tmp_path / "run"), "--predictors", "markov", "oracle"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    assert f"report: {tmp_path / 'run' / 'report.html'}" in done.stdout
    assert "speculation" in done.stdout
    assert "markov: fitted in" in done.stderr


def test_without_traces_the_sample_is_studied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from specbench.traces.collection import sample_path

    assert sample_path() == Path("data/support_desk.jsonl")
    monkeypatch.chdir(tmp_path)
    assert sample_path().is_absolute() and sample_path().name == "support_desk.jsonl"


def test_the_learned_predictor_runs_the_default_policy(toy_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    done = run_study(toy_file, tmp_path / "out", predictors=("learned", "markov", "oracle"))
    assert done.metrics["default_policy"]["predictor"] == "learned"
    learned = done.metrics["predictors"]["learned"]
    assert learned["read_call_top1"] > 0.5
    assert specbench.load(tmp_path / "out" / "checkpoints" / "learned").name == "learned"


@pytest.mark.parametrize("renames", [1, 2])
def test_an_interrupt_between_the_renames_loses_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    def write(text: str) -> None:
        with results_folder(tmp_path / "run", "specbench study") as folder:
            write_json(folder / "config.json", {"kind": "specbench study"})
            (folder / "result.txt").write_text(text)

    write("old")
    rename, done = Path.rename, []

    def interrupted(self: Path, target: Path) -> Path:
        done.append(self)
        if len(done) == renames:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write("new")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "result.txt").read_text() == "old"
