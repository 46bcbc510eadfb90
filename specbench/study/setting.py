"""One operating point: a predictor, a policy, seconds, windows. Everything that the playground's widgets move."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from specbench.core.errors import ConfigError
from specbench.policies import Policy, Threshold
from specbench.sim import Auto, Constant, Latency
from specbench.speculation import Options

__all__ = ["Setting"]

_POLICY, _LATENCY, _OPTIONS = Threshold(), Auto(Constant(2.0, 1.0, 8.0)), Options()


@dataclass(frozen=True, repr=False)
class Setting:
    """One operating point.

    Parameters
    ----------
    predictor
        A name, or the label of one that was added to the workbench.
    policy
        What to launch; a policy or its text form (``"threshold:0.4,2"``).
    latency
        Seconds of LLM, tools and user; a model or its text form (``"constant:2,1,8"``). By default the
        recorded seconds where the traces carry them, else ``constant:2,1,8``.
    options
        Windows, carried results, run-ahead, slots, limits; options or their text form (``"carry_ttl_s=60"``).
    predict_ms
        Milliseconds of the predictor, charged to every decision.

    Raises
    ------
    ConfigError
        When one of them is something else.

    Examples
    --------
    >>> setting = Setting("markov", "always", options="carry_ttl_s=60")
    >>> setting.policy, setting.options.carry_ttl_s
    (TopK(k=1), 60.0)
    """

    predictor: str = "ngram"
    policy: Policy = _POLICY
    latency: Latency = _LATENCY
    options: Options = _OPTIONS
    predict_ms: float = 2.0

    def __post_init__(self) -> None:
        if not isinstance(self.predictor, str):
            raise ConfigError(
                f"a setting takes the name of a predictor; got {self.predictor!r}. Give a predictor of your own a name "
                "with Workbench.add(name, predictor)"
            )
        for name, kind in (("policy", Policy), ("latency", Latency), ("options", Options)):
            object.__setattr__(self, name, kind.from_text(getattr(self, name)))
        if not self.predict_ms >= 0:
            raise ConfigError(f"predict_ms is milliseconds, 0 or more; got {self.predict_ms!r}")

    def __repr__(self) -> str:
        return f"Setting({self.arguments_text()})"

    @property
    def k(self) -> int:
        """Most launches at one decision point."""
        policy: Any = self.policy
        while not hasattr(policy, "k") and hasattr(policy, "policy"):
            policy = policy.policy
        return int(getattr(policy, "k", 1))

    def arguments_text(self) -> str:
        """Return the arguments that differ from the defaults, as Python; parts in their text forms.

        Examples
        --------
        >>> Setting("markov", Threshold(0.3, k=2)).arguments_text()
        "predictor='markov', policy='threshold:0.3,2'"
        """
        changed = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(Setting(), each.name)
        }
        return ", ".join(
            f"{name}={value!r}" if isinstance(value, (int, float)) else f"{name}={str(value)!r}"
            for name, value in changed.items()
        )
