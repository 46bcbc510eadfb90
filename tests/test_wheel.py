"""The bare wheel: what it weighs, and that a checkpoint and the executor work with the base dependencies alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MOST_MB = 120
BESIDE = ("idna", "sniffio", "typing-extensions")
"""What the base dependencies need in turn."""

PROGRAM = """
import sys, anyio
import specbench as sb

point = sb.DecisionPoint("t", 0, (sb.Message("user", "My email is ann.lee@example.com."),), {
    "find": sb.ToolSpec("find", "Find a customer", {"type": "object", "properties": {"email": {"type": "string"}},
                        "required": ["email"]}, sb.Effect.READ)})
predictor = sb.load(sys.argv[1])
call, p = predictor.predict(point)[0]
assert call == sb.ToolCall("find", {"email": "ann.lee@example.com"}), call

async def find(email):
    return "customer 7"

async def think():
    await anyio.sleep(0.05)
    return call

async def main():
    async with sb.Executor([sb.Tool(point.tools["find"], find)], predictor, sb.Threshold(0.05)) as executor:
        return await executor.run_step(point, think)

assert anyio.run(main).outcome.hit
assert len(sb.sample(tasks=3)) == 6
try:
    sb.evaluate("markov", [], [])
except ImportError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content and the base dependencies, and nothing else."""
    home = tmp_path_factory.mktemp("wheel")
    source = home / "source"
    source.mkdir()
    for name in ("specbench", "data"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "downloads"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(home)]
    subprocess.run([*pip, str(source)], check=True, capture_output=True)
    (wheel,) = home.glob("*.whl")
    site = home / "site"
    with zipfile.ZipFile(wheel) as content:
        content.extractall(site)
    (built,) = distributions(name="specbench", path=[str(site)])
    needed = [name.split(">")[0] for name in built.requires or () if "extra ==" not in name]
    for name in [*needed, *BESIDE]:
        for file in distribution(name).files or ():
            source_file = Path(str(file.locate()))
            if source_file.is_file() and ".." not in file.parts and "__pycache__" not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source_file, site / file)
    return site


def python(bare: Path, *words: object) -> subprocess.CompletedProcess[str]:
    arguments = list(map(str, words[1:]))
    start = f"import sys; sys.path.insert(0, {str(bare)!r}); sys.argv[1:] = {arguments!r}; exec({words[0]!r})"
    return subprocess.run([sys.executable, "-I", "-S", "-c", start], capture_output=True, text=True, cwd=bare)


def test_a_checkpoint_and_the_executor_need_the_base_alone(bare: Path) -> None:
    done = python(bare, PROGRAM, ROOT / "models" / "support-desk")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "pandas is not installed; it comes with an extra: pip install 'specbench[study]'\n"


def test_the_command_line_names_its_extra(bare: Path) -> None:
    done = python(bare, "from specbench.__main__ import main; main()", "study")
    assert done.returncode == 1
    assert done.stderr == "error: typer is not installed; it comes with an extra: pip install 'specbench[study]'\n"


def test_the_base_is_light(bare: Path) -> None:
    megabytes = sum(file.stat().st_size for file in bare.rglob("*") if file.is_file()) / 2**20
    assert megabytes < MOST_MB
