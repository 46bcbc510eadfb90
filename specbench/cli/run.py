"""``specbench run``: a real model live, sequentially and speculatively in turns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import AGENT, Lists, QuietOption, echo, seed_option

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.command(
    cls=Lists, rich_help_panel=AGENT, epilog="Example: specbench run --llm micro --conversations 4 --out runs/live"
)
def run(
    out: Annotated[Path, typer.Option("--out", help="The folder to write: ledgers, live.json.")],
    llm: Annotated[str, typer.Option("--llm", help="micro, transformers:ID or openai:MODEL@URL.")] = "micro",
    traces: Annotated[
        list[Path] | None,
        typer.Option("--traces", help="Force these recorded decisions through a local model, instead of the desk."),
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option("--pace", help="Hold the model to so many tokens/s, labelled; 0 does not. Default: 30 for micro."),
    ] = None,
    conversations: Annotated[int, typer.Option("--conversations", help="How many; each is run twice.")] = 4,
    predictor: Annotated[
        str, typer.Option("--predictor", help="Trained on conversations of another desk, or on the other traces.")
    ] = "learned",
    policy: Annotated[str, typer.Option("--policy", help="threshold:P[,K], topk:K, ev:WASTE, …")] = "threshold:0.4",
    early: Annotated[
        bool, typer.Option("--early/--no-early", help="Start calls from streamed tokens; not in the simulated seconds.")
    ] = True,
    ahead: Annotated[bool, typer.Option("--run-ahead", help="Run the next LLM invocation ahead, too.")] = False,
    tool_scale: Annotated[float, typer.Option("--tool-scale", help="Times the seconds of the desk's tools.")] = 1.0,
    tool_s: Annotated[float, typer.Option("--tool-s", help="Seconds of a tool, with --traces.")] = 1.0,
    quantisation: Annotated[str, typer.Option("--quantisation", help="none, int8 or nf4, of a local model.")] = "none",
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="With --traces: the model's time without its weights; labelled.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict/--no-strict", help="Hold a local model's calls to the tools' schemas; never with --traces."
        ),
    ] = True,
    spans: Annotated[
        Path | None, typer.Option("--spans", help="Write every LLM call, tool call and speculation to this JSONL file.")
    ] = None,
    seed: Annotated[int, seed_option("Of conversations, latencies and training.")] = 1,
    quiet: QuietOption = False,
) -> None:
    """Run a real model live, sequentially and speculatively in turns, and compare."""
    import anyio

    from specbench.core.errors import ConfigError
    from specbench.core.json_values import check_file
    from specbench.desk.live.jobs import LiveJob, run_desk, run_traces, write_live
    from specbench.desk.live.record import live_text
    from specbench.policies import Policy
    from specbench.speculation import Options, RunAhead
    from specbench.study.progress import Progress

    if traces and spans is not None:
        raise ConfigError(
            "--spans is of the desk's conversations; recorded decisions (--traces) have none, leave it out"
        )
    check_file(out / "live.json", mark='"lossless": ')
    job = LiveJob(
        llm=llm,
        pace=(30.0 if llm == "micro" else 0.0) if pace is None else pace,
        conversations=conversations,
        predictor=predictor,
        policy=Policy.from_text(policy),
        options=Options(run_ahead=RunAhead() if ahead else None),
        early=early,
        quantisation=quantisation,
        random_weights=random_weights,
        strict=strict,
        seed=seed,
        note=Progress(not quiet).note,
    )
    if traces:
        from specbench.study.data import load_data

        found = anyio.run(run_traces, job, load_data(traces, None, False).traces, tool_s)
    else:
        found = anyio.run(run_desk, job, tool_scale, spans)
    echo(live_text(write_live(out, *found)))
    echo(f"\n{out}: live.json, sequential.parquet, speculative.parquet")
