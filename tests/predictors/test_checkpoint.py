"""Checkpoints: what goes in comes out; what is broken says so and is never run."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import specbench
from specbench.core.errors import CheckpointError, NotFittedError, PredictorError
from specbench.predictors import checkpoint, competitor_names, control_names, make_predictor
from specbench.predictors.controls import Silent
from specbench.predictors.counting.markov import MarkovPredictor
from specbench.predictors.saving import digest
from specbench.testing import make_points, make_traces


class Keeper(Silent):
    """Keeps any state."""

    name = "keeper"

    def __init__(self, kept: Any = None) -> None:
        self.kept = kept
        self.fitted = True

    def state(self) -> dict[str, Any]:
        return {"kept": self.kept}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.kept = state["kept"]


KINDS = st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]).map(np.dtype)
ARRAYS = hnp.arrays(KINDS, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.text(max_size=4) | st.sampled_from(["$array", "$$array", "a/b", "a", "a~1b", "~", "/", "__metadata__"])
STATES = st.recursive(
    SCALARS | ARRAYS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return (
            isinstance(second, np.ndarray)
            and first.dtype == second.dtype
            and first.shape == second.shape
            and first.tobytes() == second.tobytes()
        )
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and (first == second or (first != first and second != second))


@given(kept=STATES)
def test_any_state_comes_back_exactly(kept: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Keeper(kept).save(tmp_path_factory.mktemp("any") / "checkpoint")
    loaded = checkpoint.load(folder, make=Keeper)
    assert isinstance(loaded, Keeper)
    assert same(kept, loaded.kept)


def test_tuples_strided_and_byte_swapped_arrays_are_kept_by_value(tmp_path: Path) -> None:
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    kept = {"t": (1, (2,)), "f": np.asfortranarray(grid), "s": grid[::2, ::-1], "b": grid.astype(">f4")}
    loaded = checkpoint.load(Keeper(kept).save(tmp_path / "c"), make=Keeper)
    assert isinstance(loaded, Keeper)
    assert loaded.kept["t"] == [1, [2]]
    for name in "fsb":
        assert np.array_equal(loaded.kept[name], kept[name])


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (np.array(["a"]), "an array of <U1 at '/kept'"),
        (np.array([1 + 2j]), "an array of complex128 at '/kept'"),
        ({"a": [np.float32(1)]}, "a numpy.float32 at '/kept/a/0'; allowed are str, int"),
        ({1: "a"}, "the key 1 at '/kept'; keys are str"),
        ({1, 2}, "a builtins.set at '/kept'"),
    ],
)
def test_a_state_that_is_not_json_and_arrays_is_refused(kept: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(PredictorError, match=words):
        Keeper(kept).save(tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def markov(folder: Path) -> Path:
    chain = MarkovPredictor()
    chain.record("find_user", "get_user")
    return chain.save(folder)


@pytest.mark.parametrize("name", [name for name in [*competitor_names(), *control_names()] if name != "learned"])
def test_every_predictor_loads_in_one_line(name: str, tmp_path: Path) -> None:
    predictor = make_predictor(name).fit(make_traces(6))
    loaded = specbench.load(predictor.save(tmp_path / "deep" / "folder"))
    assert type(loaded) is type(predictor)
    points = make_points()
    assert loaded.predict_batch(points, k=5) == predictor.predict_batch(points, k=5)


def test_the_folder_says_what_it_is(tmp_path: Path) -> None:
    card = {"licence": "MIT", "data": {"train|sha256": "ab\ncd"}, "tools": ["get_user"], "recall": 0.123456789}
    chain = MarkovPredictor()
    chain.record(None, "get_user")
    folder = checkpoint.save(chain, tmp_path / "c", card=card)
    assert sorted(each.name for each in folder.iterdir()) == ["README.md", "model.safetensors", "predictor.json"]
    document = json.loads((folder / "predictor.json").read_text())
    assert {key: document[key] for key in ("format", "version", "predictor", "class", "specbench", "card")} == {
        "format": "specbench-predictor",
        "version": 2,
        "predictor": "markov",
        "class": "MarkovPredictor",
        "specbench": specbench.__version__,
        "card": card,
    }
    text = (folder / "README.md").read_text()
    assert "- licence: MIT\n- recall: 0.123457\n" in text
    assert "| train\\|sha256 | ab cd |" in text
    assert 'specbench.load("path/to/this/folder")' in text


def test_half_surrogate_pairs_come_back_exactly(tmp_path: Path) -> None:
    kept = {"\ud800x": np.arange(3.0), "~ud800": np.ones(1), "a": {"\udfff/~": [np.zeros(2), "\ud83d"]}}
    folder = checkpoint.save(Keeper(kept), tmp_path / "c", card={"tools": ["\ud800x", "¿qué?"]})
    loaded = checkpoint.load(folder, make=Keeper)
    assert isinstance(loaded, Keeper)
    assert same(loaded.kept, kept)
    assert checkpoint.read_card(folder) == {"tools": ["\ud800x", "¿qué?"]}
    assert "- \\ud800x\n- ¿qué?\n" in (folder / "README.md").read_text(encoding="utf-8")


def test_an_older_checkpoint_is_replaced_whole(tmp_path: Path) -> None:
    checkpoint.save(Keeper(1), tmp_path / "c", card={"licence": "MIT"})
    Keeper(2).save(tmp_path / "c")
    loaded = checkpoint.load(tmp_path / "c", make=Keeper)
    assert isinstance(loaded, Keeper)
    assert loaded.kept == 2
    assert not (tmp_path / "c" / "README.md").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["c"]


def test_what_is_not_a_checkpoint_is_left_alone(tmp_path: Path) -> None:
    thesis = tmp_path / "work" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years")
    with pytest.raises(
        CheckpointError, match=r"exists and is not a checkpoint \(it holds thesis.txt\); nothing was written"
    ):
        markov(thesis.parent)
    with pytest.raises(CheckpointError, match="is a file; a checkpoint is a folder"):
        markov(thesis)
    markov(tmp_path / "c")
    (tmp_path / "c" / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match=r"it holds notes\.txt"):
        markov(tmp_path / "c")
    assert (thesis.read_text(), (tmp_path / "c" / "notes.txt").read_text()) == ("years", "mine")


def test_a_failing_write_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keeper(1).save(tmp_path / "c")

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match=r"cannot be written \(no space left on device\); nothing was changed"):
        Keeper(2).save(tmp_path / "c")
    loaded = checkpoint.load(tmp_path / "c", make=Keeper)
    assert isinstance(loaded, Keeper)
    assert loaded.kept == 1
    assert [each.name for each in tmp_path.iterdir()] == ["c"]


@pytest.mark.parametrize("linked", ["real", "missing"])
def test_a_link_stays_one_and_what_it_points_to_is_replaced(linked: str, tmp_path: Path) -> None:
    markov(tmp_path / "real")
    (tmp_path / "link").symlink_to(linked)
    Keeper(2).save(tmp_path / "link")
    assert (tmp_path / "link").readlink() == Path(linked)
    loaded = checkpoint.load(tmp_path / linked, make=Keeper)
    assert isinstance(loaded, Keeper)
    assert loaded.kept == 2
    assert {each.name for each in tmp_path.iterdir()} == {"real", "link", linked}


def test_the_folder_one_is_in_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    markov(Path())
    assert checkpoint.load(tmp_path / "here").fitted


@pytest.mark.parametrize(
    ("name", "why"),
    [("file/sub", "Not a directory"), ("n" * 250, "name too long"), ("n" * 300, "name too long"), ("circle", "loop")],
)
def test_a_folder_that_cannot_be_made_is_refused_before_and_at_the_writing(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "circle").symlink_to("circle")
    for write in (markov, checkpoint.check_place):
        with pytest.raises(CheckpointError, match=rf"cannot be written \(.*{why}.*\); nothing was changed. What to do"):
            write(tmp_path / name)
    assert {each.name for each in tmp_path.iterdir()} == {"file", "circle"}


def test_asking_for_a_place_leaves_no_trace(tmp_path: Path) -> None:
    checkpoint.check_place(tmp_path / "deep" / "er" / "c")
    checkpoint.check_place(markov(tmp_path / "c"))
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["c", "model.safetensors", "predictor.json"]


def test_nothing_is_saved_before_fit(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match=r"markov has not been fitted; call fit\(traces\) before saving"):
        MarkovPredictor().save(tmp_path / "c")


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change predictor.json as its own program would: with a fresh hash."""
    path = folder / "predictor.json"
    document = json.loads(path.read_text())
    change(document)
    if isinstance(document.get("sha256"), dict):
        document["sha256"]["predictor.json"] = checkpoint.digest(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "gguf"}, "its format is 'gguf', expected 'specbench-predictor'"),
        ({"version": 3}, r"has version 3, written by specbench .* reads up to version 2. What to do: pip install --up"),
        ({"version": "1"}, "has the version '1'; versions are whole numbers from 1 to 2"),
        ({"version": 0}, "has the version 0"),
        ({"version": True}, "has the version True"),
        ({"predictor": "crystal_ball"}, "not installed here: no predictor is called 'crystal_ball'; use one of markov"),
        ({"predictor": "os:system"}, "no predictor is called 'os:system'"),
        ({"predictor": "ngram"}, "holds the predictor 'ngram' of class MarkovPredictor, but NgramPredictor"),
        ({"predictor": ["markov"]}, "'predictor' should be str, got list"),
        ({"class": "Popen"}, "holds the predictor 'markov' of class Popen, but MarkovPredictor"),
        ({"state": []}, "'state' should be dict, got list"),
        ({"sha256": None}, "'sha256' should be dict, got NoneType"),
        ({"state": {}}, "the state in this checkpoint is not one of MarkovPredictor .KeyError"),
        ({"state": {"tool_model": 3, "filler": {}, "threshold": 0}}, "is not one of MarkovPredictor .TypeError"),
        ({"state": {"tool_model": {"$array": "nowhere"}}}, "is not one of MarkovPredictor .KeyError: 'nowhere'"),
        ({"state": {"tool_model": {"$array": {}}}}, "is not one of MarkovPredictor .TypeError"),
    ],
)
def test_a_foreign_document_is_refused_in_words(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    folder = markov(tmp_path / "c")
    rewrite(folder, lambda document: document.update(change))
    with pytest.raises(CheckpointError, match=words):
        checkpoint.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "[" * 100_000, '{"format": "specbench-predictor"', "\x00\xff"])
