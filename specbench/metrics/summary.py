"""From ledger to numbers: recall, precision, amplification, saved, wasted, net seconds (DESIGN section 2)."""

from __future__ import annotations

from typing import Any

from specbench.core.ledger import Fate, Ledger

__all__ = ["summarise"]


def summarise(ledger: Ledger) -> dict[str, Any]:
    """Return the metrics of a run.

    Returns
    -------
    dict
        ``points, calls, launched, hits, commits``; ``attempt_rate`` = points with a launch ÷ points; ``recall`` =
        calls hit ÷ calls (each of parallel ones); ``first_call_recall`` = points whose first call was hit ÷ points with
        a call; ``precision`` = commits ÷ launched; ``amplification`` = tool calls executed ÷ needed;
        ``saved_s, wasted_s, net_s``; ``sequential_s, speculative_s``; ``saved_share`` of the sequential time.
        A ratio with nothing below the line is ``None``.

    Examples
    --------
    >>> summarise(Ledger())["recall"] is None
    True
    """
    points = len(ledger.outcomes)
    called = sum(1 for row in ledger.outcomes if row.calls)
    needed = sum(row.calls for row in ledger.outcomes)
    hits = sum(row.hits for row in ledger.outcomes)
    launched = len(ledger.speculations)
    commits = sum(row.fate == Fate.COMMIT for row in ledger.speculations)
    wasted = sum(row.run_s for row in ledger.speculations if row.fate != Fate.COMMIT)
    saved = sum(row.saved_s for row in ledger.outcomes)
    sequential = sum(row.sequential_s for row in ledger.outcomes)
    return {
        "points": points,
        "calls": needed,
        "launched": launched,
        "hits": hits,
        "commits": commits,
        "attempt_rate": _ratio(sum(1 for row in ledger.outcomes if row.launched), points),
        "recall": _ratio(hits, needed),
        "first_call_recall": _ratio(sum(row.hit for row in ledger.outcomes), called),
        "precision": _ratio(commits, launched),
        "amplification": _ratio(needed + launched - commits, needed),
        "saved_s": saved,
        "wasted_s": wasted,
        "net_s": saved - wasted,
        "sequential_s": sequential,
        "speculative_s": sum(row.speculative_s for row in ledger.outcomes),
        "saved_share": _ratio(saved, sequential),
    }


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None
