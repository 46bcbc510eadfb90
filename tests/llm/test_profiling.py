"""Latency profiles: the fit, and a measurement of the micro-Llama."""

import json

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.llm.profiling import LatencyProfile, Sample, fit_profile, profile_model


def test_a_fit_survives_noise():
    true = LatencyProfile(0.01, 1e-4, 0.02, 0.001, 1e-6, 0.0)
    samples = [
        Sample(tok, batch, true.prefill_s(tok, batch) * wobble, true.step_s(tok, batch) / wobble)
        for tok, wobble in ((64, 1.05), (256, 0.95), (1024, 1.02), (2048, 0.99))
        for batch in (1, 2, 8)
    ]
    fitted = fit_profile(samples)
    assert fitted.prefill_s(512, 4) == pytest.approx(true.prefill_s(512, 4), rel=0.1)
    assert fitted.think_s(500, 30) == pytest.approx(true.think_s(500, 30), rel=0.1)
    assert 0 < fitted.error < 0.06


def test_one_length_is_not_enough():
    with pytest.raises(ConfigError, match="two prompt lengths or more"):
        fit_profile([Sample(64, 1, 0.1, 0.1)])


def test_the_micro_llama_is_measured(micro):
    record = profile_model(micro, lengths=(16, 64), batches=(1, 2), steps=2, repeats=1)
    assert (record["model"], record["quantisation"], record["random_weights"]) == ("micro-llama", "none", False)
    assert record["device"].startswith("cpu (") and record["dtype"] == "float32"
    assert len(record["samples"]) == 4
    assert LatencyProfile(**record["profile"]).think_s(32, 10) > 0


def test_lengths_beyond_the_context_are_refused(micro):
    with pytest.raises(ConfigError, match="lengths are 1 to 2032 for micro-llama"):
        profile_model(micro, lengths=(64, 4096))


def test_the_command_writes_a_file(tmp_path):
    out = tmp_path / "profile.json"
    command = ["profile-llm", "--out", str(out), "--lengths", "16,32", "--batches", "1", "--random-weights", "--quiet"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "micro-llama (random weights) on cpu" in result.output
    assert json.loads(out.read_text())["random_weights"] is True


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lengths", "many"], "no comma list of whole numbers"),
        (["--quantisation", "gptq"], "use none, int8, nf4"),
        (["--llm", "gpt"], "use micro, or transformers"),
    ],
)
def test_the_command_tells_what_is_wrong(tmp_path, options, words):
    result = CliRunner().invoke(app, ["profile-llm", "--out", str(tmp_path / "p.json"), *options])
    assert result.exit_code == 2
    assert words in result.output
