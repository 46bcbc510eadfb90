"""The package's front door: what importing it loads, what it exports, and that every export is documented."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from types import FunctionType, ModuleType

import pytest

import specbench
from specbench.predictors.checkpoint import load

HEAVY = (
    "torch",
    "transformers",
    "langgraph",
    "langchain_core",
    "ipywidgets",
    "IPython",
    "pandas",
    "pyarrow",
    "sklearn",
    "scipy",
    "matplotlib",
    "seaborn",
    "numpy",
)


def loaded_by(statement: str, names: tuple[str, ...] = HEAVY) -> list[str]:
    """Which of ``names`` a new interpreter has loaded after ``statement``."""
    program = f"import sys; {statement}; print(*[name for name in {names!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import specbench") == []


def test_the_command_line_answers_help_without_anything_heavy() -> None:
    assert loaded_by("import specbench.cli") == []


@pytest.mark.parametrize(
    "module", ["core.types", "core.errors", "core.canonical", "core.ledger", "policies", "traces.store"]
)
def test_the_core_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import specbench.{module}") == []


@pytest.mark.parametrize(
    "module", ["predictors", "predictors.counting.markov", "predictors.checkpoint", "metrics", "testing"]
)
def test_counting_predictors_load_numpy_at_most(module: str) -> None:
    assert set(loaded_by(f"import specbench.{module}")) <= {"numpy"}


def modules() -> list[ModuleType]:
    found = [each.name for each in pkgutil.walk_packages(specbench.__path__, "specbench.")]
    return [specbench, *(importlib.import_module(name) for name in found if not name.endswith("__main__"))]


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_every_module_and_export_is_documented(module: ModuleType) -> None:
    assert module.__doc__, f"{module.__name__} has no docstring"
    for name in getattr(module, "__all__", ()):
        value = getattr(module, name)
        if isinstance(value, type | FunctionType):
            assert value.__doc__, f"{module.__name__}.{name} has no docstring"
            assert not value.__doc__.startswith(f"{name}("), f"{module.__name__}.{name} has only a generated docstring"


def test_exports_come_lazily_and_unknown_names_are_told() -> None:
    assert specbench.load is load
    assert set(specbench.__all__) <= set(dir(specbench))
    with pytest.raises(AttributeError, match="'specbench' has no attribute 'predict'; it has Breaker, ByTokens"):
        specbench.predict  # noqa: B018


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert specbench.__version__ == version("specbench")
