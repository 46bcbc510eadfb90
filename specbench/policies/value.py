"""Expected value: launch what is worth more than it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Prediction
from specbench.policies.base import Choice, Policy, launchable, numbers, whole
from specbench.policies.state import State

__all__ = ["ExpectedValue"]

FRESH = State()


@dataclass(frozen=True)
class ExpectedValue(Policy):
    """Launch a call while p · min(L, T) seconds are worth more than what a miss costs.

    L and T are the expected seconds of LLM and tool (measured as the run goes on). A hit hides min(L, T); a miss runs
    for min(L, T), takes one call of quota and the tool's own price. Outcomes exclude each other, so each call's
    value is that of its own p; the best come first and the first that does not pay ends the list.

    Parameters
    ----------
    waste
        What a wasted tool second costs, in saved seconds.
    call
        What a wasted call costs (quota), in saved seconds.
    money
        What one unit of a tool's own price costs, in saved seconds.
    k
        Most launches at one decision point.

    References
    ----------
    Greedy selection of branches with falling probability is optimal: add one while its gain exceeds its cost.

    Examples
    --------
    >>> from specbench.core.types import Effect, ToolCall, ToolSpec
    >>> point = DecisionPoint("t", 0, (), {"look": ToolSpec("look", effect=Effect.READ)})
    >>> ExpectedValue(waste=1.0).choose(point, [Prediction(ToolCall("look"), 0.4)]).reason
    'best READ call look({}) is worth +0.40 s against 0.60 s'
    """

    looks_at_calls = False

    waste: float = 0.5
    call: float = 0.0
    money: float = 0.0
    k: int = 3

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"k is a number of launches, at least 1; got {self.k!r}")
        for name in ("waste", "call", "money"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise ConfigError(f"{name} is a cost in saved seconds, 0 or more; got {value!r}")

    @classmethod
    def from_argument(cls, argument: str) -> ExpectedValue:
        """Read ``WASTE`` or ``WASTE,K``."""
        waste, k = numbers(argument, 1, 2)
        return cls(waste, k=whole(k)) if "," in argument else cls(waste)

    def __str__(self) -> str:
        return f"ev:{self.waste:g},{self.k}"

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        state = state if state is not None else FRESH
        able = launchable(point, predictions, self.k)
        if not able:
            return Choice([], "predictor abstained" if not predictions else "no READ call predicted")
        launch, reason = [], ""
        for each in able:
            assert each.call is not None  # launchable() keeps calls only
            hidden_s = min(state.expected.think_s, state.expected.tool(each.call.name))
            gain = each.p * hidden_s
            price = self.waste * hidden_s + self.call + self.money * state.costs.get(each.call.name, 0.0)
            cost = (1 - each.p) * price
            reason = reason or f"best READ call {each.call} is worth +{gain:.2f} s against {cost:.2f} s"
            if not gain > cost:
                break
            launch.append(each)
        return Choice(launch, reason)
