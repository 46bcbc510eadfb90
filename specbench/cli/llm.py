"""``specbench train-llm, profile-llm``: train the micro-Llama, measure a model's speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from specbench.cli.options import AGENT, QuietOption, echo, one_file, seed_option
from specbench.desk.micro_llama.schedule import Schedule

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.command(
    "train-llm", rich_help_panel=AGENT, epilog="Example: specbench train-llm --out models/my-llama --steps 2000"
)
def train_llm(
    out: Annotated[Path, typer.Option("--out", help="The folder to write; an interrupted training goes on in it.")],
    steps: Annotated[
        int, typer.Option("--steps", help="Steps of conversations; the defaults take an hour.")
    ] = Schedule.steps,
    copy_steps: Annotated[
        int, typer.Option("--copy-steps", help="Steps of copying exercises before them.")
    ] = Schedule.copy_steps,
    tokens: Annotated[int, typer.Option("--tokens", help="Tokens of a step.")] = Schedule.tokens,
    seed: Annotated[int, seed_option("Same seed, same model.")] = Schedule.seed,
    threads: Annotated[
        int, typer.Option("--threads", min=1, help="CPU threads; one gives the same bits everywhere.")
    ] = 1,
    lr: Annotated[float, typer.Option("--lr", help="Peak learning rate.")] = Schedule.lr,
    init: Annotated[
        Path | None,
        typer.Option("--init", help="Go on from this finished micro-Llama: whole conversations, no exercises."),
    ] = None,
    measure: Annotated[int, typer.Option("--measure", help="Held-out conversations to measure it on at the end.")] = 60,
    quiet: QuietOption = False,
) -> None:
    """Train the micro-Llama from scratch on endless synthetic conversations of the support desk."""
    from specbench.desk.micro_llama.card import finish
    from specbench.desk.micro_llama.conversations import training_conversations
    from specbench.desk.micro_llama.training import set_threads, train
    from specbench.study.progress import Progress

    note = Progress(not quiet).note
    set_threads(threads)
    schedule = Schedule(
        seed=seed,
        copy_steps=copy_steps,
        copy_tokens=tokens,
        steps=steps,
        tokens=tokens,
        lr=lr,
    )
    if init is not None:
        schedule = schedule.going_on()
    record = train(out, training_conversations, schedule, note, init)
    echo(finish(out, schedule, record, conversations_each=measure, note=note, init=init))


@app.command(
    "profile-llm",
    rich_help_panel=AGENT,
    epilog="Example: specbench profile-llm --llm openai:MODEL@http://localhost:8000/v1 --out profile.json",
)
def profile_llm(
    out: Annotated[Path, typer.Option("--out", help="The JSON file to write; - is stdout.")],
    llm: Annotated[
        str, typer.Option("--llm", help="micro, transformers:FOLDER_OR_ID, or openai:MODEL@URL for a server.")
    ] = "micro",
    lengths: Annotated[
        str, typer.Option("--lengths", help="Prompt lengths in tokens, a comma list.")
    ] = "64,256,512,1024",
    batches: Annotated[
        str, typer.Option("--batches", help="Rows (of a server: requests) at a time, a comma list.")
    ] = "1,2,4",
    quantisation: Annotated[str, typer.Option("--quantisation", help="none, int8 or nf4.")] = "none",
    random_weights: Annotated[
        bool, typer.Option("--random-weights", help="Time the architecture without its weights; labelled so.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Measure prefill and decoding of a local model or a server, fit lines to them, and write both as JSON."""
    from specbench.core.errors import ConfigError
    from specbench.core.json_values import check_file, write_json
    from specbench.llm.local.memory import QUANTISATIONS
    from specbench.llm.profiling import profile_model
    from specbench.llm.registry import load_named
    from specbench.study.progress import Progress

    chosen = next((each for each in QUANTISATIONS if each == quantisation), None)
    if chosen is None:
        raise ConfigError(f"--quantisation is {quantisation!r}; use {', '.join(QUANTISATIONS)}")
    if str(out) != "-":
        check_file(out, mark='"profile": {')
    note = Progress(not quiet).note
    if llm.startswith("openai:"):
        if quantisation != "none" or random_weights:
            raise ConfigError("--quantisation and --random-weights are for local models; a server has loaded its own")
        record = anyio.run(partial(_of_server, llm, _numbers(lengths), _numbers(batches), note))
    else:
        loaded = load_named(llm, quantisation=chosen, random_weights=random_weights)
        record = profile_model(loaded, lengths=_numbers(lengths), batches=_numbers(batches), note=note)
    with one_file(out) as (path, say):
        write_json(path, record)
        say(f"{path}: {_profile_words(record)}")


async def _of_server(llm: str, lengths: list[int], batches: list[int], note: Callable[[str], None]) -> dict[str, Any]:
    from specbench.llm.registry import make_backend
    from specbench.llm.server_profile import profile_server

    backend = make_backend(llm)
    try:
        return await profile_server(backend, lengths=lengths, batches=batches, note=note)
    finally:
        await backend.aclose()


def _profile_words(record: Mapping[str, Any]) -> str:
    fitted = record["profile"]
    return (
        f"{record['model']} on {record['device']}, {record['dtype']}: prefill "
        f"{1e3 * fitted['prefill_base_s']:.1f} ms + {1e6 * fitted['prefill_s_a_tok']:.0f} µs a token; "
        f"a step {1e3 * (fitted['step_base_s'] + fitted['step_s_a_row']):.2f} ms "
        f"(median error of the fit {100 * fitted['error']:.0f} %)"
    )


def _numbers(text: str) -> list[int]:
    from specbench.core.errors import ConfigError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"{text!r} is no comma list of whole numbers; write 64,256,1024") from None
