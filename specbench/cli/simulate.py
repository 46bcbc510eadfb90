"""``specbench simulate, sweep, tune``: what would speculation do, at which operating point?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import (
    ANSWERS,
    BreakerOption,
    CarryOption,
    ClusterOption,
    EffectsOption,
    FormatOption,
    LatencyOption,
    LimitOption,
    Lists,
    LlmSlotsOption,
    MaybePredictorOption,
    PolicyOption,
    PredictMsOption,
    PredictorOption,
    PredictorsOption,
    QuietOption,
    RunAheadOption,
    SeedOption,
    SkipOption,
    ToolSlotsOption,
    WindowsOption,
    echo,
    one_file,
    show_problems,
    speculation_options,
)  # fmt: skip

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)
TracesOption = Annotated[list[Path], typer.Option("--traces", help="Files or folders; several.")]
SessionsOption = Annotated[
    int, typer.Option("--sessions", min=1, help="Traces at a time; they share slots and limits.")
]


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench simulate --traces logs/ --predictor learned --policy threshold:0.5 --out runs/simulated",
)
def simulate(
    traces: TracesOption,
    out: Annotated[Path, typer.Option("--out", help="The results folder.")],
    predictor: MaybePredictorOption = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="A trained predictor; then all traces are replayed.")
    ] = None,
    policy: PolicyOption = "threshold:0.6",
    latency: LatencyOption = "auto",
    windows: WindowsOption = "think",
    carry_ttl_s: CarryOption = 0.0,
    run_ahead: RunAheadOption = "0",
    tool_slots: ToolSlotsOption = None,
    llm_slots: LlmSlotsOption = None,
    limit: LimitOption = None,
    breaker: BreakerOption = False,
    sessions: SessionsOption = 1,
    executor: Annotated[
        bool, typer.Option("--executor", help="Run the real executor too, on a virtual clock, and compare the ledgers.")
    ] = False,
    predict_ms: PredictMsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
) -> None:
    """Replay held-out traces with one policy on a virtual clock: ledger, metrics, verdict."""
    from specbench.study.simulation import run_simulate

    result = run_simulate(
        traces, out, predictor=predictor, checkpoint=checkpoint, policy=policy, latency=latency,
        options=speculation_options(windows, carry_ttl_s, run_ahead, tool_slots, llm_slots, limit, breaker),
        sessions=sessions, executor=executor, predict_ms=predict_ms, seed=seed, format=format,
        skip_invalid=skip_invalid, effects=effects, progress=not quiet,
    )  # fmt: skip
    show_problems(result.skipped, "skipped")
    for warning in result.warnings:
        echo(f"warning: {warning}", err=True)
    config = result.ledger.config
    echo(f"{config['predictor']}, {config['policy']}, {config['latency']['model']}: {result.metrics.report()}")
    echo("\n".join(result.metrics.verdicts()))
    if result.modelled is not None:
        echo(f"The same with modelled seconds: {result.modelled.report()}")
    if result.executor_differs is not None:
        echo("\n".join(["executor: the same ledger"] if not result.executor_differs else result.executor_differs))
    echo(f"\nledger: {result.folder / 'ledger.parquet'}")


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench sweep --traces logs/ --policies threshold:0.2:0.9:0.1 topk:1 --out runs/sweep",
)
def sweep(
    traces: TracesOption,
    out: Annotated[Path, typer.Option("--out", help="The results folder; an interrupted sweep goes on there.")],
    predictors: PredictorsOption = None,
    policies: Annotated[
        list[str] | None, typer.Option("--policies", help="Several; KIND:FIRST:LAST:STEP is a range.")
    ] = None,
    latencies: Annotated[list[str] | None, typer.Option("--latencies", help="Several latency models.")] = None,
    windows: Annotated[list[str] | None, typer.Option("--windows", help="Comma lists of windows; several.")] = None,
    carry_ttl_s: Annotated[
        list[float] | None, typer.Option("--carry-ttl-s", help="Seconds that unused results stay; several.")
    ] = None,
    run_ahead: Annotated[
        list[str] | None, typer.Option("--run-ahead", help="Depths of run-ahead, DEPTH[@P], 0 for none; several.")
    ] = None,
    tool_slots: ToolSlotsOption = None,
    llm_slots: LlmSlotsOption = None,
    limit: LimitOption = None,
    breaker: BreakerOption = False,
    sessions: SessionsOption = 1,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes; -1 for all cores.")] = -1,
    cluster: ClusterOption = None,
    predict_ms: PredictMsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
) -> None:
    """Simulate predictors × policies × latencies × options in parallel; one Parquet row each."""
    from specbench.study.evaluation import parse_names
    from specbench.study.grid_sweep import KEYS, run_sweep

    frame = run_sweep(
        traces, out, predictors=parse_names(predictors) if predictors else None,
        policies=policies or ["threshold:0:0.95:0.05"], latencies=latencies or ["auto"],
        windows=windows or ["think"], carry_ttl_s=carry_ttl_s or [0.0], run_ahead=run_ahead or ["0"],
        options=speculation_options(tool_slots=tool_slots, llm_slots=llm_slots, limit=limit, breaker=breaker),
        sessions=sessions, predict_ms=predict_ms, seed=seed, jobs=jobs, cluster=cluster, format=format,
        skip_invalid=skip_invalid, effects=effects, progress=not quiet,
    )  # fmt: skip
    best = frame.loc[frame.groupby(["predictor", "latency", "options"])["net_s"].idxmax()]
    shown = best[[*KEYS, "recall", "precision", "amplification", "saved_share", "net_s"]]
    echo("The best net seconds of each predictor (modelled, or measured: see latency; chosen on the test):\n")
    echo(shown.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    echo(f"\nsweep: {len(frame)} rows in {out / 'sweep.parquet'}")


@app.command(
    cls=Lists, rich_help_panel=ANSWERS, epilog="Example: specbench tune --traces logs/ --waste 0.02 --out tuned.json"
)
def tune(
    traces: TracesOption,
    predictor: PredictorOption = "learned",
    waste: Annotated[
        float | None, typer.Option("--waste", help="Most wasted tool time, as a share of the run.")
    ] = None,
    precision: Annotated[float | None, typer.Option("--precision", help="Least share of the launches used.")] = None,
    amplification: Annotated[
        float | None, typer.Option("--amplification", help="Most tool calls executed for each one needed.")
    ] = None,
    waste_price: Annotated[
        float,
        typer.Option(
            "--waste-price", help="Maximise saved − this · wasted seconds; 0: saved alone, within the limits above."
        ),
    ] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", help="A JSON file with everything; - is stdout.")] = None,
    latency: LatencyOption = "auto",
    windows: WindowsOption = "think",
    carry_ttl_s: CarryOption = 0.0,
    run_ahead: RunAheadOption = "0",
    tool_slots: ToolSlotsOption = None,
    llm_slots: LlmSlotsOption = None,
    limit: LimitOption = None,
    breaker: BreakerOption = False,
    predict_ms: PredictMsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
) -> None:
    """Find the policy that saves most within a waste budget or at a precision: chosen on validation, told on test."""
    from specbench.core.json_values import check_file, write_json
    from specbench.study.tuning import run_tune

    if out is not None and str(out) != "-":
        check_file(out, [*traces, effects])
    result = run_tune(
        traces, predictor=predictor, waste=waste, precision=precision, amplification=amplification,
        waste_price=waste_price, latency=latency,
        options=speculation_options(windows, carry_ttl_s, run_ahead, tool_slots, llm_slots, limit, breaker),
        predict_ms=predict_ms, seed=seed, format=format, skip_invalid=skip_invalid, effects=effects, progress=not quiet,
    )  # fmt: skip
    with one_file(out or Path()) as (path, say):
        if out is not None:
            write_json(path, result.record)
        say(f"policy: {result.policy}")
        seconds = result.record["latency"]["model"]
        say(f"validation, {seconds}: {result.validation.report()}")
        say(f"test, {seconds}: {result.test.report()}")
