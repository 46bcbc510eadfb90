"""What the site has besides ``docs/``: pages of other folders of the repository, and the help of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import relpath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "data/README.md": "data.md",
}
"""Page of the repository → its place in the site."""
ROLE = re.compile(r":(?:class|func|data|meth|mod|attr|exc):<code>(~?)([^<]*)</code>")
LINK = re.compile(r"(\]\()([^)#:]+)((?:#[^)]*)?\))")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that do not lie in ``docs/``."""
    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, place, content=_linked(text, PurePosixPath(source).parent, place)))
    files.append(File.generated(config, "cli.md", content=_command_line()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links out of ``docs/`` to the site's own pages; code and folders, which it does not have, are only named."""
    source = page.file.src_uri
    return markdown if source in ELSEWHERE.values() else _linked(markdown, PurePosixPath("docs", source).parent, source)


def on_page_content(html: str, **_: Any) -> str:
    """Show what docstrings write for Python's own help as the site shows it: roles as code, ``::`` as a colon."""
    html = ROLE.sub(lambda found: f"<code>{found[2].rpartition('.')[2] if found[1] else found[2]}</code>", html)
    return re.sub(r"<p>(\.\. code-block::.*?|::)</p>", "", html).replace("::</p>", ":</p>")


def _linked(markdown: str, folder: PurePosixPath, place: str) -> str:
    """Return a page with its links as the site has them; ``folder`` is where it lies in the repository."""

    def moved(found: re.Match[str]) -> str:
        target = relpath(f"/{folder}/{found[2]}", "/")
        inside = ELSEWHERE.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        if inside is None:
            return f"]({NAMED})"
        return f"{found[1]}{relpath(inside, PurePosixPath(place).parent)}{found[3]}"

    return re.sub(rf"\[([^\]]+)\]\({NAMED}\)", r"\1", LINK.sub(moved, markdown))


NAMED = "not-in-the-site"
"""Stands for the target of a link that is taken out."""


def _command_line() -> str:
    """Return the help of all commands as a page."""
    from typer.main import get_command

    from specbench.cli import app

    lines = ["# The command line", "", "This is what `specbench COMMAND --help` says."]
    for words, text in _helps(get_command(app), "specbench"):
        lines += ["", f"## {words}", "", "```text", text.strip(), "```"]
    return "\n".join(lines)


def _helps(command: Any, words: str) -> Iterator[tuple[str, str]]:
    context = command.make_context(words, [], resilient_parsing=True)
    yield words, command.get_help(context)
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from _helps(below, f"{words} {name}")
