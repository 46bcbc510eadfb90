"""Find the operating point: what saves most within a waste budget, or at a precision; tuned on validation tasks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.json_values import strict
from specbench.core.version import __version__
from specbench.metrics import PredictionTable, SpeculationMetrics
from specbench.policies import Policy
from specbench.sim import Latency, simulate
from specbench.speculation import Options
from specbench.study.data import split_sizes
from specbench.study.environment import versions
from specbench.study.job import Job
from specbench.study.predictions import fitted, predicted
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["CANDIDATES", "TuneResult", "choose_policy", "run_tune"]

CANDIDATES = tuple(f"threshold:{step / 40:g},{k}" for k in (1, 2, 3) for step in range(39))
"""Thresholds 0 … 0.95 for one, two and three launches at a decision point."""


@dataclass(frozen=True)
class TuneResult:
    """The policy, and what it did on the validation tasks that it was chosen on and on the test tasks."""

    policy: str
    validation: SpeculationMetrics
    test: SpeculationMetrics
    record: dict[str, Any]


def choose_policy(
    table: PredictionTable,
    *,
    waste: float | None = None,
    precision: float | None = None,
    amplification: float | None = None,
    waste_price: float = 0.0,
    latency: Latency,
    predict_s: float = 0.0,
    options: Options | None = None,
    candidates: tuple[str, ...] = CANDIDATES,
) -> tuple[str, SpeculationMetrics] | None:
    """Return the candidate with the best net gain that keeps every limit that is given; ``None`` when none does.

    The net gain is saved − ``waste_price`` · wasted seconds. Of those that are as good, to the microsecond, it is the
    one that wastes least, then the first.

    Parameters
    ----------
    table
        Predictions on validation tasks.
    waste
        Most wasted ÷ sequential seconds. It is kept by the upper end of the 95 % interval by task, so that other tasks
        seldom break it; by the estimate below five tasks, which have no interval.
    precision
        Least commits ÷ launches.
    amplification
        Most tool calls executed ÷ needed.
    waste_price
        Seconds saved that a wasted second costs; 0: what is saved counts alone, within the limits.
    latency, predict_s, options
        As in :func:`specbench.sim.simulate`.
    candidates
        Policy texts.

    Raises
    ------
    ConfigError
        When a limit is out of range.
    """
    _check_limits(waste, precision, amplification)
    _check_price(waste_price)
    best: tuple[str, SpeculationMetrics] | None = None
    for text in candidates:
        ledger = simulate(table, Policy.from_text(text), latency=latency, predict_s=predict_s, options=options)
        found = SpeculationMetrics.of(ledger)
        if not found.launched:
            continue
        if waste is not None and _most_waste(found) > waste + 1e-9:
            continue
        if precision is not None and (found.precision or 0.0) < precision:
            continue
        if amplification is not None and (found.amplification or 0.0) > amplification:
            continue
        if best is None or _worth(found, waste_price) > _worth(best[1], waste_price):
            best = text, found
    return best


def _most_waste(found: SpeculationMetrics) -> float:
    if found.wasted_share_ci is not None:
        return found.wasted_share_ci[1]
    return found.wasted_s / found.sequential_s if found.sequential_s else 0.0


def _worth(found: SpeculationMetrics, waste_price: float) -> tuple[float, float]:
    return round(found.saved_s - waste_price * found.wasted_s, 6), -round(found.wasted_s, 6)


def run_tune(
    traces: Paths,
    *,
    predictor: str = "learned",
    waste: float | None = None,
    precision: float | None = None,
    amplification: float | None = None,
    waste_price: float = 0.0,
    latency: str | Latency = "auto",
    options: str | Options = "plain",
    predict_ms: float | None = None,
    seed: int = 0,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    progress: bool = False,
) -> TuneResult:
    """Fit on training tasks, choose the policy on validation tasks, measure it once on the test tasks.

    Raises
    ------
    ConfigError
        When no limit is given, none of the candidates keeps it, or the traces are too few.
    """
    options = Options.from_text(options)
    job = Job("tune", locals())
    if waste is None and precision is None and amplification is None and not waste_price:
        raise ConfigError(
            "say what the operating point must keep: a waste budget, a precision or an amplification; or what a wasted "
            "second costs"
        )
    _check_limits(waste, precision, amplification)
    _check_price(waste_price)
    data = job.read()
    parts = job.split(data)
    if not parts.validation:
        raise ConfigError(f"tuning needs tasks for training, validation and test; got {len(data.tasks)} task(s)")
    asked = fitted(predictor, parts.train, seed=seed, progress=job.progress)
    tuned = predicted(asked, predictor, parts.validation, predict_ms=predict_ms, progress=job.progress)
    model = Latency.from_text(latency, seed).for_traces(data.traces)
    chosen = choose_policy(
        tuned.table, waste=waste, precision=precision, amplification=amplification, waste_price=waste_price,
        predict_s=tuned.predict_s,
        latency=model, options=options,
    )  # fmt: skip
    if chosen is None:
        raise ConfigError(
            f"no threshold of {predictor} keeps "
            + " and ".join(
                f"{name} {value:g}"
                for name, value in (("waste", waste), ("precision", precision), ("amplification", amplification))
                if value is not None
            )
            + " on the validation tasks; allow more, or use a better predictor"
        )
    policy, on_validation = chosen
    tested = predicted(asked, predictor, parts.test, predict_ms=tuned.predict_ms, progress=job.progress)
    ledger = simulate(
        tested.table, Policy.from_text(policy), latency=model, predict_s=tested.predict_s, options=options
    )
    on_test = SpeculationMetrics.of(ledger)
    record = strict(
        {
            "specbench": __version__,
            "policy": policy,
            "predictor": predictor,
            "limits": {"waste": waste, "precision": precision, "amplification": amplification},
            "waste_price": waste_price,
            "latency": {"text": str(latency), **model.describe()},
            "options": options.describe(),
            "seed": seed,
            "split": split_sizes(parts),
            "validation": on_validation.to_dict(),
            "test": on_test.to_dict(),
            "data": data.to_dict(),
            "versions": versions(),
        }
    )
    return TuneResult(policy, on_validation, on_test, record)


def _check_limits(waste: float | None, precision: float | None, amplification: float | None) -> None:
    for name, value, least, most, words in (
        ("waste", waste, 0.0, math.inf, "wasted ÷ sequential seconds, 0 or more"),
        ("precision", precision, 0.0, 1.0, "a share of the launches, in [0, 1]"),
        ("amplification", amplification, 1.0, math.inf, "calls executed ÷ needed, 1 or more"),
    ):
        if value is not None and not (least <= value <= most and math.isfinite(value)):
            raise ConfigError(f"{name} is {words}; got {value!r}; leave it out for no such limit")


def _check_price(waste_price: float) -> None:
    if not 0 <= waste_price < math.inf:
        raise ConfigError(f"the price of waste is 0 or more seconds for a wasted second; got {waste_price!r}")
