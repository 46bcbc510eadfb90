from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.json_values import read_json
from specbench.predictors.counting.markov import MarkovPredictor
from specbench.predictors.counting.ngram import NgramPredictor
from specbench.study import finished_fits as module
from specbench.study import run_study
from specbench.study.comparison import run_compare
from tests.study.test_main import without_timings

PREDICTORS = ("markov", "ngram", "frequent")


@pytest.fixture(autouse=True)
def keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH_KEEPING_S", 0.0)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was fitted; the n-gram predictor is stopped while it is."""
    fitted: list[str] = []
    plain = MarkovPredictor.fit

    def fit(self: MarkovPredictor, traces: object) -> MarkovPredictor:
        fitted.append(self.name)
        return plain(self, traces)  # type: ignore[arg-type]

    monkeypatch.setattr(MarkovPredictor, "fit", fit)
    return fitted


def stop(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("run", [run_study, run_compare])
def test_a_stopped_job_goes_on_with_what_it_has_fitted(
    toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: list[str], run: object
) -> None:
    out, whole = tmp_path / "run", tmp_path / "whole"
    with monkeypatch.context() as patch:
        patch.setattr(NgramPredictor, "fit", stop)
        with pytest.raises(KeyboardInterrupt):
            run([toy_file], out, predictors=PREDICTORS)  # type: ignore[operator]
    assert "markov" in fits
    assert (tmp_path / "run.unfinished").is_dir()
    assert not out.exists()
    fits.clear()
    run([toy_file], out, predictors=PREDICTORS)  # type: ignore[operator]
    assert "markov" not in fits
    assert not (tmp_path / "run.unfinished").exists()
    run([toy_file], whole, predictors=PREDICTORS)  # type: ignore[operator]
    name = "metrics.json" if run is run_study else "compare.json"
    left, right = (without_timings(read_json(folder / name)) for folder in (out, whole))
    assert left["predictors"] == right["predictors"]


def test_other_traces_or_another_seed_are_fitted_anew(toy_file: Path, tmp_path: Path, fits: list[str]) -> None:
    kept = module.FinishedFits(tmp_path / "fits")
    kept.fit("markov, seed 0", MarkovPredictor, [])
    kept.fit("markov, seed 0", MarkovPredictor, [])
    assert len(fits) == 1
    kept.fit("markov, seed 1", MarkovPredictor, [])
    assert len(fits) == 2
    module.FinishedFits(tmp_path / "fits", about="another model's folder").fit("markov, seed 0", MarkovPredictor, [])
    assert len(fits) == 3
    for file in (tmp_path / "fits").rglob("*.safetensors"):
        file.write_bytes(b"cut")
    kept.fit("markov, seed 0", MarkovPredictor, [])
    assert len(fits) == 4


def test_the_command_says_what_is_kept(toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NgramPredictor, "fit", stop)
    command = ["study", "--traces", str(toy_file), "--out", str(tmp_path / "run"), "--predictors", "markov,ngram"]
    stopped = CliRunner().invoke(app, command)
    assert stopped.exit_code == 130
    assert "run.unfinished: the same command goes on with them" in stopped.stderr
    assert "stopped. No result was written" in stopped.stderr
