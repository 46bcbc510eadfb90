"""The job: figures, numbers and the command that makes them again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.plots import THEMES, plot_progressive
from specbench.study.progressive import run_progressive
from specbench.traces.store import write_traces


@pytest.fixture(scope="module")
def agents_file(toy_traces: list[Trace], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agents") / "agents.jsonl"
    write_traces(path, [replace(trace, agent="ab"[at // 2 % 2]) for at, trace in enumerate(toy_traces)])
    return path


def test_the_folder_holds_figures_numbers_and_the_command(agents_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = {"predictors": ["markov"], "shifts": ["agent:a,b", "tool:cancel"], "window": 10}
    done = run_progressive(agents_file, out, **options)  # type: ignore[arg-type]
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"config.json", "progressive.json", "rolling.csv"} <= names
    assert {f"figures/{number}-{rate}.png" for number in range(3) for rate in ("call_top1", "brier")} <= names
    written = json.loads((out / "progressive.json").read_text())
    assert [each["name"] for each in written["scenarios"]] == ["stream", "agent-a-to-b", "tool-cancel"]
    parts = {(row["scenario"], row["part"]) for row in written["summary"]}
    assert {("agent-a-to-b", "after"), ("tool-cancel", "calls of cancel"), ("stream", "all")} <= parts
    # Calibration is of what was said before anybody knew the call: not of the calls of one tool.
    told = {(row["scenario"], row["part"]) for row in written["summary"] if row["rate"] == "ece"}
    assert told == parts - {("tool-cancel", "calls of cancel")}
    command = json.loads((out / "config.json").read_text())["command"]
    assert "--shift agent:a,b --shift tool:cancel --fit-share 0.3 --window 10 --seed 0" in command
    again = run_progressive(agents_file, out, **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(done.summary, again.summary)


def test_without_a_folder_nothing_is_written(
    agents_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_progressive(agents_file, predictors=["silent"])
    assert (done.folder, list(tmp_path.iterdir())) == (None, [])


def test_wrong_names_fail_before_any_work(agents_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no predictor is called 'marcov'"):
        run_progressive(agents_file, tmp_path / "out", predictors=["marcov"])
    with pytest.raises(ConfigError, match="the agents of these traces are: a, b"):
        run_progressive(agents_file, tmp_path / "out", predictors=["markov"], shifts=["agent:a,c"])
    assert not (tmp_path / "out").exists()


def test_the_command_prints_both_arms(agents_file: Path, tmp_path: Path) -> None:
    words = ["progressive", "--traces", str(agents_file), "--predictors", "markov,ngram", "--out", str(tmp_path / "p")]
    done = CliRunner().invoke(app, [*words, "--shift", "tool:cancel"])
    assert done.exit_code == 0, done.stderr
    assert "online − frozen, points" in done.stdout
    exact, calibration = done.stdout.split("Calibration error")
    assert "calls of cancel" in exact
    assert "calls of cancel" not in calibration
    assert "before" in calibration
    assert "stream: ngram, online" in done.stderr


@pytest.mark.parametrize("theme", THEMES)
def test_the_figure_shows_both_arms_and_the_change(theme: str) -> None:
    rows = pd.DataFrame(
        [
            {"predictor": "markov", "arm": arm, "decision": at, "value": 0.5 if at > 3 else np.nan}
            for arm in ("frozen", "online")
            for at in range(20)
        ]
    )
    ax = plot_progressive(rows, window=4, changes_at=10, change="$x$ appears", theme=theme)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["markov, frozen", "markov, online"]
    assert "$x$ appears" in [text.get_text() for text in ax.texts]


def test_a_stream_that_is_too_short_for_its_window_says_so() -> None:
    rows = pd.DataFrame({"predictor": "markov", "arm": "online", "decision": [0], "value": [np.nan]})
    ax = plot_progressive(rows, window=200)
    assert "shorter than the window of 200 decisions" in ax.texts[0].get_text()
