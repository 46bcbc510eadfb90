"""``specbench mcp-proxy``: a proxy between an MCP client and an MCP server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from specbench.cli.options import Commands, EffectsOption, LimitOption, PolicyOption, echo, seed_option

__all__ = ["app"]


class Behind(Commands):
    """Takes what stands behind ``--`` as the command of the server; before it there may be a subcommand."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Set the command of the server aside."""
        if "--" in args:
            at = args.index("--")
            ctx.obj, args = args[at + 1 :], args[:at]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=Behind, rich_markup_mode=None, invoke_without_command=True)


@app.callback(epilog="Example: specbench mcp-proxy --mode shadow --effects effects.json -- uvx mcp-server-git")
def proxy(
    ctx: typer.Context,
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            help="record-only; shadow: guess and count, run nothing; canary: on for a share of the sessions; on.",
        ),
    ] = "on",
    record_only: Annotated[bool, typer.Option("--record-only", help="The same as --mode record-only.")] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", help="Write sessions into this folder, as traces; with --record-only ~/.specbench/traces."
        ),
    ] = None,
    predictor: Annotated[
        str,
        typer.Option(
            "--predictor", help="The folder of a checkpoint, or the name of a predictor; it learns as it goes."
        ),
    ] = "patterns",
    policy: PolicyOption = "threshold:0.6",
    effects: EffectsOption = None,
    trust: Annotated[
        bool,
        typer.Option("--trust-annotations", help="Let the server's own readOnlyHint count: you trust this server."),
    ] = False,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Add what was guessed, hit, saved and wasted to this Parquet file.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="Keep what was learned in this folder, by client and server.")
    ] = None,
    ttl_s: Annotated[float, typer.Option("--ttl-s", help="Seconds that the result of a guess may be used.")] = 30.0,
    budget_s: Annotated[
        float | None, typer.Option("--budget-s", help="Stop guessing when so many seconds are wasted in a session.")
    ] = None,
    budget_share: Annotated[
        float,
        typer.Option("--budget-share", help="… or when this share of the seconds of the real calls is wasted."),
    ] = 0.5,
    canary: Annotated[float, typer.Option("--canary", help="Share of the sessions that are on, in canary mode.")] = 0.1,
    seed: Annotated[int, seed_option("Of the choice of canary sessions.")] = 0,
    off_file: Annotated[
        Path | None,
        typer.Option("--off-file", help="While this file exists, nothing is guessed. SIGUSR1 switches too."),
    ] = None,
    limit: LimitOption = None,
    breaker: Annotated[
        bool, typer.Option("--breaker/--no-breaker", help="Stop guessing while the guesses keep missing.")
    ] = True,
    ignore_meta: Annotated[
        list[str] | None,
        typer.Option("--ignore-meta", help="A member of _meta that may differ between guess and call; several."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A client's configuration (mcpServers); needs --server.")
    ] = None,
    server: Annotated[str | None, typer.Option("--server", help="Which server of --config.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="The address of the server, instead of a command.")] = None,
    sse: Annotated[bool, typer.Option("--sse", help="With --url: the older transport.")] = False,
    header: Annotated[
        list[str] | None, typer.Option("--header", help='With --url: "NAME: VALUE", sent with each request; several.')
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the server in traces and ledgers.")] = None,
    listen: Annotated[
        str | None, typer.Option("--listen", help="Serve clients over HTTP at HOST:PORT, instead of stdio.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No status line on stderr.")] = False,
) -> None:
    """Stand between an MCP client and an MCP server: pass everything on, record, and make the next calls ahead.

    specbench mcp-proxy [OPTIONS] -- COMMAND [ARGUMENTS]
    """
    if ctx.invoked_subcommand is not None:
        return
    from specbench.core.extras import named_extras
    from specbench.integrations.mcp import Budget, ProxySettings
    from specbench.speculation import Limit

    with named_extras():
        from specbench.integrations.mcp.main import run_proxy
    settings = ProxySettings(
        mode="record-only" if record_only else mode,
        predictor=predictor,
        policy=policy,
        effects=effects if effects is not None else {},
        trust_annotations=trust,
        record=record,
        ledger=ledger,
        state=state,
        ttl_s=ttl_s,
        budget=Budget(budget_s, budget_share),
        canary_share=canary,
        seed=seed,
        off_file=off_file,
        limits=dict(Limit.from_text(text) for text in limit or ()),
        breaker=breaker,
        ignore_meta=tuple(ignore_meta or ()),
        tell=None if quiet else lambda line: echo(line, err=True),
    )
    from specbench.integrations.mcp.servers import chosen_server

    code = run_proxy(settings, chosen_server(ctx.obj, config, server, url, header or [], sse, name), listen)
    raise typer.Exit(code)


@app.command(epilog="Example: specbench mcp-proxy report ledger.parquet")
def report(
    ledger: Annotated[Path, typer.Argument(help="What --ledger has written.")],
) -> None:
    """Tell what the guesses brought: recall, saved and wasted seconds, by mode and tool."""
    from specbench.integrations.mcp import proxy_report

    echo(proxy_report(ledger))


@app.command(epilog="Example: specbench mcp-proxy wrap .mcp.json --out proxied.json -- --mode shadow")
def wrap(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(help="A client's configuration file, such as .mcp.json.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write it there; by default it is printed.")] = None,
) -> None:
    """Put each server of a client's configuration behind a proxy; what stands behind -- are the proxy's options."""
    import json

    from specbench.core.files import atomic_file
    from specbench.integrations.mcp.servers import through_proxy

    assert ctx.parent is not None
    text = json.dumps(through_proxy(config, ["specbench", "mcp-proxy", *(ctx.parent.obj or [])]), indent=2)
    if out is None:
        typer.echo(text)
        return
    with atomic_file(out) as temporary:
        temporary.write_text(text + "\n", "utf-8")
    echo(f"{out} is written; {config} is as it was")
