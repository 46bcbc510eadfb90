"""The main job: traces → split by task → fit → evaluate → simulate → figures, report, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from specbench.core.json_values import strict, write_json
from specbench.core.ledger import Ledger
from specbench.core.version import __version__
from specbench.metrics.summary import summarise
from specbench.policies import Threshold
from specbench.predictors import competitor_names, control_names, is_control
from specbench.predictors.checkpoint import save
from specbench.report.page import build_report
from specbench.sim.simulation import simulate
from specbench.study.data import split_sizes
from specbench.study.decisions import decision_rows
from specbench.study.evaluation import Settings, evaluate_predictor
from specbench.study.figure_tables import at_waste, per_tool, reliability_bins
from specbench.study.figures import draw_figures
from specbench.study.finished_fits import finished_fits
from specbench.study.job import Job
from specbench.study.model_card import model_card
from specbench.study.operating_point import operating_point
from specbench.study.time_use import time_use
from specbench.study.verdict import verdict, worth_of
from specbench.traces.describe import describe
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["StudyResult", "default_predictors", "run_study"]


def default_predictors() -> list[str]:
    """Return what a study compares when nothing is named: all that need no model, ``markov+recent`` and the controls.

    Examples
    --------
    >>> default_predictors()[:3]
    ['markov+recent', 'markov', 'ngram']
    """
    return ["markov+recent", *competitor_names(), *control_names()]


@dataclass(frozen=True)
class StudyResult:
    """What a study found, and where it lies.

    Parameters
    ----------
    folder, report
        The results folder and the HTML page in it.
    metrics
        The contents of ``metrics.json``.
    verdict
        The answer in sentences.
    ledger
        Of the run at the operating point on the test traces.
    skipped
        One reason for every record that was skipped (``skip_invalid``).
    """

    folder: Path
    report: Path
    metrics: dict[str, Any]
    verdict: list[str]
    ledger: Ledger
    skipped: list[str]


def run_study(
    traces: Paths,
    out: str | Path,
    *,
    predictors: Sequence[str] | None = None,
    settings: Settings | None = None,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    live: int = 0,
    progress: bool = False,
) -> StudyResult:
    """Run the main job and write its results folder.

    Parameters
    ----------
    traces
        Files and folders.
    out
        The folder to write; one that an earlier study made is replaced once the new one is whole.
    predictors
        Names of predictors; by default :func:`default_predictors`.
    settings
        Seed, latency model, price of waste, least gain; default ``Settings()``.
    format, skip_invalid, effects
        As in :func:`specbench.traces.store.read_traces`.
    live
        Conversations of the support desk to run live besides, with the micro-Llama (paced); see
        :func:`specbench.study.live_desk.run_live`.
    progress
        Tell on stderr how far it is.

    Returns
    -------
    StudyResult

    Raises
    ------
    ConfigError
        When the traces have too few tasks for a split, a predictor does not exist, or ``out`` is something else.
    """
    settings = settings if settings is not None else Settings()
    predictors = predictors if predictors is not None else default_predictors()
    job = Job("study", {**locals(), "live": live or None})
    told = job.progress
    with finished_fits(out, told) as fits, job.folder() as folder:
        data = job.read()
        parts = job.split(data)
        told.note(
            f"{len(data.traces)} traces of {len(data.tasks)} tasks: {len(parts.train)} for training, "
            f"{len(parts.validation)} for validation, {len(parts.test)} for the test (split by task)"
        )
        if not any(spec.may_read for trace in parts.test for spec in trace.tools.values()):
            told.note(
                "no tool of the test traces is declared `read`, so nothing will be launched: declare the tools without "
                "side effects with --effects"
            )
        fitted_on = parts.train_and_validation
        point = operating_point(_chosen(predictors), parts, settings, told, fits)
        settings = replace(settings, threshold=point.p)
        results = [evaluate_predictor(name, fitted_on, parts.test, settings, told, fits=fits) for name in predictors]
        chosen = next(result for result in results if result.name == _chosen(predictors))
        model, beside = settings.model(parts.test), settings.modelled_view(parts.test)
        told.note(f"simulating {chosen.name} at p ≥ {point.p:.2f}, drawing figures, writing the report")
        ledger = simulate(
            chosen.table,
            Threshold(point.p),
            latency=model,
            predict_s=chosen.predict_s,
            config={"seed": settings.seed},
        )
        ledger.to_parquet(folder / "ledger.parquet")
        decision_rows(chosen.table, ledger).to_parquet(folder / "decisions.parquet")
        curves = pd.concat([result.curve.assign(predictor=result.name) for result in results], ignore_index=True)
        modelled = [result.modelled.assign(predictor=result.name) for result in results if result.modelled is not None]
        described, used = describe(data.traces), time_use(parts.test, model)
        curves.to_parquet(folder / "curves.parquet")
        tools, reliability = per_tool(chosen.table, ledger), reliability_bins(chosen.table)
        controls = [name for name in predictors if is_control(name)]
        figures = draw_figures(
            folder / "figures",
            curves=curves,
            tools=tools,
            reliability=reliability,
            ledger=ledger,
            name=chosen.name,
            controls=controls,
            threshold=point.p,
            seconds=pd.DataFrame(described.seconds),
            modelled=pd.concat(modelled, ignore_index=True) if modelled else None,
        )
        for result in results:
            if not is_control(result.name):
                card = model_card(result, data, parts, settings, job.command)
                save(result.predictor, folder / "checkpoints" / result.name, card=card)
        lived = None
        if live:
            from specbench.study.live_desk import run_live

            lived = run_live(folder, live, progress=told)
        measured = {result.name: result.metrics for result in results}
        summary = summarise(ledger)
        wasted_share = summary["wasted_s"] / summary["sequential_s"] if summary["sequential_s"] else 0.0
        same_waste, same_saved = (
            {result.name: at_waste(result.curve, wasted_share + 1e-9, what) for result in results}
            for what in ("recall", "saved_share")
        )
        worth = worth_of(chosen.metrics["at_operating_point"], used, len(set(chosen.table.tasks)), settings)
        said = verdict(
            measured,
            worth=worth,
            point=point,
            chosen=chosen.name,
            controls=controls,
            latency=model.words(),
            same_waste=same_waste,
            time=used,
            modelled=None if beside is None else beside.words(),
            timed_share=described.timed_share,
        )
        metrics: dict[str, Any] = strict(
            {
                "specbench": __version__,
                "verdict": said,
                "description": described.to_dict(),
                "time": used.to_dict(),
                "split": split_sizes(parts),
                "worth": worth.to_dict(),
                "default_policy": {
                    "predictor": chosen.name,
                    "policy": repr(Threshold(point.p)),
                    "operating_point": point.to_dict(),
                    **summary,
                    "recall_at_same_waste": same_waste,
                    "saved_at_same_waste": same_saved,
                },
                "controls": controls,
                "per_tool": tools.to_dict("records"),
                "reliability": reliability.to_dict("records"),
                "figures": figures + (["live"] if lived else []),
                "live": lived,
                "predictors": measured,
            }
        )
        write_json(folder / "metrics.json", metrics)
        config = {
            **settings.to_dict(parts.test),
            "latency_text": model.words(),
            "modelled_text": None if beside is None else beside.words(),
            "predictors": list(predictors),
            "format": format,
            "skip_invalid": skip_invalid,
            "effects": None if effects is None else str(effects),
        }
        job.write_config(folder, data, config=config)
        build_report(folder)
    home = Path(out)
    return StudyResult(home, home / "report.html", metrics, said, ledger, data.report.skipped)


def _chosen(names: Sequence[str]) -> str:
    """Return what the study runs: learned, else the last candidate named, else the first predictor."""
    candidates = [name for name in names if not is_control(name)]
    return "learned" if "learned" in names else candidates[-1] if candidates else names[0]
