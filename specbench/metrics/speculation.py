"""One run in numbers, one line, and a verdict with its evidence."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from specbench.core.display import facts_html
from specbench.core.ledger import Fate, Ledger
from specbench.metrics.intervals import ratio_interval, ratios, task_sums
from specbench.metrics.summary import summarise

__all__ = ["SpeculationMetrics", "disclosed_entities"]

PAYS, WASTES = 0.60, 0.40
"""Rules of thumb from the field: a recall above the first is net-positive, below the second waste may outweigh it."""
_ENTITY = re.compile(r'"([^"\\]|\\.)*":("([^"\\]|\\.)*"|-?\d+)(?=[,}])')


@dataclass(frozen=True, repr=False)
class SpeculationMetrics:
    """What speculation brought and cost in one run; ratios with nothing below the line are ``None``.

    Parameters
    ----------
    points, calls, launched, hits, commits
        Counts: decision points, calls of the agent (each of parallel ones), speculations, calls that used a
        speculation, speculations whose result was used.
    hits_behind_first, hits_carried
        Of the hits: those of calls behind the first of their decision, and those by a result that was made for an
        earlier decision.
    recall
        Hits ÷ calls (the recall of the curves).
    first_call_recall
        Decision points whose first call was hit ÷ decision points with a call: all that counted in earlier versions.
    precision
        Commits ÷ launched.
    attempt_recall
        Decision points with a launch and a hit ÷ those with a launch: what the circuit breaker watches. A hit by a
        result that was carried over to a point without a launch is none of theirs.
    amplification
        Tool calls executed ÷ needed.
    saved_s, wasted_s, net_s
        Seconds that the agent was done sooner; seconds of tool work for nothing; their difference.
    run_ahead_lost_s, run_ahead_lost_tok
        LLM work for nothing, by run-ahead: an axis of its own.
    sequential_s, speculative_s
        Seconds of the run without and with speculation.
    saved_share
        Saved ÷ sequential.
    p50_s, p95_s, sequential_p50_s, sequential_p95_s
        Seconds of a decision with its calls.
    disclosed
        Distinct entities of a session that only speculations touched, added up over the sessions.
    recall_ci, saved_share_ci, wasted_share_ci, net_share_ci
        95 % intervals by task of the recall, and of saved, wasted and net ÷ sequential seconds; ``None`` below five
        tasks.

    Examples
    --------
    >>> SpeculationMetrics.of(Ledger()).report()
    'no decision points'
    """

    points: int
    calls: int
    launched: int
    hits: int
    hits_behind_first: int
    hits_carried: int
    commits: int
    recall: float | None
    first_call_recall: float | None
    precision: float | None
    attempt_recall: float | None
    amplification: float | None
    saved_s: float
    wasted_s: float
    net_s: float
    run_ahead_lost_s: float
    run_ahead_lost_tok: float
    sequential_s: float
    speculative_s: float
    saved_share: float | None
    p50_s: float | None
    p95_s: float | None
    sequential_p50_s: float | None
    sequential_p95_s: float | None
    disclosed: int
    recall_ci: tuple[float, float] | None
    saved_share_ci: tuple[float, float] | None
    wasted_share_ci: tuple[float, float] | None
    net_share_ci: tuple[float, float] | None

    @classmethod
    def of(cls, ledger: Ledger) -> SpeculationMetrics:
        """Compute the metrics of a ledger."""
        sums = summarise(ledger)
        rows = ledger.outcomes
        tasks = [row.task_id for row in rows]
        saved_ci, wasted_ci, net_ci = _share_intervals(ledger)
        attempts = [row.hits > 0 for row in rows if row.launched]
        lost = [row for row in ledger.aheads if row.fate != Fate.COMMIT]
        middle = _quantiles([row.speculative_s for row in rows])
        sequential = _quantiles([row.sequential_s for row in rows])
        return cls(
            points=sums["points"], calls=sums["calls"], launched=sums["launched"], hits=sums["hits"],
            hits_behind_first=sum(row.hits - row.hit for row in rows),
            hits_carried=sum(
                row.committed_at is not None and row.committed_at > row.index for row in ledger.speculations
            ),
            commits=sums["commits"], recall=sums["recall"],
            first_call_recall=sums["first_call_recall"], precision=sums["precision"],
            attempt_recall=sum(attempts) / len(attempts) if attempts else None, amplification=sums["amplification"],
            saved_s=sums["saved_s"], wasted_s=sums["wasted_s"], net_s=sums["net_s"],
            run_ahead_lost_s=sum(row.run_s for row in lost), run_ahead_lost_tok=sum(row.used_tok for row in lost),
            sequential_s=sums["sequential_s"], speculative_s=sums["speculative_s"], saved_share=sums["saved_share"],
            p50_s=middle[0], p95_s=middle[1], sequential_p50_s=sequential[0], sequential_p95_s=sequential[1],
            disclosed=disclosed_entities(ledger),
            recall_ci=ratio_interval(tasks, [row.hits for row in rows], [row.calls for row in rows]),
            saved_share_ci=saved_ci, wasted_share_ci=wasted_ci, net_share_ci=net_ci,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<SpeculationMetrics: {self.report()}>"[:199]

    def _repr_html_(self) -> str:
        return facts_html("Speculation metrics", {name: _shown(value) for name, value in asdict(self).items()})

    def report(self) -> str:
        """Return the run in one line.

        Examples
        --------
        >>> from specbench.core.ledger import Outcome
        >>> row = Outcome("t", "a", 0, "ls", "read", "ls({})", 1, False, 0, 2.0, 1.0, 0.0, 3.0, 3.0, 0.0, "off")
        >>> SpeculationMetrics.of(Ledger([row])).report()
        'recall 0 %, precision -, saved 0.0 s of 3.0 s (0.0 %), wasted 0.0 s, net +0.0 s, p50 3.00 s, p95 3.00 s'
        """
        if not self.points:
            return "no decision points"
        text = (
            f"recall {_percent(self.recall)}, precision {_percent(self.precision)}, "
            f"saved {self.saved_s:.1f} s of {self.sequential_s:.1f} s ({100 * (self.saved_share or 0):.1f} %), "
            f"wasted {self.wasted_s:.1f} s, net {self.net_s:+.1f} s, p50 {self.p50_s:.2f} s, p95 {self.p95_s:.2f} s"
        )
        if self.run_ahead_lost_s:
            text += f", run-ahead lost {self.run_ahead_lost_s:.1f} s and {self.run_ahead_lost_tok:.0f} tokens of LLM"
        return text

    def verdicts(self) -> list[str]:
        """Return what the run says about itself, with its evidence, and how two rules of thumb fared."""
        if not self.launched:
            return ["Nothing was launched: nothing was saved, and nothing wasted."]
        word = "saved more than it wasted" if self.net_s > 0 else "wasted as much as it saved, or more"
        seconds = f"{self.saved_s:.1f} s saved, {self.wasted_s:.1f} s of tool work wasted"
        if self.net_share_ci is None:
            said = f"Speculation {word} on these traces: {seconds}. They are too few for an interval."
        else:
            low, high = (100 * value for value in self.net_share_ci)
            interval = f"net {low:+.1f} to {high:+.1f} % of the time (95 %, by task)"
            clear = low > 0 or high < 0
            said = f"Speculation {word}: {seconds}; {interval}" + (
                "." if clear else ", so on other conversations it may be the other way round."
            )
        rate, attempts = self.recall or 0.0, self.attempt_recall or 0.0
        band = "" if self.recall_ci is None else " [{:.0f}, {:.0f}]".format(*(100 * v for v in self.recall_ci))
        return [
            said,
            f"Two rules of thumb say that speculation pays above {100 * PAYS:.0f} % hits, and that waste may outweigh "
            f"below {100 * WASTES:.0f} %. Here {100 * rate:.0f} %{band} of the calls are hits ({self._rule(rate)}), "
            f"and {100 * attempts:.0f} % of the decisions with a launch ({self._rule(attempts)}).",
        ]

    def _rule(self, share: float) -> str:
        """How the rules of thumb fared with a share of hits."""
        if WASTES <= share <= PAYS:
            return "between the two"
        right = (self.net_s > 0) == (share > PAYS)
        return f"the {'first' if share > PAYS else 'second'} rule {'holds' if right else 'does not hold'}"

    def to_dict(self) -> dict[str, Any]:
        """Return the metrics as JSON values."""
        return asdict(self)


def disclosed_entities(ledger: Ledger) -> int:
    """Count the entities (parameter and value) that speculations touched and no call of the agent in the session."""
    asked: dict[str, set[str]] = {}
    touched: dict[str, set[str]] = {}
    for outcome in ledger.outcomes:
        asked.setdefault(outcome.trace_id, set()).update(*map(_entities, outcome.all_calls))
    for speculation in ledger.speculations:
        touched.setdefault(speculation.trace_id, set()).update(_entities(speculation.call))
    return sum(len(each - asked.get(trace_id, set())) for trace_id, each in touched.items())


def _entities(call: str) -> set[str]:
    return {match.group(0) for match in _ENTITY.finditer(call)}


def _quantiles(seconds: list[float]) -> tuple[float | None, float | None]:
    if not seconds:
        return None, None
    low, high = np.quantile(seconds, [0.5, 0.95])
    return float(low), float(high)


def _share_intervals(ledger: Ledger) -> list[tuple[float, float] | None]:
    """Return the intervals by task of saved, wasted and net seconds, as shares of the sequential ones."""
    task_of = {row.trace_id: row.task_id for row in ledger.outcomes}
    rows = [(row.task_id, row.saved_s, 0.0, row.saved_s, row.sequential_s) for row in ledger.outcomes]
    rows += [
        (task_of[row.trace_id], 0.0, row.run_s, -row.run_s, 0.0)
        for row in ledger.speculations
        if row.fate != Fate.COMMIT and row.trace_id in task_of
    ]
    sums = task_sums([row[0] for row in rows], np.array([row[1:] for row in rows]).reshape(-1, 4))
    found = ratios(sums[:, :3], np.repeat(sums[:, 3:], 3, axis=1), share=False)
    return [
        None if np.isnan(low) else (float(low), float(high)) for low, high in zip(found.low, found.high, strict=True)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{value[0]:.3f}, {value[1]:.3f}]"
    return "–" if value is None else f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
