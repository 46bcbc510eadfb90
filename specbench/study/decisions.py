"""One row for each test decision: what was predicted, what happened, and why it was (not) speculated."""

from __future__ import annotations

import pandas as pd

from specbench.core.ledger import Ledger
from specbench.core.text import writable
from specbench.metrics import PredictionTable

__all__ = ["COLUMNS", "decision_rows"]

COLUMNS = ("trace", "decision", "what", "happened", "predicted", "p", "launched", "saved_s", "reason")


def decision_rows(table: PredictionTable, ledger: Ledger) -> pd.DataFrame:
    """Return the decisions of a run, in order.

    ``what`` is ``hit``, ``late hit`` (the result came after the decision), ``miss`` (a READ call that was not run
    ahead), ``not READ`` (a call that never is) or ``reply``.

    Parameters
    ----------
    table, ledger
        The predictions, and the run of a policy on them.
    """
    late = {(row.trace_id, row.committed_at) for row in ledger.speculations if row.late}
    rows = []
    for point, predictions, outcome in zip(table.points, table.predictions, ledger.outcomes, strict=True):
        best = predictions[0] if predictions else None
        if outcome.hits:
            what = "late hit" if (outcome.trace_id, outcome.index) in late else "hit"
        else:
            what = "reply" if outcome.call is None else "miss" if outcome.effect == "read" else "not READ"
        rows.append(
            (
                point.trace_id, point.index, what, outcome.call or "reply",
                "nothing" if best is None else best.call.key if best.call else "reply",
                None if best is None else best.p, outcome.launched, outcome.saved_s, outcome.reason,
            )
        )  # fmt: skip
    return pd.DataFrame([[writable(cell) for cell in row] for row in rows], columns=list(COLUMNS))
