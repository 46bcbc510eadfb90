"""Export: a checkpoint is verified and written anew; the ONNX graphs compute what numpy computes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import specbench
from specbench.cli import app
from specbench.core.errors import CheckpointError, ConfigError, MissingExtraError
from specbench.core.types import Trace
from specbench.predictors.checkpoint import read_card, save
from specbench.predictors.counting.markov import MarkovPredictor
from specbench.predictors.learned.network import ListwiseNet
from specbench.predictors.learned.predictor import LearnedPredictor
from specbench.predictors.learned.tool_head.network import ToolHead
from specbench.study.export import export
from specbench.traces.store import read_traces

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models" / "support-desk"


@pytest.fixture(scope="module")
def markov(toy_traces: list[Trace], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "markov"
    return save(MarkovPredictor().fit(toy_traces), folder, card={"licence": "MIT", "tools": [{"tool": "a"}]})


@pytest.fixture(scope="module")
def conversations() -> list[Trace]:
    traces = read_traces(ROOT / "data" / "support_desk.jsonl")
    return [next(traces) for _ in range(6)]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    return export(SHIPPED, tmp_path_factory.mktemp("onnx") / "graphs", "onnx")


def rows_seen(
    monkeypatch: pytest.MonkeyPatch, kind: type, method: str, traces: list[Trace]
) -> list[tuple[Any, tuple[Any, ...], Any]]:
    """The shipped predictor's networks of a kind, what each was given on real conversations, what it answered."""
    seen: list[tuple[Any, tuple[Any, ...], Any]] = []
    original: Callable[..., Any] = getattr(kind, method)

    def spy(self: Any, *given: Any) -> Any:
        # Copies: the session goes on filling the array of features that the tool filter was given.
        copies = tuple(each.copy() for each in given)
        answer = original(self, *given)
        seen.append((self, copies, answer))
        return answer

    predictor = specbench.load(SHIPPED)
    with monkeypatch.context() as patched:
        patched.setattr(kind, method, spy)
        for trace in traces:
            for session in predictor.replay(trace):
                session.predict(k=3)
    assert len(seen) >= 20
    return seen


def test_the_specbench_format_keeps_predictions_and_card(markov: Path, toy_traces: list[Trace], tmp_path: Path) -> None:
    out = export(markov, tmp_path / "a" / "copy")
    first, second = specbench.load(markov), specbench.load(out)
    for decision in toy_traces[0].decisions():
        assert first.predict(decision.point, k=5) == second.predict(decision.point, k=5)
    assert read_card(out) == read_card(markov) == {"licence": "MIT", "tools": [{"tool": "a"}]}
    assert (out / "README.md").read_text() == (markov / "README.md").read_text()
    assert (out / "model.safetensors").read_bytes() == (markov / "model.safetensors").read_bytes()


