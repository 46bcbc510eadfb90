"""The pages are true: their Python runs, their commands and options exist, their links and paths lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from specbench.cli import app

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("*.md", "docs/**/*.md", "data/*.md", "models/**/*.md", "notebooks/*.md", "benchmarks/*.md", "examples/*.md")
PAGES = sorted({page for place in PLACES for page in ROOT.glob(place)})
CARDS = ROOT / "models" / "support-desk"
"""A model card names a folder that its reader has, not we."""
HISTORY = "CHANGELOG.md"
"""It names what was; its commands and paths are not those of today."""

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)(?:#([^)]*))?\)|\]\(#([^)]+)\)")
CODE = re.compile(r"`([^`\n]+)`")

RUNNER = """
import ast, asyncio, re, sys, types

for path in sys.argv[1:]:
    page = open(path, encoding="utf-8").read()
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    with asyncio.Runner() as loop:
        for block in re.findall(r"^```python\\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
            waiting = eval(compile(block, path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), module.__dict__)
            if waiting is not None:
                loop.run(waiting)
"""
"""Runs the Python blocks of pages, each with the names of the earlier ones of its page; ``await`` as in a notebook."""


def id_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def with_python() -> list[list[str]]:
    """Return the pages whose Python is run, those of a folder below ``docs/`` together: most of the time is imports."""
    groups: dict[str, list[str]] = {}
    for page in PAGES:
        if "```python" in page.read_text("utf-8") and not page.is_relative_to(CARDS):
            folder = id_of(page.parent)
            groups.setdefault(folder if folder.startswith("docs/") else id_of(page), []).append(str(page))
    return list(groups.values())


every_page = pytest.mark.parametrize("page", PAGES, ids=id_of)


@pytest.mark.parametrize("pages", with_python(), ids=lambda pages: id_of(Path(pages[0])))
def test_the_python_of_a_page_runs_as_it_stands(pages: list[str], tmp_path: Path) -> None:
    for folder in ("data", "docs", "examples", "models"):  # what a block writes stays out of the repository
        (tmp_path / folder).symlink_to(ROOT / folder)
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:specbench", "-c", RUNNER, *pages],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "LANGSMITH_TRACING": "false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@every_page
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Path) -> None:
    text = BLOCK.sub("", page.read_text("utf-8"))
    for path, anchor, own in LINK.findall(text):
        if "://" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), f"{id_of(page)} links to {path}, which does not exist"
        if anchor or own:
            assert (anchor or own) in anchors(target), f"{id_of(page)}: {target.name} has no heading #{anchor or own}"


@every_page
def test_every_command_on_a_page_exists_with_its_options(page: Path) -> None:
    if page.name != HISTORY:
        for words in commands(page.read_text("utf-8")):
            check_command(words)


@every_page
def test_every_path_on_a_page_exists(page: Path) -> None:
    if page.name != HISTORY:
        for code in CODE.findall(BLOCK.sub("", page.read_text("utf-8"))):
            if re.fullmatch(rf"(specbench|tests|{'|'.join(each.split('/')[0] for each in PLACES[1:])})/[\w./-]+", code):
                assert (ROOT / code).exists() or code.endswith("downloads/"), f"{id_of(page)} names {code}"


def test_a_command_or_option_that_does_not_exist_is_found() -> None:
    check_command(shlex.split("specbench traces convert a --out b"))
    wrong = ["specbench dance", "specbench simulate --options x", "specbench traces look", "make tea", "python no.py"]
    for command in wrong:
        with pytest.raises(AssertionError):
            check_command(command.split())


def anchors(page: Path) -> set[str]:
    """Return the names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command in the console blocks, and of those that prose names in full."""
    for language, block in BLOCK.findall(text):
        if language in ("console", ""):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith(("$ ", "specbench ")):
                    yield shlex.split(line.removeprefix("$ "), comments=True)
    for code in CODE.findall(BLOCK.sub("", text)):
        if re.match(r"(specbench|make|python) [\w.-]", code):
            yield code.split()


def check_command(words: list[str]) -> None:
    """Check that programs, sub-commands and options exist; values are placeholders and not looked at."""
    words = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    program, given = Path(words[0]).name, words[1:]
    if program == "make":
        rules = "".join(file.read_text() for file in (ROOT / "Makefile", ROOT / "release" / "release.mk"))
        targets = re.findall(r"^([a-z-]+):", rules, re.MULTILINE)
        assert given[0] in targets, f"make has no target {given[0]}; there are {', '.join(targets)}"
    elif program == "python":
        assert given[0].startswith("-") or (ROOT / given[0]).exists(), f"no script {given[0]}"
    elif program == "specbench":
        command = get_command(app)
        while below := getattr(command, "commands", None):
            if not given or given[0].startswith("-"):
                break
            names = given.pop(0).split("|")  # `specbench traces validate|convert|inspect`
            assert set(names) <= set(below), f"no command {' '.join(words)}"
            command = below[names[0]]
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
        for word in given:
            assert not word.startswith("--") or word in known, f"no option {word} of {' '.join(words)}"


def test_make_says_nothing_of_its_own_about_the_makefile() -> None:
    done = subprocess.run(["make", "-n", "help"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
