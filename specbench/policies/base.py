"""The protocol of a policy, and the plain ones: never, threshold, the k best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Effect, Prediction
from specbench.policies.state import State

__all__ = ["DEFAULT_THRESHOLD", "Choice", "Never", "Policy", "Threshold", "TopK", "launchable"]

DEFAULT_THRESHOLD = 0.6
"""Least probability that the default policy launches at."""


class Choice(NamedTuple):
    """What to launch, best first, and why (or why not)."""

    launch: list[Prediction]
    reason: str


class Policy(Protocol):
    """Decides what to launch at a decision point."""

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the predictions to launch and the reason; changes nothing.

        Parameters
        ----------
        point
            Where the agent is.
        predictions
            Ranked outcomes.
        state
            What was spent so far, expected seconds; ``None`` where nothing has happened yet.
        """
        ...


def launchable(point: DecisionPoint, predictions: Sequence[Prediction], most: int | None = None) -> list[Prediction]:
    """Return the first ``most`` predicted calls whose tool is declared ``read`` or ``staged``, in the order given.

    A call of probability 0 is none of them.
    """
    kept: list[Prediction] = []
    for prediction in predictions:
        call = prediction.call
        if call is not None and prediction.p > 0:
            spec = point.tools.get(call.name)
            if spec is not None and (spec.effect is Effect.READ or spec.effect is Effect.STAGED):
                kept.append(prediction)
                if len(kept) == most:
                    break
    return kept


@dataclass(frozen=True)
class Never:
    """Launch nothing: the sequential run."""

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return nothing."""
        return Choice([], "policy never launches")


@dataclass(frozen=True)
class Threshold:
    """Launch the ``k`` best READ calls whose probability reaches ``p``.

    Parameters
    ----------
    p
        Least probability, in [0, 1].
    k
        Most launches at one decision point.

    Examples
    --------
    >>> from specbench.core.types import ToolCall, ToolSpec
    >>> point = DecisionPoint("t", 0, (), {"look": ToolSpec("look", effect=Effect.READ)})
    >>> Threshold(0.6).choose(point, [Prediction(ToolCall("look"), 0.55)])
    Choice(launch=[], reason='best READ call look({}) has p 0.55, below 0.60')
    """

    p: float = DEFAULT_THRESHOLD
    k: int = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.p <= 1.0:
            raise ConfigError(f"a threshold is a probability in [0, 1]; got {self.p!r}")
        if self.k < 1:
            raise ConfigError(f"k is a number of launches, at least 1; got {self.k!r}")

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        able = launchable(point, predictions, self.k)
        if not able:
            if not predictions:
                return Choice([], "predictor abstained")
            return Choice([], "no READ call predicted")
        launch = [each for each in able if each.p >= self.p]
        if not launch:
            return Choice([], f"best READ call {able[0].call} has p {able[0].p:.2f}, below {self.p:.2f}")
        return Choice(launch, f"p {launch[0].p:.2f} reaches {self.p:.2f}")


@dataclass(frozen=True)
class TopK:
    """Launch the ``k`` best READ calls at every decision point, however improbable."""

    k: int = 1

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"k is a number of launches, at least 1; got {self.k!r}")

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        able = launchable(point, predictions, self.k)
        return Choice(able, f"top {self.k}" if able else "no READ call predicted")
