"""One row for each test decision: what was said, predicted and done, and why it was (not) speculated."""

from __future__ import annotations

import json

import pandas as pd

from specbench.core.ledger import Ledger, Outcome
from specbench.core.text import writable
from specbench.core.types import Message, Prediction
from specbench.metrics import PredictionTable
from specbench.report.decisions import MOST_LETTERS
from specbench.traces.redact import Redactor

__all__ = ["COLUMNS", "decision_rows"]

COLUMNS = (
    "trace", "decision", "what", "happened", "predicted", "p", "launched", "saved_s", "reason", "said", "guesses",
)  # fmt: skip
GUESSES = 3
"""Predictions of a decision that are kept."""


def decision_rows(table: PredictionTable, ledger: Ledger) -> pd.DataFrame:
    """Return the decisions of a run, in order.

    ``what`` is one of :data:`specbench.report.decisions.KINDS`. ``said`` holds the messages since the decision before,
    as JSON lists of role, name and text (cut at :data:`~specbench.report.decisions.MOST_LETTERS`, without keys and
    tokens of known shape); ``guesses`` the best predictions, as JSON lists of call and probability.

    Parameters
    ----------
    table, ledger
        The predictions, and the run of a policy on them.
    """
    late = {(row.trace_id, row.committed_at) for row in ledger.speculations if row.late}
    redactor = Redactor(secrets_only=True)
    rows, before = [], {"": 0}
    for point, predictions, outcome in zip(table.points, table.predictions, ledger.outcomes, strict=True):
        best = predictions[0] if predictions else None
        since = point.messages[before.get(point.trace_id, 0) :]
        before = {point.trace_id: len(point.messages)}
        rows.append(
            (
                point.trace_id, point.index, _what(outcome, best, (outcome.trace_id, outcome.index) in late),
                outcome.call or "reply", _name(best), None if best is None else best.p, outcome.launched,
                outcome.saved_s, outcome.reason, json.dumps([_said(each, redactor) for each in since]),
                json.dumps([[redactor.text(_name(each)), round(each.p, 4)] for each in predictions[:GUESSES]]),
            )
        )  # fmt: skip
    return pd.DataFrame([[writable(cell) for cell in row] for row in rows], columns=list(COLUMNS))


def _what(outcome: Outcome, best: Prediction | None, late: bool) -> str:
    if outcome.hits:
        return "late hit" if late else "hit"
    if outcome.call is None:
        return "started on a reply" if outcome.launched else "reply"
    if outcome.effect != "read":
        return "not READ"
    if best is not None and best.call is not None and best.call.key == outcome.call:
        return "below the threshold"
    return "wrong" if outcome.launched else "not foreseen"


def _name(prediction: Prediction | None) -> str:
    return "nothing" if prediction is None else prediction.call.key if prediction.call else "reply"


def _said(message: Message, redactor: Redactor) -> list[str]:
    text = "\n".join([message.content, *(f"→ {call.key}" for call in message.tool_calls)]).strip("\n")
    cut = text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} …"
    return [message.role, message.name or "", redactor.text(cut)]
