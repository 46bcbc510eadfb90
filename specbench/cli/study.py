"""``specbench evaluate, study, compare, train, progressive, export, report``: from traces to results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import (
    ANSWERS,
    CHECKPOINTS,
    ClusterOption,
    EffectsOption,
    FormatOption,
    LatencyOption,
    Lists,
    PredictMsOption,
    PredictorsOption,
    QuietOption,
    SeedOption,
    SkipOption,
    echo,
    folder_only,
    one_file,
    show_problems,
)  # fmt: skip

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench evaluate --train train.jsonl --test test.jsonl --out numbers.json",
)
def evaluate(
    train: Annotated[list[Path], typer.Option("--train", help="Files or folders to learn from; several.")],
    test: Annotated[list[Path], typer.Option("--test", help="Files or folders to be measured on; several.")],
    out: Annotated[Path, typer.Option("--out", help="The JSON file to write; - is stdout.")],
    predictors: PredictorsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    latency: LatencyOption = "auto",
    predict_ms: PredictMsOption = None,
    refits: Annotated[
        int, typer.Option("--refits", help="Fit again with so many other seeds: how much do the rates depend on it?")
    ] = 0,
    allow_overlap: Annotated[
        bool, typer.Option("--allow-overlap", help="Allow a task in both training and test (a leak).")
    ] = False,
    cluster: ClusterOption = None,
    quiet: QuietOption = False,
) -> None:
    """Fit predictors on some traces, measure them on others, and write the numbers as JSON."""
    from specbench.core.json_values import check_file, write_json
    from specbench.sim import Latency
    from specbench.study import Settings, default_predictors, load_data
    from specbench.study import evaluation_record as measure
    from specbench.study.evaluation import parse_names
    from specbench.study.finished_fits import finished_fits
    from specbench.study.progress import Progress
    from specbench.study.rates_text import rates_text

    settings = Settings(seed, Latency.from_text(latency, seed), predict_ms=predict_ms, refits=refits)
    if str(out) != "-":
        check_file(out, [*train, *test, effects])
    names = parse_names(predictors or default_predictors())
    learned_from = load_data(train, format, skip_invalid, effects=effects, label="--train")
    measured_on = load_data(test, format, skip_invalid, effects=effects, label="--test")
    show_problems(learned_from.report.skipped + measured_on.report.skipped, "skipped")
    told = Progress(not quiet)
    with one_file(out) as (path, say), finished_fits(out, told) as fits:
        record = measure(
            learned_from, measured_on, names, settings,
            allow_overlap=allow_overlap, progress=told, fits=fits, cluster=cluster,
        )  # fmt: skip
        if record["shared_tasks"]:
            echo(f"warning: {record['shared_tasks']} task id(s) occur in both training and test", err=True)
        write_json(path, record)
        say(rates_text(record["predictors"]))
        say(f"\n{path}: {len(names)} predictors on {len(measured_on.traces)} test traces")


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench study --traces logs/ --effects effects.json --out runs/mine",
)
def study(
    traces: Annotated[
        list[Path] | None,
        typer.Option("--traces", help="Files or folders; several. Default: the shipped support desk."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", callback=folder_only, help="The results folder; default: runs/ and the traces' name."),
    ] = None,
    predictors: PredictorsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    latency: LatencyOption = "auto",
    predict_ms: PredictMsOption = None,
    waste_price: Annotated[
        float,
        typer.Option(
            "--waste-price",
            help="Seconds of waiting that a second of an unused tool run costs you. 1 is strict: a user's second is "
            "mostly dearer than a database's.",
        ),
    ] = 1.0,
    least_gain: Annotated[
        float, typer.Option("--least-gain", help="Net gain, as a share of the time, that is worth having.")
    ] = 0.02,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold", help="Launch from this probability on; by default it is tuned on validation tasks."
        ),
    ] = None,
    live: Annotated[
        int, typer.Option("--live", min=0, help="Run so many conversations of the support desk live besides (paced).")
    ] = 0,
    quiet: QuietOption = False,
) -> None:
    """The main job: split by task, train, evaluate, simulate, and write figures, report and checkpoints."""
    from specbench.sim import Latency
    from specbench.study import Settings, default_predictors, run_study
    from specbench.study.evaluation import parse_names
    from specbench.traces.collection import sample_path

    paths = traces or [sample_path()]
    result = run_study(
        paths,
        out if out is not None else Path("runs") / (paths[0].resolve().stem or "study"),
        predictors=parse_names(predictors or default_predictors()),
        settings=Settings(seed, Latency.from_text(latency, seed), predict_ms, waste_price, least_gain, threshold),
        format=format,
        skip_invalid=skip_invalid,
        effects=effects,
        live=live,
        progress=not quiet,
    )
    show_problems(result.skipped, "skipped")
    echo("\n".join(result.verdict))
    lived = result.metrics["live"] or {"backend": "", "runs": []}
    for run in lived["runs"]:
        same = "yes" if run["lossless"] else "NO"
        echo(
            f"Live, {lived['backend']}: with {run['predictor']} {run['speculative_s']:.0f} s instead of "
            f"{run['sequential_s']:.0f} s; the same outcomes: {same}."
        )
    echo(f"\nreport: {result.report}")


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench compare --traces logs/ --predictors markov,patterns,learned --ablations",
)
def compare(
    traces: Annotated[list[Path], typer.Option("--traces", help="Files or folders; several.")],
    predictors: PredictorsOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", callback=folder_only, help="The folder; default: runs/, the traces' name, -compare."),
    ] = None,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="The learned predictor with each ingredient left out or replaced.")
    ] = False,
    learning_curve: Annotated[
        bool, typer.Option("--learning-curve", help="10, 25, 50 and 100 % of the training tasks.")
    ] = False,
    transfer: Annotated[bool, typer.Option("--transfer", help="Agents, and tools, that training never saw.")] = False,
    embeddings: Annotated[
        bool, typer.Option("--embeddings", help="The learned predictor with each text embedding.")
    ] = False,
    sentence: Annotated[
        Path | None,
        typer.Option(
            "--sentence",
            help="Folder of your sentence-transformers model: one more embedding, with --embeddings or --ablations.",
        ),
    ] = None,
    hidden: Annotated[
        Path | None,
        typer.Option(
            "--hidden", help="Folder of a chat model: its hidden states as one more embedding, with --embeddings."
        ),
    ] = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    latency: LatencyOption = "auto",
    predict_ms: PredictMsOption = None,
    cluster: ClusterOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train and measure every predictor on one split by task; write a leaderboard, and what else is asked for."""
    from specbench.sim import Latency
    from specbench.study import Settings
    from specbench.study.comparison import BASELINE, Parts, run_compare
    from specbench.study.comparison.page import leaderboard_table

    result = run_compare(
        traces,
        out if out is not None else Path("runs") / f"{traces[0].resolve().stem or 'traces'}-compare",
        predictors=predictors or "all",
        parts=Parts(
            ablations,
            learning_curve,
            transfer,
            embeddings,
            None if sentence is None else str(sentence),
            None if hidden is None else str(hidden),
        ),
        settings=Settings(seed, Latency.from_text(latency, seed), predict_ms=predict_ms),
        format=format, skip_invalid=skip_invalid, effects=effects, cluster=cluster, progress=not quiet,
    )  # fmt: skip
    show_problems(result.skipped, "skipped")
    show_problems(result.left_out, "left out")
    echo(leaderboard_table(result.tables["leaderboard"], BASELINE))
    echo(f"\ncomparison: {result.folder / 'compare.md'}")