def test_a_changed_checkpoint_is_not_passed_on(markov: Path, tmp_path: Path) -> None:
    broken = export(markov, tmp_path / "broken")
    document = broken / "predictor.json"
    document.write_text(document.read_text().replace("MIT", "GPL"))
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        export(broken, tmp_path / "out")
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        read_card(broken)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_anything_else_is_left_alone(markov: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        export(markov, tmp_path)
    if SHIPPED.is_dir():
        pytest.importorskip("onnx")
        with pytest.raises(ConfigError, match="was not made by `specbench export`"):
            export(SHIPPED, tmp_path, "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_cannot_be_exported_says_why(markov: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no export format is called 'pickle'; use one of specbench, onnx"):
        export(markov, tmp_path / "out", "pickle")
    with pytest.raises(ConfigError, match=r"the predictor 'markov' has no network.*use --format specbench"):
        export(markov, tmp_path / "out", "onnx")
    empty = save(LearnedPredictor().fit([]), tmp_path / "empty")
    with pytest.raises(ConfigError, match="fitted on no decision point"):
        export(empty, tmp_path / "out", "onnx")
    assert not (tmp_path / "out").exists()


def test_without_onnx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'specbench\[onnx\]'"):
        export(SHIPPED, tmp_path / "out", "onnx")
    assert not (tmp_path / "out").exists()


def test_the_ranker_graph_scores_like_numpy(
    graphs: Path, conversations: list[Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = pytest.importorskip("onnxruntime")
    named = json.loads((graphs / "features.json").read_text())["inputs"]
    for graph, given in (("ranker.onnx", "items"), ("calls.onnx", "combinations")):
        session = runtime.InferenceSession(graphs / graph, providers=["CPUExecutionProvider"])
        # Both are networks of one class: told apart by how many features they take.
        rows = rows_seen(monkeypatch, ListwiseNet, "scores", conversations)
        own = [(items, scores) for _, (items,), scores in rows if items.shape[1] == len(named[given])]
        assert len(own) >= 20
        for items, scores in own:
            (found,) = session.run(["scores"], {given: items})
            assert found.shape == (len(items),)
            np.testing.assert_allclose(found, scores, atol=1e-5, rtol=1e-5)


def test_the_head_graph_gives_the_probabilities_of_numpy(
    graphs: Path, conversations: list[Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = pytest.importorskip("onnxruntime")
    shipped = specbench.load(SHIPPED)
    assert isinstance(shipped, LearnedPredictor)
    members = {len(shipped.head.weights): "head.onnx", len(shipped.tool_filter.weights): "scout.onnx"}
    sessions = {
        count: runtime.InferenceSession(graphs / name, providers=["CPUExecutionProvider"])
        for count, name in members.items()
    }
    assert len(sessions) == 2
    for network, (point, pairs, classes), p in rows_seen(monkeypatch, ToolHead, "probabilities", conversations):
        session = sessions[len(network.weights)]
        given = {"point": point[None], "pairs": pairs, "classes": classes.astype(np.int64)}
        np.testing.assert_allclose(session.run(["probabilities"], given)[0], p, atol=1e-5)
        strange = np.where(np.arange(len(classes)) % 3 == 1, -1, classes)
        (found,) = session.run(["probabilities"], {**given, "classes": strange.astype(np.int64)})
        np.testing.assert_allclose(found, network.probabilities(point, pairs, strange), atol=1e-5)


def test_the_features_are_named_in_their_order(
    graphs: Path, conversations: list[Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = json.loads((graphs / "features.json").read_text())
    names = named["inputs"]["point"]
    seen = rows_seen(monkeypatch, ToolHead, "probabilities", conversations[:3])
    # The tool filter is asked first, and of all tools on offer.
    _, (point, pairs, classes), _ = seen[0]
    assert len(set(names)) == len(names) == len(point)
    assert (len(named["inputs"]["pairs"]), len(named["classes"])) == (pairs.shape[1], len(classes) + 1)
    values = dict(zip(names, point.tolist(), strict=True))
    assert values["last_is_user"] == values["step-1/user"] == values[f"agent:{conversations[0].agent}"] == 1
    assert values["tools_offered"] == pytest.approx(len(conversations[0].tools) / 10)
    assert values["log_turns"] == pytest.approx(np.log(2))


def test_the_readme_says_what_is_not_in_the_graphs(graphs: Path) -> None:
    assert {path.name for path in graphs.iterdir()} == {
        "README.md", "calls.onnx", "config.json", "features.json", "head.onnx", "ranker.onnx", "scout.onnx",
    }  # fmt: skip
    text = (graphs / "README.md").read_text()
    assert "This is not a whole predictor" in text
    assert "computed from the conversation by specbench" in text
    assert json.loads((graphs / "config.json").read_text())["card"]["seed"] == 0


def test_the_command_exports_and_replaces_its_own(markov: Path, tmp_path: Path) -> None:
    words = ["export", "--checkpoint", str(markov), "--out", str(tmp_path / "out")]
    for _ in range(2):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, done.stdout) == (0, f"specbench: {tmp_path / 'out'}\n")
    failed = CliRunner().invoke(app, [*words, "--format", "onnx"])
    assert failed.exit_code == 2
    assert failed.stderr.startswith("error: ")
