"""What all sessions of a run share: policy, options, slots, rate limits, breaker, sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from specbench.core.types import ToolCall
from specbench.policies import Counts, Estimates
from specbench.speculation.breaker import BreakerState
from specbench.speculation.limits import RateLimits
from specbench.speculation.options import Options
from specbench.speculation.slots import Slots
from specbench.speculation.traits import Traits

if TYPE_CHECKING:
    from specbench.speculation.launch import Launch

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
    stop
        Called when a speculation is given up while it runs. It must stop the work, and say so by
        :meth:`Launch.stopped`.
    stop_thinking
        The same for a run-ahead.
    expected
        First guesses of the seconds.
    """

    def __init__(
        self,
        options: Options,
        traits: Mapping[str, Traits],
        stop: Callable[[Launch], None],
        stop_thinking: Callable[[Any], None],
        expected: Estimates | None = None,
    ) -> None:
        self.options, self.traits, self.stop = options, dict(traits), stop
        self.tool_slots: Slots[Launch] = Slots(options.tool_slots, _preempt)
        self.llm_slots: Slots[Any] = Slots(options.llm_slots, stop_thinking)
        self.limits = RateLimits(options.limits)
        self.breaker = None if options.breaker is None else BreakerState(options.breaker)
        self.expected = expected if expected is not None else Estimates()
        self.total = Counts()
        self.costs = {name: each.cost for name, each in self.traits.items()}
        self.wake: Callable[[object], None] = _ignore
        self.discard: Callable[[Launch], None] = _ignore
        self.refuse_staged: Callable[[ToolCall], str | None] = _allow
        self.now = 0.0

    def traits_of(self, tool: str) -> Traits:
        """Return the traits of a tool."""
        return self.traits.get(tool, CAREFUL)


def _preempt(launch: Launch) -> None:
    launch.book.preempted(launch)


def _allow(_: ToolCall) -> str | None:
    """Where no staged write is a lock, none is in the way."""
    return None


def _ignore(_: object) -> None:
    """Nobody waits where there is no cap; nothing is to be undone where nothing is staged."""