def test_a_document_that_is_no_document_is_refused(text: str, tmp_path: Path) -> None:
    folder = markov(tmp_path / "c")
    (folder / "predictor.json").write_text(text, "latin-1")
    with pytest.raises(CheckpointError, match=r"truncated or foreign|is not a predictor of specbench"):
        checkpoint.load(folder)


def test_a_card_that_refers_to_no_array_is_refused(tmp_path: Path) -> None:
    folder = markov(tmp_path / "c")
    document = json.loads((folder / "predictor.json").read_text("utf-8"))
    document["card"] = {"$array": {"a": 1}}
    document["sha256"]["predictor.json"] = digest(document)
    (folder / "predictor.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(CheckpointError, match="the card is not one that specbench writes"):
        checkpoint.read_card(folder)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is no checkpoint: there is no predictor\.json; name a folder"):
        checkpoint.load(tmp_path / "nowhere")
    folder = markov(tmp_path / "c")
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing or cannot be read"):
        checkpoint.load(folder)
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        checkpoint.load(folder / "predictor.json")


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    folder = Keeper({"w": np.arange(5.0), "n": 12345}).save(tmp_path / "c")
    for name in ("model.safetensors", "predictor.json"):
        path = folder / name
        whole = path.read_bytes()
        for at in range(0, len(whole), 7):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(CheckpointError):
                checkpoint.load(folder, make=Keeper)
            path.write_bytes(whole[:at])
            with pytest.raises(CheckpointError):
                checkpoint.load(folder, make=Keeper)
        path.write_bytes(whole)
    checkpoint.load(folder, make=Keeper)


def test_junk_with_a_right_hash_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "boom"),)

    folder = markov(tmp_path / "c")
    blob = pickle.dumps(Bomb())
    (folder / "model.safetensors").write_bytes(blob)
    digest = checkpoint.hashlib.sha256(blob).hexdigest()
    rewrite(folder, lambda document: document["sha256"].update({"model.safetensors": digest}))
    with pytest.raises(CheckpointError, match=r"is not one of MarkovPredictor \(SafetensorError"):
        checkpoint.load(folder)
    assert not (tmp_path / "boom").exists()


