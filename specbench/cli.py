"""The command line. Thin: each command imports what it needs, calls one function and prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

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
