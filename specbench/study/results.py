"""What people hold after an evaluation, a comparison or a simulated run; each shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from specbench.core.display import facts_html, plural
from specbench.core.ledger import Ledger
from specbench.metrics import SpeculationMetrics
from specbench.metrics.prediction_table import PredictionTable
from specbench.predictors import Predictor
from specbench.study.evaluation import Evaluated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Evaluation", "PairedComparison", "Run"]


class Evaluation(Mapping[str, Predictor]):
    """Predictors that were fitted and measured on the same traces; ``evaluation[name]`` is the fitted predictor.

    Attributes
    ----------
    table
        One row a predictor, with 95 % intervals by task.
    curves
        Recall against waste at every threshold (seconds measured or modelled; see ``metrics``).
    metrics
        Everything, by predictor, as JSON values.

    Examples
    --------
    >>> from specbench.study import evaluate
    >>> from specbench.testing import make_traces
    >>> evaluate(["markov", "ngram"], make_traces(6), make_traces(9)[6:])
    <Evaluation of markov, ngram: 22 decision points of 2 tasks>
    """

    def __init__(self, results: Sequence[Evaluated]) -> None:
        self.results = {result.name: result for result in results}

    def __getitem__(self, name: str) -> Predictor:
        if name not in self.results:
            raise KeyError(f"no predictor {name!r} was evaluated; there are {', '.join(self.results)}")
        return self.results[name].predictor

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """Every number, by predictor, as JSON values."""
        return {name: result.metrics for name, result in self.results.items()}

    @property
    def curves(self) -> pd.DataFrame:
        """Recall against waste at every threshold, one row a predictor and threshold."""
        return pd.concat([each.curve.assign(predictor=name) for name, each in self.results.items()], ignore_index=True)

    @property
    def table(self) -> pd.DataFrame:
        """One row a predictor: rates with 95 % intervals (by task), latency and size."""
        rows = {}
        for name, found in self.metrics.items():
            low, high = found["ci"]["read_call_top1"] or (None, None)
            rows[name] = {
                "READ call @1": found["read_call_top1"], "low": low, "high": high,
                "READ call @3": found["read_call_top3"], "tool @1": found["tool_top1"],
                "call or reply": found["reply_accuracy"], "ECE": found["ece"],
                "predict p50, ms": found["latency_ms"]["p50"], "fit, s": found["fit_s"],
            }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index")

    def plot_curve(self, *, before_write: bool = False, theme: str = "light") -> Figure:
        """Draw recall against wasted compute, one line a predictor, and return the figure."""
        from specbench.plots import plot_curve

        controls = [name for name, result in self.results.items() if type(result.predictor).control]
        modelled = any(found["seconds"] == "modelled" for found in self.metrics.values())
        figure = plot_curve(
            self.curves, controls=controls, modelled=modelled, before_write=before_write, theme=theme
        ).figure
        assert figure is not None
        return figure  # type: ignore[return-value]

    def __repr__(self) -> str:
        table = next(iter(self.results.values())).table
        names = ", ".join(self.results)
        names = names if len(names) <= 80 else f"{len(self.results)} predictors"
        points, tasks = plural(len(table), "decision point"), plural(len(set(table.tasks)), "task")
        return f"<Evaluation of {names}: {points} of {tasks}>"

    def _repr_html_(self) -> str:
        return str(self.table.to_html(float_format=lambda value: f"{value:.3f}", na_rep="–"))


class PairedComparison:
    """Predictors beside a baseline on the same decision points: paired differences with 95 % intervals by task.

    Attributes
    ----------
    evaluation
        The predictors, fitted and measured.
    baseline
        The one that the others are compared with.
    table
        One row a predictor and rate: ``difference`` to the baseline, ``low`` and ``high``.
    """

    def __init__(self, evaluation: Evaluation, baseline: str, table: pd.DataFrame) -> None:
        self.evaluation, self.baseline, self.table = evaluation, baseline, table

    def __repr__(self) -> str:
        others = ", ".join(name for name in self.evaluation if name != self.baseline)
        return f"<Comparison of {others} with {self.baseline}>"

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False, float_format=lambda value: f"{value:+.3f}", na_rep="–"))


@dataclass(frozen=True, repr=False)
class Run:
    """One simulated run: what speculation would have brought and cost on recorded traces.

    Parameters
    ----------
    table
        What the predictor said at every decision point.
    ledger
        Every decision and every speculation.
    metrics
        The run in numbers.
    """

    table: PredictionTable
    ledger: Ledger
    metrics: SpeculationMetrics

    @property
    def seconds_from(self) -> str:
        """Where the seconds come from: the latency model, in words."""
        return str(self.ledger.config["latency"]["model"])

    def report(self) -> str:
        """Return the run in numbers, where the seconds come from, and what to conclude."""
        config = self.ledger.config
        lines = [
            f"{config['predictor']}, {config['policy']}: {self.metrics.report()}",
            f"Seconds: {self.seconds_from}.",
            *self.metrics.verdicts(),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Run of {self.ledger.config['predictor']}: {self.metrics.report()}>"[:199]

    def _repr_html_(self) -> str:
        config, found = self.ledger.config, self.metrics
        return facts_html(
            "Simulated run",
            {
                "predictor": config["predictor"],
                "policy": config["policy"],
                "seconds": self.seconds_from,
                "recall": _percent(found.recall),
                "precision": _percent(found.precision),
                "saved": f"{found.saved_s:.1f} s of {found.sequential_s:.1f} s ({_percent(found.saved_share)})",
                "wasted": f"{found.wasted_s:.1f} s",
                "net": f"{found.net_s:+.1f} s",
            },
        )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
