"""The command line. Thin: each command imports what it needs, calls one function and prints."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from specbench.cli import advise, desk, doctor, llm, mcp_proxy, run, simulate, study, traces
from specbench.cli.options import AGENT, TRACES, Commands, echo

__all__ = ["app", "main"]


def _print_version(asked: bool) -> None:
    if asked:
        from specbench.core.version import __version__

        echo(f"specbench {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(traces.app, name="traces", rich_help_panel=TRACES)
app.add_typer(advise.app)
app.add_typer(study.app)
app.add_typer(simulate.app)
app.add_typer(llm.app)
app.add_typer(run.app)
app.add_typer(mcp_proxy.app, name="mcp-proxy", rich_help_panel=AGENT)
app.add_typer(doctor.app)
app.add_typer(desk.app, name="desk", rich_help_panel=TRACES)


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop."),
    ] = False,
) -> None:
    """Does speculative tool execution pay for your agent? Measured on your own traces."""


def main() -> None:
    """Run the command line; what the terminal's encoding cannot show is shown as an escape, as on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()
