"""Readers: seconds for a whole data set, and memory for a file larger than it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, Result, Skipped, seconds

from specbench.traces.store import load

SGD = ROOT.parent / "shared" / "data" / "sgd"
GIGABYTE = 1_000_000_000

STREAM = """
import resource, sys, time
from specbench.traces.store import read_traces
started = time.perf_counter()
count = sum(1 for _ in read_traces(sys.argv[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(count, time.perf_counter() - started, peak * 1024)
"""


def measure() -> list[Result | Skipped]:
    """Return seconds of reading and megabytes of streaming."""
    out: list[Result | Skipped] = []
    if SGD.is_dir():
        size = sum(file.stat().st_size for file in SGD.rglob("*") if file.is_file()) / 1e6
        note = f"{size:.0f} MB"
        out.append(Result("reading all of shared/data/sgd", seconds(lambda: load(SGD), repeats=3), "s", 20, note=note))
    else:
        out.append(Skipped("reading all of shared/data/sgd", f"there is no {SGD}"))
    with tempfile.TemporaryDirectory() as folder:
        out += stream(Path(folder) / "big.jsonl")
    return out


def stream(path: Path) -> list[Result]:
    """Read a file of 1 GB, the support desk over and over under new names, in a process of its own."""
    lines = (ROOT / "data" / "support_desk.jsonl").read_bytes().splitlines(keepends=True)
    key = b'"trace_id":"'
    assert key in lines[0].replace(b'": "', b'":"')
    written, copies = 0, 0
    with path.open("wb") as file:
        while written < GIGABYTE:
            for line in lines:
                written += file.write(line.replace(b'": "', b'":"', 1).replace(key, key + b"%d-" % copies, 1))
            copies += 1
    done = subprocess.run([sys.executable, "-c", STREAM, str(path)], capture_output=True, text=True, check=True)
    count, taken, peak = map(float, done.stdout.split())
    return [
        Result("streaming 1 GB of JSON Lines, peak memory", peak / 1e6, "MB", 500, note=f"{count:,.0f} traces"),
        Result("streaming 1 GB of JSON Lines, speed", written / taken / 1e6, "MB/s", higher_is_better=True),
    ]
