"""benchmarks/gpu.py without a GPU: what it needs, and the way it goes, with a model that a CPU can carry."""

import importlib
import json
from pathlib import Path

import pytest

from specbench.llm.local.precision import quick_dtype

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SMALL = "--device cpu --layers 1 --width 128 --lengths 16 48 --batches 1 2 --conversations 1 --tool-scale 0.001"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("gpu")
    monkeypatch.setattr(module, "TRAINING_TALKS", 8)
    monkeypatch.setattr(module, "LLAMA_3_8B", module.LLAMA_3_8B | {"vocab_size": 2048})
    return module


def test_both_precisions_are_profiled_and_run(script, tmp_path):
    pytest.importorskip("bitsandbytes")
    assert script.main([*SMALL.split(), "--out", str(tmp_path)]) == 0
    for quantisation, dtype in (("none", "float32"), ("nf4", str(quick_dtype("cpu")).removeprefix("torch."))):
        profile = json.loads((tmp_path / f"profile-{quantisation}-random-weights.json").read_text())
        assert (profile["quantisation"], profile["dtype"]) == (quantisation, dtype)
        assert profile["random_weights"] and "random weights" in profile["model"] and "1x128" in profile["model"]
        assert len(profile["samples"]) == 4 and all(each["step_s"] > 0 for each in profile["samples"])
        assert profile["memory"]["planned_bytes"] > 0 and len(profile["stop_s"]) == 10
        embedded = json.loads((tmp_path / f"embedding-{quantisation}-random-weights.json").read_text())
        assert embedded["dtype"] == dtype and embedded["messages"]["dim"] == 128
        assert embedded["messages"]["p99_ms"] >= embedded["messages"]["p50_ms"] > 0
        live = json.loads((tmp_path / f"live-desk-{quantisation}-random-weights.json").read_text())
        assert live["lossless"] and live["conversations"] == 1
        assert live["usage"]["sequential"]["completion_tok"] == live["usage"]["speculative"]["completion_tok"] > 0

    shown = "\n".join(script.section(tmp_path))
    assert shown.count("| 200 | 128 |") == 2
    assert "NF4" in shown and "**random**" in shown and shown.count("| 1 of desk |") == 2
    assert "NVIDIA" in "\n".join(script.section())  # what ships can be shown


def test_without_a_gpu_it_says_what_it_needs(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert script.main(["--out", str(tmp_path / "none")]) == 1
    assert "no GPU is here" in capsys.readouterr().out and not (tmp_path / "none").exists()
