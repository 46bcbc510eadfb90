"""The command that makes a result folder again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from specbench.study.evaluation import Settings
from specbench.traces.store import Paths

__all__ = ["command_line", "reading_words"]


def command_line(
    name: str,
    traces: Paths,
    out: str | Path,
    predictors: Sequence[str],
    settings: Settings,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: object = None,
    options: Sequence[str] = (),
) -> str:
    """Return a ``specbench`` command, quoted for a shell.

    Examples
    --------
    >>> command_line("study", "my traces", "runs/a", ["markov"], Settings())
    "specbench study --traces 'my traces' --out runs/a --predictors markov --seed 0 --latency constant:2,1"
    """
    paths = [traces] if isinstance(traces, (str, Path)) else traces
    words = ["specbench", name, "--traces", *map(str, paths), "--out", str(out)]
    words += ["--predictors", ",".join(predictors), "--seed", str(settings.seed), "--latency", settings.latency]
    return shlex.join([*words, *options, *reading_words(format, skip_invalid, effects, settings.predict_ms)])


def reading_words(
    format: str | None, skip_invalid: bool, effects: object = None, predict_ms: float | None = None
) -> list[str]:
    """Return the options of how traces are read, and of what a prediction costs, as far as they were given.

    Examples
    --------
    >>> reading_words("sgd", True, predict_ms=2.0)
    ['--predict-ms', '2.0', '--format', 'sgd', '--skip-invalid']
    """
    words = [] if predict_ms is None else ["--predict-ms", str(predict_ms)]
    words += [] if format is None else ["--format", format]
    words += [] if effects is None else ["--effects", str(effects)]
    return [*words, *(["--skip-invalid"] if skip_invalid else [])]
