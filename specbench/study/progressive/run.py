"""Predict, score, learn, at every decision point of a stream; rolling rates and paired differences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from specbench.core.text import writable
from specbench.core.types import Trace
from specbench.metrics.calibration import calibration_error
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.prediction_rates import Hits, brier, hits_at, is_read, launches, reply_right
from specbench.metrics.prediction_table import PredictionTable
from specbench.predictors.base import Predictor

__all__ = ["RATES", "decisions", "differences", "predict_then_learn", "rolling"]

RATES = ("call_top1", "read_call_top1", "tool_top1", "reply_accuracy", "brier")
"""Rates of a stream: the first three given that a call happens; Brier score: less is better."""


def predict_then_learn(predictor: Predictor, traces: Iterable[Trace], *, learn: bool = True) -> PredictionTable:
    """Ask at every decision point of ``traces``, in order, then tell what the LLM decided.

    Nothing is predicted after it was learned: each decision is scored before the predictor hears of it.

    Parameters
    ----------
    predictor
        Fitted; it changes when it learns.
    traces
        A stream.
    learn
        ``False`` tells nothing: the frozen arm.

    References
    ----------
    A. P. Dawid (1984), *Statistical theory: the prequential approach*, JRSS A 147(2); J. Gama et al. (2013), *On
    evaluating stream learning algorithms*, Machine Learning 90.

    Examples
    --------
    >>> from specbench.predictors.counting.markov import MarkovPredictor
    >>> from specbench.testing import make_traces
    >>> markov = MarkovPredictor().fit([])
    >>> table = predict_then_learn(markov, make_traces(2))
    >>> table.predictions[0], len(markov.predict(table.points[0], k=3)) > 0
    ([], True)
    """
    table = PredictionTable(predictor.name)
    for trace in traces:
        sessions = predictor.replay(trace)
        for decision in trace.decisions():
            session = next(sessions)
            table.ask(session, decision)
            table.tasks.append(trace.task_id)
            if learn and predictor.learns_from_points:
                predictor.learn(decision.point, table.outcomes[-1])
            elif learn:
                session.learn(decision.calls[0] if decision.calls else None)
    return table


def decisions(table: PredictionTable) -> pd.DataFrame:
    """Return one row a decision: ``trace_id, task_id, tool``, the scores of :data:`RATES`, and what was offered.

    ``tool`` is what the LLM called first (``None`` for a reply). A rate of calls is the share of a decision's parallel
    calls. A score is NaN where the rate does not count the decision.
    ``offered_p`` is the probability of the best READ prediction (0 without one), ``offered_hit`` whether it came true.
    """
    best = launches(table)
    return pd.DataFrame(
        {
            "trace_id": [writable(point.trace_id) for point in table.points],
            "task_id": [writable(task) for task in table.tasks],
            "tool": [writable(outcome.name) if outcome else None for outcome in table.outcomes],
            "call_top1": _share(hits_at(table, 1)),
            "read_call_top1": _share(hits_at(table, 1, among=is_read)),
            "tool_top1": _share(hits_at(table, 1, "tool")),
            "reply_accuracy": reply_right(table).astype(float),
            "brier": brier(table),
            "offered_p": best.p[:, 0],
            "offered_hit": best.hit[:, 0],
        }
    )


def _share(hits: Hits) -> npt.NDArray[np.float64]:
    out = np.full(len(hits.of), np.nan)
    np.divide(hits.hit, hits.of, out=out, where=hits.of > 0)
    return out


def rolling(scores: npt.NDArray[np.float64], window: int) -> npt.NDArray[np.float64]:
    """Return the mean of the last ``window`` scores at each decision, NaN left out, and NaN until the window is full.

    Examples
    --------
    >>> rolling(np.array([1.0, np.nan, 0.0, 1.0]), window=2)
    array([nan, 1. , 0. , 0.5])
    """
    counted = ~np.isnan(scores)
    sums = np.concatenate([[0.0], np.cumsum(np.where(counted, scores, 0.0))])
    counts = np.concatenate([[0], np.cumsum(counted)])
    out = np.full(len(scores), np.nan)
    if len(scores) >= window:
        over, of = sums[window:] - sums[:-window], counts[window:] - counts[:-window]
        out[window - 1 :] = np.divide(over, of, out=np.full(len(of), np.nan), where=of > 0)
    return out


def differences(frozen: pd.DataFrame, online: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return, for each rate, both means, online − frozen and its paired 95 % interval by task.

    The interval says how the gain varies with the tasks; the order of the stream is taken as it is. Beside
    :data:`RATES` stands ``ece``, the calibration error of the best READ predictions of each arm.

    Parameters
    ----------
    frozen, online
        The same decisions, from :func:`decisions`.
    """
    out: dict[str, dict[str, Any]] = {}
    tasks = frozen["task_id"].tolist()
    for rate in RATES:
        theirs, ours = frozen[rate].to_numpy(float), online[rate].to_numpy(float)
        among = ~np.isnan(theirs)
        gained = np.where(among, ours - theirs, 0.0)
        row: dict[str, Any] = {"decisions": int(among.sum()), "frozen": None, "online": None, "difference": None}
        if among.any():
            row |= {"frozen": float(theirs[among].mean()), "online": float(ours[among].mean())}
            row["difference"] = float(gained.sum() / among.sum())
        interval = ratio_interval(tasks, gained, among, share=False)
        row["low"], row["high"] = interval if interval is not None else (None, None)
        out[rate] = row
    out["ece"] = _calibration(frozen, online)
    return out


def _calibration(frozen: pd.DataFrame, online: pd.DataFrame) -> dict[str, Any]:
    """Return the ``ece`` of both arms. No interval: at some hundred decisions it is mostly noise."""
    arms = [(frame["offered_p"].to_numpy(float), frame["offered_hit"].to_numpy(bool)) for frame in (frozen, online)]
    was, became = (calibration_error(p[p > 0], hit[p > 0]) for p, hit in arms)
    known = was is not None and became is not None
    return {
        "decisions": int((arms[0][0] > 0).sum()), "frozen": was if known else None, "online": became if known else None,
        "difference": became - was if was is not None and became is not None else None, "low": None, "high": None,
    }  # fmt: skip
