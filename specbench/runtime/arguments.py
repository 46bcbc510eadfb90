"""What an executor is made of, checked where it is made."""

from __future__ import annotations

from typing import Any

from specbench.core.errors import ConfigError, NotFittedError
from specbench.policies import Policy, Threshold
from specbench.predictors import Predictor

__all__ = ["checked_policy", "checked_predictor"]


def checked_policy(policy: Any) -> Policy:
    """Return the policy, from its text form too; ``Threshold(0.6)`` when there is none.

    Raises
    ------
    ConfigError
        When it is none.
    """
    if policy is None:
        return Threshold()
    if isinstance(policy, (str, type)) or not callable(getattr(policy, "choose", None)):
        return Policy.from_text(policy)
    made: Policy = policy
    return made


def checked_predictor(predictor: Any, learns: bool) -> Predictor | None:
    """Return the predictor, if it may be asked; one that ``learns`` as it goes may begin with nothing.

    Raises
    ------
    ConfigError
        When it is none, such as a name.
    NotFittedError
        When it has not learned anything yet.
    """
    if predictor is None:
        return None
    if isinstance(predictor, (str, type)) or not callable(getattr(predictor, "session", None)):
        raise ConfigError(
            f"a predictor is a fitted specbench.Predictor object; got {predictor!r}. Load one with "
            "specbench.load(folder), or fit one: specbench.Markov().fit(traces)"
        )
    if not (learns or getattr(predictor, "fitted", True)):
        raise NotFittedError(f"{predictor.name} has not been fitted; call fit(traces) or load a checkpoint first")
    made: Predictor = predictor
    return made
