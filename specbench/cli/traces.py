"""``specbench traces``: read, check, convert and describe traces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from specbench.cli.options import (
    FORMATS,
    ClusterOption,
    EffectsOption,
    FormatOption,
    KeepPrefixesOption,
    PathsArgument,
    SkipOption,
    echo,
    one_file,
    show_problems,
)  # fmt: skip
from specbench.core.display import plural
from specbench.core.text import shown

if TYPE_CHECKING:
    from specbench.traces.store import ReadReport

__all__ = ["app"]

app = typer.Typer(help="Read, check, convert and describe traces.", no_args_is_help=True, rich_markup_mode=None)


@app.command(epilog="Example: specbench traces validate logs/")
def validate(
    paths: PathsArgument,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    keep_prefixes: KeepPrefixesOption = False,
) -> None:
    """Check every record; list what is broken. Exit code 2 if anything is (0 with --skip-invalid)."""
    from specbench.traces.store import ReadReport, read_traces

    report = ReadReport()
    for _ in read_traces(paths, format, skip_invalid=True, effects=effects, report=report, keep_prefixes=keep_prefixes):
        pass
    for file in report.files:
        counts = f"{plural(file.read, 'trace')} ({file.format or 'no format'}), {plural(len(file.skipped), 'problem')}"
        echo(f"{shown(file.path)}: {counts}")
    _show_warnings(report)
    show_problems(report.skipped, "invalid")
    if report.skipped and not skip_invalid:
        raise typer.Exit(2)


@app.command(epilog="Example: specbench traces convert logs/ --out traces.jsonl")
def convert(
    paths: PathsArgument,
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON Lines, schema v1; - is stdout.")],
    lake: Annotated[
        bool, typer.Option("--lake", help="Write a folder of Parquet shards by source and day instead (a lake).")
    ] = False,
    day_key: Annotated[
        str | None, typer.Option("--day-key", help="Of a lake: the field of the metadata that holds a trace's day.")
    ] = None,
    format: Annotated[str | None, typer.Option("--from", "--format", help=f"Format of every file ({FORMATS}).")] = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    keep_prefixes: KeepPrefixesOption = False,
    cluster: ClusterOption = None,
) -> None:
    """Convert traces of any format to specbench's own."""
    from specbench.core.cluster import opened
    from specbench.core.errors import ConfigError
    from specbench.core.files import refuse_foreign
    from specbench.traces.lake import write_lake
    from specbench.traces.store import ReadReport, read_traces, write_traces

    if day_key is not None and not lake:
        raise ConfigError("--day-key is for lakes; give --lake, too")
    report = ReadReport()
    if lake:
        with opened(cluster) as workers:
            traces = read_traces(
                paths, format, skip_invalid,
                effects=effects, report=report, keep_prefixes=keep_prefixes, workers=workers,
            )  # fmt: skip
            written = write_lake(out, traces, day_key=day_key)
        show_problems(report.skipped, "skipped")
        _show_warnings(report)
        echo(f"{out}: {plural(written, 'trace')} written")
        return
    with one_file(out) as (path, say), opened(cluster) as workers:
        refuse_foreign(path, '"specbench":1', [*paths, effects])
        traces = read_traces(
            paths, format, skip_invalid, effects=effects, report=report, keep_prefixes=keep_prefixes, workers=workers
        )
        written = write_traces(path, traces)
        show_problems(report.skipped, "skipped")
        _show_warnings(report)
        say(f"{path}: {plural(written, 'trace')} written")


@app.command(epilog="Example: specbench traces inspect logs/ --effects effects.json")
def inspect(
    paths: PathsArgument,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    keep_prefixes: KeepPrefixesOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe traces: counts, effects, entropy, and what a perfect predictor would save."""
    from dataclasses import asdict

    from specbench.traces.describe import describe
    from specbench.traces.store import ReadReport, read_traces

    report = ReadReport()
    description = describe(
        read_traces(paths, format, skip_invalid, effects=effects, report=report, keep_prefixes=keep_prefixes)
    )
    if as_json:
        files = [{**asdict(file), "warnings": file.warnings} for file in report.files]
        echo(json.dumps({**description.to_dict(), "files": files}, indent=2, ensure_ascii=False))
        return
    show_problems(report.skipped, "skipped")
    _show_warnings(report)
    echo(description.to_text())


@app.command(epilog='Example: specbench traces redact logs/ --name "Ada Lovelace" --out shareable.jsonl')
def redact(
    paths: PathsArgument,
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON Lines, schema v1; - is stdout.")],
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A name or word to replace everywhere; several.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Makes the same pseudonyms in several runs; keep it secret.")
    ] = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
) -> None:
    """Write traces with pseudonyms for secrets, e-mails, names, ids and paths, the same everywhere."""
    from specbench.core.files import refuse_foreign
    from specbench.traces.redact import UNKNOWABLE, Redactor
    from specbench.traces.store import ReadReport, read_traces, write_traces

    report = ReadReport()
    redactor = Redactor(name or (), key)
    traces = read_traces(paths, format, skip_invalid, effects=effects, report=report)
    with one_file(out) as (path, say):
        refuse_foreign(path, '"specbench":1', [*paths, effects])
        written = write_traces(path, redactor.redact(traces))
        show_problems(report.skipped, "skipped")
        found = ", ".join(f"{count} {kind}s" for kind, count in sorted(redactor.found.items())) or "nothing"
        say(f"{path}: {plural(written, 'trace')} written; replaced: {found}")
    echo(f"note: {UNKNOWABLE}", err=True)


@app.command(epilog="Example: specbench traces effects logs/ --out effects.json")
def effects(
    paths: PathsArgument,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; stdout when not given, or -.")] = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    keep_prefixes: KeepPrefixesOption = False,
) -> None:
    """Write a template of an effects file: tools with counts, and suggestions (#effect, #where …) for you to confirm.

    With --effects what that file declares is taken over.
    """
    from specbench.core.files import atomic_file, refuse_foreign
    from specbench.traces.effects_template import HEAD, effects_template
    from specbench.traces.store import ReadReport, read_traces

    if out is not None and str(out) != "-":
        refuse_foreign(out, HEAD[0], [*paths, effects])
    report = ReadReport()
    found = effects_template(
        read_traces(paths, format, skip_invalid, effects=effects, report=report, keep_prefixes=keep_prefixes)
    )
    text = json.dumps(found, indent=2, ensure_ascii=False)
    show_problems(report.skipped, "skipped")
    if out is None or str(out) == "-":
        echo(text)
        return
    with atomic_file(out) as temporary:
        temporary.write_text(f"{text}\n", "utf-8", errors="backslashreplace")
    echo(f"{out}: {len(found) - 1} tools; take the # of a suggestion away where you agree, then --effects {out}")


def _show_warnings(report: ReadReport) -> None:
    """Tell, file by file, what was read without an error and looks wrong."""
    for file in report.files:
        for warning in file.warnings:
            echo(f"warning: {shown(file.path)}: {warning}", err=True)
    for warning in report.warnings:
        echo(f"warning: {warning}", err=True)
