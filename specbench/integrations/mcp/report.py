"""What a proxy's ledger says: recall, saved and wasted seconds, by mode and by tool, with intervals by session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specbench.core.ledger import Fate, Ledger
from specbench.metrics import SpeculationMetrics
from specbench.metrics.intervals import MIN_TASKS, ratio_interval

__all__ = ["proxy_report"]

MOST_REASONS = 5


def proxy_report(ledger: Ledger | str | Path) -> str:
    """Return the report as text.

    Parameters
    ----------
    ledger
        Of a proxy, or its file.

    Raises
    ------
    ConfigError
        When the file is no ledger.

    Examples
    --------
    >>> proxy_report(Ledger())
    'no calls yet'
    """
    if not isinstance(ledger, Ledger):
        ledger = Ledger.from_parquet(ledger)
    if not ledger.outcomes:
        return "no calls yet"
    sessions: Mapping[str, Any] = ledger.config.get("sessions", {})
    parts = []
    for mode in sorted({_mode(row.trace_id, sessions) for row in ledger.outcomes}):
        rows = Ledger(
            [row for row in ledger.outcomes if _mode(row.trace_id, sessions) == mode],
            [row for row in ledger.speculations if _mode(row.trace_id, sessions) == mode],
            ledger.config,
        )
        parts.append("\n".join(_mode_report(mode, rows)))
    return "\n\n".join(parts)


def _mode(trace_id: str, sessions: Mapping[str, Any]) -> str:
    return str(sessions.get(trace_id, {}).get("mode", "unknown mode"))


def _mode_report(mode: str, ledger: Ledger) -> list[str]:
    rows = ledger.outcomes
    sessions = {row.trace_id for row in rows}
    calls = sum(row.calls for row in rows)
    lines = [f"{mode}: {len(sessions)} sessions, {calls} calls, {len(ledger.speculations)} guesses"]
    if mode == "shadow":
        lines.append("Nothing was run ahead: a guess counts the mean seconds of its tool (modelled).")
    metrics = SpeculationMetrics.of(ledger)
    lines.append(metrics.report())
    low_high = metrics.recall_ci
    if low_high is not None:
        lines.append(f"recall {100 * low_high[0]:.0f} to {100 * low_high[1]:.0f} % (95 %, by session)")
    else:
        lines.append(f"no intervals: they need {MIN_TASKS} sessions")
    lines += ["", *_by_tool(ledger), "", "Why nothing was guessed, or what was (most frequent first):"]
    reasons = Counter(row.reason for row in rows)
    lines += [f"  {number:>6} × {reason}" for reason, number in reasons.most_common(MOST_REASONS)]
    return lines


def _by_tool(ledger: Ledger) -> list[str]:
    called: list[tuple[str, str]] = []
    for row in ledger.outcomes:
        called += [(row.trace_id, call.partition("(")[0]) for call in row.all_calls]
    hits = Counter((row.trace_id, row.tool) for row in ledger.speculations if row.fate == Fate.COMMIT)
    head = f"{'tool':<28} {'calls':>6} {'hits':>6} {'recall':>7} {'95 %':>12} {'saved_s':>8} {'wasted_s':>9}"
    lines = [head]
    for tool, number in Counter(tool for _, tool in called).most_common():
        by_session = Counter(trace_id for trace_id, name in called if name == tool)
        found = [hits[trace_id, tool] for trace_id in by_session]
        interval = ratio_interval(list(by_session), found, list(by_session.values()))
        band = "–" if interval is None else f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f} %"
        saved = sum(row.saved_s for row in ledger.outcomes if row.tool == tool)
        wasted = sum(row.run_s for row in ledger.speculations if row.tool == tool and row.fate != Fate.COMMIT)
        lines.append(
            f"{tool[:28]:<28} {number:>6} {sum(found):>6} {100 * sum(found) / number:>5.0f} % {band:>12} {saved:>8.1f} "
            f"{wasted:>9.1f}"
        )
    return lines
