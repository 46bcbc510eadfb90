"""The command that makes a result folder again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from specbench.study.evaluate import Settings
from specbench.traces.store import Paths

__all__ = ["command_line"]


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
    if settings.predict_ms is not None:
        words += ["--predict-ms", f"{settings.predict_ms:g}"]
    if format is not None:
        words += ["--format", format]
    if effects is not None:
        words += ["--effects", str(effects)]
    return shlex.join([*words, *options, *(["--skip-invalid"] if skip_invalid else [])])
