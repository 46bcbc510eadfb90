"""A predictor on all tasks of a set of traces, each predicted by a fit on the other folds: the numbers of docs/.

``OMP_NUM_THREADS=1 python benchmarks/kfold.py ../shared/data/tau_bench_airline --folds 5``

With ``--split trial`` each task is split by its trials: training has then seen *other trials of the same tasks*. Nobody
may report that as accuracy; it tells how much of what is missing could be known at all, and how much is the agents'
own wavering.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from specbench.metrics import predict_traces
from specbench.metrics.rates import rates
from specbench.metrics.table import PredictionTable
from specbench.predictors.counting import folds_of
from specbench.sim.sweep import recall_at_precision
from specbench.study.data import load_data
from specbench.study.evaluate import seeded
from specbench.types import Trace

SHOWN = ("read_call_top1", "read_call_top3", "tool_top1", "reply_accuracy", "brier")


def pooled(tables: list[PredictionTable]) -> PredictionTable:
    """Return the folds' tables as one."""
    whole = PredictionTable(tables[0].predictor)
    for table in tables:
        for name in ("points", "calls", "predictions", "tools", "tasks"):
            getattr(whole, name).extend(getattr(table, name))
    whole.latency_ms = np.concatenate([table.latency_ms for table in tables])
    return whole


def line(label: str, table: PredictionTable, *, intervals: bool = False) -> str:
    """Return the rates of a table on one line."""
    found = rates(table, intervals=intervals)
    parts = [f"{name} {found[name]:.3f}" for name in SHOWN]
    if intervals:
        parts = [
            f"{name} {found[name]:.3f} [{found['ci'][name][0]:.3f}, {found['ci'][name][1]:.3f}]"
            for name in SHOWN
            if found["ci"][name] is not None
        ]
    recall = recall_at_precision(table, 0.75)
    p50, p99 = np.percentile(table.latency_ms, [50, 99])
    return f"{label}: {', '.join(parts)}, recall@.75 {recall:.3f}, ece {found['ece']:.3f}, {p50:.2f} / {p99:.2f} ms"


def trials_of(traces: list[Trace], folds: int) -> list[int]:
    """Return a fold number for each trace; the traces of a task are spread over the folds, and so are the agents."""
    numbers = {task: number for number, task in enumerate(dict.fromkeys(trace.task_id for trace in traces))}
    seen: Counter[str] = Counter()
    parts = []
    for trace in traces:
        parts.append((seen[trace.task_id] + numbers[trace.task_id]) % folds)
        seen[trace.task_id] += 1
    return parts


def main(words: list[str]) -> int:
    """Fit and measure fold by fold; print each and all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("traces", nargs="+", type=Path)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--predictor", default="learned")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=("task", "trial"), default="task")
    parser.add_argument("--only", type=int, help="run this fold alone")
    given = parser.parse_args(words)
    traces = load_data(given.traces).traces
    parts = folds_of(traces, given.folds, given.seed) if given.split == "task" else trials_of(traces, given.folds)
    tables = []
    for fold in range(given.folds) if given.only is None else [given.only]:
        predictor, started = seeded(given.predictor, given.seed), time.perf_counter()
        predictor.fit([trace for trace, part in zip(traces, parts, strict=True) if part != fold])
        took = time.perf_counter() - started
        test = [trace for trace, part in zip(traces, parts, strict=True) if part == fold]
        tables.append(predict_traces(predictor, test))
        print(line(f"fold {fold} (fit {took:.0f} s)", tables[-1]), flush=True)
    print(line(f"all {len(tables)} folds, {len(set(pooled(tables).tasks))} tasks", pooled(tables), intervals=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
