"""A lake of many decisions: seconds and peak memory of each step, each in a process of its own.

``python benchmarks/bench_lake.py 1000000`` writes a **synthetic** lake into a temporary folder (the shipped desk over
and over, under other ids), measures at a hundredth, a tenth and all of that size, and prints a table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from common import ROOT

from specbench.core.types import Trace
from specbench.traces.store import load

STEPS = {
    "write": "",
    "inspect": "lake.describe()",
    "split": "lake.split()",
    "fit markov": "make_predictor('markov').fit(lake)",
    "fit ngram": "make_predictor('ngram').fit(lake)",
    "features": "columns()",
}
WORK = """
import json, resource, sys, time
import numpy as np
from specbench.metrics import predict_traces
from specbench.predictors import make_predictor
from specbench.sim import DecisionColumns, decision_columns, sweep
from specbench.traces.lake import Lake, write_lake

def columns():
    markov, parts, held = make_predictor("markov").fit(lake.sample(100)), [], []
    for trace in lake:
        held.append(trace)
        if len(held) == 200:
            parts.append(decision_columns(predict_traces(markov, held)))
            held = []
    if held:
        parts.append(decision_columns(predict_traces(markov, held)))
    sweep(DecisionColumns.joined(parts), [at / 20 for at in range(21)])

began = time.perf_counter()
if sys.argv[2]:
    lake = Lake(sys.argv[1])
    exec(sys.argv[2])
else:
    sys.path.insert(0, sys.argv[4])
    from bench_lake import many
    write_lake(sys.argv[1], many(int(sys.argv[3])))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"s": time.perf_counter() - began, "gb": peak / 1e6}))
"""


def many(decisions: int) -> Iterator[Trace]:
    """Yield the desk's traces, over and over, until there are so many decisions."""
    traces, _ = load(ROOT / "data" / "support_desk.jsonl")
    sizes = [sum(message.role == "assistant" for message in trace.messages) for trace in traces]
    copy, done = 0, 0
    while done < decisions:
        for trace, size in zip(traces, sizes, strict=True):
            if done >= decisions:
                break
            metadata = {**trace.metadata, "day": f"2026-{copy % 12 + 1:02d}-{copy % 28 + 1:02d}"}
            names = {"trace_id": f"{copy} {trace.trace_id}", "task_id": f"{copy} {trace.task_id}"}
            yield replace(trace, metadata=metadata, **names)
            done += size
        copy += 1


def main(words: Sequence[str]) -> int:
    """Measure and print."""
    most = int(words[0]) if words else 1_000_000
    print("| decisions (synthetic) | on disk, MB | " + " | ".join(f"{name}, s (GB)" for name in STEPS) + " |")
    print("| ---: | ---: |" + " ---: |" * len(STEPS))
    with tempfile.TemporaryDirectory() as folder:
        for size in (most // 100, most // 10, most):
            lake, cells = Path(folder) / str(size), []
            for step in STEPS.values():
                command = [sys.executable, "-c", WORK, str(lake), step, str(size), str(Path(__file__).parent)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout.splitlines()[-1])
                cells.append(f"{found['s']:.0f} ({found['gb']:.2f})")
            disk = sum(each.stat().st_size for each in lake.rglob("*.parquet")) / 1e6
            print(f"| {size:,} | {disk:.1f} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
