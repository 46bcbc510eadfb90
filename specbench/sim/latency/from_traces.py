"""Latency models made from traces: the timings that were recorded, or the tokens that were read and written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from specbench.core.canonical import canonical
from specbench.core.errors import ConfigError
from specbench.core.types import Message, Trace
from specbench.sim.latency.models import Latency, seconds, uniform
from specbench.traces.timings import RecordedSeconds

__all__ = ["CHARACTERS_PER_TOKEN", "ByTokens", "Empirical", "token_counts", "tokens_at"]

CHARACTERS_PER_TOKEN = 4.0


@dataclass(frozen=True)
class Empirical(Latency):
    """Seconds drawn from those that were recorded: of the LLM, of each tool, of the user.

    A tool without a recorded call draws from all tools.

    Parameters
    ----------
    think, user
        Recorded seconds, sorted.
    tools
        The same by tool; ``""`` holds those of all tools.
    seed
        Of the draws.

    Examples
    --------
    >>> drawn = Empirical(think=(1.0, 3.0), tools={"": (0.5,)})
    >>> drawn.think_s("t", 0) in (1.0, 3.0), drawn.tool_s("t", "look({})"), drawn.user_s("t", 0)
    (True, 0.5, 0.0)
    """

    think: tuple[float, ...] = ()
    tools: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    user: tuple[float, ...] = ()
    seed: int = 0

    @classmethod
    def of(cls, traces: Sequence[Trace], seed: int = 0) -> Empirical:
        """Take the timings of ``traces``.

        Raises
        ------
        ConfigError
            When they carry none for the LLM or for tools.
        """
        found = RecordedSeconds.of(traces)
        found.require()
        tools = {name: tuple(sorted(each)) for name, each in {**found.tools, "": found.all_tools}.items()}
        return cls(tuple(sorted(found.think)), tools, tuple(sorted(found.user)), seed)

    def for_traces(self, traces: Sequence[Trace]) -> Empirical:
        """Return :meth:`of` ``traces``, unless there are recorded seconds already."""
        return self if self.think else Empirical.of(traces, self.seed)

    def __str__(self) -> str:
        return "empirical"

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the draw of a decision point."""
        return _draw(self.think, f"{self.seed}|{trace_id}|{index}")

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the draw of a call."""
        samples = self.tools.get(call.partition("(")[0]) or self.tools[""]
        return _draw(samples, f"{self.seed}|{trace_id}|{call}")

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the draw of what follows a decision; 0 when no user time was recorded."""
        return _draw(self.user, f"{self.seed}|{trace_id}|user|{index}") if self.user else 0.0

    def expected(self) -> tuple[float, float]:
        """Return the recorded medians."""
        return _middle(self.think), _middle(self.tools[""])

    def describe(self) -> dict[str, Any]:
        """Return what was recorded, in medians."""
        return {
            "model": "empirical (drawn from recorded timings)",
            "think": _middle(self.think),
            "tool": _middle(self.tools[""]),
            "user": _middle(self.user) if self.user else 0.0,
            "samples": len(self.think) + len(self.tools[""]),
            "seed": self.seed,
        }


def token_counts(traces: Sequence[Trace], *, cached: bool = False) -> dict[tuple[str, int], tuple[float, float]]:
    """Estimate the tokens of each decision: ``(trace, decision) → (prompt tokens, written tokens)``.

    Traces carry no token counts, so four characters are taken for a token, as a rule of thumb for English. The prompt
    is everything before the decision, the tools' descriptions and schemas included; what is written is the message's
    text and its calls.

    Parameters
    ----------
    traces
        The traces.
    cached
        Count only the prompt tokens that are new since the last decision of the trace: a prefix cache.

    Examples
    --------
    >>> messages = (Message("user", "Where is my order?!?"), Message("assistant", "On its way."))
    >>> token_counts([Trace("t", "t", "hand", messages)])
    {('t', 0): (5.0, 2.75)}
    """
    tokens = {}
    for trace in traces:
        tools = sum(len(spec.description) + len(canonical(spec.parameters)) for spec in trace.tools.values())
        seen, before, index = float(tools), 0.0, 0
        for message in trace.messages:
            size = _characters(message)
            if message.role == "assistant":
                prompt = seen - before if cached else seen
                tokens[trace.trace_id, index] = (prompt / CHARACTERS_PER_TOKEN, size / CHARACTERS_PER_TOKEN)
                before = seen
                index += 1
            seen += size
    return tokens


