"""What the commands share: how errors are told, options that take lists, and the options of more than one command."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from specbench.core.errors import ConfigError, SpecbenchError
from specbench.core.extras import named_extras
from specbench.core.registry import LATENCIES, POLICIES, PREDICTORS, SOURCES
from specbench.core.text import printable

__all__ = [
    "AGENT",
    "ANSWERS",
    "CHECKPOINTS",
    "FORMATS",
    "TRACES",
    "BreakerOption",
    "CarryOption",
    "ClusterOption",
    "Commands",
    "EffectsOption",
    "FormatOption",
    "KeepPrefixesOption",
    "LatencyOption",
    "LimitOption",
    "Lists",
    "LlmSlotsOption",
    "MaybePredictorOption",
    "PathsArgument",
    "PolicyOption",
    "PredictMsOption",
    "PredictorOption",
    "PredictorsOption",
    "QuietOption",
    "RunAheadOption",
    "SeedOption",
    "SkipOption",
    "ToolSlotsOption",
    "WindowsOption",
    "echo",
    "folder_only",
    "one_file",
    "seed_option",
    "show_problems",
    "speculation_options",
    "spread",
]  # fmt: skip

MAX_PROBLEMS_SHOWN = 20
STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""
KEPT = {
    "sweep": "The rows so far are in the folder that --out names: the same command goes on there.",
    "train-llm": "The training so far is in the folder that --out names: the same command goes on there.",
    "": "No result was written: results appear as a whole or not at all.",
}
"""What a command keeps when it is stopped."""

TRACES, ANSWERS, CHECKPOINTS, AGENT = "Traces", "Does it pay", "Checkpoints and results", "Beside a real model"
"""The groups of commands in ``specbench --help``."""

FORMATS = f"{', '.join(SOURCES)}, or package.module:Class; found by content when not given"
PathsArgument = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Trace files, or folders of them.")]
FormatOption = Annotated[str | None, typer.Option("--format", help=f"Format of every file ({FORMATS}).")]
SkipOption = Annotated[
    bool, typer.Option("--skip-invalid", help="Skip broken records and say why, instead of failing.")
]
KeepPrefixesOption = Annotated[
    bool,
    typer.Option("--keep-prefixes", help="Keep traces that are the beginning or a copy of another (logs of requests)."),
]
EffectsOption = Annotated[
    Path | None,
    typer.Option(
        "--effects",
        help='JSON {"tool": "read|write|staged|local|unknown"}, or an object for each tool (docs/traces.md; `specbench '
        "traces effects` writes one to start from); goes before the traces.",
    ),
]
PredictorsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--predictors",
        help=f"Comma list of {', '.join(PREDICTORS)}, or package.module:Class; {PREDICTORS.hint}.",
        autocompletion=lambda: list(PREDICTORS),
    ),
]
PredictorOption = Annotated[
    str,
    typer.Option(
        "--predictor",
        help=f"One of {', '.join(PREDICTORS)}, or package.module:Class.",
        autocompletion=lambda: list(PREDICTORS),
    ),
]
MaybePredictorOption = Annotated[
    str | None,
    typer.Option(
        "--predictor",
        help=f"One of {', '.join(PREDICTORS)}, or package.module:Class; learned by default. With --checkpoint: the "
        "class that it is of, where it is not installed.",
        autocompletion=lambda: list(PREDICTORS),
    ),
]
PolicyOption = Annotated[
    str,
    typer.Option(
        "--policy", help=f"One of {', '.join(POLICIES)}, or package.module:Class[:ARGUMENT]; {POLICIES.hint}."
    ),
]


def seed_option(help: str) -> Any:
    """Return the option ``--seed`` with what it is of; numpy and scikit-learn take 32 bits, so every command does."""
    return typer.Option("--seed", callback=_seed, help=help)


def _seed(value: int) -> int:
    if not 0 <= value < 2**32:
        raise ConfigError(f"--seed is a whole number from 0 to {2**32 - 1}; got {value}")
    return value


def folder_only(out: Path | None) -> Path | None:
    """Check, as the callback of an option, that a folder is named: ``-``, which is stdout elsewhere, is none."""
    if out is not None and str(out) == "-":
        raise ConfigError("--out is -, but a folder of files is written, which stdout cannot take; name a folder")
    return out


SeedOption = Annotated[int, seed_option("Of the split, training and drawn latencies.")]
LatencyOption = Annotated[
    str,
    typer.Option(
        "--latency", help=f"One of {', '.join(LATENCIES)}, or package.module:Class[:ARGUMENT]; {LATENCIES.hint}."
    ),
]
PredictMsOption = Annotated[
    float | None,
    typer.Option("--predict-ms", help="Charge this for each prediction; default: its measured median, rounded up."),
]
WindowsOption = Annotated[
    str, typer.Option("--windows", help="When speculations may run: some of think, tool, user; a comma list.")
]
CarryOption = Annotated[float, typer.Option("--carry-ttl-s", help="Seconds that unused results stay; 0: not at all.")]
RunAheadOption = Annotated[
    str, typer.Option("--run-ahead", help="Depth of LLM run-ahead, DEPTH or DEPTH@P; 0 for none.")
]
ToolSlotsOption = Annotated[int | None, typer.Option("--tool-slots", help="Tool calls at once; no cap by default.")]
LlmSlotsOption = Annotated[int | None, typer.Option("--llm-slots", help="LLM invocations at once; no cap by default.")]
LimitOption = Annotated[
    list[str] | None, typer.Option("--limit", help="A rate limit, TOOL:PER_S/BURST (calls a second); several.")
]
BreakerOption = Annotated[bool, typer.Option("--breaker", help="Switch speculation off while it keeps missing.")]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Do the work in a Dask cluster: local, local:PROCESSES, or a scheduler's address such as "
        "tcp://10.0.0.1:8786 (docs/howto/many_machines.md).",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def echo(text: str, err: bool = False) -> None:
    """Write a line; what comes from traces and models cannot steer the terminal."""
    typer.echo(printable(text), err=err)


@contextmanager
def one_file(out: Path) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """Yield where to write the one file of a command, and how to say something; ``-`` is stdout, and stderr for words.

    Examples
    --------
    >>> with one_file(Path("-")) as (path, say):
    ...     _ = path.write_text("[]\\n")
    []
    """
    if str(out) != "-":
        yield out, echo
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdout"
        yield path, lambda text: echo(text.replace(str(path), "stdout"), err=True)
        with path.open(encoding="utf-8", errors="backslashreplace") as file:
            shutil.copyfileobj(file, sys.stdout)


class Commands(TyperGroup):
    """Lists commands by group, and tells an error of specbench's own in one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of ours becomes exit code 2, Ctrl-C a word about what is kept and exit code 130."""
        try:
            with named_extras():
                return super().invoke(ctx)
        except SpecbenchError as error:
            echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            name = ctx.invoked_subcommand
            echo(f"\nstopped. {KEPT.get(name, KEPT[''])}", err=True)
            raise typer.Exit(STOPPED) from None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under the heading of their group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                groups.setdefault(heading, []).append((name, command.get_short_help_str(limit=200)))
        order = [TRACES, ANSWERS, CHECKPOINTS, AGENT]
        for heading in sorted(groups, key=lambda each: order.index(each) if each in order else len(order)):
            with formatter.section(heading):
                formatter.write_dl(groups[heading])


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


