"""Learning curves: the same test tasks, fewer and fewer training tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from specbench.core.types import Trace
from specbench.study.comparison.bench import RATES, Bench

__all__ = ["SHARES", "learning_curve", "nested_subset"]

SHARES = (0.1, 0.25, 0.5, 1.0)


def nested_subset(traces: Sequence[Trace], share: float, seed: int = 0) -> list[Trace]:
    """Return the traces of this share of the tasks, at least one task; a smaller share is part of every larger one.

    Examples
    --------
    >>> traces = [Trace(f"t{n}", f"task{n}", "doc", ()) for n in range(20)]
    >>> few, more = (nested_subset(traces, share) for share in (0.1, 0.5))
    >>> len(few), len(more), all(trace in more for trace in few)
    (2, 10, True)
    """
    tasks = sorted({trace.task_id for trace in traces})
    order = np.random.default_rng(seed).permutation(len(tasks))
    kept = {tasks[at] for at in order[: max(1, math.ceil(share * len(tasks) - 1e-9))].tolist()}
    return [trace for trace in traces if trace.task_id in kept]


def learning_curve(bench: Bench, names: Sequence[str], shares: Sequence[float] = SHARES) -> pd.DataFrame:
    """Return one row a predictor and share: ``share, tasks, traces``, the rates with intervals, ``fit_s``."""
    bench.measure_all(names)
    parts = {share: nested_subset(bench.train, share, bench.settings.seed) for share in shares}
    smaller = {share: part for share, part in parts.items() if len(part) < len(bench.train)}
    asked = [
        (name, part, bench.test, f" on {100 * share:.0f} % of the tasks")
        for name in names
        for share, part in smaller.items()
    ]
    found = bench.fit_all(asked)
    rows = []
    for name in names:
        for share, part in parts.items():
            metrics = (next(found) if share in smaller else bench.measure(name)).metrics
            row = {"predictor": name, "share": share, "tasks": len({trace.task_id for trace in part})}
            row |= {"traces": len(part), "fit_s": metrics["fit_s"]} | {rate: metrics[rate] for rate in RATES}
            for rate in RATES:
                row[f"{rate}_low"], row[f"{rate}_high"] = metrics["ci"].get(rate) or (None, None)
            rows.append(row)
    return pd.DataFrame(rows)