@app.command(
    cls=Lists,
    rich_help_panel=CHECKPOINTS,
    epilog="Example: specbench train --traces logs/ --effects effects.json --out models/mine",
)
def train(
    out: Annotated[Path, typer.Option("--out", help="The checkpoint's folder.")],
    traces: Annotated[
        list[Path] | None,
        typer.Option("--traces", help="Files or folders; several. Default: the shipped support desk."),
    ] = None,
    predictor: Annotated[str, typer.Option("--predictor", help="One predictor.")] = "learned",
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
) -> None:
    """Train one predictor, measure it on held-out tasks, and write its checkpoint with a model card."""
    from specbench.study import Settings
    from specbench.study.rates_text import rates_text
    from specbench.study.train import run_train
    from specbench.traces.collection import sample_path

    result = run_train(
        traces or [sample_path()],
        out,
        predictor=predictor,
        settings=Settings(seed),
        format=format,
        skip_invalid=skip_invalid,
        effects=effects,
        progress=not quiet,
    )
    echo(rates_text({result.name: result.metrics}))
    echo(f"\ncheckpoint: {out}")


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench progressive --traces logs/ --predictors markov,learned --out runs/stream",
)
def progressive(
    traces: Annotated[list[Path], typer.Option("--traces", help="Files or folders; several. Streamed in order.")],
    predictors: PredictorsOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="A folder for figures and numbers.")] = None,
    shift: Annotated[
        list[str] | None,
        typer.Option(
            "--shift", help="agent:OLD,NEW (its habits change) or tool:NAME (it appears mid-stream); several."
        ),
    ] = None,
    fit_share: Annotated[float, typer.Option("--fit-share", help="Share of the tasks, the first, to fit on.")] = 0.3,
    window: Annotated[int, typer.Option("--window", min=1, help="Decisions behind each rolling value.")] = 200,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
) -> None:
    """Predict, then learn, through a stream of traces: frozen after fitting and online, side by side."""
    from specbench.study.evaluation import parse_names
    from specbench.study.progressive import run_progressive
    from specbench.study.progressive.job import summary_text

    result = run_progressive(
        traces,
        out,
        predictors=parse_names(predictors or "markov,ngram,learned"),
        shifts=shift or [],
        fit_share=fit_share,
        window=window,
        seed=seed,
        format=format,
        skip_invalid=skip_invalid,
        effects=effects,
        progress=not quiet,
    )
    show_problems(result.skipped, "skipped")
    echo("Calls predicted exactly (@1), given that a call happens; 95 % intervals by task.\n")
    echo(summary_text(result.summary))
    echo("\nCalibration error (ECE) of the best READ predictions: less is better.\n")
    echo(summary_text(result.summary, "ece"))
    if out is not None:
        echo(f"\nprogressive: {out / 'progressive.json'}")


@app.command(
    rich_help_panel=CHECKPOINTS,
    epilog="Example: specbench export --checkpoint models/mine --format onnx --out models/mine-onnx",
)
def export(
    checkpoint: Annotated[Path, typer.Option("--checkpoint", help="A folder that train or study wrote.")],
    out: Annotated[Path, typer.Option("--out", callback=folder_only, help="The folder to write.")],
    format: Annotated[
        str, typer.Option("--format", help="specbench (checked and written anew) or onnx (the networks alone).")
    ] = "specbench",
) -> None:
    """Check a checkpoint and write it elsewhere, or write its networks as ONNX graphs."""
    from specbench.study.export import export as write

    echo(f"{format}: {write(checkpoint, out, format)}")


@app.command(rich_help_panel=CHECKPOINTS, epilog="Example: specbench report runs/before runs/after")
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `specbench study` made.")],
    other: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="Another: lays the two side by side.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The page; default: report.html in the folder, or beside the second.")
    ] = None,
) -> None:
    """Rebuild report.html of a results folder, or compare two."""
    from specbench.report.comparison import build_comparison
    from specbench.report.page import build_report

    echo(f"report: {build_report(run, out) if other is None else build_comparison(run, other, out)}")
