"""Recorded seconds decide wherever they are: study, report, simulate, sweep, tune, workbench."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import specbench as sb
from specbench.core.types import Timing, Trace
from specbench.study import Settings, run_study
from specbench.study.grid_sweep import run_sweep
from specbench.study.simulation import run_simulate
from specbench.study.tuning import run_tune
from specbench.study.workbench import Setting, Workbench
from specbench.traces.store import write_traces

LIGHT = ("markov", "ngram", "oracle")


def timed(traces: Sequence[Trace], think_s: float, tool_s: float) -> list[Trace]:
    """The traces with recorded seconds of LLM and tools."""
    took = {"assistant": think_s, "tool": tool_s}
    return [
        replace(
            trace,
            messages=tuple(
                replace(message, timing=Timing(0.0, took[message.role])) if message.role in took else message
                for message in trace.messages
            ),
        )
        for trace in traces
    ]


@pytest.fixture
def quick(toy_traces: list[Trace], tmp_path: Path) -> Path:
    """Tools that take no time: modelled seconds would promise much."""
    path = tmp_path / "quick.jsonl"
    write_traces(path, timed(toy_traces, 4.0, 0.0001))
    return path


@pytest.fixture
def slow(toy_traces: list[Trace], tmp_path: Path) -> Path:
    """Tools that take as long as the thinking."""
    path = tmp_path / "slow.jsonl"
    write_traces(path, timed(toy_traces, 3.0, 3.0))
    return path


def test_tools_that_take_no_time_are_a_no_whatever_a_model_says(quick: Path, tmp_path: Path) -> None:
    result = run_study(quick, tmp_path / "run", predictors=LIGHT)
    assert result.verdict[0].startswith("No, speculation does not pay here")
    assert "done 0.0 % sooner" in result.verdict[0]
    assert "(measured: recorded seconds: median 4 s before a decision, 0.0001 s a tool call)" in result.verdict[0]
    assert "tools take 0.0 % of the time" in result.verdict[3]
    assert result.verdict[4].startswith(
        "With modelled seconds (the LLM thinks 2 s before each decision, a tool runs 1 s)"
    )
    point = result.metrics["predictors"]["ngram"]["modelled_at_operating_point"]
    assert point["saved_share"] > 0.05  # what the modelled view alone would have said
    assert result.ledger.measured
    page = result.report.read_text("utf-8")
    assert "All seconds here are measured" in page and "saved (modelled)" in page
    assert "savings-modelled" in result.metrics["figures"] and "seconds" in result.metrics["figures"]
    assert (result.folder / "figures" / "seconds.png").is_file()


def test_slow_tools_are_a_measured_gain(slow: Path, tmp_path: Path) -> None:
    result = run_study(slow, tmp_path / "run", predictors=LIGHT)
    # Nothing was wasted on five test tasks: a sixth may be otherwise.
    assert result.verdict[0].startswith("Cannot tell") and "(measured:" in result.verdict[0]
    assert "Only 0 tasks wasted anything" in result.verdict[1] and result.metrics["worth"]["low"] > 0.02
    seconds = result.metrics["description"]["seconds"]
    assert (seconds[0]["what"], seconds[0]["p50_s"], seconds[0]["sigma"]) == ("LLM", 3.0, 0.0)
    assert result.metrics["time"]["basis"] == "measured"
    assert result.metrics["time"]["saved_s"] == pytest.approx(result.metrics["time"]["read_s"])  # think = tool
    config = json.loads((result.folder / "config.json").read_text())
    assert config["config"]["latency"]["modelled"] is False and config["config"]["latency"]["coverage"] == 1.0


def test_a_latency_that_is_asked_for_is_taken(slow: Path, tmp_path: Path) -> None:
    result = run_study(slow, tmp_path / "run", predictors=LIGHT, settings=Settings(latency="constant:2,1"))
    assert "(modelled: the LLM thinks 2 s before each decision, a tool runs 1 s)" in result.verdict[0]
    assert result.metrics["predictors"]["ngram"]["modelled_at_operating_point"] is None
    assert "carry seconds for 100 % of their decisions and calls, which are left aside here" in result.verdict[4]
    assert "All seconds here are modelled" in result.report.read_text("utf-8")


def test_without_recorded_seconds_everything_is_modelled(toy_study: object) -> None:
    metrics = toy_study.metrics  # type: ignore[attr-defined]
    assert metrics["time"]["basis"] == "modelled" and metrics["description"]["seconds"] == []
    assert not {"seconds", "savings-modelled"} & set(metrics["figures"])


def test_simulate_takes_recorded_seconds_and_shows_the_modelled_ones_beside(slow: Path, tmp_path: Path) -> None:
    result = run_simulate(slow, tmp_path / "run", predictor="ngram", predict_ms=0)
    assert result.ledger.measured and result.modelled is not None
    assert {row.think_s for row in result.ledger.outcomes} == {3.0}
    record = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert record["seconds"].startswith("measured: recorded seconds: median 3 s")
    assert record["modelled"]["sequential_s"] == pytest.approx(result.modelled.sequential_s)
    assert result.modelled.sequential_s < result.metrics.sequential_s


def test_sweep_and_tune_say_whose_seconds_they_take(slow: Path, toy_file: Path, tmp_path: Path) -> None:
    for path, word in ((slow, "measured"), (toy_file, "constant:2,1")):
        frame = run_sweep(path, tmp_path / word, predictors=["markov"], policies=["threshold:0.5"], jobs=1)
        assert set(frame["latency"]) == {word}
    tuned = run_tune(slow, predictor="markov", precision=0.5)
    assert tuned.record["latency"]["model"] == "measured (recorded seconds)"


def test_functions_take_recorded_seconds(toy_traces: list[Trace]) -> None:
    traces = timed(toy_traces, 3.0, 3.0)
    run = sb.simulate("oracle", traces, "always", predict_ms=0)
    assert run.seconds_from == "measured (recorded seconds)"
    result = sb.evaluate("markov", traces[:20], traces[20:])
    assert result.metrics["markov"]["seconds"] == "measured"
    assert "(measured)" in result.plot_curve().axes[0].get_xlabel()
    assert sb.simulate("oracle", toy_traces, "always").seconds_from == "constant (modelled)"


def test_the_workbench_takes_recorded_seconds(slow: Path, toy_file: Path) -> None:
    bench = Workbench(slow)
    assert bench.measured() and not bench.measured(Setting(latency="constant:2,1"))
    assert bench.run("markov")[0].measured
    first = bench.curve(Setting("markov", latency="measured"))
    assert first["saved_s"].equals(bench.curve(Setting("markov"))["saved_s"])
    assert not Workbench(toy_file).measured()


def reads(path: Path, *names: str) -> Path:
    path.write_text(json.dumps(dict.fromkeys(names, "read")))
    return path


def test_the_real_telecom_agent_gains_nothing(shared_data: Path, tmp_path: Path) -> None:
    (file,) = (shared_data / "raw" / "tau2").glob("*telecom*.json")
    effects = reads(
        tmp_path / "effects.json", "get_details_by_id", "get_customer_by_phone", "can_send_mms", "run_speed_test",
        "check_apn_settings", "check_status_bar", "check_network_status", "check_sim_status", "get_bills_for_customer",
    )  # fmt: skip
    result = run_study(file, tmp_path / "run", predictors=("patterns", "oracle"), effects=effects)
    assert result.verdict[0].startswith("No, speculation") and "done 0.0 % sooner" in result.verdict[0]
    assert result.metrics["predictors"]["patterns"]["modelled_at_operating_point"]["saved_share"] > 0.03
    assert result.metrics["time"]["saved_share"] < 0.0005


def test_a_real_folder_of_claude_code_logs_is_judged_by_its_own_seconds(shared_data: Path, tmp_path: Path) -> None:
    effects = reads(tmp_path / "effects.json", "Read", "Grep", "Glob", "WebFetch", "WebSearch")
    result = run_study(
        shared_data / "raw" / "claude_code", tmp_path / "run", predictors=("markov", "oracle"), effects=effects
    )
    assert result.verdict[0].startswith("No") and "measured" in " ".join(result.verdict)
    oracle = result.metrics["description"]["oracle_measured"]
    assert 0.0 < oracle["saved_share"] < 0.05 < oracle["tool_s"] / (oracle["think_s"] + oracle["tool_s"])
    slow = {row["what"]: row["p50_s"] for row in result.metrics["description"]["seconds"]}
    assert slow["Bash"] > 1.0 > slow["Grep"] > slow["Read"]
    limit = next(sentence for sentence in result.verdict if sentence.startswith("What limits it"))
    assert "The slow tools are not declared `read`" in limit
