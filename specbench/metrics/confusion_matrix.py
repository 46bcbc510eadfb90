"""Which tool was launched where which tool was called: a run's launches, not only its predictor's first guesses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specbench.core.extras import named_extras
from specbench.core.ledger import Ledger
from specbench.core.text import writable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REPLY", "Confusion", "confusion"]

REPLY = "reply"


@dataclass(frozen=True)
class Confusion:
    """Launched tools (columns) against called ones (rows).

    Parameters
    ----------
    launched
        Decision points at which the column's tool was launched at least once. With more than one launch, a row may add
        up to more than its decision points.
    idle
        Decision points of each row at which nothing was launched.
    points
        All decision points of each row.
    hits
        Those with a launch at which the very call, arguments included, had been launched. A hit by a result that was
        carried over to a point without a launch is none of these.
    """

    launched: pd.DataFrame
    idle: pd.Series[int]
    points: pd.Series[int]
    hits: pd.Series[int]


def confusion(ledger: Ledger, most: int = 12) -> Confusion:
    """Return the confusion of tools of a run's launches.

    Parameters
    ----------
    ledger
        Of a simulated or real run, at one operating point.
    most
        Tools to show at most, each way: those that are called, and launched, most.

    Examples
    --------
    >>> from specbench.metrics import predict_traces
    >>> from specbench.policies import Never
    >>> from specbench.predictors import make_predictor
    >>> from specbench.sim import simulate
    >>> from specbench.testing import make_traces
    >>> table = predict_traces(make_predictor("oracle").fit([]), make_traces(4))
    >>> found = confusion(simulate(table, Never()))
    >>> found.launched.size, bool((found.idle == found.points).all())
    (0, True)
    """
    with named_extras():
        import pandas as pd

    at = {(row.trace_id, row.index): row.tool or REPLY for row in ledger.outcomes}
    points = Counter(at.values())
    tried = {(row.trace_id, row.index, row.tool) for row in ledger.speculations if (row.trace_id, row.index) in at}
    busy = {place[:2] for place in tried}
    hits = Counter(row.tool or REPLY for row in ledger.outcomes if row.hit and (row.trace_id, row.index) in busy)
    cells = Counter((at[trace_id, index], tool) for trace_id, index, tool in tried)
    idle = Counter(tool for place, tool in at.items() if place not in busy)
    rows = [name for name, _ in sorted(points.items(), key=lambda item: (-item[1], item[0]))[:most]]
    launches = Counter(tool for _, _, tool in tried)
    often = {name for name, _ in sorted(launches.items(), key=lambda item: (-item[1], item[0]))[:most]}
    columns = [name for name in rows if name in often] + sorted(often - set(rows))
    frame = pd.DataFrame(
        [[cells[row, column] for column in columns] for row in rows],
        index=pd.Index([writable(row) for row in rows], name="called"),
        columns=pd.Index([writable(column) for column in columns], name="launched"),
        dtype=int,
    )
    return Confusion(frame, *(_of(rows, many) for many in (idle, points, hits)))


def _of(rows: list[str], many: Counter[str]) -> pd.Series[int]:
    with named_extras():
        import pandas as pd

    return pd.Series([many[row] for row in rows], index=[writable(row) for row in rows], dtype=int)
