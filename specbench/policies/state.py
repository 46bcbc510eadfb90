"""What a policy may know besides the point and the predictions: what was spent, expected times, whom it touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from specbench.core.canonical import canonical
from specbench.core.types import ToolCall

__all__ = ["Counts", "Estimates", "State", "entities"]


@dataclass(slots=True)
class Counts:
    """Sums over the speculations of a session, or of a whole run."""

    decisions: int = 0
    launched: int = 0
    committed: int = 0
    wasted_s: float = 0.0
    run_ahead_lost_tok: float = 0.0


class Estimates:
    """Expected seconds of the LLM and of each tool: exponential means of what was seen, from a first guess.

    Parameters
    ----------
    think_s, tool_s
        First guesses.
    weight
        Of each new observation.

    Examples
    --------
    >>> expected = Estimates(think_s=2.0, tool_s=1.0)
    >>> expected.saw_tool("search", 5.0)
    >>> expected.tool("search"), expected.tool("lookup")
    (5.0, 1.0)
    """

    def __init__(self, think_s: float = 2.0, tool_s: float = 1.0, weight: float = 0.1) -> None:
        self.think_s, self.tool_s, self.weight = think_s, tool_s, weight
        self.tools: dict[str, float] = {}
        self._thought = False

    def saw_think(self, seconds: float) -> None:
        """Take in the seconds of an LLM invocation."""
        self.think_s = self.think_s + self.weight * (seconds - self.think_s) if self._thought else seconds
        self._thought = True

    def saw_tool(self, tool: str, seconds: float) -> None:
        """Take in the seconds of a tool call."""
        known = self.tools.get(tool)
        self.tools[tool] = seconds if known is None else known + self.weight * (seconds - known)

    def tool(self, name: str) -> float:
        """Return the expected seconds of a call of this tool."""
        return self.tools.get(name, self.tool_s)


@dataclass(slots=True)
class State:
    """The view of one session. Policies read it and change nothing.

    Parameters
    ----------
    session, total
        Sums of this session, and of the whole run.
    expected
        Expected seconds.
    costs
        Money a call, by tool.
    asked_calls, touched_calls
        The agent's own calls, and those speculated.
    now
        Seconds since the run started, on the run's own clock: virtual in a simulation, real in an executor.
    """

    session: Counts = field(default_factory=Counts)
    total: Counts = field(default_factory=Counts)
    expected: Estimates = field(default_factory=Estimates)
    costs: Mapping[str, float] = field(default_factory=dict)
    asked_calls: list[ToolCall] = field(default_factory=list)
    touched_calls: list[ToolCall] = field(default_factory=list)
    now: float = 0.0

    @property
    def asked(self) -> set[str]:
        """Entities of the agent's own calls (see :func:`entities`)."""
        return {each for call in self.asked_calls for each in entities(call)}

    @property
    def disclosed(self) -> set[str]:
        """Entities that speculations have touched and the agent has not asked for."""
        return {each for call in self.touched_calls for each in entities(call)} - self.asked


def entities(call: ToolCall) -> frozenset[str]:
    """Return whom or what a call is about: its arguments' values that are texts or whole numbers.

    Examples
    --------
    >>> sorted(entities(ToolCall("get_order", {"order_id": "#W1", "verbose": True})))
    ['order_id="#W1"']
    """
    return frozenset(
        f"{name}={canonical(value)}"
        for name, value in call.arguments.items()
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    )
