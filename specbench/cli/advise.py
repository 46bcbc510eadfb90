"""``specbench advise``: does speculation pay here, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import (
    ANSWERS,
    EffectsOption,
    FormatOption,
    LatencyOption,
    Lists,
    PathsArgument,
    QuietOption,
    SeedOption,
    SkipOption,
    echo,
    folder_only,
    show_problems,
)  # fmt: skip

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.command(
    cls=Lists,
    rich_help_panel=ANSWERS,
    epilog="Example: specbench advise logs/ --effects effects.json --waste-budget 0.05 --out advice",
)
def advise(
    paths: PathsArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            callback=folder_only,
            help="A folder for advice.md, advice.json, effects.json and, if it pays, a checkpoint (all traces).",
        ),
    ] = None,
    format: FormatOption = None,
    skip_invalid: SkipOption = False,
    effects: EffectsOption = None,
    waste_budget: Annotated[
        float | None,
        typer.Option(
            "--waste-budget",
            help="Most seconds of unused tool runs, as a share of the time (such as 0.05); default: no limit.",
        ),
    ] = None,
    waste_price: Annotated[
        float, typer.Option("--waste-price", help="Seconds of waiting that a second of an unused tool run costs you.")
    ] = 1.0,
    least_gain: Annotated[
        float, typer.Option("--least-gain", help="Net gain, as a share of the time, that is worth having.")
    ] = 0.02,
    price: Annotated[
        list[str] | None, typer.Option("--price", help="What a call costs, TOOL=PRICE (search=0.002); several.")
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option("--limit", help="A rate limit, TOOL=CALLS/s|min|h|day (search=5/s); several.")
    ] = None,
    latency: LatencyOption = "auto",
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.0, help="Time for the answer; quick predictors always run.")
    ] = 2.5,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
) -> None:
    """Say on one page whether speculation pays for the agent behind these traces, why (not), and what to do next."""
    from specbench.study.advise import advise as ask
    from specbench.study.advise.costs import limit_from_text, price_from_text

    advice = ask(
        paths, effects=effects, format=format, skip_invalid=skip_invalid, waste_budget=waste_budget,
        waste_price=waste_price, least_gain=least_gain, prices=dict(map(price_from_text, price or ())),
        limits=dict(map(limit_from_text, limit or ())), latency=latency, minutes=minutes,
        seed=seed, progress=not quiet,
    )  # fmt: skip
    show_problems(advice.data.report.skipped, "skipped")
    if out is not None:
        advice.save(out, progress=not quiet)
    echo(advice.text(out))
    if out is not None:
        echo(f"\nadvice: {out / 'advice.md'}")