def speculation_options(
    windows: str = "think",
    carry_ttl_s: float = 0.0,
    run_ahead: str = "0",
    tool_slots: int | None = None,
    llm_slots: int | None = None,
    limit: list[str] | None = None,
    breaker: bool = False,
) -> Any:
    """Return the options of speculation that the command line was given."""
    from specbench.speculation import Breaker, Limit, Options, RunAhead

    try:
        return Options(
            windows={name.strip() for name in windows.split(",") if name.strip()},
            carry_ttl_s=carry_ttl_s,
            run_ahead=None if run_ahead == "0" else RunAhead.from_text(run_ahead),
            tool_slots=tool_slots,
            llm_slots=llm_slots,
            limits=dict(Limit.from_text(text) for text in limit or ()),
            breaker=Breaker() if breaker else None,
        )
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            "--run-ahead takes DEPTH or DEPTH@P, such as 2@0.5, and --limit takes TOOL:PER_S/BURST, such as "
            f"search:2/10: {error}"
        ) from None


def show_problems(problems: list[str], label: str) -> None:
    """Print the first problems to stderr, and how many more there are."""
    for problem in problems[:MAX_PROBLEMS_SHOWN]:
        echo(f"{label}: {problem}", err=True)
    if len(problems) > MAX_PROBLEMS_SHOWN:
        echo(f"{label}: {len(problems) - MAX_PROBLEMS_SHOWN} more", err=True)
