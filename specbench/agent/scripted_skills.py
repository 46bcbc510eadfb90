"""What the scripted agent can do: one function a kind of goal. Each returns the turn with the customer's next goal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from specbench.agent.desk import DeskError
from specbench.agent.desk_data import RETURN_DAYS, TODAY
from specbench.agent.phrases import date_text, money
from specbench.agent.scripted_agent import ScriptedAgent, item_of
from specbench.agent.scripted_goals import Goal
from specbench.agent.scripted_users import Turn

__all__ = ["SKILLS"]

Row = dict[str, Any]


def _address(row: Row) -> str:
    return "{street}, {city}, {state} {zip}".format_map(row)


def _slots(order: Row) -> dict[str, str]:
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


def _track(agent: ScriptedAgent, order: Row) -> Row:
    if agent.chance(agent.habits.by_tracking):
        return _object(agent.call("track_shipment", tracking_number=order["tracking_number"]))
    return _object(agent.call("track_shipment", order_id=order["order_id"]))


def _object(value: Any) -> Row:
    assert isinstance(value, dict)
    return value


def _shipment_text(agent: ScriptedAgent, order: Row, shipment: Row) -> str:
    slots = _slots(order) | {
        "carrier": shipment["carrier"],
        "seen": shipment["last_seen"],
        "due": date_text(shipment["expected_on"]),
    }
    return agent.text(shipment["status"], **slots)


def _status(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(goal, ("shipped", "processing"))
    if order["status"] == "shipped" and agent.chance(agent.habits.tracks):
        return agent.result(_shipment_text(agent, order, _track(agent, order)))
    if order["status"] == "delivered" and agent.chance(agent.habits.tracks / 4):
        _track(agent, order)
    return agent.result(agent.text(order["status"], **_slots(order)))


def _late(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(goal, ("shipped",))
    if order["status"] != "shipped":
        return agent.result(agent.text(order["status"], **_slots(order)))
    shipment = _track(agent, order)
    text = _shipment_text(agent, order, shipment)
    if shipment["status"] != "delayed":
        return agent.result(text)
    if agent.chance(agent.habits.tickets):
        tickets = agent.call("get_tickets", user_id=agent.user_id)
        known = next((row for row in tickets if row["order_id"] == order["order_id"]), None)
        if known is not None:
            return agent.result(f"{text} {_ticket_text(agent, known)}")
    if not agent.confirm(f"{text} {agent.text('confirm_ticket')}"):
        return agent.result(agent.text("kept"))
    return _open_ticket(agent, order, f"order {order['order_id']} is late")


def _open_ticket(agent: ScriptedAgent, order: Row, subject: str) -> Turn:
    preferences = None
    if agent.chance(agent.habits.preferences * 2):
        preferences = agent.call("get_preferences", user_id=agent.user_id)
    ticket = agent.call(
        "create_ticket",
        user_id=agent.user_id,
        order_id=order["order_id"],
        subject=subject,
        priority=agent.rng.choice(("normal", "normal", "high")),
    )
    channel = "email" if preferences is None else preferences["contact_channel"]
    return agent.result(
        agent.text("done_ticket", ticket=ticket["ticket_id"], priority=ticket["priority"], channel=channel)
    )


def _cancel(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(goal, ("processing",))
    if order["status"] != "processing":
        text = agent.text("cancelled" if order["status"] == "cancelled" else "no_cancel", **_slots(order))
        if order["status"] == "shipped" and agent.chance(agent.habits.tracks / 2):
            text = f"{text} {_shipment_text(agent, order, _track(agent, order))}"
        return agent.result(text)
    if not agent.confirm(agent.text("confirm_cancel", **_slots(order))):
        return agent.result(agent.text("kept"))
    if agent.chance(agent.habits.rereads / 2):
        agent.call("get_order", words=agent.text("narrate_again"), order_id=order["order_id"])
    agent.call("cancel_order", order_id=order["order_id"], reason=goal.slots["reason"])
    return agent.result(agent.text("done_cancel", **_slots(order)))


def _sendable(agent: ScriptedAgent, order: Row) -> str:
    """Why the items of an order cannot come back, or nothing."""
    if order["status"] != "delivered":
        return agent.text("not_delivered", **_slots(order))
    if (TODAY - date.fromisoformat(order["delivered_on"])).days > RETURN_DAYS:
        return agent.text("too_late", **_slots(order))
    return ""


def _order_with_item(agent: ScriptedAgent, goal: Goal, statuses: tuple[str, ...]) -> tuple[Row, Row]:
    order = agent.find_order(goal, statuses)
    item = item_of(order, goal.item)
    while item is None:
        agent.ask("fix_order", agent.text("not_in_order", id=order["order_id"], item=goal.item))
        order = agent.find_order(goal, statuses)
        item = item_of(order, goal.item)
    return order, item


def _return(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered",))
    refusal = _sendable(agent, order)
    if refusal:
        return agent.result(refusal)
    method = "original payment"
    if agent.chance(0.2 + agent.habits.preferences * 2):
        method = agent.call("get_preferences", user_id=agent.user_id)["refund_method"]
    slots = {"id": order["order_id"], "item": item["name"], "price": money(item["price"]), "method": method}
    if not agent.confirm(agent.text("confirm_return", **slots)):
        return agent.result(agent.text("kept"))
    agent.call("return_items", order_id=order["order_id"], product_ids=[item["product_id"]], refund_method=method)
    return agent.result(agent.text("done_return", **slots))


def _exchange(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered",))
    refusal = _sendable(agent, order)
    if refusal:
        return agent.result(refusal)
    category = agent.call("get_product", product_id=item["product_id"])["category"]
    offers = [row for row in _search(agent, category, item["price"]) if row["product_id"] != item["product_id"]][-3:]
    if not offers:
        return agent.result(agent.text("shop_none"))
    listed = _listing(offers)
    turn = agent.ask(
        "product",
        agent.text("options", item=item["name"], category=category, list=listed),
        names=[row["name"] for row in offers],
    )
    chosen = next(row for row in offers if row["name"] == turn.said["product"])
    slots = {"item": item["name"], "name": chosen["name"], "price": money(chosen["price"])}
    if agent.chance(0.4 + agent.habits.rereads):
        product = agent.call("get_product", product_id=chosen["product_id"])
        if product["in_stock"] < 1:
            return agent.result(agent.text("no_stock", **slots))
    if not agent.confirm(agent.text("confirm_exchange", **slots)):
        return agent.result(agent.text("kept"))
    try:
        done = agent.call(
            "exchange_item",
            order_id=order["order_id"],
            product_id=item["product_id"],
            new_product_id=chosen["product_id"],
        )
    except DeskError:
        return agent.result(agent.text("no_stock", **slots))
    cost = done["to_pay"]
    if cost == 0:
        difference = "There is nothing to pay."
    else:
        difference = f"You {'pay' if cost > 0 else 'get back'} {money(abs(cost))}."
    return agent.result(agent.text("done_exchange", difference=difference, **slots))


def _search(agent: ScriptedAgent, category: str, price: float) -> list[Row]:
    """Search a category, up to half as much again as a price, or without a limit."""
    arguments: Row = {"category": category}
    if agent.chance(0.4):
        arguments["max_price"] = int(price * 1.5) + 1
    rows: list[Row] = agent.call("search_products", **arguments)
    return rows


def _listing(rows: list[Row]) -> str:
    shown = [f"{row['name']} ({money(row['price'])})" for row in rows]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _damaged(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered",))
    if agent.chance(agent.habits.tickets):
        tickets = agent.call("get_tickets", user_id=agent.user_id)
        known = next((row for row in tickets if item["name"] in row["subject"]), None)
        if known is not None:
            return agent.result(_ticket_text(agent, known))
    if agent.chance(agent.habits.rereads):
        agent.call("get_product", product_id=item["product_id"])
    if agent.chance(0.5):
        if not agent.confirm(agent.text("confirm_ticket")):
            return agent.result(agent.text("kept"))
        return _open_ticket(agent, order, f"{item['name']} arrived damaged")
    slots = {"item": item["name"], "price": money(item["price"])}
    if not agent.confirm(agent.text("offer_refund", **slots)):
        return agent.result(agent.text("kept"))
    agent.call("issue_refund", order_id=order["order_id"], amount=item["price"], reason=f"{item['name']} damaged")
    return agent.result(agent.text("done_refund", **slots))


def _order_address(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(goal, ("processing",))
    if order["status"] != "processing":
        return agent.result(agent.text("no_address", **_slots(order)))
    if not agent.confirm(agent.text("confirm_address", address=_address(goal.slots))):
        return agent.result(agent.text("kept"))
    agent.call("update_address", user_id=agent.user_id, order_id=order["order_id"], **goal.slots)
    agent.topic = {**order, "ship_to": goal.slots}
    what = f"order {order['order_id']}"
    return agent.result(agent.text("done_address", what=what, address=_address(goal.slots)))


def _account_address(agent: ScriptedAgent, goal: Goal) -> Turn:
    if "customer" not in agent.memory and agent.chance(agent.habits.profile):
        agent.memory["customer"] = agent.call("get_customer", user_id=agent.user_id)
    if not agent.confirm(agent.text("confirm_address", address=_address(goal.slots))):
        return agent.result(agent.text("kept"))
    agent.call("update_address", user_id=agent.user_id, **goal.slots)
    return agent.result(agent.text("done_address", what="your account", address=_address(goal.slots)))


def _warranty(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered", "shipped"))
    product = agent.call("get_product", product_id=item["product_id"])
    months = str(product["warranty_months"])
    return agent.result(agent.text("warranty", name=item["name"], months=months, placed=date_text(order["placed_on"])))


def _refund_amount(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(goal, ("delivered",))
    refusal = _sendable(agent, order)
    if refusal:
        return agent.result(refusal)
    if len(order["items"]) > 1 and agent.chance(agent.habits.calculates):
        agent.call("calculate", expression=" + ".join(f"{item['price']}" for item in order["items"]))
    return agent.result(agent.text("refund_quote", **_slots(order)))


def _ticket_text(agent: ScriptedAgent, row: Row) -> str:
    return agent.text(
        "ticket", ticket=row["ticket_id"], subject=row["subject"], status=row["status"], update=row["last_update"]
    )


def _ticket(agent: ScriptedAgent, goal: Goal) -> Turn:
    tickets = agent.memory.get("tickets")
    if tickets is None or agent.chance(agent.habits.rereads):
        tickets = agent.call("get_tickets", user_id=agent.user_id)
    if not tickets:
        return agent.result(agent.text("no_ticket"))
    row = tickets[0]
    if agent.chance(0.15 + agent.habits.rereads):
        order = agent.read_order(row["order_id"])
        if order["status"] == "shipped" and agent.chance(agent.habits.tracks):
            return agent.result(f"{_ticket_text(agent, row)} {_shipment_text(agent, order, _track(agent, order))}")
    return agent.result(_ticket_text(agent, row))


def _preference(agent: ScriptedAgent, goal: Goal) -> Turn:
    key, value, change = (goal.slots[name] for name in ("key", "value", "change"))
    if agent.chance(0.2 + agent.habits.preferences * 2):
        current = agent.call("get_preferences", user_id=agent.user_id)
        if current[key] == value:
            return agent.result(agent.text("same_preference", change=change))
    agent.call("update_preferences", user_id=agent.user_id, **{key: value})
    return agent.result(agent.text("done_preference", change=change))


def _shop(agent: ScriptedAgent, goal: Goal) -> Turn:
    category, limit = goal.slots["category"], goal.slots["limit"]
    rows = agent.call("search_products", category=category, max_price=limit)
    fitting = [row for row in rows if row["name"].endswith(goal.slots["noun"])] or rows[-3:]
    if not fitting:
        return agent.result(agent.text("shop_none"))
    if agent.chance(0.4):
        return agent.result(agent.text("shop_list", list=_listing(fitting)))
    if len(fitting) > 1 and agent.chance(agent.habits.parallel * 3):
        product = agent.calls(*[("get_product", {"product_id": row["product_id"]}) for row in fitting[:2]])[0]
    else:
        product = agent.call("get_product", product_id=agent.rng.choice(fitting)["product_id"])
    stock = "in stock" if product["in_stock"] else "sold out at the moment"
    months = str(product["warranty_months"])
    return agent.result(
        agent.text("shop_detail", name=product["name"], price=money(product["price"]), stock=stock, months=months)
    )


SKILLS: dict[str, Callable[[ScriptedAgent, Goal], Turn]] = {
    "status": _status,
    "late": _late,
    "cancel": _cancel,
    "return": _return,
    "exchange": _exchange,
    "damaged": _damaged,
    "order_address": _order_address,
    "account_address": _account_address,
    "warranty": _warranty,
    "refund_amount": _refund_amount,
    "ticket": _ticket,
    "preference": _preference,
    "shop": _shop,
}
"""Kind of goal → skill."""
