"""The rules for ties and lifetimes, in one place; simulator and executor have no others.

1. *Results before decisions.* A result that arrives at the very moment of the decision is on time.
2. *Decisions before launches.* A prediction that is ready at the moment of the decision launches nothing.
3. *Own decision point.* A result counts at the decision point that it was launched for (again), whatever its age; at a
   later one while no more than the TTL has passed since it arrived.
4. *Staleness.* A volatile read counts while no more than its greatest staleness has passed since it was **launched**:
   it tells of some moment between launch and use. This holds at its own decision point too.
5. *Writes.* A write ends the life of every read that it may touch when it starts, whether that read has ended or not;
   while it runs no such read is launched.
6. *Commits once.* A result that was used is gone.

Time that several things share (equal times in two sessions) has no order beyond that.
"""

from __future__ import annotations

__all__ = ["ARRIVAL", "DECISION", "LAUNCH", "alive", "is_late"]

ARRIVAL, DECISION, LAUNCH = 0, 1, 2
"""Order of events at one moment."""


def is_late(arrived_s: float, decided_s: float) -> bool:
    """Whether a result came after the decision that uses it (rule 1).

    Examples
    --------
    >>> is_late(2.0, 2.0)
    False
    """
    return arrived_s > decided_s


def alive(
    now_s: float, launched_s: float, arrived_s: float | None, own: bool, ttl_s: float, staleness_s: float | None
) -> bool:
    """Whether a result, or the work on it, may be used now (rules 3 and 4).

    Parameters
    ----------
    now_s, launched_s, arrived_s
        Seconds; ``arrived_s`` is ``None`` while it runs.
    own
        It was launched for this decision point.
    ttl_s
        How long results live beyond their own decision point; 0 for not at all.
    staleness_s
        Greatest staleness of a volatile read; ``None`` for one that is not volatile.

    Examples
    --------
    >>> alive(5.0, 0.0, 1.0, own=False, ttl_s=4.0, staleness_s=None)
    True
    >>> alive(5.0, 0.0, 1.0, own=True, ttl_s=4.0, staleness_s=3.0)
    False
    """
    if staleness_s is not None and now_s - launched_s > staleness_s:
        return False
    if own:
        return True
    return ttl_s > 0 and (arrived_s is None or now_s - arrived_s <= ttl_s)
