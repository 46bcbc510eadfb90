"""What all conversations of a run share: options, slots, rate limits, breaker, sums, rows, commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from operator import attrgetter

from specbench.core.ledger import Ledger
from specbench.core.types import ToolCall
from specbench.policies import Counts, Estimates
from specbench.speculation.breaker import BreakerState
from specbench.speculation.commands import Command, Wake
from specbench.speculation.launch import Launch
from specbench.speculation.limits import RateLimits
from specbench.speculation.options import Options
from specbench.speculation.slots import Slots
from specbench.speculation.step import Step
from specbench.speculation.traits import Traits

__all__ = ["Shared"]

CAREFUL = Traits()


class Shared:
    """One for each executor, and one for each simulation.

    Parameters
    ----------
    options
        See :class:`Options`.
    traits
        By tool; the careful defaults for the others.
    expected
        First guesses of the seconds.
    refuse_staged
        Says why a staged write may not be launched now, ``None`` if it may; by default none is in the way.
    key_of
        Returns the same text only for calls of which one may have the result of the other. By default that is the
        canonical form; a tool that really runs may see more (:meth:`specbench.runtime.Tool.key_of`).
    stops_at_once
        Work that is given up ends at that very moment, as in a simulator: there is no ``StopTool`` then.
    contains_errors
        What a policy raises is the reason why nothing is launched, instead of going through.
    started_s
        When the run started, on its own clock.

    Attributes
    ----------
    commands
        What the driver has to carry out.
    ledger
        The rows that are written.
    """

    def __init__(
        self,
        options: Options,
        traits: Mapping[str, Traits],
        expected: Estimates | None = None,
        *,
        refuse_staged: Callable[[ToolCall], str | None] | None = None,
        key_of: Callable[[ToolCall], str] | None = None,
        stops_at_once: bool = False,
        contains_errors: bool = False,
        started_s: float = 0.0,
    ) -> None:
        self.options, self.traits = options, dict(traits)
        self.refuse_staged, self.stops_at_once, self.contains_errors = refuse_staged, stops_at_once, contains_errors
        self.key_of: Callable[[ToolCall], str] = key_of if key_of is not None else attrgetter("key")
        self.compares_spelling = key_of is not None
        self.started_s = started_s
        self.tool_slots: Slots[Launch] = Slots(options.tool_slots)
        self.llm_slots: Slots[Step] = Slots(options.llm_slots)
        self.limits = RateLimits(options.limits)
        self.breaker = None if options.breaker is None else BreakerState(options.breaker)
        self.expected = expected if expected is not None else Estimates()
        self.total = Counts()
        self.costs = {name: each.cost for name, each in self.traits.items()}
        self.commands: deque[Command] = deque()
        self.ledger = Ledger()
        self.now = started_s

    def traits_of(self, tool: str) -> Traits:
        """Return the traits of a tool."""
        return self.traits.get(tool, CAREFUL)

    def wake(self, ticket: object | None) -> None:
        """Tell who has waited for a slot, if somebody has, that it is there."""
        if ticket is not None:
            self.commands.append(Wake(ticket))
