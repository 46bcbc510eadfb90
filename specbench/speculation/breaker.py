"""A circuit breaker: speculation that keeps missing, or a tool that keeps failing, is switched off, and tried again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from specbench.core.errors import ConfigError

__all__ = ["Breaker", "BreakerState"]


@dataclass(frozen=True)
class Breaker:
    """When to switch off, and how to come back.

    Parameters
    ----------
    off_below
        Off when fewer than this share of the last attempts hit. An attempt is a decision point with a launch; it hits
        when one of the launched calls was the one.
    window
        Attempts that are looked back on.
    at_least
        Attempts before anything is concluded.
    probe_every
        While off, every so many attempts that the policy would make one is made: a probe. As many hits among
        ``probes`` probes as ``off_below`` asks for switch back on.
    probes
        Probes that decide.
    errors
        Failed speculations of one tool in a row that switch it off for ``rest_s``.
    rest_s
        Seconds.
    """

    off_below: float = 0.4
    window: int = 50
    at_least: int = 20
    probe_every: int = 10
    probes: int = 5
    errors: int = 3
    rest_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0 <= self.off_below <= 1:
            raise ConfigError(f"off_below is a recall in [0, 1]; got {self.off_below!r}")
        for name in ("window", "at_least", "probe_every", "probes", "errors"):
            if not getattr(self, name) >= 1:
                raise ConfigError(f"{name} is a count, 1 or more; got {getattr(self, name)!r}")
        if not self.rest_s >= 0:
            raise ConfigError(f"rest_s is seconds, 0 or more; got {self.rest_s!r}")


class BreakerState:
    """The breaker of one run.

    Examples
    --------
    >>> state = BreakerState(Breaker(window=4, at_least=4, probe_every=2, probes=1))
    >>> for hit in (True, False, False, False):
    ...     state.attempted(hit)
    >>> [state.refuse() for _ in range(2)]
    ['circuit breaker: 1 of the last 4 attempts hit, below 40 %', None]
    >>> state.attempted(True), state.refuse()
    (None, None)
    """

    def __init__(self, breaker: Breaker) -> None:
        self.rules = breaker
        self.recent: deque[bool] = deque(maxlen=breaker.window)
        self.open = False
        self._since_probe = 0
        self._probes: list[bool] = []
        self._failures: dict[str, int] = {}
        self._resting: dict[str, float] = {}

    def refuse(self) -> str | None:
        """Return why nothing may be launched at this decision point; ``None`` when it may (perhaps as a probe)."""
        if not self.open:
            return None
        self._since_probe += 1
        if self._since_probe >= self.rules.probe_every:
            self._since_probe = 0
            return None
        return (
            f"circuit breaker: {sum(self.recent)} of the last {len(self.recent)} attempts hit, "
            f"below {100 * self.rules.off_below:.0f} %"
        )

    def attempted(self, hit: bool) -> None:
        """Take in how an attempt ended."""
        if self.open:
            self._probes.append(hit)
            if len(self._probes) < self.rules.probes:
                return
            if sum(self._probes) >= self.rules.off_below * len(self._probes):
                self.open = False
                self.recent.clear()
            self._probes.clear()
            return
        self.recent.append(hit)
        if len(self.recent) >= self.rules.at_least and sum(self.recent) < self.rules.off_below * len(self.recent):
            self.open = True
            self._since_probe = 0

    def refuse_tool(self, now: float, tool: str) -> str | None:
        """Return why this tool may not be speculated now."""
        until = self._resting.get(tool)
        if until is None or now >= until:
            return None
        return f"circuit breaker: {tool} failed {self.rules.errors} times in a row, off for {until - now:.0f} s more"

    def tool_ended(self, now: float, tool: str, failed: bool) -> None:
        """Take in how a speculation of a tool ended."""
        if not failed:
            self._failures.pop(tool, None)
            return
        self._failures[tool] = self._failures.get(tool, 0) + 1
        if self._failures[tool] >= self.rules.errors:
            self._failures[tool] = 0
            self._resting[tool] = now + self.rules.rest_s
