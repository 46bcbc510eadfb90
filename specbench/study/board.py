"""The file that ``benchmarks/domains.py`` writes, as a table: what each predictor reached on each set of traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from specbench.core.errors import ConfigError
from specbench.predictors import control_names

__all__ = ["read_board"]

RATES = ("read_call_top1", "read_call_top3")
OTHERS = (
    "tool_top1", "reply_accuracy", "recall_at_75", "used_before_write", "ece", "points", "read_calls", "p50_ms",
    "p99_ms", "fit_cpu_s", "size_mb",
)  # fmt: skip


def read_board(path: str | Path) -> pd.DataFrame:
    """Return the leaderboard over sets of traces.

    Parameters
    ----------
    path
        ``docs/leaderboard.json``, or what ``benchmarks/domains.py --out`` wrote.

    Returns
    -------
    DataFrame
        One row a set and predictor: ``set, predictor, control, tasks, read_calls, points``, rates from 0 to 1
        (``read_call_top1, read_call_top3`` with ``_low`` and ``_high``, ``tool_top1, reply_accuracy, recall_at_75,
        used_before_write, ece``), ``p50_ms, p99_ms, fit_cpu_s, size_mb``. What could not be measured is missing.

    Raises
    ------
    ConfigError
        When the file is none of these.
    """
    try:
        rows = json.loads(Path(path).read_text("utf-8"))["rows"]
        if not rows:
            raise ValueError("it has no rows")
        return pd.DataFrame([_row(key, row) for key, row in rows.items()])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} is no leaderboard ({type(error).__name__}: {str(error)[:100]}); give docs/leaderboard.json, or a "
            "file that `python benchmarks/domains.py --out FILE` wrote"
        ) from error


def _row(key: str, row: dict[str, Any]) -> dict[str, Any]:
    traces, predictor = key.split("|")
    out = {"set": traces, "predictor": predictor, "control": predictor in control_names(), "tasks": len(row["by_task"])}
    for rate in RATES:
        low, high = row["ci"].get(rate) or (None, None)
        out |= {rate: row[rate], f"{rate}_low": low, f"{rate}_high": high}
    return out | {name: row[name] for name in OTHERS}
