"""Fit predictors on some traces, measure them on others: rates, curves, cost. The same for every predictor."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.json_values import strict
from specbench.core.types import Trace
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.paired import CALL_RATES
from specbench.metrics.prediction_rates import launch_calibration, rates
from specbench.metrics.prediction_table import PredictionTable, predict_traces
from specbench.metrics.worth import LEAST_GAIN, WASTE_PRICE, Worth
from specbench.policies import DEFAULT_THRESHOLD, Threshold
from specbench.predictors import Predictor, make_predictor
from specbench.sim.latency.measured import Auto, modelled_view
from specbench.sim.latency.models import Latency
from specbench.sim.threshold_sweep import hits_at_precision, sweep
from specbench.study.data import known_tools
from specbench.study.environment import check_predict_ms
from specbench.study.finished_fits import FinishedFits
from specbench.study.leaks import conversations_card
from specbench.study.predictions import Predicted, predicted, seeded
from specbench.study.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "THRESHOLDS",
    "Evaluated",
    "Settings",
    "checkpoint_bytes",
    "evaluate_predictor",
    "fit_name",
    "parse_names",
    "seeded",
]

THRESHOLDS = tuple(step / 50 for step in range(51))
"""Thresholds of the curves: 0, 0.02, …, 1."""
PRECISION = 0.75
"""``read_recall_at_precision_75``: share of the launches that must hit."""
_LATENCY = Auto()


@dataclass(frozen=True)
class Settings:
    """What the numbers depend on, data and predictors aside.

    Parameters
    ----------
    seed
        Of training, of the split and of drawn latencies.
    latency
        Seconds of LLM and tools, for the curves; a model or its text form. By default the recorded ones where the
        traces carry them.
    predict_ms
        Milliseconds charged for each prediction; ``None`` charges each predictor's own measured median, rounded up
        (:func:`specbench.study.environment.charged_ms`).
    waste_price
        Seconds of waiting that a second of an unused tool run costs.
    least_gain
        Net gain, as a share of the time, that is worth having.
    threshold
        Operating point: the least probability of a launch. ``None`` lets a study tune it on validation tasks; an
        evaluation, which has none, takes :data:`~specbench.policies.DEFAULT_THRESHOLD`.
    refits
        Further fits, with the seeds after ``seed``, that tell how much the rates depend on the seed alone.
    """

    seed: int = 0
    latency: Latency = _LATENCY
    predict_ms: float | None = None
    waste_price: float = WASTE_PRICE
    least_gain: float = LEAST_GAIN
    threshold: float | None = None
    refits: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.refits <= 100:
            raise ConfigError(f"refits are further fits with other seeds, 0 to 100; got {self.refits!r}")
        check_predict_ms(self.predict_ms)
        Worth(0.0, None, None, 0, 0, 0.0, self.waste_price, self.least_gain)
        if self.threshold is not None:
            Threshold(self.threshold)
        object.__setattr__(self, "latency", Latency.from_text(self.latency, self.seed))

    @property
    def point(self) -> float:
        """The operating point."""
        return DEFAULT_THRESHOLD if self.threshold is None else self.threshold

    def model(self, traces: Sequence[Trace] = ()) -> Latency:
        """Return the latency model; those that count tokens or draw recorded timings take them from ``traces``."""
        return self.latency.for_traces(traces)

    def modelled_view(self, traces: Sequence[Trace]) -> Latency | None:
        """Return what is shown, named modelled, beside measured seconds; ``None`` where the seconds are modelled."""
        return modelled_view(self.latency, traces)

    def sweep(self, found: Predicted, thresholds: Sequence[float], latency: Latency) -> pd.DataFrame:
        """Return recall, waste and savings at these thresholds, with intervals."""
        return sweep(
            found.table, thresholds, latency=latency, predict_s=found.predict_s, intervals=True,
            waste_price=self.waste_price,
        )  # fmt: skip

    def to_dict(self, traces: Sequence[Trace] = ()) -> dict[str, Any]:
        """Return the settings, with the latency model of ``traces``, as JSON values."""
        model = self.model(traces)
        return {
            "seed": self.seed,
            "latency": {"text": str(self.latency), "modelled": not model.measured, **model.describe()},
            "predict_ms": self.predict_ms,
            "policy": "Threshold(p, k=1), READ tools only",
            "threshold": self.point,
            "waste_price": self.waste_price,
            "least_gain": self.least_gain,
            "refits": self.refits,
        }


@dataclass(frozen=True)
class Evaluated:
    """One predictor, fitted and measured.

    Parameters
    ----------
    name
        As it was asked for (``markov+recent``).
    predictor
        Fitted on the training traces.
    table
        What it said at every test decision point.
    curve
        One row a threshold, from :func:`specbench.sim.sweep`, with bands.
    metrics
        Everything as JSON values; ``latency_ms``, ``fit_s`` and ``predict_ms_charged`` are measured, all else is the
        same in every rerun.
    modelled
        The curve with modelled seconds, without bands, where ``curve`` has measured ones.
    """

    name: str
    predictor: Predictor
    table: PredictionTable
    curve: pd.DataFrame
    metrics: dict[str, Any]
    modelled: pd.DataFrame | None = None

    @property
    def predict_s(self) -> float:
        """Seconds charged for each prediction."""
        return float(self.metrics["predict_ms_charged"]) / 1e3


def fit_name(name: str, settings: Settings) -> str:
    """Return what :class:`~specbench.study.finished_fits.FinishedFits` calls a fit."""
    return f"{name}, seed {settings.seed}"


def parse_names(text: str | Sequence[str]) -> list[str]:
    """Return the predictor names of a comma list (or several), each once.

    Examples
    --------
    >>> parse_names(["markov, ngram", "markov"])
    ['markov', 'ngram']
    """
    parts = [text] if isinstance(text, str) else list(text)
    names = [name.strip() for part in parts for name in part.split(",") if name.strip()]
    if not names:
        raise ConfigError("no predictor was named; give a comma list such as markov,ngram,learned")
    return list(dict.fromkeys(names))


def evaluate_predictor(
    name: str,
    train: Sequence[Trace] | None,
    test: Sequence[Trace],
    settings: Settings | None = None,
    progress: Progress | None = None,
    predictor: Predictor | None = None,
    fits: FinishedFits | None = None,
) -> Evaluated:
    """Fit the predictor called ``name`` on ``train`` and measure it on ``test``.

    Parameters
    ----------
    name
        See :func:`specbench.predictors.make_predictor`.
    train, test
        Traces without a task in common; that is the caller's care (:func:`specbench.study.data.refuse_overlap`).
        Without ``train`` the predictor is measured as it is.
    settings, progress
        Defaults: ``Settings()``, silence.
    predictor
        What to fit, when the name alone does not say it: ``name`` is a label then.
    fits
        Keeps what is fitted until the job is done.

    Raises
    ------
    ConfigError
        When no predictor has that name, or ``test`` has no decision point.
    """
    settings = settings if settings is not None else Settings()
    progress = progress if progress is not None else Progress(False)
    fits = fits if fits is not None else FinishedFits(progress=progress)
    predictor, fit_s = predictor if predictor is not None else seeded(name, settings.seed), 0.0
    if train is not None:
        empty = predictor
        predictor, fit_s = fits.fit(fit_name(name, settings), lambda: empty, train)
        predictor.learned_from = {"conversations": conversations_card(train)}
    found = predicted(predictor, name, test, ahead=False, predict_ms=settings.predict_ms, progress=progress)
    table = found.table
    p50, p99 = (float(value) for value in np.percentile(table.latency_ms, [50, 99]))
    progress.note(f"{name}: fitted in {fit_s:.1f} s, {len(table)} predictions of {p50:.2f} ms")
    model, beside = settings.model(test), settings.modelled_view(test)
    curve = settings.sweep(found, THRESHOLDS, model)
    modelled = None if beside is None else settings.sweep(found, THRESHOLDS, beside)

    def at_point(latency: Latency) -> dict[str, Any]:
        return {str(name): value for name, value in settings.sweep(found, [settings.point], latency).iloc[0].items()}

    measured = rates(table, known_tools(train or ()))
    novelty, intervals = measured.pop("by_novelty"), measured.pop("ci")
    precise = hits_at_precision(table, PRECISION)
    intervals["read_recall_at_precision_75"] = ratio_interval(table.tasks, *precise)
    metrics = {
        **measured,
        "read_recall_at_precision_75": precise.rate,
        "seconds": "measured" if model.measured else "modelled",
        "at_operating_point": {**at_point(model), "calibration": launch_calibration(table, settings.point)},
        "modelled_at_operating_point": None if beside is None else at_point(beside),
        "ci": intervals,
        "by_novelty": novelty,
        "size_bytes": checkpoint_bytes(predictor),
        "latency_ms": {"p50": p50, "p99": p99},
        "fit_s": fit_s,
        "refits": _refits(name, train, test, settings, progress),
        "predict_ms_charged": found.predict_ms,
        "curve": curve.to_dict("records"),
    }
    return Evaluated(name, predictor, table, curve, strict(metrics), modelled)


def _refits(
    name: str, train: Sequence[Trace] | None, test: Sequence[Trace], settings: Settings, progress: Progress
) -> dict[str, list[float | None]] | None:
    """Return the call rates of further fits with other seeds; ``None`` where none were asked for, or none differ."""
    made = make_predictor(name) if train is not None and settings.refits else None
    if train is None or made is None or "seed" not in inspect.signature(type(made)).parameters:
        return None
    out: dict[str, list[float | None]] = {rate: [] for rate in CALL_RATES}
    for seed in range(settings.seed + 1, settings.seed + 1 + settings.refits):
        progress.note(f"{name}: fitting again, seed {seed}")
        found = rates(predict_traces(seeded(name, seed).fit(train), test), intervals=False)
        for rate in CALL_RATES:
            out[rate].append(found[rate])
    return out


def checkpoint_bytes(predictor: Predictor) -> int:
    """Return the bytes of the predictor's checkpoint on disk."""
    with TemporaryDirectory() as folder:
        predictor.save(Path(folder) / "checkpoint")
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
