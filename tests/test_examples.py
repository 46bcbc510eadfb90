"""The examples run as they stand, and the first one as an installed package."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "LANGSMITH_TRACING": "false", "OMP_NUM_THREADS": "1"}


def run(*words: object, python: object = sys.executable, **more: str) -> str:
    done = subprocess.run(
        [str(python), *map(str, words)], capture_output=True, text=True, env={**ENVIRONMENT, **more}, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_says_something(example: Path) -> None:
    assert run(example).strip()
    assert len(example.read_text("utf-8").splitlines()) <= 70


def test_the_page_names_every_example() -> None:
    page = (ROOT / "examples" / "README.md").read_text("utf-8")
    for example in EXAMPLES:
        assert example.name in page or f"{example.parent.name}/" in page


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with everything that this one has, and the example package installed."""
    home = tmp_path_factory.mktemp("env")
    venv.create(home / "venv", with_pip=False)
    python = home / "venv" / "bin" / "python"
    own = Path(run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", python=python).strip())
    (own / "shared.pth").write_text("\n".join([*site.getsitepackages(), str(ROOT)]))
    shutil.copytree(ROOT / "examples" / "my_predictor", home / "package")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(own)]
    subprocess.run([*pip, str(home / "package")], check=True, capture_output=True)
    return python


def test_an_installed_predictor_is_among_all_of_them(python: Path, tmp_path: Path) -> None:
    names = "from specbench.predictors import competitor_names; print(*competitor_names())"
    assert run("-c", names, python=python).split() == [
        "markov", "ngram", "patterns", "suffix", "nearest", "cached", "learned", "last_read",
    ]  # fmt: skip
    options = [
        "--predictors",
        "markov,last_read",
        "--traces",
        "data/support_desk.jsonl",
        "--out",
        tmp_path / "out",
        "--quiet",
    ]
    table = run("-m", "specbench", "compare", *options, python=python)
    assert "| last_read |" in table


def test_a_broken_package_is_named_and_the_others_work_on(python: Path, tmp_path: Path) -> None:
    info = tmp_path / "broken-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[specbench.predictors]\nbroken = no_such_module:Thing\n")
    code = "from specbench.predictors import competitor_names; print(*competitor_names())"
    done = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, cwd=ROOT,
        env={**ENVIRONMENT, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
    )  # fmt: skip
    assert done.returncode == 0 and "last_read" in done.stdout and "broken" not in done.stdout
    assert "PluginWarning: the predictor 'broken' (no_such_module:Thing) cannot be loaded" in done.stderr
