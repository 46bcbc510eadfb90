"""The bench: one split, and every variant of a predictor fitted and measured on it once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from specbench.core.cluster import Cluster
from specbench.core.types import Trace
from specbench.metrics.paired import CALL_RATES, paired_differences
from specbench.study.evaluation import Evaluated, Settings, seeded
from specbench.study.evaluations import Asked, evaluate_all
from specbench.study.finished_fits import FinishedFits
from specbench.study.progress import Progress

__all__ = ["RATES", "Bench", "Variant", "row_of"]

RATES = (
    "tool_top1", "tool_top3", "call_top1", "call_top3", "read_call_top1", "read_call_top3", "reply_accuracy", "brier",
    "ece", "read_recall_at_precision_75",
)  # fmt: skip
"""The rates of every table."""


class Variant(NamedTuple):
    """A predictor by its name and options, and how tables call it."""

    label: str
    name: str
    options: Mapping[str, Any]
    about: str = ""


@dataclass
class Bench:
    """Fits and measures; what has been fitted on the whole training part is not fitted again.

    Parameters
    ----------
    train, test
        Traces without a task in common.
    settings, progress, fits, cluster
        As in :func:`specbench.study.evaluations.evaluate_all`.
    """

    train: Sequence[Trace]
    test: Sequence[Trace]
    settings: Settings = field(default_factory=Settings)
    progress: Progress = field(default_factory=lambda: Progress(False))
    fits: FinishedFits | None = None
    cluster: Cluster | None = None
    _done: dict[str, Evaluated] = field(default_factory=dict)

    def measure(self, variant: Variant | str) -> Evaluated:
        """Return ``variant`` (or the predictor of this name) fitted on the training part."""
        self.measure_all([variant])
        return self._done[_key(_variant(variant))]

    def measure_all(self, variants: Sequence[Variant | str]) -> None:
        """Fit and measure those of them that are not yet: :meth:`measure` has them then."""
        missing = {_key(each): each for each in map(_variant, variants) if _key(each) not in self._done}
        found = self.fit_all([(each, self.train, self.test, "") for each in missing.values()])
        for key, result in zip(missing, found, strict=True):
            self._done[key] = result

    def fit_all(
        self, asked: Sequence[tuple[Variant | str, Sequence[Trace], Sequence[Trace], str]]
    ) -> Iterator[Evaluated]:
        """Yield variants fitted on their training traces and measured on their test traces, in order.

        Parameters
        ----------
        asked
            Variant, training traces, test traces, and a note for the progress.
        """
        seed = self.settings.seed
        jobs = []
        for asked_for, train, test, note in asked:
            variant = _variant(asked_for)
            jobs.append(Asked(variant.label + note, seeded(variant.name, seed, **variant.options), train, test))
        return evaluate_all(jobs, self.settings, self.progress, self.fits, self.cluster)

    def differences(self, ours: Evaluated, theirs: Evaluated) -> dict[str, dict[str, float | None]]:
        """Return the paired differences of two that were measured on the same traces."""
        return paired_differences(ours.table, theirs.table)


def _variant(variant: Variant | str) -> Variant:
    return variant if isinstance(variant, Variant) else Variant(variant, variant, {})


def _key(variant: Variant) -> str:
    return f"{variant.name} {sorted(variant.options.items())}"


def row_of(result: Evaluated, differences: Mapping[str, Mapping[str, float | None]], against: str) -> dict[str, Any]:
    """Return a row of a table: rates, intervals, cost, and the paired differences to ``against``.

    Columns: :data:`RATES`, ``<rate>_low`` and ``<rate>_high``, ``latency_p50_ms``, ``latency_p99_ms``, ``size_bytes``,
    ``fit_s``, and ``<rate>_minus_<against>`` with ``_low`` and ``_high`` for the call rates.
    """
    metrics = result.metrics
    row: dict[str, Any] = {rate: metrics[rate] for rate in RATES}
    for rate in RATES:
        row[f"{rate}_low"], row[f"{rate}_high"] = metrics["ci"].get(rate) or (None, None)
    row |= {f"latency_{quantile}_ms": metrics["latency_ms"][quantile] for quantile in ("p50", "p99")}
    row |= {"size_bytes": metrics["size_bytes"], "fit_s": metrics["fit_s"]}
    for rate in CALL_RATES:
        for part, value in differences[rate].items():
            ending = "" if part == "difference" else f"_{part}"
            row[f"{rate}_minus_{against}{ending}"] = value
    return row
