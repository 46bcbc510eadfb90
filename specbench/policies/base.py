"""What a policy is, and the plain ones: never, threshold, the k best."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from specbench.core.errors import ConfigError
from specbench.core.registry import POLICIES, import_part
from specbench.core.types import DecisionPoint, Effect, Prediction, effect_of
from specbench.policies.state import State
from specbench.policies.steering import steered

__all__ = [
    "DEFAULT_THRESHOLD",
    "Choice",
    "Never",
    "Policy",
    "Threshold",
    "TopK",
    "always",
    "launchable",
    "numbers",
    "whole",
]

_LIMITS = {
    "launches": "specbench.policies.combined:at_most_launches",
    "wasted": "specbench.policies.combined:at_most_wasted",
    "entities": "specbench.policies.combined:at_most_entities",
}
"""What may stand behind a policy's text, after a ``+``."""

DEFAULT_THRESHOLD = 0.6
"""Least probability that the default policy launches at."""


class Choice(NamedTuple):
    """What to launch, best first, and why (or why not)."""

    launch: list[Prediction]
    reason: str


class Policy(ABC):
    """Decides what to launch at a decision point. One of your own is a subclass with :meth:`choose`.

    ``str(policy)`` is the text form that :meth:`from_text` reads, for the policies that come with specbench.

    Examples
    --------
    >>> Policy.from_text("threshold:0.4,2+launches:20")
    Budgeted(policy=Threshold(p=0.4, k=2), launches=20, wasted_s=None, per='session')
    """

    looks_at_calls: ClassVar[bool] = True
    """Whether it reads ``state.asked_calls`` or ``state.touched_calls``; they are not kept for one that does not."""

    @abstractmethod
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

    @staticmethod
    def from_text(text: str | Policy) -> Policy:
        """Return the policy that ``text`` names; a policy is returned as it is.

        ``never``; ``always`` (the best READ call); ``threshold:P`` or ``threshold:P,K``; ``topk:K``; ``ev:WASTE`` or
        ``ev:WASTE,K``; ``package.module:Class`` or ``package.module:Class:ARGUMENT`` for one of your own. Behind it,
        ``+launches:N`` and ``+wasted:SECONDS`` are budgets a session, ``+entities:N`` caps disclosure.

        Raises
        ------
        ConfigError
            When it names none.
        """
        if isinstance(text, Policy):
            return text
        if not isinstance(text, str):
            raise ConfigError(f"a policy is a subclass of specbench.policies.Policy, or a text; got {text!r}")
        head, *limits = [part.strip() for part in text.split("+")]
        try:
            policy = POLICIES.make(head)
            for kind, _, number in (limit.partition(":") for limit in limits):
                policy = import_part(_LIMITS[kind])(policy, float(number))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(
                f"{text!r} is no policy ({error}); use one of {', '.join(POLICIES)}: {POLICIES.hint}"
            ) from None
        if not isinstance(policy, Policy):
            raise ConfigError(f"{head!r} is no policy: a policy is a subclass of specbench.policies.Policy")
        return policy


def numbers(argument: str, least: int, most: int) -> list[float]:
    """Return the ``most`` numbers of a comma list; those that may be left out are 1.

    Examples
    --------
    >>> numbers("0.4", 1, 2)
    [0.4, 1.0]
    """
    parts = [float(part) for part in argument.split(",")]
    if not least <= len(parts) <= most:
        raise ValueError(argument)
    return [*parts, *[1.0] * (most - len(parts))]


def whole(number: float) -> int:
    """Return a number that has no fraction as an ``int``."""
    if number != int(number):
        raise ValueError(number)
    return int(number)


def launchable(point: DecisionPoint, predictions: Sequence[Prediction], most: int | None = None) -> list[Prediction]:
    """Return the first ``most`` predicted calls whose tool is declared ``read`` or ``staged``, in the order given.

    A call of probability 0 is none of them, none whose arguments are not a JSON object (no tool can run on those), and
    none that would carry outside what it should not (:mod:`specbench.policies.steering`).
    """
    kept: list[Prediction] = []
    for prediction in predictions:
        call = prediction.call
        if call is None or call.invalid_arguments is not None or prediction.p <= 0:
            continue
        if effect_of(call, point.tools) in (Effect.READ, Effect.STAGED) and steered(call, point) is None:
            kept.append(prediction)
            if len(kept) == most:
                break
    return kept


@dataclass(frozen=True)
class Never(Policy):
    """Launch nothing: the sequential run."""

    looks_at_calls = False

    def __str__(self) -> str:
        return "never"

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return nothing."""
        return Choice([], "policy never launches")


@dataclass(frozen=True)
class Threshold(Policy):
    """Launch the ``k`` best READ calls whose probability reaches ``p``.

    Parameters
    ----------
    p
        Least probability, in [0, 1].
    k
        Most launches at one decision point.

    Examples
    --------
    >>> from specbench.core.types import ToolCall, ToolSpec, effect_of
    >>> point = DecisionPoint("t", 0, (), {"look": ToolSpec("look", effect=Effect.READ)})
    >>> Threshold(0.6).choose(point, [Prediction(ToolCall("look"), 0.55)])
    Choice(launch=[], reason='best READ call look({}) has p 0.55, below 0.60')
    """

    looks_at_calls = False

    p: float = DEFAULT_THRESHOLD
    k: int = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.p <= 1.0:
            raise ConfigError(f"a threshold is a probability in [0, 1]; got {self.p!r}")
        if self.k < 1:
            raise ConfigError(f"k is a number of launches, at least 1; got {self.k!r}")

    @classmethod
    def from_argument(cls, argument: str) -> Threshold:
        """Read ``P`` or ``P,K``."""
        p, k = numbers(argument, 1, 2)
        return cls(p, whole(k))

    def __str__(self) -> str:
        return f"threshold:{self.p:g},{self.k}" if self.k > 1 else f"threshold:{self.p:g}"

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
class TopK(Policy):
    """Launch the ``k`` best READ calls at every decision point, however improbable."""

    looks_at_calls = False

    k: int = 1

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"k is a number of launches, at least 1; got {self.k!r}")

    @classmethod
    def from_argument(cls, argument: str) -> TopK:
        """Read ``K``."""
        (k,) = numbers(argument, 1, 1)
        return cls(whole(k))

    def __str__(self) -> str:
        return f"topk:{self.k}"

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return the launches and the reason."""
        able = launchable(point, predictions, self.k)
        return Choice(able, f"top {self.k}" if able else "no READ call predicted")


def always() -> TopK:
    """Return the policy that launches the best READ call at every decision point."""
    return TopK(1)
