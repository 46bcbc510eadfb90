"""Progressive evaluation as a job: traces → scenarios → frozen and online, side by side → tables, figures, a folder."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from specbench.core.json_values import strict, write_json
from specbench.core.text import writable
from specbench.study.evaluation import seeded
from specbench.study.job import Job
from specbench.study.progress import Progress
from specbench.study.progressive.run import RATES, decisions, differences, predict_then_learn, rolling
from specbench.study.progressive.scenarios import Scenario, parse_shift, stream
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["WINDOW", "Progression", "progress_through", "run_progressive", "summary_text"]

WINDOW = 200
"""Decisions behind each rolling value."""
DRAWN = ("call_top1", "tool_top1", "brier")


@dataclass(frozen=True)
class Progression:
    """What a progressive evaluation found.

    Parameters
    ----------
    summary
        One row a scenario, predictor, part (``all``, ``before``, ``after``, ``calls of TOOL``) and rate, with
        ``decisions, frozen, online, difference, low, high``. The rate ``ece`` is the calibration error of the best READ
        predictions, of parts that do not depend on what came.
    rolling
        Rows ``scenario, predictor, arm, decision, rate, value``.
    scenarios
        What was streamed.
    folder
        Where it lies, if it was written.
    skipped
        One reason for every record that was skipped (``skip_invalid``).
    """

    summary: pd.DataFrame
    rolling: pd.DataFrame
    scenarios: list[Scenario]
    folder: Path | None
    skipped: list[str]


def run_progressive(
    traces: Paths,
    out: str | Path | None = None,
    *,
    predictors: Sequence[str] = ("markov", "ngram", "learned"),
    shifts: Sequence[str] = (),
    fit_share: float = 0.3,
    window: int = WINDOW,
    seed: int = 0,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    progress: bool = False,
) -> Progression:
    """Fit on a first part, then predict and learn through the rest; write figures and numbers.

    Parameters
    ----------
    traces
        Files and folders; the order of the records is the order of the stream.
    out
        The folder to write; one of an earlier run is replaced. ``None`` writes nothing.
    predictors
        Names.
    shifts
        Scenarios besides the plain stream: ``agent:OLD,NEW``, ``tool:NAME``.
    fit_share
        Share of the tasks that the plain stream begins with, for fitting.
    window
        Decisions behind each rolling value; shorter streams use a quarter of theirs.
    seed
        Of training.
    format, skip_invalid, effects
        As in :func:`specbench.traces.store.read_traces`.
    progress
        Tell on stderr how far it is.

    Raises
    ------
    ConfigError
        When a predictor, agent or tool does not exist, or too little is left to fit on or to stream.
    """
    job = Job("progressive", locals())
    data = job.read()
    scenarios = [stream(data.traces, fit_share), *(parse_shift(text, data.traces) for text in shifts)]
    if out is None:
        summary, curves = progress_through(scenarios, predictors, window, seed, job.progress)
        return Progression(summary, curves, scenarios, None, data.report.skipped)
    with job.folder() as folder:
        summary, curves = progress_through(scenarios, predictors, window, seed, job.progress)
        _draw(folder / "figures", scenarios, curves)
        job.write_config(folder, data)
        curves.to_csv(folder / "rolling.csv", index=False)
        found = {"scenarios": [each.to_dict() for each in scenarios], "summary": summary.to_dict("records")}
        write_json(folder / "progressive.json", strict(found))
    return Progression(summary, curves, scenarios, Path(out), data.report.skipped)


def progress_through(
    scenarios: Sequence[Scenario],
    predictors: Sequence[str],
    window: int = WINDOW,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return :attr:`Progression.summary` and :attr:`Progression.rolling` of these scenarios and predictors."""
    told = progress if progress is not None else Progress(False)
    summary: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    for scenario in scenarios:
        for name in predictors:
            told.note(f"{scenario.name}: fitting {name} on {len(scenario.fit)} traces")
            fitted = seeded(name, seed).fit(scenario.fit)
            arms = {}
            for arm, predictor in (("online", deepcopy(fitted)), ("frozen", fitted)):
                told.note(f"{scenario.name}: {name}, {arm}, through {len(scenario.stream)} traces")
                arms[arm] = decisions(predict_then_learn(predictor, scenario.stream, learn=arm == "online"))
            summary += _summary(scenario, name, arms["frozen"], arms["online"], seed)
            curves += [_curve(scenario, name, arm, frame, window) for arm, frame in arms.items()]
    return pd.DataFrame(summary), pd.concat(curves, ignore_index=True)


def _summary(
    scenario: Scenario, name: str, frozen: pd.DataFrame, online: pd.DataFrame, seed: int
) -> list[dict[str, Any]]:
    early = frozen["trace_id"].isin([writable(trace.trace_id) for trace in scenario.before])
    parts, called = {"all": early | True}, None
    if scenario.before:
        parts |= {"before": early, "after": ~early}
    if scenario.tool is not None:
        tool = writable(scenario.tool)
        called = f"calls of {tool}"
        parts[called] = ~early & (frozen["tool"] == tool)
    return [
        {"scenario": scenario.name, "predictor": name, "part": part, "rate": rate, **row}
        for part, rows in parts.items()
        for rate, row in differences(frozen[rows], online[rows]).items()
        if not (rate == "ece" and part == called)  # which call came is not known when a probability is said
    ]


def _curve(scenario: Scenario, name: str, arm: str, frame: pd.DataFrame, window: int) -> pd.DataFrame:
    size = window if len(frame) >= 4 * window else max(1, len(frame) // 4)
    parts = [
        pd.DataFrame(
            {
                "scenario": scenario.name,
                "predictor": name,
                "arm": arm,
                "rate": rate,
                "window": size,
                "decision": range(len(frame)),
                "value": rolling(frame[rate].to_numpy(float), size),
            }
        )
        for rate in RATES
    ]
    return pd.concat(parts, ignore_index=True)


def _draw(folder: Path, scenarios: Sequence[Scenario], curves: pd.DataFrame) -> None:
    from specbench import plots

    folder.mkdir()
    for number, scenario in enumerate(scenarios):
        own = curves[curves["scenario"] == scenario.name]
        points = sum(message.role == "assistant" for trace in scenario.before for message in trace.messages)
        for rate in DRAWN:
            rows = own[own["rate"] == rate]
            for theme in plots.THEMES:
                ax = plots.plot_progressive(
                    rows,
                    rate=rate,
                    window=int(rows["window"].iloc[0]),
                    changes_at=points if scenario.before else None,
                    change=f"{writable(scenario.tool)} appears" if scenario.tool else "the agent changes",
                    theme=theme,
                )
                plots.save_figure(ax, folder, f"{number}-{rate}", theme)


def summary_text(summary: pd.DataFrame, rate: str = "call_top1") -> str:
    """Return one line a scenario, part and predictor, for a terminal: frozen, online and the difference in points."""
    from specbench.plots.style import points
    from specbench.report.page import percent

    rows = [["scenario", "part", "predictor", "decisions", "frozen", "online", "online − frozen, points"]]
    for row in summary[summary["rate"] == rate].to_dict("records"):
        shares = [percent(None if pd.isna(row[arm]) else row[arm]) for arm in ("frozen", "online")]
        shares.append(points(row["difference"], row["low"], row["high"]))
        rows.append([row["scenario"], row["part"], row["predictor"], str(row["decisions"]), *shares])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
