"""The rules of the notebook series; `make notebooks` executes them."""

from __future__ import annotations

import ast
import pkgutil
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_CELLS, MOST_LINES, MOST_BYTES = 12, 70, 1_500_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_the_rules(path: Path) -> None:
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    lines = [line for cell in code for line in cell.source.splitlines() if line.strip()]
    assert len(code) <= MOST_CELLS
    assert len(lines) <= MOST_LINES
    trees = [ast.parse("\n".join(line for line in cell.source.splitlines() if line[:1] != "%")) for cell in code]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    assert not [node for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)], "logic is in the package"
    assert any(isinstance(node, ast.Assert) for node in ast.walk(trees[-1])), "the last cell asserts the answer"
    assert book.cells[0].cell_type == "markdown" and book.cells[0].source.startswith(f"# {int(path.stem[:2])} · ")
    assert "?" in book.cells[0].source, "one question each"
    prose = sum(len(cell.source) for cell in book.cells if cell.cell_type == "markdown")
    assert prose > 600
    chosen = "SPECBENCH_LLM" if path.stem[:2] in ("01", "08") else "SPECBENCH_TRACES"
    assert chosen in code[0].source, "one cell at the top chooses traces or model"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_executed_and_small(path: Path) -> None:
    book = nbformat.read(path, 4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [out for cell in code for out in cell.outputs if out.output_type == "error"]
    assert path.stat().st_size < MOST_BYTES
    assert "/root/" not in path.read_text(encoding="utf-8") and "/work/" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_of_the_package_is_there(path: Path) -> None:
    code = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    tree = ast.parse("\n".join(line for cell in code for line in cell.splitlines() if line[:1] != "%"))
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("specbench"):
            names += [f"{node.module}:{alias.name}" for alias in node.names]
        if isinstance(node, ast.Attribute) and re.fullmatch(r"sb(\.\w+)+", ast.unparse(node)):
            names.append(ast.unparse(node).replace("sb.", "specbench:", 1))
    assert names
    for name in names:
        pkgutil.resolve_name(name)


def test_the_gallery_names_every_notebook() -> None:
    gallery = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert NOTEBOOKS
    assert [path.name for path in NOTEBOOKS if f"({path.name})" not in gallery] == []
