"""Rate limits with a reserve for speculation, as token buckets that are told the time.

The limit of a tool or group is split once: speculation may use its reserve and nothing else, real calls use the rest
and, when that is empty, what is left of the reserve. Where one of the two parts is less than a whole call at a time,
the real calls have all of it. So with reserve r real calls never wait longer than they would under 1 − r of the limit,
whatever is speculated; near the limit speculation stops and says so.

References
----------
J. Turner (1986), *New directions in communications (or which way to the information age?)*, IEEE Communications
Magazine 24(10): the leaky bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specbench.core.errors import ConfigError
from specbench.speculation.slots import Slots

__all__ = ["Limit", "RateLimits", "TokenBucket"]

NEAR = 0.25
"""Speculation stops when less than this share of a real burst is left."""
EPSILON = 1e-9


@dataclass(frozen=True)
class Limit:
    """So many calls a second, and at most ``burst`` at once; ``reserve`` is the share that speculation may use.

    Examples
    --------
    >>> Limit(per_s=10, burst=20)
    Limit(per_s=10, burst=20, reserve=0.2)
    """

    per_s: float
    burst: float
    reserve: float = 0.2

    def __post_init__(self) -> None:
        if not self.per_s > 0 or not self.burst >= 1:
            raise ConfigError(
                f"a rate limit is calls a second, above 0, and a burst, 1 or more; got {self.per_s!r}, {self.burst!r}"
            )
        if not 0 <= self.reserve < 1:
            raise ConfigError(f"the reserve for speculation is a share in [0, 1); got {self.reserve!r}")

    @classmethod
    def from_text(cls, text: str) -> tuple[str, Limit]:
        """Read ``TOOL:PER_S/BURST``; returns the tool or group, and its limit.

        Examples
        --------
        >>> Limit.from_text("search:2/10")[1]
        Limit(per_s=2.0, burst=10.0, reserve=0.2)
        """
        tool, _, rate = text.rpartition(":")
        per_s, _, burst = rate.partition("/")
        if not tool:
            raise ConfigError(f"{text!r} is no rate limit; write TOOL:PER_S/BURST, such as search:2/10")
        return tool, cls(float(per_s), float(burst))

    def __str__(self) -> str:
        return f"{self.per_s:g}/{self.burst:g}"


class TokenBucket:
    """Tokens that refill with time.

    Examples
    --------
    >>> bucket = TokenBucket(per_s=2.0, burst=1.0)
    >>> bucket.take(), bucket.wait_s(0.0), bucket.left(10.0)
    (None, 0.5, 1.0)
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s, self.burst = per_s, burst
        self.level, self.at_s = burst, 0.0

    def left(self, now: float) -> float:
        """Return the tokens left."""
        if now > self.at_s:
            self.level = min(self.burst, self.level + (now - self.at_s) * self.per_s)
            self.at_s = now
        return self.level

    def wait_s(self, now: float) -> float:
        """Return the seconds until a whole token is there."""
        missing = 1.0 - self.left(now)
        return missing / self.per_s if missing > EPSILON else 0.0

    def take(self) -> None:
        """Take a token."""
        self.level -= 1.0


class RateLimits:
    """The buckets of all tools and groups. A call must pass its tool's and its group's.

    Real calls of one limit start one after the other, in the order in which they came: each waits at the
    :meth:`gates`, then for :meth:`wait_s`, and takes its tokens when it starts.

    Parameters
    ----------
    limits
        By the name of a tool or a group.

    Examples
    --------
    >>> limits = RateLimits({"search": Limit(per_s=1, burst=5)})
    >>> limits.refuse(0.0, "search", None), limits.refuse(0.0, "search", None)
    (None, 'rate limit of search: the reserve for speculation is used up')
    >>> [limits.take(0.0, "search", None) for _ in range(5)], limits.wait_s(0.0, "search", None)
    ([True, True, True, True, False], 1.25)
    """

    def __init__(self, limits: Mapping[str, Limit] | None = None) -> None:
        self.limits = dict(limits or {})
        self._gates: dict[str, Slots[Any]] = {name: Slots(1) for name in self.limits}
        self._real: dict[str, TokenBucket] = {}
        self._spare: dict[str, TokenBucket] = {}
        for name, limit in self.limits.items():
            share = limit.reserve
            if min(share, 1 - share) * limit.burst < 1.0 - EPSILON:
                share = 0.0  # a part of a burst that is no whole call would never be used
            self._real[name] = TokenBucket(limit.per_s * (1 - share), limit.burst * (1 - share))
            if share:
                self._spare[name] = TokenBucket(limit.per_s * share, limit.burst * share)

    def refuse(self, now: float, tool: str, group: str | None) -> str | None:
        """Take a token for a speculation and return ``None``, or return why it may not run."""
        if not self.limits:
            return None
        names = self._names(tool, group)
        for name in names:
            real, spare, limit = self._real[name], self._spare.get(name), self.limits[name]
            if spare is None and limit.reserve:
                return (
                    f"rate limit of {name}: a reserve of {limit.reserve:g} of {limit.burst:g} calls at once leaves no "
                    "whole call for speculation or for real ones, which have all of it"
                )
            if spare is None or spare.left(now) < 1.0 - EPSILON:
                return f"rate limit of {name}: the reserve for speculation is used up"
            if real.left(now) < NEAR * real.burst:
                return f"rate limit of {name} is near: {max(0.0, real.left(now)):.1f} of {real.burst:.0f} calls left"
        for name in names:
            self._spare[name].take()
        return None

    def gates(self, tool: str, group: str | None) -> list[Slots[Any]]:
        """Where the real calls of its limits queue; left again when the call has its tokens."""
        return [self._gates[name] for name in sorted(self._names(tool, group))] if self.limits else []

    def wait_s(self, now: float, tool: str, group: str | None) -> float:
        """Return the seconds until a real call may start; its tokens are taken then (:meth:`take`)."""
        if not self.limits:
            return 0.0
        return max(
            (min(each.wait_s(now) for each in self._for_real(name)) for name in self._names(tool, group)), default=0.0
        )

    def take(self, now: float, tool: str, group: str | None) -> bool:
        """A real call starts: take its tokens; false when one is not there (a speculation had the reserve)."""
        if self.wait_s(now, tool, group) > 0:
            return False
        if self.limits:
            for name in self._names(tool, group):
                next(each for each in self._for_real(name) if each.wait_s(now) == 0).take()
        return True

    def _for_real(self, name: str) -> list[TokenBucket]:
        """The buckets that real calls may take from; the reserve comes last."""
        return [self._real[name], self._spare[name]] if name in self._spare else [self._real[name]]

    def _names(self, tool: str, group: str | None) -> list[str]:
        """The limits that a call must pass; one of the tool's own name counts once."""
        return [name for name in dict.fromkeys((tool, group)) if name is not None and name in self.limits]
