"""Run the benchmarks, print a table, write it to ``benchmarks/README.md``: ``make bench``.

``python benchmarks/run.py markov simulator`` runs some of them and writes nothing. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from common import Result, Skipped
from gpu_table import section

BENCHMARKS = ("import", "readers", "markov", "learned", "simulator", "executor", "mcp_proxy", "playground", "llm")
"""Peak memory is the whole process's: the readers come before what loads large libraries."""
README = Path(__file__).with_name("README.md")

HEAD = """\
# Benchmarks

Speed and memory against the targets that the project set itself. `make bench` runs them all and rewrites this page;
`.venv/bin/python benchmarks/run.py simulator` runs one. Each number is the median of several repeats after one that
does not count, in one process on one core. Timed tests would fail on a busy machine, so none of this is in `make test`.
"""


def row(result: Result | Skipped) -> list[str]:
    """Return the cells of one line."""
    if isinstance(result, Skipped):
        return [result.what, "not run", "", result.why]
    target = "" if result.target is None else f"{'≥' if result.higher_is_better else '≤'} {figure(result.target)}"
    verdict = {None: "", True: "met", False: "**missed**"}[result.met]
    return [
        result.what,
        f"{figure(result.value)} {result.unit}",
        target,
        ", ".join(filter(None, [verdict, result.note])),
    ]


def figure(value: float) -> str:
    """Return three figures, or all digits of a large number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine() -> str:
    """Return where and with what this was measured."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor() or "unknown processor",
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("specbench", "numpy", "pandas"))
    day = datetime.now(UTC).date().isoformat()
    return f"{day}; {cpu}, {os.cpu_count()} cores; {platform.system()}, Python {platform.python_version()}; {packages}."


def main(names: list[str]) -> int:
    """Run the benchmarks ``names``, or all of them."""
    for name in names:
        if name not in BENCHMARKS:
            print(f"no benchmark is called {name!r}; use some of {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
    results: list[Result | Skipped] = []
    for name in names or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results += import_module(f"bench_{name}").measure()
    rows = [["what", "measured", "target", ""], *map(row, results)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(4)]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    if not names:
        lines = ["| " + " | ".join(cells) + " |" for cells in rows]
        lines.insert(1, "| --- | ---: | ---: | --- |")
        README.write_text("\n".join([HEAD, f"Measured {machine()}", "", *lines, "", *section(), ""]), encoding="utf-8")
        print(f"\n{README}: written")
    return int(any(isinstance(each, Result) and each.met is False for each in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
