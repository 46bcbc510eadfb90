"""Do two ledgers say the same? Simulator and executor must."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from specbench.core.ledger import Ledger

__all__ = ["differences"]

MOST = 20


def differences(one: Ledger, two: Ledger, tolerance_s: float = 1e-6) -> list[str]:
    """Return what differs between the rows of two ledgers, whatever their order; times may differ by ``tolerance_s``.

    Examples
    --------
    >>> from specbench.core.ledger import Outcome
    >>> row = Outcome("t", "a", 0, None, None, None, 0, False, 0, 2.0, 0.0, 0.0, 2.0, 2.0, 0.0, "off")
    >>> differences(Ledger([row]), Ledger([row._replace(think_s=2.5, sequential_s=2.5)]))
    ['decision t, 0: think_s is 2.0 and 2.5; sequential_s is 2.0 and 2.5']
    """
    out = []
    for kind, mine, others in (
        ("decision", one.outcomes, two.outcomes),
        ("speculation", one.speculations, two.speculations),
        ("run-ahead", one.aheads, two.aheads),
    ):
        first, second = _sorted(mine), _sorted(others)
        if len(first) != len(second):
            out.append(f"{len(first)} and {len(second)} rows of {kind}s")
        for left, right in zip(first, second, strict=False):
            parts = [
                f"{name} is {a!r} and {b!r}"
                for name, a, b in zip(left._fields, left, right, strict=True)
                if not _same(a, b, tolerance_s)
            ]
            if parts:
                out.append(f"{kind} {left.trace_id}, {left.index}: {'; '.join(parts)}")
            if len(out) >= MOST:
                return out
    return out


def _sorted(rows: Sequence[Any]) -> list[Any]:
    return sorted(
        rows, key=lambda row: (row.trace_id, row.index, row.call or "", round(getattr(row, "launched_s", 0), 5))
    )


def _same(one: Any, two: Any, tolerance_s: float) -> bool:
    if isinstance(one, (int, float)) and isinstance(two, (int, float)):
        return math.isclose(one, two, rel_tol=0.0, abs_tol=tolerance_s)
    return bool(one == two)
