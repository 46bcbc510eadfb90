"""The command line. Thin: each command imports what it needs, calls one function and prints."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import typer

from specbench.cli import desk, llm, run, simulate, study, traces
from specbench.cli.options import Commands

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Commands,
    help="Does speculative tool execution pay for your agent? Measured on your own traces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(traces.app, name="traces")
app.add_typer(study.app)
app.add_typer(simulate.app)
app.add_typer(llm.app)
app.add_typer(run.app)
app.add_typer(desk.app, name="desk")


def main() -> None:
    """Run the command line; what the terminal's encoding cannot show is shown as an escape, as on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
