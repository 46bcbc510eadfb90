"""Policies from the command line."""

from __future__ import annotations

from specbench.core.errors import ConfigError
from specbench.policies.base import DEFAULT_THRESHOLD, Never, Policy, Threshold, TopK
from specbench.policies.combined import Budgeted, Disclosure
from specbench.policies.value import ExpectedValue

__all__ = ["FORMS", "parse_policy"]

FORMS = "never, always, threshold:P[,K], topk:K, ev:WASTE[,K]; then perhaps +launches:N, +wasted:SECONDS, +entities:N"


def parse_policy(text: str) -> Policy:
    """Return the policy that ``text`` names.

    ``never``; ``always`` (the best READ call); ``threshold:P`` or ``threshold:P,K``; ``topk:K``; ``ev:WASTE`` or
    ``ev:WASTE,K``. Behind it, ``+launches:N`` and ``+wasted:SECONDS`` are budgets a session, ``+entities:N`` caps
    disclosure.

    Raises
    ------
    ConfigError
        When it names none.

    Examples
    --------
    >>> parse_policy("threshold:0.4,2+launches:20")
    Budgeted(policy=Threshold(p=0.4, k=2), launches=20, wasted_s=None, per='session')
    """
    head, *tails = [part.strip() for part in text.split("+")]
    try:
        policy = _plain(*_parts(head))
        for tail in tails:
            kind, numbers = _parts(tail)
            (number,) = numbers
            if kind == "launches":
                policy = Budgeted(policy, launches=_whole(number))
            elif kind == "wasted":
                policy = Budgeted(policy, wasted_s=number)
            elif kind == "entities":
                policy = Disclosure(policy, _whole(number))
            else:
                raise ValueError(kind)
    except ConfigError:
        raise
    except (ValueError, TypeError, OverflowError):
        raise ConfigError(f"{text!r} is no policy; use {FORMS}") from None
    return policy


def _parts(text: str) -> tuple[str, list[float]]:
    kind, _, rest = text.partition(":")
    return kind.lower(), [float(part) for part in rest.split(",") if part]


def _plain(kind: str, numbers: list[float]) -> Policy:
    if kind == "never" and not numbers:
        return Never()
    if kind == "always" and not numbers:
        return TopK(1)
    if kind == "threshold" and len(numbers) <= 2:
        p = numbers[0] if numbers else DEFAULT_THRESHOLD
        return Threshold(p, _whole(numbers[1]) if len(numbers) > 1 else 1)
    if kind == "topk" and len(numbers) == 1:
        return TopK(_whole(numbers[0]))
    if kind == "ev" and 1 <= len(numbers) <= 2:
        return ExpectedValue(numbers[0], k=_whole(numbers[1])) if len(numbers) > 1 else ExpectedValue(numbers[0])
    raise ValueError(kind)


def _whole(number: float) -> int:
    if number != int(number):
        raise ValueError(number)
    return int(number)
