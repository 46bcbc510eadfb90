"""Latency models from the command line."""

from __future__ import annotations

from collections.abc import Sequence

from specbench.errors import ConfigError
from specbench.sim.latency import Constant, Latency, LogNormal
from specbench.sim.latency_data import ByTokens, Empirical
from specbench.types import Trace

__all__ = ["FORMS", "parse_latency"]

FORMS = (
    "constant:THINK,TOOL[,USER], lognormal:THINK,TOOL,SIGMA[,USER], "
    "tokens:PREFILL,DECODE,TOOL[,USER] (tokens a second) or empirical (recorded timings)"
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
        What ``tokens`` and ``empirical`` count.

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
