"""The ways to speculate with one predictor: each tuned on validation tasks, within the waste budget, tested once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from specbench.core.ledger import Ahead, Fate, Ledger, Outcome, Speculation
from specbench.metrics import PredictionTable, SpeculationMetrics
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.worth import Worth
from specbench.policies import DEFAULT_THRESHOLD, Never, Policy
from specbench.sim import Latency, simulate
from specbench.speculation import Limit, Options, RunAhead
from specbench.study.advise.candidates import Candidate
from specbench.study.evaluation import Settings
from specbench.study.predictions import Predicted
from specbench.study.tuning import choose_policy

__all__ = ["WAYS", "Way", "against_never", "net_difference", "ways_of", "worth_of_run"]

WAYS = {
    "overlap": Options(),
    "carried results": Options(carry_ttl_s=60.0),
    "run-ahead": Options(carry_ttl_s=60.0, run_ahead=RunAhead(2)),
}
"""Calls while the LLM thinks; unused results stay a minute; the next LLM invocation starts early, two deep."""
CANDIDATES = tuple(f"threshold:{step / 10:g},{k}" for k in (1, 2) for step in (0.5, *range(1, 10)))
"""Policies that are tried on validation tasks: p ≥ 0.05, 0.1, 0.2, … 0.9, one launch or two."""


@dataclass(frozen=True)
class Way:
    """One way to speculate, at its operating point, on the test tasks.

    Parameters
    ----------
    name
        One of :data:`WAYS`.
    policy, options
        What is launched, and what else speculation may do; text forms.
    tuned
        Whether the policy was tuned on validation tasks; otherwise it is the rule of thumb.
    validation_net_s
        Net seconds on the validation tasks.
    metrics
        Of the run on the test tasks.
    worth
        The answer for this way; LLM seconds that run-ahead loses count as waste.
    ledger
        Of that run; saved seconds are against a run without speculation under the same rate limits.
    waited_s
        Seconds that the run without speculation waits for rate limits.
    """

    name: str
    policy: str
    options: Options
    tuned: bool
    validation_net_s: float
    metrics: SpeculationMetrics
    worth: Worth
    ledger: Ledger
    waited_s: float = 0.0

    @property
    def wasted_share(self) -> float:
        """Unused tool runs as a share of the sequential time."""
        return self.metrics.wasted_s / self.metrics.sequential_s if self.metrics.sequential_s else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the ledger as JSON values."""
        return {
            "way": self.name, "policy": self.policy, "options": str(self.options), "tuned": self.tuned,
            "metrics": self.metrics.to_dict(), "worth": self.worth.to_dict(),
        }  # fmt: skip


def ways_of(
    chosen: Candidate,
    settings: Settings,
    budget: float | None,
    limits: Mapping[str, Limit],
    ceilings: Mapping[str, float],
) -> list[Way]:
    """Return all ways with one predictor, in the order of :data:`WAYS`.

    Parameters
    ----------
    chosen
        The predictor.
    settings
        Seconds, price of waste, least gain.
    budget
        Most wasted ÷ sequential seconds, kept on the validation tasks; ``None`` for no limit.
    limits
        Rate limits by tool. Saved seconds compare with a run without speculation under those of the tools that are
        started early; a limit of another tool is the agent's own, and is left out of both.
    ceilings
        What perfect foresight saves on the test tasks, by way.
    """
    tested = Predicted(chosen.measured.table, float(chosen.measured.metrics["predict_ms_charged"]))
    felt = {name: limit for name, limit in limits.items() if name in _started_early(tested.table)}
    ways = [
        _way(name, _limited(options, felt), chosen.tuned, tested, settings, budget, ceilings[name])
        for name, options in WAYS.items()
    ]
    return [replace(way, options=_limited(way.options, limits)) for way in ways]


def _started_early(table: PredictionTable) -> set[str]:
    """Return the tools that may read; a limit of any other makes the agent wait with and without speculation."""
    return {name for point in table.points for name, spec in point.tools.items() if spec.may_read}


def _limited(options: Options, limits: Mapping[str, Limit]) -> Options:
    return Options(carry_ttl_s=options.carry_ttl_s, run_ahead=options.run_ahead, limits=limits)


