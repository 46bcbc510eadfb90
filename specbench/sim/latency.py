"""Latency models: how long the LLM thinks and a tool runs. Modelled, and labelled so wherever they show.

A draw depends on (seed, trace, decision, call) alone, never on the order in which it is asked for: a call takes the
same time in the sequential run, as a speculation, and under every policy.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Protocol
from zlib import crc32

from specbench.errors import ConfigError

__all__ = ["Constant", "Latency", "LogNormal", "parse_latency"]


class Latency(Protocol):
    """Seconds of the LLM and of the tools."""

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the seconds the LLM decodes at a decision point."""
        ...

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the seconds the call with canonical form ``call`` runs."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return the model's name and parameters."""
        ...


@dataclass(frozen=True)
class Constant:
    """The same seconds everywhere (modelled).

    Examples
    --------
    >>> Constant(think=2.0, tool=1.0).tool_s("t", "get_order({})")
    1.0
    """

    think: float = 2.0
    tool: float = 1.0

    def __post_init__(self) -> None:
        _check(self.think, self.tool)

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the constant."""
        return self.think

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the constant."""
        return self.tool

    def describe(self) -> dict[str, Any]:
        """Return the parameters."""
        return {"model": "constant (modelled)", **asdict(self)}


@dataclass(frozen=True)
class LogNormal:
    """Log-normal seconds (modelled): ``think`` and ``tool`` are medians, ``sigma`` the spread of the logarithm.

    Examples
    --------
    >>> draws = LogNormal(think=2.0, tool=1.0, sigma=0.5, seed=1)
    >>> draws.tool_s("t", "a({})") == draws.tool_s("t", "a({})")
    True
    """

    think: float = 2.0
    tool: float = 1.0
    sigma: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self.think, self.tool)
        if self.sigma < 0:
            raise ConfigError(f"sigma is a spread, 0 or more; got {self.sigma!r}")

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the draw of a decision point."""
        return self.think * math.exp(self.sigma * _normal(f"{self.seed}|{trace_id}|{index}"))

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the draw of a call."""
        return self.tool * math.exp(self.sigma * _normal(f"{self.seed}|{trace_id}|{call}"))

    def describe(self) -> dict[str, Any]:
        """Return the parameters."""
        return {"model": "log-normal (modelled)", **asdict(self)}


def parse_latency(text: str, *, seed: int = 0) -> Latency:
    """Return the model that ``text`` names: ``constant:THINK,TOOL`` or ``lognormal:THINK,TOOL,SIGMA``, in seconds.

    Raises
    ------
    ConfigError
        When it names none.

    Examples
    --------
    >>> parse_latency("constant:2,1")
    Constant(think=2.0, tool=1.0)
    """
    kind, _, rest = text.partition(":")
    try:
        numbers = [float(part) for part in rest.split(",") if part]
        if kind == "constant" and len(numbers) == 2:
            return Constant(*numbers)
        if kind == "lognormal" and len(numbers) == 3:
            return LogNormal(numbers[0], numbers[1], numbers[2], seed)
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
    raise ConfigError(f"{text!r} is no latency model; use constant:THINK,TOOL or lognormal:THINK,TOOL,SIGMA (seconds)")


_STANDARD = NormalDist()


def _normal(key: str) -> float:
    # Two CRCs of one key give 64 bits; a splitmix64 finaliser makes neighbouring keys independent.
    data = key.encode()
    bits = (crc32(data) << 32) | crc32(data, 0x9E3779B9)
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    bits ^= bits >> 31
    return _STANDARD.inv_cdf((bits + 0.5) / 2**64)


def _check(think: float, tool: float) -> None:
    if not (math.isfinite(think) and math.isfinite(tool) and think >= 0 and tool >= 0):
        raise ConfigError(f"latencies are seconds, 0 or more; got think={think!r}, tool={tool!r}")
