"""``specbench traces``: read, check, convert and describe traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import (
    FORMATS,
    EffectsOption,
    FormatOption,
    PathsArgument,
    SkipOption,
    echo,
    show_problems,
)  # fmt: skip

__all__ = ["app"]

app = typer.Typer(help="Read, check, convert and describe traces.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def validate(
    paths: PathsArgument, format: FormatOption = None, skip_invalid: SkipOption = False, effects: EffectsOption = None
) -> None:
    """Check every record; list what is broken. Exit code 2 if anything is (0 with --skip-invalid)."""
    from specbench.traces.store import ReadReport, read_traces

    report = ReadReport()
    for _ in read_traces(paths, format, skip_invalid=True, effects=effects, report=report):
        pass
    for file in report.files:
        echo(f"{file.path}: {file.read} traces ({file.format or 'no format'}), {len(file.skipped)} problems")
    show_problems(report.skipped, "invalid")
    if report.skipped and not skip_invalid:
        raise typer.Exit(2)


@app.command()
def convert(
    paths: PathsArgument,
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON Lines, schema v1.")],
    format: Annotated[str | None, typer.Option("--from", "--format", help=f"Format of every file ({FORMATS}).")] = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
) -> None:
    """Convert traces of any format to specbench's own."""
    from specbench.core.files import refuse_foreign
    from specbench.traces.store import ReadReport, read_traces, write_traces

    refuse_foreign(out, '"specbench":1', [*paths, effects])
    report = ReadReport()
    written = write_traces(out, read_traces(paths, format, skip_invalid, effects=effects, report=report))
    show_problems(report.skipped, "skipped")
    echo(f"{out}: {written} traces written")


@app.command()
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
        echo(json.dumps({**description.to_dict(), "files": files}, indent=2, ensure_ascii=False))
        return
    show_problems(report.skipped, "skipped")
    echo(description.to_text())
