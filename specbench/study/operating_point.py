"""The threshold of a study: tuned on validation tasks for the user's price of waste."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from specbench.core.display import plural
from specbench.metrics.intervals import MIN_TASKS
from specbench.policies import DEFAULT_THRESHOLD
from specbench.sim import Latency, sweep
from specbench.study.evaluation import THRESHOLDS, Settings
from specbench.study.finished_fits import FinishedFits
from specbench.study.predictions import Predicted, predicted, seeded
from specbench.study.progress import Progress
from specbench.traces.splitting import Split

__all__ = ["OperatingPoint", "best_point", "operating_point"]


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and where it comes from.

    Parameters
    ----------
    p
        READ calls are launched from this probability on.
    tuned_on
        Validation tasks that it was tuned on; 0: it was not.
    given
        Whether the user gave it.
    gained
        Whether any threshold had a net gain on the validation tasks.
    """

    p: float
    tuned_on: int = 0
    given: bool = False
    gained: bool = True

    def words(self) -> str:
        """Return where it comes from.

        Examples
        --------
        >>> OperatingPoint(0.52, 14).words(), OperatingPoint(0.6).words()
        ('tuned on 14 validation tasks', 'a rule of thumb: too few validation tasks to tune it')
        """
        if self.given:
            return "as given"
        if self.tuned_on and not self.gained:
            return f"a rule of thumb: no threshold gained on {plural(self.tuned_on, 'validation task')}"
        if self.tuned_on:
            return f"tuned on {plural(self.tuned_on, 'validation task')}"
        return "a rule of thumb: too few validation tasks to tune it"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {**asdict(self), "words": self.words()}


def operating_point(
    name: str, parts: Split, settings: Settings, progress: Progress, fits: FinishedFits | None = None
) -> OperatingPoint:
    """Return the threshold with the best net gain on validation tasks; the predictor is fitted on the training tasks.

    Below five validation tasks, or where nothing is gained at any threshold, it is the rule of thumb,
    :data:`~specbench.policies.DEFAULT_THRESHOLD`. Of equally good ones it is the highest: it wastes least.

    Parameters
    ----------
    name
        Of a predictor.
    parts
        The split; test tasks are not looked at.
    settings
        Seconds, the price of waste, and a threshold where the user gave one.
    progress
        Told what is done.
    fits
        Keeps what is fitted until the job is done.
    """
    if settings.threshold is not None:
        return OperatingPoint(settings.threshold, given=True)
    tasks = len({trace.task_id for trace in parts.validation})
    if tasks < MIN_TASKS:
        return OperatingPoint(DEFAULT_THRESHOLD)
    progress.note(f"{name}: choosing the threshold on {plural(tasks, 'validation task')}")
    fits = fits if fits is not None else FinishedFits(progress=progress)
    asked, _ = fits.fit(f"{name}, seed {settings.seed}", lambda: seeded(name, settings.seed), parts.train)
    found = predicted(asked, name, parts.validation, ahead=False, predict_ms=settings.predict_ms, progress=progress)
    return best_point(found, settings.model(parts.validation), settings)[0]


def best_point(
    found: Predicted, latency: Latency, settings: Settings, waste: float | None = None
) -> tuple[OperatingPoint, float]:
    """Return the threshold with the best net gain of a predictor on validation tasks, and that gain.

    Parameters
    ----------
    found
        What it says on them.
    latency
        Their seconds.
    settings
        The price of waste.
    waste
        Most wasted ÷ sequential seconds, kept by the upper end of the 95 % interval where there is one; ``None`` for no
        limit.

    Returns
    -------
    OperatingPoint, float
        The rule of thumb and 0 where nothing is gained at any threshold; the gain is a share of the sequential seconds.

    Examples
    --------
    >>> from specbench.sim import Constant
    >>> from specbench.testing import make_traces
    >>> found = predicted(seeded("oracle", 0).fit([]), "oracle", make_traces(12))
    >>> point, gain = best_point(found, Constant(), Settings())
    >>> point.p, point.words(), gain > 0
    (1.0, 'tuned on 6 validation tasks', True)
    """
    tasks = len(set(found.table.tasks))
    curve = sweep(
        found.table, THRESHOLDS, latency=latency, predict_s=found.predict_s, intervals=waste is not None,
        waste_price=settings.waste_price,
    )  # fmt: skip
    net = curve["net_share"].fillna(0.0).to_numpy().round(9)
    if waste is not None:
        most = curve.get("wasted_share_high", curve["wasted_share"]).fillna(curve["wasted_share"])
        net = np.where(most <= waste + 1e-9, net, 0.0)
    best = int(np.flatnonzero(net == net.max())[-1])
    if net[best] <= 0:
        return OperatingPoint(DEFAULT_THRESHOLD, tasks, gained=False), 0.0
    return OperatingPoint(THRESHOLDS[best], tasks), float(net[best])
