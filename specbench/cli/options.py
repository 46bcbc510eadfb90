"""What the commands share: how errors are told, options that take lists, and the options of more than one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from specbench.core.errors import ConfigError, SpecbenchError
from specbench.core.extras import named_extras

__all__ = [
    "FORMATS", "Commands", "EffectsOption", "FormatOption", "LatencyOption", "Lists", "PathsArgument",
    "PredictMsOption", "PredictorsOption", "QuietOption", "SeedOption", "SkipOption", "seed_option", "show_problems",
    "spread",
]  # fmt: skip

MAX_PROBLEMS_SHOWN = 20

FORMATS = "specbench_jsonl, tau_bench, sgd, openai_chat; found by content when not given"
PathsArgument = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Trace files, or folders of them.")]
FormatOption = Annotated[str | None, typer.Option("--format", help=f"Format of every file ({FORMATS}).")]
SkipOption = Annotated[
    bool, typer.Option("--skip-invalid", help="Skip broken records and say why, instead of failing.")
]
EffectsOption = Annotated[
    Path | None,
    typer.Option("--effects", help='JSON {"tool": "read|write|staged|local|unknown"}; goes before the traces.'),
]
PredictorsOption = Annotated[
    list[str] | None,
    typer.Option("--predictors", help="Comma list of predictors; NAME+FILLER chooses the argument filler."),
]


def seed_option(help: str) -> Any:
    """Return the option ``--seed`` with what it is of; numpy and scikit-learn take 32 bits, so every command does."""
    return typer.Option("--seed", callback=_seed, help=help)


def _seed(value: int) -> int:
    if not 0 <= value < 2**32:
        raise ConfigError(f"--seed is a whole number from 0 to {2**32 - 1}; got {value}")
    return value


SeedOption = Annotated[int, seed_option("Of the split, training, the bootstrap and drawn latencies.")]
LatencyOption = Annotated[
    str,
    typer.Option(
        "--latency",
        help="constant:THINK,TOOL[,USER], lognormal:THINK,TOOL,SIGMA[,USER], tokens:PREFILL,DECODE,TOOL[,USER], "
        "profile:FILE.json,TOOL[,USER][,batch=N] with the file of `specbench profile-llm` (tokens of a decision are "
        "estimated at 4 characters each), or empirical; seconds, modelled.",
    ),
]
PredictMsOption = Annotated[
    float | None,
    typer.Option("--predict-ms", help="Charge this for each prediction; default: its measured median, rounded up."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


class Commands(TyperGroup):
    """Tells an error that specbench raises on purpose in one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of ours becomes exit code 2."""
        try:
            with named_extras():
                return super().invoke(ctx)
        except SpecbenchError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None


class Lists(TyperCommand):
    """Lets options that may be repeated take several values at once: ``--train a b`` is ``--train a --train b``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat each such option for every value that follows it."""
        several = {
            name for parameter in self.params if getattr(parameter, "multiple", False) for name in parameter.opts
        }
        return super().parse_args(ctx, spread(args, several))


def spread(args: list[str], several: set[str]) -> list[str]:
    """Repeat each option in ``several`` for every value that follows it, up to the next option.

    Examples
    --------
    >>> spread(["--train", "a", "b", "--out", "x"], {"--train"})
    ['--train', 'a', '--train', 'b', '--out', 'x']
    """
    out: list[str] = []
    option, used = "", True
    for position, argument in enumerate(args):
        if argument == "--":
            return out + args[position:]
        if argument.startswith("-") and argument != "-":
            name = argument.partition("=")[0]
            option, used = (name, "=" in argument) if name in several else ("", True)
            out.append(argument)
        else:
            out += [option, argument] if option and used else [argument]
            used = True
    return out


def show_problems(problems: list[str], label: str) -> None:
    """Print the first problems to stderr, and how many more there are."""
    for problem in problems[:MAX_PROBLEMS_SHOWN]:
        typer.echo(f"{label}: {problem}", err=True)
    if len(problems) > MAX_PROBLEMS_SHOWN:
        typer.echo(f"{label}: {len(problems) - MAX_PROBLEMS_SHOWN} more", err=True)