def tokens_at(tokens: Mapping[tuple[str, int], tuple[float, float]], trace_id: str, index: int) -> tuple[float, float]:
    """Return prompt and written tokens of a decision; behind a trace's end those of its last one.

    Raises
    ------
    ConfigError
        When nothing is known of the trace.
    """
    while (trace_id, index) not in tokens:
        index -= 1
        if index < 0:
            raise ConfigError(f"no tokens are known of trace {trace_id!r}; make the model from the same traces")
    return tokens[trace_id, index]


@dataclass(frozen=True)
class ByTokens(Latency):
    """Seconds of the LLM from tokens (modelled): prompt tokens ÷ prefill rate + written tokens ÷ decoding rate.

    Parameters
    ----------
    prefill_tok_per_s, decode_tok_per_s
        Rates; ``specbench profile-llm`` measures them where there is a model.
    tool, user
        Constant seconds.
    tokens
        ``(trace, decision) → (prompt tokens, written tokens)``; see :func:`token_counts`.
    cached
        Count only the prompt tokens that are new since the last decision of the trace: a prefix cache.

    Examples
    --------
    >>> model = ByTokens(1000.0, 50.0, tokens={("t", 0): (500.0, 25.0)})
    >>> model.think_s("t", 0)
    1.0
    """

    prefill_tok_per_s: float
    decode_tok_per_s: float
    tool: float = 1.0
    user: float = 0.0
    tokens: Mapping[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    cached: bool = False

    def __post_init__(self) -> None:
        if not (self.prefill_tok_per_s > 0 and self.decode_tok_per_s > 0):
            raise ConfigError(
                f"token rates are above 0; got {self.prefill_tok_per_s!r} prefill, {self.decode_tok_per_s!r} decode"
            )
        if not (self.tool >= 0 and self.user >= 0 and math.isfinite(self.tool + self.user)):
            raise ConfigError(f"latencies are seconds, 0 or more; got tool={self.tool!r}, user={self.user!r}")

    @classmethod
    def from_argument(cls, argument: str) -> ByTokens:
        """Read ``PREFILL,DECODE,TOOL[,USER]``: tokens a second, and seconds."""
        prefill, decode, tool, *user = seconds(argument, 3, 4)
        return cls(prefill, decode, tool, user[0] if user else 0.0)

    def __str__(self) -> str:
        rates = f"tokens:{self.prefill_tok_per_s:g},{self.decode_tok_per_s:g},{self.tool:g}"
        return f"{rates},{self.user:g}" if self.user else rates

    def for_traces(self, traces: Sequence[Trace]) -> ByTokens:
        """Return the model with the tokens of ``traces``; see :func:`token_counts`."""
        return replace(self, tokens=token_counts(traces, cached=self.cached))

    @classmethod
    def of(
        cls,
        traces: Sequence[Trace],
        prefill_tok_per_s: float,
        decode_tok_per_s: float,
        tool: float = 1.0,
        user: float = 0.0,
        *,
        cached: bool = False,
    ) -> ByTokens:
        """Count the tokens of ``traces``; see :func:`token_counts`."""
        return cls(prefill_tok_per_s, decode_tok_per_s, tool, user, token_counts(traces, cached=cached), cached)

    def think_s(self, trace_id: str, index: int) -> float:
        """Return prefill and decoding; what comes behind a trace's end is taken to be like its last decision."""
        prompt, written = tokens_at(self.tokens, trace_id, index)
        return prompt / self.prefill_tok_per_s + written / self.decode_tok_per_s

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the constant."""
        return self.tool

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the constant."""
        return self.user

    def expected(self) -> tuple[float, float]:
        """Return the mean thinking and the constant."""
        seconds = [self.think_s(trace_id, index) for trace_id, index in self.tokens]
        return (sum(seconds) / len(seconds) if seconds else 2.0), self.tool

    def describe(self) -> dict[str, Any]:
        """Return the rates and the mean."""
        return {
            "model": "by tokens (modelled, 4 characters a token)",
            "think": self.expected()[0],
            "tool": self.tool,
            "user": self.user,
            "prefill_tok_per_s": self.prefill_tok_per_s,
            "decode_tok_per_s": self.decode_tok_per_s,
            "prefix_cache": self.cached,
        }


def _characters(message: Message) -> int:
    return len(message.content) + sum(len(call.key) for call in message.tool_calls)


def _draw(samples: tuple[float, ...], key: str) -> float:
    return samples[int(uniform(key) * len(samples))]


def _middle(samples: tuple[float, ...]) -> float:
    return samples[len(samples) // 2]
