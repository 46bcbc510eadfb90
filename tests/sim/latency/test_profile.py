"""A measured profile as the simulator's latency: the file that ``specbench profile-llm`` writes, and wrong ones."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.desk.people.conversations import generate
from specbench.llm.profiling import LatencyProfile
from specbench.sim import ByProfile, Latency
from specbench.sim.latency.from_traces import token_counts
from specbench.traces.store import write_traces


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What the command writes of the shipped micro-Llama."""
    out = tmp_path_factory.mktemp("profile") / "micro, one core.json"
    command = ["profile-llm", "--out", str(out), "--lengths", "64,512", "--batches", "1,2", "--quiet"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("traces") / "traces.jsonl"
    write_traces(path, generate(40))
    return path


def test_seconds_are_those_of_the_measured_model_at_the_tokens_of_each_decision(measured):
    traces = list(generate(3))
    model = Latency.from_text(f"profile:{measured},1.5,8,batch=2").for_traces(traces)
    assert isinstance(model, ByProfile)
    fitted = LatencyProfile(**json.loads(measured.read_text())["profile"])
    tokens = token_counts(traces)
    for (trace_id, index), (prompt, written) in tokens.items():
        expected = fitted.think_s(round(prompt), max(1, round(written)), batch=2)
        assert model.think_s(trace_id, index) == pytest.approx(expected) and expected > 0
    first = traces[0].trace_id
    assert model.think_s(first, 99) == model.think_s(first, max(at for name, at in tokens if name == first))
    assert (model.tool_s(first, "get({})"), model.user_s(first, 0)) == (1.5, 8.0)
    told = model.describe()
    assert told["llm"]["model"] == "micro-llama" and told["llm"]["random_weights"] is False
    assert told["model"] == "by a measured profile (modelled: 4 characters a token)" and told["batch"] == 2
    assert told["extrapolated"] == sum(prompt > 512 for prompt, _ in tokens.values()) / len(tokens) > 0


def test_more_rows_at_a_time_are_slower():
    profile = LatencyProfile(0.01, 1e-4, 0.02, 0.001, 1e-6, 0.0)
    tokens = {("t", 0): (400.0, 30.0)}
    assert ByProfile(profile, tokens=tokens, batch=4).think_s("t", 0) > ByProfile(profile, tokens=tokens).think_s(
        "t", 0
    )
    with pytest.raises(ConfigError, match="a batch is 1 or more rows; got 0"):
        ByProfile(profile, batch=0)
    with pytest.raises(ConfigError, match="latencies are seconds, 0 or more; got tool=-1"):
        ByProfile(profile, tool=-1)


@pytest.mark.parametrize("rest", ["", "FILE", "FILE,", "FILE,a", "FILE,1,2,3", "FILE,1,batch=x", "no-file,1"])
def test_other_forms_are_refused(measured, rest):
    with pytest.raises(ConfigError, match=r"latency model.*; use .*profile:FILE\.json,TOOL"):
        Latency.from_text("profile:" + rest.replace("FILE", str(measured)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            None,
            r"profile\.json cannot be read as an LLM profile \(No such file or directory\); give the JSON file that",
        ),
        ("not json", r"profile\.json cannot be read as an LLM profile \(Expecting value"),
        ("[1]", r"is no LLM profile: the key 'profile' is missing \(it holds list\)"),
        ('{"metrics": {}, "verdict": []}', r"the key 'profile' is missing \(it holds metrics, verdict\)"),
        ('{"profile": {"prefill_base_s": 1}}', r"'profile' → 'prefill_s_a_tok' is None; it must be a number of 0 or"),
        ('{"profile": {"prefill_base_s": -1}}', r"'profile' → 'prefill_base_s' is -1; it must be a number of 0 or mor"),
        ('{"profile": {"prefill_base_s": "1"}}', r"'profile' → 'prefill_base_s' is '1'; it must be a number of 0 or "),
    ],
)
def test_a_wrong_file_is_told_with_its_key(tmp_path, content, words):
    path = tmp_path / "profile.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=words):
        Latency.from_text(f"profile:{path},1")


def test_every_command_takes_it(measured, sample, tmp_path):
    latency = f"profile:{measured},1"
    common = ["--traces", str(sample), "--quiet"]
    simulated = [
        "simulate", *common, "--out", str(tmp_path / "simulated"), "--predictor", "markov", "--latency", latency
    ]  # fmt: skip
    swept = [
        "sweep", *common, "--out", str(tmp_path / "swept"), "--predictors", "markov", "--latencies", latency,
        "--policies", "topk:1", "--jobs", "1",
    ]  # fmt: skip
    tuned = ["tune", *common, "--predictor", "markov", "--waste", "0.5", "--latency", latency]
    studied = [
        "study", *common, "--out", str(tmp_path / "studied"), "--predictors", "markov", "--latency", latency
    ]  # fmt: skip
    for command in (simulated, swept, tuned, studied):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, (command[0], result.output)
    ledger = Ledger.from_parquet(tmp_path / "simulated" / "ledger.parquet")
    assert len({round(row.think_s, 9) for row in ledger.outcomes}) > 10  # each decision takes its own time
    config = json.loads((tmp_path / "studied" / "config.json").read_text())["config"]
    assert config["latency"]["llm"]["model"] == "micro-llama"
    assert "by a measured profile (modelled: 4 characters a token)" in config["latency_text"]
    assert config["latency"]["think"] == pytest.approx(
        sum(row.think_s for row in ledger.outcomes) / len(ledger.outcomes), rel=0.3
    )


def test_a_wrong_file_ends_a_command_before_any_work(sample, tmp_path):
    result = CliRunner().invoke(
        app, ["simulate", "--traces", str(sample), "--out", str(tmp_path / "o"), "--latency", "profile:nowhere.json,1"]
    )
    assert result.exit_code == 2 and "nowhere.json cannot be read as an LLM profile" in result.output
    assert not (tmp_path / "o").exists()
