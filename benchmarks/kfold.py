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

from specbench.core.types import Effect, Trace
from specbench.metrics import predict_traces
from specbench.metrics.prediction_rates import rates
from specbench.metrics.prediction_table import DEPTH, PredictionTable
from specbench.predictors.learned.counts.counting import folds_of
from specbench.sim.threshold_sweep import recall_at_precision
from specbench.study.data import load_data
from specbench.study.evaluation import seeded

SHOWN = ("read_call_top1", "read_call_top3", "tool_top1", "reply_accuracy", "brier")


def pooled(tables: list[PredictionTable]) -> PredictionTable:
    """Return the folds' tables as one."""
    whole = PredictionTable(tables[0].predictor)
    for table in tables:
        for name in ("points", "calls", "predictions", "tools", "tasks", "full"):
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


def oracles(table: PredictionTable) -> str:
    """What a perfect ranker of arguments, and a perfect tool head, would make of the same READ calls, on one line.

    With the arguments given, a call is right when its tool is; with the tool given, the first (or one of the first
    three) of the predictions of that tool counts. Ask for a depth at which those are among the predictions.
    """
    found = Counter[str]()
    for calls, effect, predictions in zip(table.calls, table.effects(), table.predictions, strict=True):
        if effect is not Effect.READ:
            continue
        said = [each.call for each in predictions if each.call is not None]
        own = [call for call in said if call.name == calls[0].name]
        found["READ calls"] += 1
        found["@1"] += calls[0] in said[:1]
        found["oracle arguments"] += bool(said) and said[0].name == calls[0].name
        found["oracle tool, @1"] += calls[0] in own[:1]
        found["oracle tool, @3"] += calls[0] in own[:3]
    total = found.pop("READ calls", 0)
    return f"{total} READ calls: " + ", ".join(f"{name} {count / total:.3f}" for name, count in found.items())


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
    parser.add_argument("--depth", type=int, default=DEPTH, help="predictions at each point; 30 for the oracles")
    given = parser.parse_args(words)
    traces = load_data(given.traces).traces
    parts = folds_of(traces, given.folds, given.seed) if given.split == "task" else trials_of(traces, given.folds)
    tables = []
    for fold in range(given.folds) if given.only is None else [given.only]:
        predictor, started = seeded(given.predictor, given.seed), time.perf_counter()
        predictor.fit([trace for trace, part in zip(traces, parts, strict=True) if part != fold])
        took = time.perf_counter() - started
        test = [trace for trace, part in zip(traces, parts, strict=True) if part == fold]
        tables.append(predict_traces(predictor, test, given.depth))
        print(line(f"fold {fold} (fit {took:.0f} s)", tables[-1]), flush=True)
    whole = pooled(tables)
    print(line(f"all {len(tables)} folds, {len(set(whole.tasks))} tasks", whole, intervals=True))
    print(oracles(whole))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
