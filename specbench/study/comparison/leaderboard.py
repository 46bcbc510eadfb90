"""The leaderboard: every predictor on the same test tasks, with paired differences to the Markov baseline."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from specbench.predictors import competitor_names, control_names, is_control, make_predictor
from specbench.study.comparison.bench import Bench, row_of
from specbench.study.evaluation import parse_names

__all__ = ["BASELINE", "compare_names", "leaderboard"]

BASELINE = "markov"
ALL = "all"


def compare_names(text: str | Sequence[str]) -> list[str]:
    """Return the predictors to compare: ``all`` is every one of the registry; the baseline is always among them.

    Raises
    ------
    ConfigError
        When a name is not known.

    Examples
    --------
    >>> compare_names("ngram,repeat")
    ['markov', 'ngram', 'repeat']
    """
    named: list[str] = []
    for name in parse_names(text):
        named += [*competitor_names(), *control_names()] if name == ALL else [name]
    for name in named:
        make_predictor(name)
    candidates = [name for name in named if not is_control(name)]
    if BASELINE not in candidates:
        candidates.insert(0, BASELINE)
    return list(dict.fromkeys([*candidates, *(name for name in named if is_control(name))]))


def leaderboard(bench: Bench, names: Sequence[str]) -> pd.DataFrame:
    """Return one row a predictor: by falling top-1 of READ calls (of calls where there is none), then the controls."""
    bench.measure_all([BASELINE, *names])
    baseline = bench.measure(BASELINE)
    rows = []
    for name in names:
        result = bench.measure(name)
        against = bench.differences(result, baseline)
        rows.append({"predictor": name, "control": is_control(name), **row_of(result, against, BASELINE)})
    frame = pd.DataFrame(rows)
    by = "read_call_top1" if frame["read_call_top1"].notna().any() else "call_top1"
    frame = frame.assign(order=[-1.0 if value is None else value for value in frame[by].astype(object)])
    frame = frame.sort_values(["control", "order"], ascending=[True, False], kind="stable").drop(columns="order")
    return frame.reset_index(drop=True)
