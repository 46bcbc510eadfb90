"""The agent configurations: how often each of the scripted agent's habits shows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HABITS", "Habits"]


@dataclass(frozen=True)
class Habits:
    """Probabilities of an agent configuration's habits.

    Parameters
    ----------
    profile, preferences, tickets
        Reads the customer's profile, preferences or tickets although nobody asked.
    rereads
        Reads again what is known already, such as the order just before a write.
    narrates, stalls
        Says "let me check" in the message that calls; or as a reply of its own, without a call.
    confirms
        Asks before a write.
    calculates, notes
        Uses the calculator; notes what was written.
    asks_order
        Asks for the order number before looking into the history.
    filters, oldest_first
        Looks first at orders whose status fits the goal; goes through them from the oldest.
    parallel
        Reads two things in one message.
    slips
        Mistypes an order id.
    by_tracking, tracks
        Tracks by tracking number, not order id; tracks a shipped order at all.
    eager_history
        Reads the order history before the goal needs it.
    """

    profile: float
    preferences: float
    tickets: float
    rereads: float
    narrates: float
    stalls: float
    confirms: float
    calculates: float
    asks_order: float
    filters: float
    oldest_first: float
    parallel: float
    slips: float
    by_tracking: float
    tracks: float
    eager_history: float
    notes: float


HABITS: dict[str, Habits] = {
    "desk-careful": Habits(
        profile=0.2, preferences=0.3, tickets=0.25, rereads=0.45, narrates=0.35, stalls=0.04, confirms=0.97,
        calculates=0.85, asks_order=0.2, filters=0.8, oldest_first=0.1, parallel=0.04, slips=0.02, by_tracking=0.3,
        tracks=0.9, eager_history=0.2, notes=0.5,
    ),
    "desk-quick": Habits(
        profile=0.08, preferences=0.05, tickets=0.04, rereads=0.08, narrates=0.05, stalls=0.02, confirms=0.6,
        calculates=0.3, asks_order=0.55, filters=0.9, oldest_first=0.1, parallel=0.08, slips=0.04, by_tracking=0.15,
        tracks=0.6, eager_history=0.1, notes=0.05,
    ),
    "desk-chatty": Habits(
        profile=0.3, preferences=0.2, tickets=0.1, rereads=0.2, narrates=0.7, stalls=0.2, confirms=0.9,
        calculates=0.6, asks_order=0.45, filters=0.6, oldest_first=0.25, parallel=0.03, slips=0.03, by_tracking=0.5,
        tracks=0.8, eager_history=0.15, notes=0.25,
    ),
    "desk-rookie": Habits(
        profile=0.25, preferences=0.15, tickets=0.2, rereads=0.35, narrates=0.3, stalls=0.12, confirms=0.8,
        calculates=0.6, asks_order=0.3, filters=0.3, oldest_first=0.3, parallel=0.03, slips=0.1, by_tracking=0.4,
        tracks=0.7, eager_history=0.25, notes=0.35,
    ),
}  # fmt: skip
"""The agent configurations by name."""
