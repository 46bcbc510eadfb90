"""The frame of the jobs: the command follows from the arguments, and wrong names fail before any work."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import ConfigError
from specbench.study.evaluation import Settings
from specbench.study.job import Job, kind_of, results_folder


def arguments(**more: Any) -> dict[str, Any]:
    return {"traces": ["a.jsonl", "b c.jsonl"], "format": None, "skip_invalid": False, "effects": None, **more}


def test_the_command_has_what_was_given_in_order_and_how_traces_are_read_last() -> None:
    given = arguments(
        format="sgd", skip_invalid=True, predictors=["markov", "ngram"], settings=Settings(3, predict_ms=2.0)
    )
    words = shlex.split(Job("study", given).command)
    assert words[:5] == ["specbench", "study", "--traces", "a.jsonl", "b c.jsonl"]
    assert words[5:11] == ["--predictors", "markov,ngram", "--seed", "3", "--latency", "auto"]
    assert words[11:] == ["--predict-ms", "2.0", "--format", "sgd", "--skip-invalid"]


def test_what_is_no_option_or_changes_nothing_is_not_recorded() -> None:
    words = Job("sweep", arguments(out=None, jobs=4, progress=True, settings=Settings())).command
    assert words == "specbench sweep --traces a.jsonl 'b c.jsonl' --seed 0 --latency auto"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"predictors": ["marcov"]}, "no predictor is called 'marcov'"),
        ({"latencies": ["constant:2,1", "soon"]}, "soon"),
        ({"predict_ms": -1.0}, "predict_ms is a time in milliseconds"),
    ],
)
def test_wrong_arguments_fail_when_the_job_is_made(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Job("sweep", arguments(**wrong))


def test_a_folder_tells_which_command_made_it(toy_file: Path, tmp_path: Path) -> None:
    job = Job("study", arguments(traces=toy_file, out=tmp_path / "run"))
    with job.folder() as folder:
        job.write_config(folder, job.read(), config={"a": float("nan")})
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert list(config) == ["kind", "specbench", "created", "command", "config", "data", "versions"]
    assert (kind_of(tmp_path / "run"), config["config"]) == ("specbench study", {"a": None})
    assert kind_of(tmp_path) is None
    with (
        pytest.raises(ConfigError, match="was not made by `specbench compare`"),
        results_folder(tmp_path / "run", "specbench compare"),
    ):
        pass
