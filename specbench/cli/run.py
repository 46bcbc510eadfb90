"""``specbench run``: the support desk live, a real model, sequentially and speculatively in turns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from specbench.cli.options import QuietOption

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.command()
def run(
    out: Annotated[Path, typer.Option("--out", help="The folder to write: ledgers, live.json.")],
    llm: Annotated[str, typer.Option("--llm", help="micro, transformers:ID or openai:MODEL@URL.")] = "micro",
    pace: Annotated[
        float | None,
        typer.Option("--pace", help="Hold the model to so many tokens/s, labelled; 0 does not. Default: 30 for micro."),
    ] = None,
    conversations: Annotated[int, typer.Option("--conversations", help="How many; each is run twice.")] = 4,
    predictor: Annotated[
        str, typer.Option("--predictor", help="Trained on conversations of another desk.")
    ] = "learned",
    policy: Annotated[str, typer.Option("--policy", help="threshold:P[,K], topk:K, ev:WASTE, …")] = "threshold:0.4",
    early: Annotated[
        bool, typer.Option("--early/--no-early", help="Start calls from streamed tokens, which the simulator cannot.")
    ] = True,
    ahead: Annotated[bool, typer.Option("--run-ahead", help="Run the next LLM invocation ahead, too.")] = False,
    tool_scale: Annotated[float, typer.Option("--tool-scale", help="Times the tools' seconds.")] = 1.0,
    quantisation: Annotated[str, typer.Option("--quantisation", help="none, int8 or nf4, of a local model.")] = "none",
    spans: Annotated[
        Path | None, typer.Option("--spans", help="Write every LLM call, tool call and speculation to this JSONL file.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of conversations, latencies and training.")] = 1,
    quiet: QuietOption = False,
) -> None:
    """Run the support desk with a real model, sequentially and speculatively in turns, and compare."""
    import anyio

    from specbench.agent.desk_tools import DeskLatency
    from specbench.agent.live import compare_live, scripted_talks
    from specbench.agent.live_record import live_record, live_text
    from specbench.agent.live_simulated import simulate_live
    from specbench.agent.tracing import Tracer
    from specbench.errors import ConfigError
    from specbench.llm.memory import QUANTISATIONS
    from specbench.llm.registry import make_backend
    from specbench.policies.parse import parse_policy
    from specbench.predictors import make_predictor
    from specbench.speculation import Options, RunAhead
    from specbench.study.jsonfile import write_json
    from specbench.study.progress import Progress

    chosen = next((each for each in QUANTISATIONS if each == quantisation), None)
    if chosen is None:
        raise ConfigError(f"--quantisation is {quantisation!r}; use {', '.join(QUANTISATIONS)}")
    if conversations < 1:
        raise ConfigError(f"--conversations is {conversations}; it must be 1 or more")
    progress = Progress(not quiet)
    parsed = parse_policy(policy)
    pace = (30.0 if llm == "micro" else 0.0) if pace is None else pace
    backend = make_backend(llm, pace_tokens_per_s=pace or None, quantisation=chosen)
    progress.note(f"training {predictor} on 200 scripted conversations")
    fitted = make_predictor(predictor).fit(scripted_talks(200, seed=seed + 1))
    options = Options(run_ahead=RunAhead() if ahead else None)
    latency = DeskLatency(scale=tool_scale, seed=seed)
    tracer = Tracer.from_environment(spans)

    async def main() -> None:
        compared = await compare_live(
            backend,
            fitted,
            parsed,
            scripted_talks(conversations, seed=seed),
            seed=seed,
            latency=latency,
            options=options,
            early=early,
            tracer=tracer,
            note=progress.note,
        )
        tracer.close()
        await backend.aclose()
        out.mkdir(parents=True, exist_ok=True)
        compared.sequential.ledger.to_parquet(out / "sequential.parquet")
        compared.speculative.ledger.to_parquet(out / "speculative.parquet")
        record = live_record(compared, simulate_live(compared, fitted, parsed, latency, options))
        write_json(out / "live.json", record)
        typer.echo(live_text(record))
        typer.echo(f"\n{out}: live.json, sequential.parquet, speculative.parquet")

    anyio.run(main)
