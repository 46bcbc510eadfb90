"""``import specbench``, in a new interpreter each time."""

from __future__ import annotations

import subprocess
import sys

from common import Result, seconds


def measure() -> list[Result]:
    """Return the seconds of the import, less those of an interpreter that imports nothing."""

    def run(code: str) -> float:
        return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True), repeats=9)

    nothing = run("pass")
    return [
        Result("import specbench", run("import specbench") - nothing, "s", 0.5),
        Result("specbench --help", run("import specbench.cli as c; c.app(['--help'], standalone_mode=False)"), "s"),
        Result("import of a checkpoint's loader", run("import specbench; specbench.load") - nothing, "s"),
    ]
