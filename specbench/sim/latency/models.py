"""Latency models: how long LLM, tools and user take. Modelled, and labelled so wherever they show.

A draw depends on (seed, trace, decision, call) alone, never on the order in which it is asked for: a call takes the
same time in the sequential run, as a speculation, and under every policy.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Protocol
from zlib import crc32

from specbench.core.errors import ConfigError

__all__ = ["Constant", "Latency", "LogNormal", "uniform"]

MOST_SIGMA = 50
"""Draws lie within 9.2 spreads: more would leave the range of numbers."""


class Latency(Protocol):
    """Seconds of the LLM, of the tools and of the user."""

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the seconds the LLM decodes at a decision point."""
        ...

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the seconds the call with canonical form ``call`` runs."""
        ...

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the seconds the user reads and types after the reply of a decision."""
        ...

    def expected(self) -> tuple[float, float]:
        """Return the seconds of the LLM and of a tool that a policy expects before it has seen any."""
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
    user: float = 0.0

    def __post_init__(self) -> None:
        _check(self.think, self.tool, self.user)

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the constant."""
        return self.think

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the constant."""
        return self.tool

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the constant."""
        return self.user

    def expected(self) -> tuple[float, float]:
        """Return the constants."""
        return self.think, self.tool

    def describe(self) -> dict[str, Any]:
        """Return the parameters."""
        return {"model": "constant (modelled)", **asdict(self)}


@dataclass(frozen=True)
class LogNormal:
    """Log-normal seconds (modelled): ``think``, ``tool``, ``user`` are medians, ``sigma`` the spread of the logarithm.

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
    user: float = 0.0

    def __post_init__(self) -> None:
        _check(self.think, self.tool, self.user)
        if not 0 <= self.sigma <= MOST_SIGMA:
            raise ConfigError(f"sigma is a spread, 0 to {MOST_SIGMA}; got {self.sigma!r}")

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the draw of a decision point."""
        return self.think * math.exp(self.sigma * _normal(f"{self.seed}|{trace_id}|{index}"))

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the draw of a call."""
        return self.tool * math.exp(self.sigma * _normal(f"{self.seed}|{trace_id}|{call}"))

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the draw of what follows a decision."""
        return self.user * math.exp(self.sigma * _normal(f"{self.seed}|{trace_id}|user|{index}"))

    def expected(self) -> tuple[float, float]:
        """Return the medians."""
        return self.think, self.tool

    def describe(self) -> dict[str, Any]:
        """Return the parameters."""
        return {"model": "log-normal (modelled)", **asdict(self)}


_STANDARD = NormalDist()


def uniform(key: str) -> float:
    """Return a number in (0, 1) that depends on ``key`` alone.

    Examples
    --------
    >>> 0 < uniform("a") < 1 and uniform("a") != uniform("b")
    True
    """
    # Two CRCs of one key give 64 bits; a splitmix64 finaliser makes neighbouring keys independent.
    data = key.encode("utf-8", "surrogatepass")
    bits = (crc32(data) << 32) | crc32(data, 0x9E3779B9)
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    bits ^= bits >> 31
    return (bits + 0.5) / 2**64


def _normal(key: str) -> float:
    return _STANDARD.inv_cdf(uniform(key))


def _check(*seconds: float) -> None:
    if not all(math.isfinite(each) and each >= 0 for each in seconds):
        raise ConfigError(f"latencies are seconds, 0 or more; got {', '.join(map(repr, seconds))}")