def test_a_predictor_that_is_not_registered_needs_its_maker(tmp_path: Path) -> None:
    folder = Keeper(5).save(tmp_path / "c")
    with pytest.raises(CheckpointError, match=r"or pass load\(folder, make=Keeper\)"):
        checkpoint.load(folder)
    with pytest.raises(CheckpointError, match=r"of class Keeper, but Silent \('silent'\) was to be restored"):
        checkpoint.load(folder, make=Silent)


def test_loading_needs_numpy_and_safetensors_only(tmp_path: Path) -> None:
    folder = markov(tmp_path / "c")
    program = (
        "import sys, specbench; print(specbench.load(sys.argv[1]).predict('find_user').tool);"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'pandas', 'pyarrow', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["get_user", "[]"]


class Fragile(Keeper):
    """Works with a list alone, and finds that out late."""

    name = "fragile"

    def session(self, tools: Any, agent: str | None = None) -> Any:
        self.kept.append(1)
        return super().session(tools, agent)


def test_a_checkpoint_that_loads_and_cannot_predict_says_so(tmp_path: Path) -> None:
    folder = Fragile(7).save(tmp_path / "fragile")
    loaded = specbench.load(folder, make=Fragile)
    with pytest.raises(CheckpointError, match=r"fragile: fragile cannot work with .*AttributeError.*train it again"):
        loaded.predict(make_points()[0])
    with pytest.raises(AttributeError):  # nobody's checkpoint: an error of the predictor itself
        Fragile(7).predict(make_points()[0])
