"""The checkpoint that ships: whole, small, honest about itself, and loaded by numpy and safetensors alone."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from specbench.core.types import Trace
from specbench.metrics.prediction_rates import rates
from specbench.metrics.prediction_table import predict_traces
from specbench.predictors.checkpoint import load, read_card, save
from specbench.study.data import load_data, split_data

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "models" / "support-desk"
TRACES = ROOT / "data" / "support_desk.jsonl"
MOST_BYTES = 4_000_000
TOLERANCE = 0.01
"""What other versions of numpy may change."""

BARE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "sklearn", "pandas", "transformers", "scipy", "pyarrow", "matplotlib"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Refuse())
import json
import specbench
from specbench.traces.store import read_traces

predictor = specbench.load(sys.argv[1])
trace = next(read_traces(sys.argv[2]))
said = []
for session in predictor.replay(trace):
    said.append([[call.name if call else None, p] for call, p in session.predict(3)])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    card = read_card(SHIPPED)
    assert card is not None
    return card


@pytest.fixture(scope="module")
def held_out() -> list[Trace]:
    return split_data(load_data(TRACES), seed=0).test


def test_it_is_small_and_of_these_traces(card: dict[str, Any]) -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= MOST_BYTES
    assert {path.name for path in SHIPPED.iterdir()} == {"README.md", "model.safetensors", "predictor.json"}
    assert [(each["file"], each["sha256"]) for each in card["data"]] == [
        (TRACES.name, hashlib.sha256(TRACES.read_bytes()).hexdigest())
    ]
    assert card["licence of the data"].startswith("MIT")


def test_the_card_names_the_command_that_makes_it(card: dict[str, Any]) -> None:
    command = "specbench train --traces data/support_desk.jsonl --predictor learned --seed 0 --out models/support-desk"
    assert card["made by"] == command
    assert command in (ROOT / "models" / "README.md").read_text()
    assert command in (SHIPPED / "README.md").read_text()


def test_its_hashes_hold() -> None:
    document = json.loads((SHIPPED / "predictor.json").read_text())
    found = hashlib.sha256((SHIPPED / "model.safetensors").read_bytes()).hexdigest()
    assert document["sha256"]["model.safetensors"] == found
    assert load(SHIPPED).fitted  # which verifies both


def test_written_anew_it_has_the_same_bytes(tmp_path: Path) -> None:
    save(load(SHIPPED), tmp_path / "again", card=read_card(SHIPPED))
    for path in SHIPPED.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_it_predicts_held_out_tasks_as_well_as_its_card_says(card: dict[str, Any], held_out: list[Trace]) -> None:
    measured = rates(predict_traces(load(SHIPPED), held_out), intervals=False)
    measured |= measured["first_call"]  # the card is of a version that counted the first of parallel calls alone
    said = {row["metric"]: row["value"] for row in card["metrics"]}
    for name in ("read_call_top1", "read_call_top3", "tool_top1", "reply_accuracy"):
        assert measured[name] >= said[name] - TOLERANCE, name
    assert said["read_call_top1"] > 0.6
    assert measured["brier"] <= said["brier"] + TOLERANCE


def test_a_bare_environment_loads_it_and_predicts(held_out: list[Trace]) -> None:
    words = [sys.executable, "-c", BARE, str(SHIPPED), str(TRACES)]
    said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    tools = set(held_out[0].tools)
    assert len(said) > 2
    for predictions in said:
        assert predictions
        assert {name for name, _ in predictions} <= {*tools, None}
        assert 0 < sum(p for _, p in predictions) <= 1 + 1e-9


def test_the_readme_shows_what_it_predicts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A trained predictor in your agent")[2]
    snippet = section.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(ROOT)
    exec(snippet, {})
    shown = [line.removeprefix("# ").split(" ", 1) for line in snippet.splitlines() if line.startswith("# ")]
    said = [line.split(" ", 1) for line in capsys.readouterr().out.splitlines()]
    assert [call for _, call in said] == [call for _, call in shown]
    assert [float(p) for p, _ in said] == pytest.approx([float(p) for p, _ in shown], abs=1.5 * TOLERANCE)
