"""The documentation site: built without a warning, with no page that asks another server for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
ROOT = Path(__file__).resolve().parents[1]
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)[^>]+src=["'](?:https?:)?//|<link[^>]+rel="stylesheet"[^>]+href="http"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(out)],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    assert [page for page in pages if FETCHED.search(page.read_text("utf-8"))] == []


def test_pages_of_other_folders_and_the_command_line_are_there(site: Path) -> None:
    assert "Adding a part" in (site / "contributing" / "index.html").read_text("utf-8")
    assert "specbench traces effects" in (site / "cli" / "index.html").read_text("utf-8")


def test_docstrings_show_no_markup_of_python_s_own_help(site: Path) -> None:
    for page in (site / "api").rglob("index.html"):
        assert not re.search(r":(class|func|data|meth):<code>", page.read_text("utf-8")), page


def test_the_drawings_are_those_of_their_script(tmp_path: Path) -> None:
    script = tmp_path / "drawings.py"
    script.write_bytes((ROOT / "docs" / "concepts" / "drawings.py").read_bytes())
    subprocess.run([sys.executable, script], check=True)
    for drawn in tmp_path.glob("*.svg"):
        assert drawn.read_bytes() == (ROOT / "docs" / "concepts" / drawn.name).read_bytes()
