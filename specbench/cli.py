"""The command line. Thin: each command imports what it needs, calls one function and prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from specbench.errors import SpecbenchError

__all__ = ["app", "main"]

MAX_PROBLEMS_SHOWN = 20


class _Commands(TyperGroup):
    """Tells an error that specbench raises on purpose in one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of ours becomes exit code 2."""
        try:
            return super().invoke(ctx)
        except SpecbenchError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None


class _Lists(TyperCommand):
    """Lets options that may be repeated take several values at once: ``--train a b`` is ``--train a --train b``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat each such option for every value that follows it."""
        several = {
            name for parameter in self.params if getattr(parameter, "multiple", False) for name in parameter.opts
        }
        return super().parse_args(ctx, spread(args, several))


def spread(args: list[str], several: set[str]) -> list[str]:
    """Repeat each option in ``several`` for every value that follows it, up to the next option.

    Examples
    --------
    >>> spread(["--train", "a", "b", "--out", "x"], {"--train"})
    ['--train', 'a', '--train', 'b', '--out', 'x']
    """
    out: list[str] = []
    option, used = "", True
    for position, argument in enumerate(args):
        if argument == "--":
            return out + args[position:]
        if argument.startswith("-") and argument != "-":
            name = argument.partition("=")[0]
            option, used = (name, "=" in argument) if name in several else ("", True)
            out.append(argument)
        else:
            out += [option, argument] if option and used else [argument]
            used = True
    return out


app = typer.Typer(
    cls=_Commands,
    help="Does speculative tool execution pay for your agent? Measured on your own traces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
traces_app = typer.Typer(help="Read, check, convert and describe traces.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(traces_app, name="traces")
desk_app = typer.Typer(help="The support desk: the synthetic sample data.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(desk_app, name="desk")

_FORMATS = "specbench_jsonl, tau_bench, sgd, openai_chat; found by content when not given"
PathsArgument = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Trace files, or folders of them.")]
FormatOption = Annotated[str | None, typer.Option("--format", help=f"Format of every file ({_FORMATS}).")]
SkipOption = Annotated[
    bool, typer.Option("--skip-invalid", help="Skip broken records and say why, instead of failing.")
]
EffectsOption = Annotated[
    Path | None, typer.Option("--effects", help='JSON {"tool": "read|write|local|unknown"}; overrides the traces.')
]


@traces_app.command()
def validate(
    paths: PathsArgument, format: FormatOption = None, skip_invalid: SkipOption = False, effects: EffectsOption = None
) -> None:
    """Check every record; list what is broken. Exit code 2 if anything is (0 with --skip-invalid)."""
    from specbench.traces.store import ReadReport, read_traces

    report = ReadReport()
    for _ in read_traces(paths, format, skip_invalid=True, effects=effects, report=report):
        pass
    for file in report.files:
        typer.echo(f"{file.path}: {file.read} traces ({file.format or 'no format'}), {len(file.skipped)} problems")
    _show_problems(report.skipped, "invalid")
    if report.skipped and not skip_invalid:
        raise typer.Exit(2)


@traces_app.command()
def convert(
    paths: PathsArgument,
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON Lines, schema v1.")],
    format: Annotated[
        str | None, typer.Option("--from", "--format", help=f"Format of every file ({_FORMATS}).")
    ] = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
) -> None:
    """Convert traces of any format to specbench's own."""
    from specbench.traces.store import ReadReport, read_traces, write_traces

    report = ReadReport()
    written = write_traces(out, read_traces(paths, format, skip_invalid, effects=effects, report=report))
    _show_problems(report.skipped, "skipped")
    typer.echo(f"{out}: {written} traces written")