def _way(
    name: str, options: Options, tuned: Predicted | None, tested: Predicted, settings: Settings,
    budget: float | None, ceiling: float,
) -> Way:  # fmt: skip
    model = settings.latency  # that of all traces
    policy, gained_s, chosen = f"threshold:{DEFAULT_THRESHOLD:g},1", 0.0, None
    if tuned is not None:
        chosen = choose_policy(
            tuned.table, waste=budget, waste_price=settings.waste_price, latency=model, predict_s=tuned.predict_s,
            options=options, candidates=CANDIDATES,
        )  # fmt: skip
    if tuned is not None and chosen is not None:
        found = chosen[1]
        saved_s = found.saved_s - sum(row.saved_s for row in _never(tuned.table, model, options.limits))
        gained_s = saved_s - settings.waste_price * (found.wasted_s + found.run_ahead_lost_s)
        if gained_s > 0:
            policy = chosen[0]
    ledger = simulate(
        tested.table, Policy.from_text(policy), latency=model, predict_s=tested.predict_s, options=options,
        config={"seed": settings.seed},
    )  # fmt: skip
    ledger, waited_s = against_never(ledger, tested.table, model, options.limits)
    metrics = SpeculationMetrics.of(ledger)
    worth = worth_of_run(ledger, metrics, ceiling, settings)
    return Way(name, policy, options, gained_s > 0, gained_s, metrics, worth, ledger, waited_s)


def against_never(
    ledger: Ledger, table: PredictionTable, latency: Latency, limits: Mapping[str, Limit]
) -> tuple[Ledger, float]:
    """Return a run compared with one without speculation under the same rate limits, and what that one waits for them.

    Parameters
    ----------
    ledger
        Of the run; its own saved seconds compare with a run that has no limit.
    table, latency
        What the run was made of.
    limits
        Rate limits by tool.
    """
    alone = {(row.trace_id, row.index): row for row in _never(table, latency, limits)}
    if not alone:
        return ledger, 0.0
    rows = []
    for row in ledger.outcomes:
        taken_s = alone[row.trace_id, row.index].speculative_s
        rows.append(row._replace(sequential_s=taken_s, saved_s=taken_s - row.speculative_s))
    config = {**ledger.config, "compared_with": "never, under the same rate limits"}
    return replace(ledger, outcomes=rows, config=config), -sum(row.saved_s for row in alone.values())


def _never(table: PredictionTable, latency: Latency, limits: Mapping[str, Limit]) -> Sequence[Outcome]:
    """Return the decisions of a run without speculation; none without limits, as there it is the sequential one."""
    return simulate(table, Never(), latency=latency, options=Options(limits=limits)).outcomes if limits else ()


def worth_of_run(ledger: Ledger, metrics: SpeculationMetrics, ceiling: float, settings: Settings) -> Worth:
    """Return what a simulated run is worth; unused runs of tools and of the LLM ahead count as waste alike.

    Parameters
    ----------
    ledger, metrics
        Of the run.
    ceiling
        What perfect foresight saves in this way on the same tasks.
    settings
        The price of waste and the least gain.
    """
    price = settings.waste_price
    task_of = {row.trace_id: row.task_id for row in ledger.outcomes}
    rows = _net_rows(ledger, price)
    tasks, net, whole = zip(*rows, strict=True) if rows else ((), (), ())
    low, high = ratio_interval(tasks, net, whole, share=False) or (None, None)
    runs = _runs(ledger)
    at_risk_s = price * sum(row.run_s for row in runs)
    whole_s = metrics.sequential_s
    return Worth(
        sum(net) / whole_s if whole_s else 0.0, low, high, len(set(task_of.values())),
        len({task_of[row.trace_id] for row in ledger.speculations}), ceiling, price, settings.least_gain,
        len({task_of[row.trace_id] for row in runs if _unused(row)}), at_risk_s / whole_s if whole_s else 0.0,
    )  # fmt: skip


def net_difference(way: Way, other: Way, price: float) -> tuple[float, float] | None:
    """Return the 95 % interval, by task, of how much more one way gains than another on the same tasks.

    As a share of the sequential time, net of waste at ``price``; ``None`` below five tasks.
    """
    rows = _net_rows(way.ledger, price) + [(task, -net, 0.0) for task, net, _ in _net_rows(other.ledger, price)]
    tasks, net, whole = zip(*rows, strict=True) if rows else ((), (), ())
    return ratio_interval(tasks, net, whole, share=False)


def _net_rows(ledger: Ledger, price: float) -> list[tuple[str, float, float]]:
    """Return (task, net seconds, sequential seconds): what decisions saved, and what unused runs cost."""
    task_of = {row.trace_id: row.task_id for row in ledger.outcomes}
    rows = [(row.task_id, row.saved_s, row.sequential_s) for row in ledger.outcomes]
    return rows + [(task_of[row.trace_id], -price * row.run_s, 0.0) for row in _runs(ledger) if _unused(row)]


def _runs(ledger: Ledger) -> list[Speculation | Ahead]:
    return [*ledger.speculations, *ledger.aheads]


def _unused(run: Speculation | Ahead) -> bool:
    return run.fate != Fate.COMMIT and bool(run.run_s)
