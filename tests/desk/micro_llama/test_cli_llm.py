"""``specbench run`` and ``specbench train-llm``, end to end on the smallest of everything."""

import json
from functools import partial

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.ledger import Ledger
from specbench.desk.micro_llama import training
from specbench.desk.micro_llama.measure import answers
from specbench.desk.people.conversations import generate
from specbench.traces.store import write_traces


def invoke(*arguments):
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_run_compares_and_writes(tmp_path):
    result = invoke(
        "run", "--out", tmp_path / "live", "--conversations", 1, "--predictor", "markov", "--policy", "topk:1",
        "--tool-scale", 0.01, "--pace", 400, "--run-ahead", "--spans", tmp_path / "spans.jsonl", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "micro-llama (paced, 400 tok/s)" in result.output and "outcomes equal: yes" in result.output
    record = json.loads((tmp_path / "live" / "live.json").read_text())
    assert record["lossless"] and record["backend"].endswith("(paced, 400 tok/s)")
    ledger = Ledger.from_parquet(tmp_path / "live" / "speculative.parquet")
    assert ledger.outcomes and ledger.config["backend"] == record["backend"]
    assert (tmp_path / "spans.jsonl").stat().st_size > 0


def test_run_forces_recorded_traces_through_a_model_with_random_weights(tmp_path):
    traces = tmp_path / "traces.jsonl"
    write_traces(traces, generate(16))
    result = invoke(
        "run", "--out", tmp_path / "live", "--traces", traces, "--conversations", 1, "--predictor", "markov",
        "--policy", "topk:1", "--tool-s", 0.01, "--pace", 0, "--random-weights", "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "micro-llama (random weights) (forced replay)" in result.output and "outcomes equal: yes" in result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--llm", "gpt"], "no LLM is called 'gpt'"),
        (["--pace", "-1"], "use --pace 30"),
        (["--tool-scale", "nan"], "scale is nan and sigma 0.25; both must be 0 or more"),
        (["--policy", "sometimes"], "no policy is called"),
        (["--conversations", "0"], "it must be 1 or more"),
        (["--quantisation", "gptq"], "use none, int8, nf4"),
        (["--predictor", "magic"], "no predictor is called 'magic'"),
        (["--random-weights"], "--random-weights is for --traces"),
    ],
)
def test_run_tells_what_is_wrong(tmp_path, options, words):
    result = invoke("run", "--out", tmp_path / "live", "--quiet", *options)
    assert result.exit_code == 2, result.output
    assert words in result.output


def test_train_llm_tells_what_is_wrong(tmp_path):
    result = invoke("train-llm", "--out", tmp_path / "m", "--lr", "nan", "--quiet")
    assert result.exit_code == 2, result.output
    assert "lr is nan; a learning rate is above 0" in result.output
    assert list(tmp_path.iterdir()) == []


def test_train_llm_trains_measures_and_writes_a_card(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "TOKENIZER_TRACES", 40)
    monkeypatch.setattr("specbench.desk.micro_llama.examples.POOL", 16)
    monkeypatch.setattr("specbench.desk.micro_llama.card.answers", partial(answers, max_tok=4))
    out = tmp_path / "model"
    small = ("train-llm", "--out", out, "--copy-steps", 1, "--tokens", 600, "--quiet")
    result = invoke(*small, "--steps", 2, "--measure", 1)
    assert result.exit_code == 0, result.output
    assert "exact calls" in result.output
    card = (out / "README.md").read_text()
    assert "small mind" in card and "unseen phrasings" in card
    training_of = json.loads((out / "measured.json").read_text())["training"]
    assert (training_of["copy_steps"], training_of["steps"], training_of["tokens"] > 1200) == (1, 2, True)
    again = invoke(*small, "--steps", 4)
    assert again.exit_code == 2 and "begun with another schedule" in again.output