@traces_app.command()
def inspect(
    paths: PathsArgument,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe traces: counts, effects, entropy, and what a perfect predictor would save."""
    from dataclasses import asdict

    from specbench.traces.describe import describe
    from specbench.traces.store import ReadReport, read_traces

    report = ReadReport()
    description = describe(read_traces(paths, format, skip_invalid, effects=effects, report=report))
    if as_json:
        files = [asdict(file) for file in report.files]
        typer.echo(json.dumps({**description.to_dict(), "files": files}, indent=2, ensure_ascii=False))
        return
    _show_problems(report.skipped, "skipped")
    typer.echo(description.to_text())


PredictorsOption = Annotated[
    list[str] | None,
    typer.Option("--predictors", help="Comma list of predictors; NAME+FILLER chooses the argument filler."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the split, training, the bootstrap and drawn latencies.")]
LatencyOption = Annotated[
    str, typer.Option("--latency", help="constant:THINK,TOOL or lognormal:THINK,TOOL,SIGMA, in seconds (modelled).")
]
PredictMsOption = Annotated[
    float | None,
    typer.Option("--predict-ms", help="Charge this for each prediction; default: its measured median, rounded up."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


@app.command(cls=_Lists)
def evaluate(
    train: Annotated[list[Path], typer.Option("--train", help="Files or folders to learn from; several.")],
    test: Annotated[list[Path], typer.Option("--test", help="Files or folders to be measured on; several.")],
    out: Annotated[Path, typer.Option("--out", help="The JSON file to write.")],
    predictors: PredictorsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    latency: LatencyOption = "constant:2,1",
    predict_ms: PredictMsOption = None,
    allow_overlap: Annotated[
        bool, typer.Option("--allow-overlap", help="Allow a task in both training and test (a leak).")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Fit predictors on some traces, measure them on others, and write the numbers as JSON."""
    from specbench.study import DEFAULT_PREDICTORS, Settings, load_data
    from specbench.study import evaluate as measure
    from specbench.study.evaluate import parse_names
    from specbench.study.jsonfile import write_json
    from specbench.study.leaderboard import leaderboard_text
    from specbench.study.progress import Progress

    settings = Settings(seed, latency, predict_ms=predict_ms)
    names = parse_names(predictors or DEFAULT_PREDICTORS)
    learned_from = load_data(train, format, skip_invalid, effects=effects, label="--train")
    measured_on = load_data(test, format, skip_invalid, effects=effects, label="--test")
    _show_problems(learned_from.report.skipped + measured_on.report.skipped, "skipped")
    record = measure(
        learned_from, measured_on, names, settings, allow_overlap=allow_overlap, progress=Progress(not quiet)
    )
    if record["shared_tasks"]:
        typer.echo(f"warning: {record['shared_tasks']} task id(s) occur in both training and test", err=True)
    write_json(out, record)
    typer.echo(leaderboard_text(record["predictors"]))
    typer.echo(f"\n{out}: {len(names)} predictors on {len(measured_on.traces)} test traces")


@app.command(cls=_Lists)
def study(
    traces: Annotated[
        list[Path] | None,
        typer.Option("--traces", help="Files or folders; several. Default: the shipped support desk."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The results folder; default: runs/ and the traces' name.")
    ] = None,
    predictors: PredictorsOption = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    latency: LatencyOption = "constant:2,1",
    predict_ms: PredictMsOption = None,
    quiet: QuietOption = False,
) -> None:
    """The main job: split by task, train, evaluate, simulate, and write figures, report and checkpoints."""
    from specbench.study import DEFAULT_PREDICTORS, Settings, run_study
    from specbench.study.data import shipped_traces
    from specbench.study.evaluate import parse_names

    paths = traces or [shipped_traces()]
    result = run_study(
        paths,
        out if out is not None else Path("runs") / (paths[0].resolve().stem or "study"),
        predictors=parse_names(predictors or DEFAULT_PREDICTORS),
        settings=Settings(seed, latency, predict_ms=predict_ms),
        format=format,
        skip_invalid=skip_invalid,
        effects=effects,
        progress=not quiet,
    )
    _show_problems(result.skipped, "skipped")
    typer.echo("\n".join(result.verdict))
    typer.echo(f"\nreport: {result.report}")


@app.command(cls=_Lists)
def compare(
    traces: Annotated[list[Path], typer.Option("--traces", help="Files or folders; several.")],
    predictors: Annotated[
        list[str] | None, typer.Option("--predictors", help="Comma list, or all; markov is always among them.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder to write; default: runs/ and the traces' name, -compare.")
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
        Path | None, typer.Option("--sentence", help="Folder of your sentence-transformers model: one more embedding.")
    ] = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    seed: SeedOption = 0,
    latency: LatencyOption = "constant:2,1",
    predict_ms: PredictMsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train and measure every predictor on one split by task; write a leaderboard, and what else is asked for."""
    from specbench.study import Settings
    from specbench.study.compare import BASELINE, Parts, run_compare
    from specbench.study.compare.page import leaderboard_table

    result = run_compare(
        traces,
        out if out is not None else Path("runs") / f"{traces[0].resolve().stem or 'traces'}-compare",
        predictors=predictors or "all",
        parts=Parts(ablations, learning_curve, transfer, embeddings, None if sentence is None else str(sentence)),
        settings=Settings(seed, latency, predict_ms=predict_ms),
        format=format,
        skip_invalid=skip_invalid,
        effects=effects,
        progress=not quiet,
    )
    _show_problems(result.skipped, "skipped")
    _show_problems(result.left_out, "left out")
    typer.echo(leaderboard_table(result.tables["leaderboard"], BASELINE))
    typer.echo(f"\ncomparison: {result.folder / 'compare.md'}")


@app.command(cls=_Lists)
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
    from specbench.study.data import shipped_traces
    from specbench.study.leaderboard import leaderboard_text
    from specbench.study.train import run_train

    result = run_train(
        traces or [shipped_traces()],
        out,
        predictor=predictor,
        settings=Settings(seed),
        format=format,
        skip_invalid=skip_invalid,
        effects=effects,
        progress=not quiet,
    )
    typer.echo(leaderboard_text({result.name: result.metrics}))
    typer.echo(f"\ncheckpoint: {out}")


@app.command(cls=_Lists)
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
    from specbench.study.evaluate import parse_names
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
    _show_problems(result.skipped, "skipped")
    typer.echo("Calls predicted exactly (@1), given that a call happens; 95 % intervals by task.\n")
    typer.echo(summary_text(result.summary))
    if out is not None:
        typer.echo(f"\nprogressive: {out / 'progressive.json'}")


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Option("--checkpoint", help="A folder that train or study wrote.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    format: Annotated[
        str, typer.Option("--format", help="specbench (checked and written anew) or onnx (the networks alone).")
    ] = "specbench",
) -> None:
    """Check a checkpoint and write it elsewhere, or write its networks as ONNX graphs."""
    from specbench.study.export import export as write

    typer.echo(f"{format}: {write(checkpoint, out, format)}")


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `specbench study` made.")],
) -> None:
    """Rebuild report.html of a results folder."""
    from specbench.report import build_report

    typer.echo(f"report: {build_report(run)}")


@desk_app.command()
def generate(
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON Lines, schema v1.")],
    conversations: Annotated[int, typer.Option("--conversations", help="How many; two of each task.")] = 480,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes.")] = 7,
    unseen: Annotated[bool, typer.Option("--unseen", help="Customers speak in held-out paraphrases.")] = False,
) -> None:
    """Play scripted conversations on the support desk; the defaults write the shipped file byte for byte."""
    from specbench.agent.scripted import generate as play
    from specbench.traces.store import write_traces

    written = write_traces(out, play(conversations, seed, "unseen" if unseen else "seen"))
    typer.echo(f"{out}: {written} synthetic traces written")


def _show_problems(problems: list[str], label: str) -> None:
    for problem in problems[:MAX_PROBLEMS_SHOWN]:
        typer.echo(f"{label}: {problem}", err=True)
    if len(problems) > MAX_PROBLEMS_SHOWN:
        typer.echo(f"{label}: {len(problems) - MAX_PROBLEMS_SHOWN} more", err=True)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
