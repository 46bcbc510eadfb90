"""The decisions of a study as its report shows them: a table to filter, and each conversation with its predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["KINDS", "MOST_LETTERS", "listed", "transcripts"]

KINDS = {
    "hit": "its result was there in time",
    "late hit": "its result came after the decision, but sooner than without speculation",
    "below the threshold": "the best guess was right, but not sure enough to be started",
    "wrong": "something else was started",
    "not foreseen": "nothing was started, and the best guess was wrong",
    "started on a reply": "the agent called no tool; what was started is wasted",
    "reply": "the agent called no tool, and nothing was started",
    "not READ": "a call that is never started ahead",
}
"""What a decision can be → what that means. The first ones tell most."""
MOST_DECISIONS = 1500
"""Decisions in the table."""
MOST_LETTERS = 1500
"""Of a message."""
MOST_TRANSCRIPT_LETTERS = 1_500_000
"""Of all transcripts of a report."""


def listed(rows: Sequence[Mapping[str, Any]], most: int = MOST_DECISIONS) -> list[Mapping[str, Any]]:
    """Return the rows of a table that has room for ``most``: those of kinds that tell most, in their order.

    Examples
    --------
    >>> [row["what"] for row in listed([{"what": "reply"}, {"what": "not READ"}, {"what": "hit"}], 2)]
    ['reply', 'hit']
    """
    if len(rows) <= most:
        return list(rows)
    rank = {kind: at for at, kind in enumerate(KINDS)}
    chosen = sorted(range(len(rows)), key=lambda at: rank.get(rows[at]["what"], len(rank)))[:most]
    return [rows[at] for at in sorted(chosen)]


def transcripts(rows: Sequence[Mapping[str, Any]], most: int = MOST_TRANSCRIPT_LETTERS) -> list[dict[str, Any]]:
    """Return the conversations with their decisions, for the page's script; as many as fit into ``most`` letters.

    Parameters
    ----------
    rows
        Of ``decisions.parquet``, in order: ``trace``, ``said`` (JSON: role, name and text of what was said since the
        decision before) and ``guesses`` (JSON: calls and their probabilities) among them.
    most
        Letters in all.

    Examples
    --------
    >>> row = {"trace": "t", "what": "reply", "happened": "reply", "reason": "", "launched": 0, "saved_s": 0.0}
    >>> transcripts([{**row, "said": '[["user", "", "hi"]]', "guesses": '[["reply", 0.9]]'}])[0]["decisions"][0]["said"]
    [['user', '', 'hi']]
    """
    talks: dict[str, dict[str, Any]] = {}
    letters = 0
    for row in rows:
        if row["trace"] not in talks:
            if letters > most:
                break
            talks[row["trace"]] = {"trace": row["trace"], "decisions": []}
        letters += len(row["said"]) + len(row["guesses"])
        talks[row["trace"]]["decisions"].append(
            {
                "said": json.loads(row["said"]),
                "guesses": json.loads(row["guesses"]),
                **{name: row[name] for name in ("what", "happened", "reason", "launched", "saved_s")},
            }
        )
    return list(talks.values())
