"""Rate limits with a reserve for speculation, as token buckets that are told the time.

The limit of a tool or group is split once: speculation may use its reserve and nothing else, real calls use the rest
and, when that is empty, what is left of the reserve. So with reserve r real calls never wait longer than they would
under 1 − r of the limit, whatever is speculated; near the limit speculation stops and says so.

References
----------
J. Turner (1986), *New directions in communications (or which way to the information age?)*, IEEE Communications
Magazine 24(10): the leaky bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from specbench.core.errors import ConfigError

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
    """Tokens that refill with time; a taker may run into debt and then waits.

    Examples
    --------
    >>> bucket = TokenBucket(per_s=2.0, burst=1.0)
    >>> [bucket.take(0.0), bucket.take(0.0), bucket.take(10.0)]
    [0.0, 0.5, 0.0]
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s, self.burst = per_s, burst
        self.level, self.at_s = burst, 0.0

    def left(self, now: float) -> float:
        """Return the tokens left; negative in debt."""
        if now > self.at_s:
            self.level = min(self.burst, self.level + (now - self.at_s) * self.per_s)
            self.at_s = now
        return self.level

    def take(self, now: float) -> float:
        """Take one token and return the seconds until it is there."""
        self.level = self.left(now) - 1.0
        return max(0.0, -self.level / self.per_s) if self.level < -EPSILON else 0.0

    def give_back(self) -> None:
        """A token that was taken was not needed."""
        self.level = min(self.burst, self.level + 1.0)


class RateLimits:
    """The buckets of all tools and groups.

    Parameters
    ----------
    limits
        By the name of a tool or a group. A call must pass its tool's and its group's.

    Examples
    --------
    >>> limits = RateLimits({"search": Limit(per_s=1, burst=5)})
    >>> limits.refuse(0.0, "search", None), limits.refuse(0.0, "search", None)
    (None, 'rate limit of search: the reserve for speculation is used up')
    """

    def __init__(self, limits: Mapping[str, Limit] | None = None) -> None:
        self.limits = dict(limits or {})
        self._real = {
            name: TokenBucket(limit.per_s * (1 - limit.reserve), max(1.0, limit.burst * (1 - limit.reserve)))
            for name, limit in self.limits.items()
        }
        self._spare = {
            name: TokenBucket(limit.per_s * limit.reserve, limit.burst * limit.reserve)
            for name, limit in self.limits.items()
            if limit.reserve > 0
        }

    def refuse(self, now: float, tool: str, group: str | None) -> str | None:
        """Take a token for a speculation and return ``None``, or return why it may not run."""
        if not self.limits:
            return None
        names = self._names(tool, group)
        for name in names:
            real, spare = self._real[name], self._spare.get(name)
            if spare is not None and spare.burst < 1.0 - EPSILON:
                return f"rate limit of {name}: the reserve for speculation, {spare.burst:.2g}, is no whole call"
            if spare is None or spare.left(now) < 1.0 - EPSILON:
                return f"rate limit of {name}: the reserve for speculation is used up"
            if real.left(now) < NEAR * real.burst:
                return f"rate limit of {name} is near: {max(0.0, real.left(now)):.1f} of {real.burst:.0f} calls left"
        for name in names:
            self._spare[name].take(now)
        return None

    def wait_s(self, now: float, tool: str, group: str | None) -> float:
        """Take a token for a real call and return the seconds that it must wait."""
        return self.take(now, tool, group)[0]

    def take(self, now: float, tool: str, group: str | None) -> tuple[float, list[TokenBucket]]:
        """Like :meth:`wait_s`, with the buckets that the tokens came from: a call that never runs gives them back."""
        if not self.limits:
            return 0.0, []
        longest, taken = 0.0, []
        for name in self._names(tool, group):
            real, spare = self._real[name], self._spare.get(name)
            if real.left(now) < 1.0 - EPSILON and spare is not None and spare.left(now) >= 1.0 - EPSILON:
                real = spare
            longest = max(longest, real.take(now))
            taken.append(real)
        return longest, taken

    def _names(self, tool: str, group: str | None) -> list[str]:
        """The limits that a call must pass; one of the tool's own name counts once."""
        return [name for name in dict.fromkeys((tool, group)) if name is not None and name in self.limits]
