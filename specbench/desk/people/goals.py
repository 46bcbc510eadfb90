"""What a scripted customer wants, and how he behaves: drawn once for a task, shared by its trials."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from specbench.desk.world.desk import DeskError, SupportDesk
from specbench.desk.world.words import CATALOGUE, CITIES, STATES, STREETS

__all__ = ["KINDS", "WISHES", "Goal", "Persona", "Task", "order_exists", "sample_slots", "sample_task", "short_name"]

Row = dict[str, Any]
Reference = Literal["id", "item", "latest", "none"]

#: kind of goal -> (weight, statuses an order should have for it, statuses that end in a refusal)
KINDS: dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]] = {
    "status": (3.5, ("processing", "shipped"), ("delivered", "cancelled")),
    "late": (3, ("shipped",), ("delivered",)),
    "cancel": (5, ("processing",), ("shipped", "delivered")),
    "return": (6, ("delivered",), ("shipped",)),
    "exchange": (4, ("delivered",), ("shipped",)),
    "damaged": (5, ("delivered",), ()),
    "order_address": (4, ("processing",), ("shipped",)),
    "account_address": (3, (), ()),
    "warranty": (2, ("delivered", "shipped"), ()),
    "refund_amount": (1.5, ("delivered",), ()),
    "ticket": (1.5, (), ()),
    "preference": (3.5, (), ()),
    "shop": (1, (), ()),
}


@dataclass(frozen=True)
class Goal:
    """One thing the customer wants. ``order_id`` and ``item`` are true; ``reference`` is what he can name.

    ``slots`` holds what belongs to the kind: the new address, the changed preference, the category and the limit.
    """

    kind: str
    order_id: str = ""
    item: str = ""
    reference: Reference = "id"
    slots: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Persona:
    """How a customer behaves: probabilities, and how he identifies himself."""

    identity: Literal["email", "name_zip", "name_first", "bad_email"]
    upfront: bool
    lower: bool
    greets: bool
    chatty: float
    fickle: float
    leaves: float
    curious: float
    wrong_order: Literal["", "ghost", "other"]


@dataclass(frozen=True)
class Task:
    """A customer, what he wants in order, and how he behaves."""

    user_id: str
    customer: Row
    goals: tuple[Goal, ...]
    persona: Persona
    own_orders: tuple[str, ...]
    ghost_order: str


def sample_task(
    desk: SupportDesk, user_id: str, rng: random.Random, weights: Mapping[str, float] | None = None
) -> Task:
    """Draw a task for a customer of the desk; reads the desk, changes nothing.

    Parameters
    ----------
    desk, user_id
        The customer.
    rng
        Draws goals and behaviour.
    weights
        How often each kind of goal is drawn, relative to the others; as in :data:`KINDS` when not given.

    Examples
    --------
    >>> with SupportDesk(seed=7, customers=5) as desk:
    ...     task = sample_task(desk, desk.user_ids()[0], random.Random(1))
    >>> 1 <= len(task.goals) <= 4
    True
    """
    history = desk.call("get_order_history", {"user_id": user_id})
    orders = [desk.call("get_order", {"order_id": row["order_id"]}) for row in history]
    goals: list[Goal] = []
    often = weights or {kind: weight for kind, (weight, _, _) in KINDS.items()}
    wanted = rng.choices((1, 2, 3, 4), (4, 4, 2, 1))[0]
    # Some draws do not fit the customer's orders: more draws than goals, but not without end.
    for _ in range(8):
        if len(goals) == wanted:
            break
        kinds = [kind for kind in KINDS if all(goal.kind != kind for goal in goals)]
        kind = rng.choices(kinds, [often[kind] for kind in kinds])[0]
        goal = _goal(kind, orders, desk, rng)
        # Two goals about one order would contradict each other (cancel it, then send it elsewhere).
        if goal is not None and all(not goal.order_id or other.order_id != goal.order_id for other in goals):
            goals.append(goal)
    if not goals:
        goals.append(Goal("ticket"))
    persona = Persona(
        identity=rng.choices(("email", "name_zip", "name_first", "bad_email"), (50, 25, 13, 12))[0],
        upfront=rng.random() < 0.35,
        lower=rng.random() < 0.15,
        greets=rng.random() < 0.15,
        chatty=rng.choice((0.0, 0.0, 0.05, 0.2)),
        fickle=rng.choice((0.0, 0.05, 0.2)),
        leaves=rng.choice((0.0, 0.0, 0.0, 0.1)),
        curious=rng.choice((0.1, 0.25, 0.5)),
        wrong_order=rng.choices(("", "ghost", "other"), (78, 12, 10))[0],
    )
    ghost = f"D{rng.randrange(10000, 99999)}"
    own = tuple(row["order_id"] for row in history)
    while ghost in own or order_exists(desk, ghost):
        ghost = f"D{rng.randrange(10000, 99999)}"
    return Task(user_id, desk.call("get_customer", {"user_id": user_id}), tuple(goals), persona, own, ghost)


def order_exists(desk: SupportDesk, order_id: str) -> bool:
    """Whether the desk has an order of this id."""
    try:
        desk.call("get_order", {"order_id": order_id})
    except DeskError:
        return False
    return True


def _goal(kind: str, orders: list[Row], desk: SupportDesk, rng: random.Random) -> Goal | None:
    _, fitting, refused = KINDS[kind]
    if not fitting:
        return Goal(kind, slots=sample_slots(kind, rng))
    wanted = refused if refused and rng.random() < 0.15 else fitting
    chosen = [order for order in orders if order["status"] in wanted]
    if not chosen:
        return None
    order = rng.choice(chosen)
    item = rng.choice(order["items"])["name"]
    everything = [each["name"] for other in orders for each in other["items"]]
    references: list[Reference] = ["id", "id", "id", "id", "none"]
    if sum(name.endswith(short_name(item)) for name in everything) == 1:
        references += ["item", "item"]
    if order is orders[0]:
        references += ["latest"]
    reference = rng.choice(references)
    said = item if rng.random() < 0.5 or reference != "item" else short_name(item)
    return Goal(kind, order["order_id"], said, reference, sample_slots(kind, rng))


def short_name(item: str) -> str:
    """A product's name without its brand.

    Examples
    --------
    >>> short_name("Norvik desk lamp")
    'desk lamp'
    """
    return item.partition(" ")[2]


def sample_slots(kind: str, rng: random.Random) -> Row:
    """What belongs to a kind of goal: the new address, the changed preference, the category and the limit."""
    if kind in ("order_address", "account_address"):
        return {
            "street": f"{rng.randrange(1, 990)} {rng.choice(STREETS)}",
            "city": rng.choice(CITIES),
            "state": rng.choice(STATES),
            "zip": f"{rng.randrange(1000, 99950):05d}",
        }
    if kind == "preference":
        key, value, wish, change = rng.choice(WISHES)
        return {"key": key, "value": value, "wish": wish, "change": change}
    if kind == "shop":
        category = rng.choice(tuple(CATALOGUE))
        noun, usual = rng.choice(tuple(CATALOGUE[category][1].items()))
        return {"category": category, "noun": noun, "limit": max(15, int(usual * rng.choice((0.6, 1.2, 1.6))) // 5 * 5)}
    if kind == "cancel":
        return {"reason": rng.choice(("no longer needed", "ordered by mistake", "too slow", "found cheaper", "other"))}
    return {}


#: (argument, value, what the customer says he wants, what the agent says is so)
WISHES: tuple[tuple[str, Any, str, str], ...] = (
    ("contact_channel", "phone", "to be called instead of getting emails", "we contact you by phone"),
    ("contact_channel", "sms", "text messages as contact channel", "we contact you by sms"),
    ("contact_channel", "email", "everything by email", "we contact you by email"),
    ("newsletter", False, "no more newsletters", "the newsletter is off"),
    ("newsletter", True, "the newsletter", "the newsletter is on"),
    ("language", "Spanish", "messages in Spanish", "your language is Spanish"),
    ("language", "French", "messages in French", "your language is French"),
    ("language", "German", "messages in German", "your language is German"),
    ("refund_method", "store credit", "refunds as store credit", "refunds come as store credit"),
    ("refund_method", "original payment", "refunds to my card", "refunds go to the original payment"),
)
