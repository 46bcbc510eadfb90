"""``specbench doctor``: what is installed, what is missing, and what to do."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from specbench.cli.options import CHECKPOINTS, echo

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.command(rich_help_panel=CHECKPOINTS, epilog="Example: specbench doctor --json > doctor.json")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Tell what is installed, what is missing and what to do: extras, GPU, versions, plug-ins, services."""
    from specbench.core.diagnosis import diagnose

    found = diagnose()
    echo(json.dumps(found.to_dict(), indent=1) if as_json else found.to_text())
