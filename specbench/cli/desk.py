"""``specbench desk``: the support desk, the synthetic sample data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import one_file, seed_option
from specbench.core.display import plural

__all__ = ["app"]

app = typer.Typer(help="The support desk: the synthetic sample data.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _desk() -> None:
    """The support desk: the synthetic sample data."""


@app.command(epilog="Example: specbench desk generate --conversations 100 --out desk.jsonl")
def generate(
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON Lines, schema v1; - is stdout.")],
    conversations: Annotated[int, typer.Option("--conversations", help="How many; two of each task.")] = 480,
    seed: Annotated[int, seed_option("Same seed, same bytes.")] = 7,
    unseen: Annotated[bool, typer.Option("--unseen", help="Customers speak in held-out paraphrases.")] = False,
) -> None:
    """Play scripted conversations on the support desk; the defaults write the shipped file byte for byte."""
    from specbench.desk.people.conversations import generate as play
    from specbench.traces.store import write_traces

    with one_file(out) as (path, say):
        written = write_traces(path, play(conversations, seed, "unseen" if unseen else "seen"))
        say(f"{path}: {plural(written, 'synthetic trace')} written")
