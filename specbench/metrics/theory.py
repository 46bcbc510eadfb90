"""Formulas of the field, to lay over measured curves: what should speculation bring, if its assumptions held?

All seconds and shares; ``think_s`` is the LLM's decision (G), ``tool_s`` the tool (T).
"""

from __future__ import annotations

from specbench.core.errors import ConfigError

__all__ = [
    "breadth_probability",
    "breadth_time_ratio",
    "client_speed_up",
    "overlap_saved_share",
    "run_ahead_saved_share",
    "worth_a_branch",
]


def overlap_saved_share(
    think_s: float, tool_s: float, *, hits: float, calls: float, points: float, predict_s: float = 0.0
) -> float:
    """Return saved ÷ sequential seconds when hit calls overlap the thinking before them.

    A hit saves min(G − predict, T); the sequential run is points · G + calls · T.

    Examples
    --------
    >>> round(overlap_saved_share(2.0, 1.0, hits=592, calls=828, points=1522), 3)  # READ oracle, tau-bench retail
    0.153
    """
    sequential_s = points * think_s + calls * tool_s
    if sequential_s <= 0:
        return 0.0
    return hits * max(0.0, min(think_s - predict_s, tool_s)) / sequential_s


def run_ahead_saved_share(think_s: float, tool_s: float, *, hits: float, calls: float, points: float) -> float:
    """Return saved ÷ sequential seconds when each hit also starts the next invocation on the result (no depth limit).

    A hit step takes max(T, …) instead of G + T: it saves G where T ≤ G, and T where the tool is slower (the thinking of
    the next step cannot start before the result is there).

    Examples
    --------
    >>> round(run_ahead_saved_share(2.0, 1.0, hits=592, calls=828, points=1522), 2)
    0.31
    """
    sequential_s = points * think_s + calls * tool_s
    return hits * think_s / sequential_s if sequential_s > 0 else 0.0


def client_speed_up(think_s: float, tool_s: float, p: float, predict_s: float = 0.0) -> float:
    """Return T_std ÷ T_spec of client-side speculation with hit probability ``p``: at most 2, best at G ≈ T.

    T_std = N (G + T); T_spec = p N max(G, g + T) + (1 − p) N (G + T).

    Examples
    --------
    >>> client_speed_up(1.0, 1.0, p=1.0), client_speed_up(1.0, 1.0, p=0.0)
    (2.0, 1.0)
    """
    _probability(p)
    plain = think_s + tool_s
    spent = p * max(think_s, predict_s + tool_s) + (1 - p) * plain
    return plain / spent if spent > 0 else 1.0


def breadth_probability(p: float, k: int) -> float:
    """Return P(at least one of ``k`` independent guesses is right) = 1 − (1 − p)^k.

    Examples
    --------
    >>> breadth_probability(0.5, 2)
    0.75
    """
    _probability(p)
    return 1 - (1 - p) ** k


def breadth_time_ratio(p: float, k: int, actor_rate: float, speculator_rate: float) -> float:
    """Return E[T_spec] ÷ E[T_seq] at depth one with exponential actor (rate β) and speculator (rate α), breadth ``k``.

    1 − p_k ÷ (1 + p_k) · α ÷ (α + β): never below one half.

    Examples
    --------
    >>> breadth_time_ratio(1.0, 1, actor_rate=1.0, speculator_rate=1e9)
    0.5000000005
    """
    right = breadth_probability(p, k)
    return 1 - right / (1 + right) * speculator_rate / (speculator_rate + actor_rate)


def worth_a_branch(p: float, earlier: float, gain_s: float, cost_s: float) -> bool:
    """Whether one more branch pays: Δ · p · Π(1 − p_earlier) ≥ c; adding them in falling p is optimal.

    Parameters
    ----------
    p
        P(this branch is right).
    earlier
        P(none of the branches before it is right).
    gain_s, cost_s
        Seconds that a right branch brings, and that a branch costs.

    Examples
    --------
    >>> worth_a_branch(0.5, 0.5, gain_s=2.0, cost_s=0.4)
    True
    """
    _probability(p)
    return gain_s * p * earlier >= cost_s


def _probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ConfigError(f"p is a probability in [0, 1]; got {p!r}")
