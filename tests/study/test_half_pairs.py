"""Half surrogate pairs in ids, tools, agents and arguments: every job writes its results, and they are read again."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import specbench
from specbench.core.json_values import read_json, write_json
from specbench.core.ledger import Ledger
from specbench.core.types import Trace
from specbench.predictors.checkpoint import read_card
from specbench.study import Settings, run_study
from specbench.study.comparison import Parts, run_compare
from specbench.study.progressive import run_progressive
from specbench.study.simulation import run_simulate
from specbench.study.train import run_train
from specbench.traces.schema import trace_to_dict

TOOL = "\ud800x"
SHOWN = "\\ud800x"


@pytest.fixture(scope="module")
def halves(toy_traces: list[Trace], tmp_path_factory: pytest.TempPathFactory) -> Path:
    odd = {"get_order": "\\ud800x", '"cancel"': '"\\udc05y"', "#W": "#\\ud83d", "toy/": "toy\\udc01/"}
    lines = []
    for number, trace in enumerate(toy_traces):
        line = json.dumps({**trace_to_dict(trace), "agent": f"\udc04{number // 2 % 2}"})
        for plain, half in odd.items():
            line = line.replace(plain, half)
        lines.append(line)
    path = tmp_path_factory.mktemp("halves") / "halves.jsonl"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("predictor", ["markov", "ngram", "patterns"])
def test_a_checkpoint_says_the_same_again(halves: Path, tmp_path: Path, predictor: str) -> None:
    result = run_train(halves, tmp_path / "m", predictor=predictor)
    loaded = specbench.load(tmp_path / "m")
    points = result.table.points
    assert loaded.predict_batch(points, k=3) == result.predictor.predict_batch(points, k=3)
    assert any(call and call.name == TOOL for said in loaded.predict_batch(points, k=3) for call, _ in said)
    card = read_card(tmp_path / "m")
    assert card is not None
    assert {"tool": TOOL, "effect": "read"} in card["tools"]
    assert f"| {SHOWN} | read |" in (tmp_path / "m" / "README.md").read_text(encoding="utf-8")


def test_a_simulation_has_escapes_in_its_ledger(halves: Path, tmp_path: Path) -> None:
    run = run_simulate(
        halves, tmp_path / "run", predictor="markov", policy="topk:1", latency="lognormal:2,1,0.5", predict_ms=1.0,
        executor=True,
    )  # fmt: skip
    assert run.executor_differs == []
    read = Ledger.from_parquet(tmp_path / "run" / "ledger.parquet")
    assert [row.tool == SHOWN for row in read.outcomes] == [row.tool == TOOL for row in run.ledger.outcomes]
    assert read.outcomes[0].trace_id.startswith("toy\\udc01/")
    assert any(row.call and "\\ud83d" in row.call for row in read.outcomes)
    assert len(read.speculations) == len(run.ledger.speculations) > 0
    assert read.speculations_frame().equals(run.ledger.speculations_frame())


def test_a_stream_tells_the_tool_apart(halves: Path, tmp_path: Path) -> None:
    shifts = ["tool:\udc05y", "agent:\udc040,\udc041"]
    run = run_progressive(halves, tmp_path / "p", predictors=["markov"], shifts=shifts, window=5)
    parts = run.summary[run.summary["scenario"] == "tool-\\udc05y"].set_index("part")
    assert (parts.loc["calls of \\udc05y", "decisions"] > 0).any()
    assert read_json(tmp_path / "p" / "progressive.json")["scenarios"][1]["tool"] == "\udc05y"
    assert "\\udc05y" in pd.read_csv(tmp_path / "p" / "rolling.csv")["scenario"].str.cat()


def test_a_study_and_a_comparison_are_whole(halves: Path, tmp_path: Path) -> None:
    run = run_study(halves, tmp_path / "study", predictors=("markov",), settings=Settings())
    assert SHOWN in run.report.read_text(encoding="utf-8")
    assert SHOWN in {row["tool"] for row in read_json(tmp_path / "study" / "metrics.json")["per_tool"]}
    assert pd.read_parquet(tmp_path / "study" / "decisions.parquet")["happened"].str.startswith(SHOWN).any()
    compared = run_compare(halves, tmp_path / "c", predictors="markov", parts=Parts(transfer=True))
    assert set(compared.tables["transfer"]["held_out"]) >= {"\\udc040", "\\udc041"}
    assert "\\udc040" in (tmp_path / "c" / "compare.md").read_text(encoding="utf-8")


def test_json_comes_back_exactly_and_keeps_ordinary_text_as_it_is(tmp_path: Path) -> None:
    odd, plain = {TOOL: ["¿qué? \ud83d"]}, {"a": "¿qué? 😀"}
    assert read_json(write_json(tmp_path / "odd.json", odd)) == odd
    assert read_json(write_json(tmp_path / "plain.json", plain)) == plain
    assert "¿qué? 😀" in (tmp_path / "plain.json").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "odd.json").read_bytes().decode("ascii")) == odd
