"""Latency models: how long LLM, tools and user take. Modelled, and labelled so wherever they show.

A draw depends on (seed, trace, decision, call) alone, never on the order in which it is asked for: a call takes the
same time in the sequential run, as a speculation, and under every policy.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from inspect import signature
from statistics import NormalDist
from typing import Any
from zlib import crc32

from specbench.core.errors import ConfigError
from specbench.core.registry import LATENCIES
from specbench.core.types import Trace

__all__ = ["Constant", "Latency", "LogNormal", "normal", "seconds", "uniform"]

MOST_SIGMA = 50
"""Draws lie within 9.2 spreads: more would leave the range of numbers."""


class Latency(ABC):
    """Seconds of the LLM, of the tools and of the user.

    Examples
    --------
    >>> Latency.from_text("constant:2,1")
    Constant(think=2.0, tool=1.0, user=0.0)
    """

    @abstractmethod
    def think_s(self, trace_id: str, index: int) -> float:
        """Return the seconds the LLM decodes at a decision point."""

    @abstractmethod
    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the seconds the call with canonical form ``call`` runs."""

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the seconds the user reads and types after the reply of a decision; 0 unless overridden."""
        return 0.0

    @abstractmethod
    def expected(self) -> tuple[float, float]:
        """Return the seconds of the LLM and of a tool that a policy expects before it has seen any."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return the model's name and parameters."""

    @property
    def measured(self) -> bool:
        """Whether the seconds are those that were recorded; modelled ones otherwise."""
        return False

    def words(self) -> str:
        """Return the model in a few words, its seconds first.

        Examples
        --------
        >>> Constant(2.0, 0.5).words()
        'the LLM thinks 2 s before each decision, a tool runs 0.5 s'
        """
        facts = self.describe()
        text = f"the LLM thinks {facts['think']:.3g} s before each decision, a tool runs {facts['tool']:.3g} s"
        if "sigma" in facts:
            return f"{text}; medians of log-normal draws, sigma {facts['sigma']:g}"
        return text if facts["model"].startswith("constant") else f"{text} (means; {facts['model']})"

    def for_traces(self, traces: Sequence[Trace]) -> Latency:
        """Return the model with what it takes from ``traces``: tokens, or recorded seconds. Most take nothing."""
        return self

    @staticmethod
    def from_text(text: str | Latency, seed: int = 0) -> Latency:
        """Return the model that ``text`` names, in seconds; a model is returned as it is.

        Models that take something from traces have to be told them: :meth:`for_traces`.

        Raises
        ------
        ConfigError
            When it names none.
        """
        if isinstance(text, Latency):
            return text
        if not isinstance(text, str):
            raise ConfigError(f"a latency is a subclass of specbench.sim.Latency, or a text; got {text!r}")
        try:
            model = LATENCIES.make(text, seed=seed) if _draws(text) else LATENCIES.make(text)
        except ValueError as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(f"{text!r} is no latency model; use {LATENCIES.hint}") from None
        if not isinstance(model, Latency):
            raise ConfigError(f"{text!r} is no latency model: a model is a subclass of specbench.sim.Latency")
        return model


def _draws(text: str) -> bool:
    """Whether the model of this text takes a seed."""
    factory = LATENCIES.load(LATENCIES.split(text)[0])
    return "seed" in signature(getattr(factory, "from_argument", factory)).parameters


def seconds(argument: str, least: int, most: int) -> list[float]:
    """Return the numbers of a comma list, ``least`` to ``most`` of them."""
    found = [float(part) for part in argument.split(",")]
    if not least <= len(found) <= most:
        raise ValueError(argument)
    return found


@dataclass(frozen=True)
class Constant(Latency):
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

    @classmethod
    def from_argument(cls, argument: str) -> Constant:
        """Read ``THINK,TOOL[,USER]``."""
        return cls(*seconds(argument, 2, 3))

    def __str__(self) -> str:
        return f"constant:{self.think:g},{self.tool:g}" + (f",{self.user:g}" if self.user else "")

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
class LogNormal(Latency):
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

    @classmethod
    def from_argument(cls, argument: str, seed: int = 0) -> LogNormal:
        """Read ``THINK,TOOL,SIGMA[,USER]``."""
        think, tool, sigma, *user = seconds(argument, 3, 4)
        return cls(think, tool, sigma, seed, *user)

    def __str__(self) -> str:
        return f"lognormal:{self.think:g},{self.tool:g},{self.sigma:g}" + (f",{self.user:g}" if self.user else "")

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the draw of a decision point."""
        return self.think * math.exp(self.sigma * normal(f"{self.seed}|{trace_id}|{index}"))

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the draw of a call."""
        return self.tool * math.exp(self.sigma * normal(f"{self.seed}|{trace_id}|{call}"))

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the draw of what follows a decision."""
        return self.user * math.exp(self.sigma * normal(f"{self.seed}|{trace_id}|user|{index}"))

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


def normal(key: str) -> float:
    """Return a standard normal number that depends on ``key`` alone."""
    return _STANDARD.inv_cdf(uniform(key))


def _check(*seconds: float) -> None:
    if not all(math.isfinite(each) and each >= 0 for each in seconds):
        raise ConfigError(f"latencies are seconds, 0 or more; got {', '.join(map(repr, seconds))}")
