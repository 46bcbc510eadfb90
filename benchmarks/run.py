"""Run the benchmarks, print a table, write it to ``benchmarks/README.md`` and ``benchmarks/history/``: ``make bench``.

``python benchmarks/run.py markov simulator`` runs some of them and writes nothing. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from common import ROOT, Result, Skipped
from gpu_table import section

BENCHMARKS = ("import", "readers", "markov", "learned", "simulator", "executor", "mcp_proxy", "playground", "llm",
              "alternatives")  # fmt: skip
"""Peak memory is the whole process's: the readers come before what loads large libraries."""
README = Path(__file__).with_name("README.md")
HISTORY = Path(__file__).with_name("history")

HEAD = """\
# Benchmarks

Speed and memory against the targets that the project set itself. `make bench` runs them all and rewrites this page;
`.venv/bin/python benchmarks/run.py simulator` runs one. Each number is the median of several repeats after one that
does not count, in one process on one core. Timed tests would fail on a busy machine, so none of this is in `make test`.
Earlier runs, with the facts of their machines, are in [`history/`](history). Machines differ by more than versions do:
`make bench-against REF=v0.1.0` compares two versions in one run, as ratios.
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


def machine() -> dict[str, Any]:
    """Return where and with what this was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {
        "on": datetime.now(UTC).date().isoformat(),
        "processor": next(models, platform.processor() or "unknown processor"),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "python": platform.python_version(),
        "commit": _commit(),
        "packages": {name: version(name) for name in ("specbench", "numpy", "pandas", "torch")},
    }


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def sentence(facts: Mapping[str, Any]) -> str:
    """Return the facts of a machine in words."""
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    return (f"{facts['on']}; {facts['processor']}, {facts['cores']} cores, load {facts['load']} at the start; "
            f"{facts['system']}, Python {facts['python']}; {packages}.")  # fmt: skip


def record(facts: Mapping[str, Any], results: Sequence[Result | Skipped]) -> Path:
    """Keep the figures of a run, with the machine's facts."""
    HISTORY.mkdir(exist_ok=True)
    path = HISTORY / f"{facts['on']}-{facts['packages']['specbench']}.json"
    document = {"machine": facts, "results": [asdict(each) for each in results]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return path


def main(names: list[str]) -> int:
    """Run the benchmarks ``names``, or all of them."""
    for name in names:
        if name not in BENCHMARKS:
            print(f"no benchmark is called {name!r}; use some of {', '.join(BENCHMARKS)}", file=sys.stderr)
            return 2
    facts, results = machine(), list[Result | Skipped]()
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
        README.write_text(
            "\n".join([HEAD, f"Measured {sentence(facts)}", "", *lines, "", *section(), ""]), encoding="utf-8"
        )
        print(f"\n{README}, {record(facts, results)}: written")
    return int(any(isinstance(each, Result) and each.met is False for each in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
