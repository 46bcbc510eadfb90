"""One simulated run with everything that the executor can do: ledger, metrics, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from specbench.core.json_values import write_json
from specbench.core.ledger import Ledger
from specbench.metrics import SpeculationMetrics, differences
from specbench.policies import Never, Policy
from specbench.predictors import make_predictor
from specbench.predictors.checkpoint import load, read_card
from specbench.runtime.recorded import execute
from specbench.sim import Latency, simulate
from specbench.sim.latency.measured import modelled_view
from specbench.speculation import Options
from specbench.study.data import Data, split_sizes
from specbench.study.job import Job
from specbench.study.leaks import trained_on
from specbench.study.predictions import fitted, predicted
from specbench.testing.clock import run_virtual
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["SimulateResult", "run_simulate"]


@dataclass(frozen=True)
class SimulateResult:
    """What a simulated run gave, where it lies, in what the executor's ledger differs (if it was run), what must be
    known to read the numbers, and the same run with modelled seconds (where its own are measured).
    """

    folder: Path
    ledger: Ledger
    metrics: SpeculationMetrics
    baseline: SpeculationMetrics
    skipped: list[str]
    executor_differs: list[str] | None
    warnings: list[str]
    modelled: SpeculationMetrics | None = None


def run_simulate(
    traces: Paths,
    out: str | Path,
    *,
    predictor: str | None = None,
    checkpoint: str | Path | None = None,
    policy: str | Policy = "threshold:0.6",
    latency: str | Latency = "auto",
    options: str | Options = "plain",
    sessions: int = 1,
    predict_ms: float | None = None,
    seed: int = 0,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    executor: bool = False,
    progress: bool = False,
) -> SimulateResult:
    """Replay held-out traces with one predictor, policy, latency model and set of options; write ledger and metrics.

    Parameters
    ----------
    traces
        Files and folders. Split by task: the predictor is fitted on one part and replayed on the test part. With a
        checkpoint everything is replayed.
    out
        The results folder.
    predictor, checkpoint
        A name (``learned`` by default), or a folder that ``specbench train`` wrote; with both, the name says which
        class the checkpoint is of, where that is not installed.
    policy, latency, options
        Objects, or their text forms.
    sessions
        Traces at a time; they share slots and rate limits.
    executor
        Run the real executor over the same traces, on a virtual clock, and compare: ``metrics.json`` then says in what
        the two ledgers differ.
    predict_ms, seed, format, skip_invalid, effects, progress
        As in :func:`specbench.study.run_study`.

    Raises
    ------
    ConfigError
        When a text names nothing, or the traces are too few.
    """
    policy, options = Policy.from_text(policy), Options.from_text(options)
    if checkpoint is None and predictor is None:
        predictor = "learned"
    job = Job("simulate", locals())
    with job.folder() as folder:
        data = job.read()
        told, parts = job.progress, None
        if checkpoint is None:
            parts = job.split(data)
            label = predictor or "learned"
            asked, on = fitted(label, parts.train_and_validation, seed=seed, progress=told), parts.test
        else:
            own = None if predictor is None else partial(make_predictor, predictor)
            asked, on, label = load(checkpoint, make=own), data.traces, Path(checkpoint).name
        warnings = [*data.warnings, *([] if checkpoint is None else _warnings(checkpoint, data))]
        found = predicted(asked, label, on, predict_ms=predict_ms, progress=told)
        model = Latency.from_text(latency, seed).for_traces(on)
        common: dict[str, Any] = {"latency": model, "predict_s": found.predict_s, "sessions": sessions}
        ledger = simulate(found.table, policy, options=options, config={"seed": seed}, **common)
        baseline = SpeculationMetrics.of(simulate(found.table, Never(), options=options, **common))
        metrics = SpeculationMetrics.of(ledger)
        beside = modelled_view(Latency.from_text(latency, seed), on)
        modelled = None
        if beside is not None:
            view = simulate(found.table, policy, options=options, **{**common, "latency": beside})
            modelled = SpeculationMetrics.of(view)
        differs = None
        if executor:
            told.note("running the executor over the same traces, on a virtual clock")
            run = partial(execute, found.table, policy, options=options, **common)
            differs = differences(ledger, run_virtual(run, backend="asyncio"))
        ledger.to_parquet(folder / "ledger.parquet")
        write_json(
            folder / "metrics.json",
            {
                "report": metrics.report(),
                "verdict": metrics.verdicts(),
                "metrics": metrics.to_dict(),
                "without_speculation": baseline.to_dict(),
                "executor_differs": differs,
                "warnings": warnings,
                "seconds": f"{'measured' if model.measured else 'modelled'}: {model.words()}",
                "modelled": None if modelled is None else modelled.to_dict(),
            },
        )
        job.write_config(
            folder, data, config=dict(ledger.config), split=split_sizes(parts) if parts is not None else None
        )
    return SimulateResult(Path(out), ledger, metrics, baseline, data.report.skipped, differs, warnings, modelled)


def _warnings(checkpoint: str | Path, data: Data) -> list[str]:
    known = trained_on(read_card(checkpoint), data.traces)
    if not known:
        return []
    return [
        f"the checkpoint has learned from {100 * known:.0f} % of these conversations: the numbers are too good, and "
        "their intervals do not tell by how much; give traces that it has not seen"
    ]
