"""Policies made of policies: budgets, disclosure, all of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Prediction
from specbench.policies.base import Choice, Policy, whole
from specbench.policies.state import State, entities

__all__ = ["All", "Budgeted", "Disclosure"]

FRESH = State()


@dataclass(frozen=True)
class All(Policy):
    """Launch what every one of several policies launches; the reason is that of the first that stops it.

    Examples
    --------
    >>> from specbench.policies import Threshold, TopK
    >>> from specbench.core.types import Effect, ToolCall, ToolSpec
    >>> point = DecisionPoint("t", 0, (), {"look": ToolSpec("look", effect=Effect.READ)})
    >>> All((TopK(2), Threshold(0.5))).choose(point, [Prediction(ToolCall("look"), 0.4)]).reason
    'best READ call look({}) has p 0.40, below 0.50'
    """

    policies: tuple[Policy, ...]

    def __post_init__(self) -> None:
        if not self.policies:
            raise ConfigError("All takes one policy or more; got none")

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        choices = [policy.choose(point, predictions, state) for policy in self.policies]
        launch = choices[0].launch
        for choice in choices:
            kept = {each.call.key for each in choice.launch if each.call is not None}
            launch = [each for each in launch if each.call is not None and each.call.key in kept]
            if not launch:
                return Choice([], choice.reason if not choice.launch else "the policies agree on no call")
        return Choice(launch, "; ".join(dict.fromkeys(choice.reason for choice in choices)))


@dataclass(frozen=True)
class Budgeted(Policy):
    """Launch what another policy launches, until a budget is spent.

    Parameters
    ----------
    policy
        What to launch within the budget.
    launches
        Most launches.
    wasted_s
        Seconds of tool work that may be lost; checked before each launch, so the last one may exceed it.
    per
        ``session`` or ``run`` (all sessions of an executor).

    Examples
    --------
    >>> from specbench.policies import TopK
    >>> Budgeted(TopK(), launches=10, per="run")
    Budgeted(policy=TopK(k=1), launches=10, wasted_s=None, per='run')
    """

    policy: Policy
    launches: int | None = None
    wasted_s: float | None = None
    per: Literal["session", "run"] = "session"

    def __post_init__(self) -> None:
        if self.launches is None and self.wasted_s is None:
            raise ConfigError("a budget limits launches, wasted_s or both; got neither")
        if (self.launches is not None and self.launches < 0) or (self.wasted_s is not None and not self.wasted_s >= 0):
            raise ConfigError(f"budgets are 0 or more; got launches={self.launches!r}, wasted_s={self.wasted_s!r}")
        if self.per not in ("session", "run"):
            raise ConfigError(f"a budget is per session or per run; got {self.per!r}")

    def __str__(self) -> str:
        launches = "" if self.launches is None else f"+launches:{self.launches}"
        wasted = "" if self.wasted_s is None else f"+wasted:{self.wasted_s:g}"
        return f"{self.policy}{launches}{wasted}"

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        state = state if state is not None else FRESH
        counts = state.session if self.per == "session" else state.total
        choice = self.policy.choose(point, predictions, state)
        if not choice.launch:
            return choice
        if self.wasted_s is not None and counts.wasted_s >= self.wasted_s:
            return Choice([], f"budget spent: {counts.wasted_s:.1f} s of {self.wasted_s:g} s wasted in this {self.per}")
        if self.launches is not None:
            left = self.launches - counts.launched
            if left <= 0:
                return Choice([], f"budget spent: {counts.launched} launches in this {self.per}")
            return Choice(choice.launch[:left], choice.reason)
        return choice


@dataclass(frozen=True)
class Disclosure(Policy):
    """Launch what another policy launches, but touch at most ``most`` entities that the agent never asked for.

    A read has no side effect, yet somebody may see the request: speculation must not look up the world.

    Parameters
    ----------
    policy
        What to launch.
    most
        Distinct entities of a session (see :func:`specbench.policies.entities`) that speculations have touched and the
        agent has not.

    Examples
    --------
    >>> from specbench.policies import TopK
    >>> Disclosure(TopK(3), most=5).most
    5
    """

    policy: Policy
    most: int

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ConfigError(f"most is a number of entities, 0 or more; got {self.most!r}")

    def __str__(self) -> str:
        return f"{self.policy}+entities:{self.most}"

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        state = state if state is not None else FRESH
        choice = self.policy.choose(point, predictions, state)
        if not choice.launch:
            return choice
        asked, disclosed = state.asked, state.disclosed
        launch = []
        for each in choice.launch:
            assert each.call is not None  # policies launch calls only
            more = disclosed | (entities(each.call) - asked)
            if len(more) <= self.most:
                launch.append(each)
                disclosed = more
        if not launch:
            return Choice([], f"disclosure: it would touch more than {self.most} entities that the agent never named")
        return Choice(launch, choice.reason)


def at_most_launches(policy: Policy, number: float) -> Policy:
    """Limit a policy to so many launches a session."""
    return Budgeted(policy, launches=whole(number))


def at_most_wasted(policy: Policy, seconds: float) -> Policy:
    """Limit a policy to so many wasted seconds a session."""
    return Budgeted(policy, wasted_s=seconds)


def at_most_entities(policy: Policy, number: float) -> Policy:
    """Limit a policy to so many entities a session that the agent never asked for."""
    return Disclosure(policy, whole(number))
