"""What the scripted agent's skills share: words about orders, tracking, tickets, the rules for returns."""

from __future__ import annotations

from datetime import date
from typing import Any

from specbench.desk.people.agent import ScriptedAgent
from specbench.desk.people.users import Turn
from specbench.desk.phrases.formatting import date_text, list_text, money
from specbench.desk.world.data import RETURN_DAYS, TODAY

__all__ = [
    "open_ticket",
    "order_slots",
    "product_list",
    "refusal_of",
    "shipment_text",
    "ticket_text",
    "track",
]

Row = dict[str, Any]


def order_slots(order: Row) -> dict[str, str]:
    """Words about an order for the agent's phrases."""
    return {
        "id": order["order_id"],
        "status": order["status"],
        "items": " and ".join(item["name"] for item in order["items"]),
        "total": money(order["total"]),
        "placed": date_text(order["placed_on"]),
        "delivered": date_text(order["delivered_on"]) if "delivered_on" in order else "",
        "street": order["ship_to"]["street"],
        "tracking": order.get("tracking_number", ""),
    }


def track(agent: ScriptedAgent, order: Row) -> Row:
    """Track an order's parcel, by order id or tracking number as the habit goes."""
    key = "tracking_number" if agent.chance(agent.habits.by_tracking) else "order_id"
    shipment: Row = agent.call("track_shipment", **{key: order[key]})
    return shipment


def shipment_text(agent: ScriptedAgent, order: Row, shipment: Row) -> str:
    """Say where a parcel is."""
    slots = order_slots(order) | {
        "carrier": shipment["carrier"],
        "seen": shipment["last_seen"],
        "due": date_text(shipment["expected_on"]),
    }
    return agent.text(shipment["status"], **slots)


def ticket_text(agent: ScriptedAgent, row: Row) -> str:
    """Say how a ticket stands."""
    return agent.text(
        "ticket", ticket=row["ticket_id"], subject=row["subject"], status=row["status"], update=row["last_update"]
    )


def open_ticket(agent: ScriptedAgent, order: Row, subject: str) -> Turn:
    """Open a ticket about an order and tell; preferences say how the customer is contacted."""
    preferences = None
    if agent.chance(agent.habits.preferences * 2):
        preferences = agent.call("get_preferences", user_id=agent.user_id)
    ticket = agent.write(
        "create_ticket",
        user_id=agent.user_id,
        order_id=order["order_id"],
        subject=subject,
        priority=agent.rng.choice(("normal", "normal", "high")),
    )
    slots = {"ticket": ticket["ticket_id"], "priority": ticket["priority"]}
    if preferences is None:
        return agent.result(agent.text("done_ticket", **slots))
    return agent.result(agent.text("done_ticket_by", channel=preferences["contact_channel"], **slots))


def refusal_of(agent: ScriptedAgent, order: Row) -> str:
    """Why the items of an order cannot come back, or nothing."""
    if order["status"] != "delivered":
        return agent.text("not_delivered", **order_slots(order))
    if (TODAY - date.fromisoformat(order["delivered_on"])).days > RETURN_DAYS:
        return agent.text("too_late", **order_slots(order))
    return ""


def product_list(rows: list[Row]) -> str:
    """Products with their prices, as a list in a sentence."""
    return list_text([f"{row['name']} ({money(row['price'])})" for row in rows])
