"""The LLM's seconds from a measured profile: what ``specbench profile-llm`` wrote, at the tokens of each decision."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.llm.profiling import LatencyProfile
from specbench.sim.latency.from_traces import token_counts, tokens_at
from specbench.sim.latency.models import Latency

__all__ = ["ByProfile", "read_profile"]

_REMEDY = "give the JSON file that `specbench profile-llm --out FILE.json` writes"


def read_profile(path: str | Path) -> dict[str, Any]:
    """Return the record of ``specbench profile-llm``, checked.

    Raises
    ------
    ConfigError
        When the file is not there, is not JSON, or not such a record; the message names file and key.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path} cannot be read as an LLM profile ({reason}); {_REMEDY}") from error
    found = record.get("profile") if isinstance(record, dict) else None
    if not isinstance(found, dict):
        keys = ", ".join(list(record)[:6]) if isinstance(record, dict) else type(record).__name__
        raise ConfigError(f"{path} is no LLM profile: the key 'profile' is missing (it holds {keys}); {_REMEDY}")
    for each in fields(LatencyProfile):
        value = found.get(each.name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value >= 0):
            raise ConfigError(
                f"{path}: 'profile' → {each.name!r} is {value!r}; it must be a number of 0 or more; {_REMEDY}"
            )
    profile: dict[str, Any] = record
    return profile


@dataclass(frozen=True)
class ByProfile(Latency):
    """Seconds of the LLM from a profile that was measured, at token counts that are estimated (modelled).

    Prefill grows with the prompt, each written token takes a step that grows with the context; see
    :class:`specbench.llm.profiling.LatencyProfile`. The tokens of a decision are estimated by
    :func:`specbench.sim.latency.from_traces.token_counts`. Prompts longer than the longest that was measured are
    extrapolated along the fitted line, and :meth:`describe` tells how many there are.

    Parameters
    ----------
    profile
        Prefill and decoding.
    tool, user
        Constant seconds.
    tokens
        ``(trace, decision) → (prompt tokens, written tokens)``.
    batch
        Rows that the model decodes at a time; 1 or more.
    source
        What was measured: model, device, dtype, quantisation, and whether weights were random.
    measured_tok
        The longest prompt that was measured.
    text
        The text form that it was made from.

    Examples
    --------
    >>> profile = LatencyProfile(0.01, 1e-4, 0.02, 0.0, 0.0, 0.0)
    >>> round(ByProfile(profile, tokens={("t", 0): (500.0, 21.0)}).think_s("t", 0), 3)
    0.46
    """

    profile: LatencyProfile
    tool: float = 1.0
    user: float = 0.0
    tokens: Mapping[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    batch: int = 1
    source: Mapping[str, Any] = field(default_factory=dict)
    measured_tok: float = math.inf
    text: str = ""

    def __post_init__(self) -> None:
        if not (self.tool >= 0 and self.user >= 0 and math.isfinite(self.tool + self.user)):
            raise ConfigError(f"latencies are seconds, 0 or more; got tool={self.tool!r}, user={self.user!r}")
        if self.batch < 1:
            raise ConfigError(f"a batch is 1 or more rows; got {self.batch!r}")

    @classmethod
    def of(
        cls, traces: Sequence[Trace], path: str | Path, tool: float = 1.0, user: float = 0.0, *, batch: int = 1
    ) -> ByProfile:
        """Take the profile of a file, and the estimated tokens of ``traces``.

        Raises
        ------
        ConfigError
            As :func:`read_profile`.
        """
        record = read_profile(path)
        numbers = {each.name: float(record["profile"][each.name]) for each in fields(LatencyProfile)}
        source = {key: record.get(key) for key in ("model", "device", "dtype", "quantisation", "random_weights")}
        measured = [row["tok"] for row in record.get("samples", ()) if isinstance(row, dict) and "tok" in row]
        longest = float(max(measured, default=math.inf))
        return cls(LatencyProfile(**numbers), tool, user, token_counts(traces), batch, source, longest)

    @classmethod
    def from_argument(cls, argument: str) -> ByProfile:
        """Read ``FILE.json,TOOL[,USER][,batch=N]``; the file's name may hold commas of its own."""
        file, *parts = argument.split(",")
        while parts and not file.endswith(".json"):
            file = f"{file},{parts.pop(0)}"
        batch = int(parts.pop().removeprefix("batch=")) if parts and parts[-1].startswith("batch=") else 1
        numbers = [float(part) for part in parts]
        if not file.endswith(".json") or len(numbers) not in (1, 2):
            raise ValueError(argument)
        return replace(cls.of((), file, *numbers, batch=batch), text=f"profile:{argument}")

    def __str__(self) -> str:
        return self.text or repr(self)

    def for_traces(self, traces: Sequence[Trace]) -> ByProfile:
        """Return the model with the estimated tokens of ``traces``."""
        return replace(self, tokens=token_counts(traces))

    def think_s(self, trace_id: str, index: int) -> float:
        """Return prefill and decoding; what comes behind a trace's end is taken to be like its last decision."""
        prompt, written = tokens_at(self.tokens, trace_id, index)
        return self.profile.think_s(round(prompt), max(1, round(written)), self.batch)

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the constant."""
        return self.tool

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the constant."""
        return self.user

    def expected(self) -> tuple[float, float]:
        """Return the mean thinking and the constant."""
        seconds = [self.think_s(*key) for key in self.tokens]
        return (sum(seconds) / len(seconds) if seconds else 2.0), self.tool

    def describe(self) -> dict[str, Any]:
        """Return what was measured, the mean, and the share of decisions beyond the longest measured prompt."""
        beyond = sum(prompt > self.measured_tok for prompt, _ in self.tokens.values())
        return {
            "model": "by a measured profile (modelled: 4 characters a token)",
            "think": self.expected()[0],
            "tool": self.tool,
            "user": self.user,
            "batch": self.batch,
            "llm": dict(self.source),
            "extrapolated": beyond / len(self.tokens) if self.tokens else 0.0,
        }
