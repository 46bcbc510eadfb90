"""A policy that asks before it launches: a framework's approvals and guards hold for guesses too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from weakref import WeakSet

from specbench.core.types import DecisionPoint, Prediction, ToolCall
from specbench.policies import Choice, Policy, State
from specbench.runtime import Executor

__all__ = ["GateKeeper", "Gated"]


class GateKeeper(Protocol):
    """Who may refuse what is launched."""

    def refuse(self, trace_id: str, call: ToolCall) -> str | None:
        """Return why a call may not be launched in a conversation; ``None`` if it may."""
        ...


class Gated(Policy):
    """Launches what another policy launches, but for calls that are refused.

    Parameters
    ----------
    policy
        What to launch.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.looks_at_calls = getattr(policy, "looks_at_calls", True)  # type: ignore[misc]  # of the class elsewhere
        self._keepers: WeakSet[GateKeeper] = WeakSet()

    def __repr__(self) -> str:
        return repr(self.policy)

    @classmethod
    def guard(cls, executor: Executor, keeper: GateKeeper) -> None:
        """Let ``keeper`` refuse what an executor launches, for as long as anybody holds it."""
        if not isinstance(executor.policy, cls):
            executor.policy = cls(executor.policy)
        executor.policy._keepers.add(keeper)

    def refuse(self, trace_id: str, call: ToolCall) -> str | None:
        """Return why a call may not be launched in a conversation; ``None`` if it may."""
        reasons = (keeper.refuse(trace_id, call) for keeper in list(self._keepers))
        return next((reason for reason in reasons if reason is not None), None)

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        choice = self.policy.choose(point, predictions, state)
        reasons = [None if call is None else self.refuse(point.trace_id, call) for call, _ in choice.launch]
        launch = [each for each, reason in zip(choice.launch, reasons, strict=True) if reason is None]
        refused = [reason for reason in reasons if reason is not None]
        return Choice(launch, choice.reason) if launch or not refused else Choice([], refused[0])
