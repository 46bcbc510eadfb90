"""Whether anything may be guessed now: the mode of the session, the off switch, the waste budget."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Prediction
from specbench.policies import Choice, Policy, State
from specbench.policies.state import Counts

__all__ = ["Budget", "Governed", "Governor", "Mode"]


class Mode(StrEnum):
    """What a proxy does beside passing everything on."""

    RECORD_ONLY = "record-only"
    SHADOW = "shadow"
    CANARY = "canary"
    ON = "on"


@dataclass(frozen=True)
class Budget:
    """The most that guesses may waste; one that waits for its call counts until it is used.

    Parameters
    ----------
    wasted_s
        Seconds of tool work for nothing, of one session.
    share
        Wasted seconds ÷ seconds of the client's own calls; counts from :data:`SHARE_FROM_S` wasted seconds on.

    Examples
    --------
    >>> Budget(share=0.5).spent(wasted_s=12.0, tools_s=20.0)
    'guesses have wasted 12.0 s, 60 % of the seconds of the calls; 50 % are allowed'
    """

    wasted_s: float | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("wasted_s", self.wasted_s), ("share", self.share)):
            if value is not None and not value >= 0:
                raise ConfigError(f"the waste budget {name} is 0 or more; got {value!r}")

    def spent(self, wasted_s: float, tools_s: float) -> str | None:
        """Say why nothing may be guessed any more; ``None`` while something may."""
        if self.wasted_s is not None and wasted_s >= self.wasted_s:
            return f"guesses have wasted {wasted_s:.1f} s; {self.wasted_s:g} s are allowed"
        if self.share == 0:
            return "no waste is allowed (a share of 0)"
        if self.share is not None and wasted_s > max(SHARE_FROM_S, self.share * tools_s):
            share = f"{100 * wasted_s / tools_s:.0f} %" if tools_s else "all"
            return (
                f"guesses have wasted {wasted_s:.1f} s, {share} of the seconds of the calls; "
                f"{100 * self.share:.0f} % are allowed"
            )
        return None


SHARE_FROM_S = 1.0
"""A share of next to nothing says nothing."""


class Governor:
    """Of one session.

    Parameters
    ----------
    mode
        As it was asked for.
    share, seed, session
        In canary mode: which sessions are ``on`` (the others are in ``shadow``). The same session and seed are always
        on the same side.
    off_file
        While this file exists, nothing is guessed.
    budget
        See :class:`Budget`.

    Examples
    --------
    >>> governor = Governor(Mode.CANARY, share=0.5, seed=1, session="a", off_file=None, budget=Budget())
    >>> str(governor.mode)
    'shadow'
    """

    def __init__(
        self, mode: Mode, *, share: float = 0.1, seed: int = 0, session: str = "", off_file: Path | None = None,
        budget: Budget | None = None,
    ) -> None:  # fmt: skip
        if not 0.0 <= share <= 1.0:
            raise ConfigError(f"the share of canary sessions is in [0, 1]; got {share!r}")
        if mode is Mode.CANARY:
            drawn = int.from_bytes(hashlib.sha256(f"{seed}/{session}".encode()).digest()[:8]) / 2**64
            mode = Mode.ON if drawn < share else Mode.SHADOW
        self.mode, self._off_file, self._budget = mode, off_file, budget or Budget()
        self._switched_off, self.tools_s, self._wasted_s = False, 0.0, 0.0
        self.guessed_s = self.used_s = 0.0
        self._total: Counts | None = None

    def switch(self) -> None:
        """Turn guessing off, or on again: the signal has come."""
        self._switched_off = not self._switched_off

    def follow(self, total: Counts) -> None:
        """Count the waste of one more executor of the session."""
        self._wasted_s, self._total = self.wasted_s, total

    @property
    def wasted_s(self) -> float:
        """Seconds of tool work for nothing so far."""
        return self._wasted_s + (0.0 if self._total is None else self._total.wasted_s)

    @property
    def at_risk_s(self) -> float:
        """Seconds of guesses that nobody has used: wasted, or still waiting for a call that may never come."""
        return max(self.wasted_s, self.guessed_s - self.used_s)

    def refuse(self) -> str | None:
        """Say why nothing may be guessed now; ``None`` if it may."""
        if self._switched_off:
            return "guessing was switched off by a signal"
        if self._off_file is not None and self._off_file.exists():
            return f"guessing is switched off: {self._off_file} exists"
        return self._budget.spent(self.at_risk_s, self.tools_s)


class Governed(Policy):
    """A policy that launches nothing while its governor refuses, and never a tool that asks the client back.

    Parameters
    ----------
    policy, governor
        Whom it asks.
    avoided
        Names of tools; may grow.
    """

    def __init__(self, policy: Policy, governor: Governor, avoided: set[str]) -> None:
        self._policy, self._governor, self._avoided = policy, governor, avoided
        self.looks_at_calls = policy.looks_at_calls  # type: ignore[misc]  # of this one, not of the class

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return what the policy says, or the governor's reason."""
        reason = self._governor.refuse()
        if reason is not None:
            return Choice([], reason)
        if self._avoided:
            predictions = [each for each in predictions if each.call is None or each.call.name not in self._avoided]
        return self._policy.choose(point, predictions, state)

    def __repr__(self) -> str:
        return repr(self._policy)
