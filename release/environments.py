"""Environments that differ from the usual one, each made anew under build/ and tried.

``python release/environments.py extras study mcp``
    Each extra alone, as pip would bring it with the pinned versions, and a real use of it (``release/smoke.py``).
``python release/environments.py lowest study llm agent``
    The lowest versions that pyproject.toml allows for these extras, and the tests of the core.
``python release/environments.py pythons 3.12 3.13``
    Other versions of Python, pinned versions of packages, and the tests of the core.

All are tried, whatever fails before; the exit code is 1 when one failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "environments"
UV = ROOT / ".venv" / "bin" / "uv"
OLDEST = "3.11"
CORE_TESTS = (
    "core", "embed", "integrations", "llm", "metrics", "predictors", "runtime", "sim", "speculation", "traces",
    "test_policies.py",
)  # fmt: skip
"""What needs neither notebooks, a browser nor the site."""
EXTRAS = ("study", "llm", "agent", "mcp", "frameworks", "dask", "onnx")
"""What the tests of the core need."""
NOT_NEEDED = ("import-linter", "mypy", "nbmake", "pandas-stubs", "playwright", "pre-commit", "ruff")
"""Of the extra ``dev``, by those tests."""


def environment(name: str, python: str) -> Path:
    """Make an empty environment and return its Python."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    _run(UV, "venv", "--quiet", "--python", _found(python), folder)
    return folder / "bin" / "python"


def install(python: Path, *what: object) -> None:
    """Install packages."""
    _run(UV, "pip", "install", "--quiet", "--python", python, *what)


def extra(name: str) -> None:
    """Try an extra alone."""
    python = environment(f"extra-{name}", OLDEST)
    install(python, "--constraint", ROOT / "constraints.txt", f"{ROOT}[{name}]" if name != "base" else ROOT)
    _run(python, "release/smoke.py", name)


def lowest(extras: Sequence[str]) -> None:
    """Try the lowest versions of what the project itself names; what those need in turn is as new as they allow."""
    wanted = BUILD / "lowest.txt"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    named = [word for each in extras for word in ("--extra", each)]
    _run(UV, "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--python-version", OLDEST, *named,
         "pyproject.toml", "--output-file", wanted)  # fmt: skip
    python = environment("lowest", OLDEST)
    install(python, "--requirement", wanted, *_test_tools())
    install(python, "--no-deps", "--editable", ROOT)
    _core_tests(python)


def other_python(version: str) -> None:
    """Try another version of Python."""
    python = environment(f"python-{version}", version)
    install(
        python, "--constraint", ROOT / "constraints.txt", "--editable", f"{ROOT}[{','.join(EXTRAS)}]", *_test_tools()
    )
    _core_tests(python)


def _test_tools() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [each for each in project["optional-dependencies"]["dev"] if each.partition(">")[0] not in NOT_NEEDED]


def _core_tests(python: Path) -> None:
    _run(python, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "-m", "not slow", "-p", "no:cacheprovider",
         "--override-ini", "addopts=--strict-markers --import-mode=importlib",
         "-W", "ignore::DeprecationWarning",  # of packages that are older than others
         *(f"tests/{each}" for each in CORE_TESTS))  # fmt: skip


def _found(python: str) -> str:
    """Return a Python of this version: one of pyenv's, or what uv finds."""
    folders = sorted(Path.home().glob(f".pyenv/versions/{python}.*"))
    return str(folders[-1] / "bin" / "python") if folders else python


def _run(*words: object) -> None:
    settings = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "MPLBACKEND": "Agg", "LANGSMITH_TRACING": "false"}
    if "PIP_FIND_LINKS" in os.environ:  # uv looks where pip looks
        settings |= {"UV_FIND_LINKS": os.environ["PIP_FIND_LINKS"]}
    subprocess.run(list(map(str, words)), check=True, cwd=ROOT, env=os.environ | settings)


def main(words: Sequence[str]) -> int:
    """Try what is named."""
    match words:
        case ["extras", *names] if names:
            parts = [(f"extra {name}", lambda name=name: extra(name)) for name in names]
        case ["lowest", *names] if names:
            parts = [("lowest versions", lambda: lowest(names))]
        case ["pythons", *names] if names:
            parts = [(f"Python {name}", lambda name=name: other_python(name)) for name in names]
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    failed = []
    for name, attempt in parts:
        print(f"== {name}", flush=True)
        try:
            attempt()
        except subprocess.CalledProcessError as error:
            print(f"{name}: {' '.join(error.cmd[:4])} … ended with exit code {error.returncode}", file=sys.stderr)
            failed.append(name)
    print(f"{len(parts) - len(failed)} passed, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
