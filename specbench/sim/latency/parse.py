"""Latency models from the command line."""

from __future__ import annotations

from collections.abc import Sequence

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.sim.latency.from_traces import ByTokens, Empirical
from specbench.sim.latency.models import Constant, Latency, LogNormal
from specbench.sim.latency.profile import ByProfile

__all__ = ["FORMS", "check_latency", "parse_latency"]

FORMS = (
    "constant:THINK,TOOL[,USER], lognormal:THINK,TOOL,SIGMA[,USER], "
    "tokens:PREFILL,DECODE,TOOL[,USER] (tokens a second), profile:FILE.json,TOOL[,USER][,batch=N] (what `specbench "
    "profile-llm` wrote) or empirical (recorded timings)"
)


def parse_latency(text: str, *, seed: int = 0, traces: Sequence[Trace] = ()) -> Latency:
    """Return the model that ``text`` names, in seconds; see :data:`FORMS`.

    Parameters
    ----------
    text
        The name with its numbers.
    seed
        Of draws.
    traces
        What ``tokens``, ``profile`` and ``empirical`` count.

    Raises
    ------
    ConfigError
        When it names none.

    Examples
    --------
    >>> parse_latency("constant:2,1")
    Constant(think=2.0, tool=1.0, user=0.0)
    """
    kind, _, rest = text.partition(":")
    if kind == "profile" and rest:
        return _profile(text, rest, traces)
    try:
        numbers = [float(part) for part in rest.split(",") if part]
    except ValueError:
        numbers = []
        kind = ""
    if kind == "constant" and len(numbers) in (2, 3):
        return Constant(*numbers)
    if kind == "lognormal" and len(numbers) in (3, 4):
        return LogNormal(numbers[0], numbers[1], numbers[2], seed, *numbers[3:])
    if kind == "tokens" and len(numbers) in (3, 4):
        return ByTokens.of(traces, *numbers)
    if kind == "empirical" and not numbers:
        return Empirical.of(traces, seed)
    raise ConfigError(f"{text!r} is no latency model; use {FORMS}; all in seconds")


def check_latency(text: str) -> None:
    """Raise if ``text`` names no latency model, before any trace is read.

    Examples
    --------
    >>> check_latency("empirical")
    >>> check_latency("constant:2")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: 'constant:2' is no latency model; use constant:THINK,TOOL[,USER], ...
    """
    if text != "empirical":
        parse_latency(text)


def _profile(text: str, rest: str, traces: Sequence[Trace]) -> ByProfile:
    """``FILE.json,TOOL[,USER][,batch=N]``; the file's name may hold commas of its own."""
    file, *parts = rest.split(",")
    while parts and not file.endswith(".json"):
        file = f"{file},{parts.pop(0)}"
    batch = 1
    try:
        if parts and parts[-1].startswith("batch="):
            batch = int(parts.pop().removeprefix("batch="))
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not file.endswith(".json") or len(numbers) not in (1, 2):
        raise ConfigError(f"{text!r} is no latency model; use {FORMS}; all in seconds")
    return ByProfile.of(traces, file, *numbers, batch=batch)
