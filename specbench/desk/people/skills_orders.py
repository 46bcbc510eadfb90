"""Skills about a whole order: where it is, why it is late, cancelling, its address, its refund."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from specbench.desk.people.agent import ScriptedAgent
from specbench.desk.people.goals import Goal
from specbench.desk.people.skills_common import (
    open_ticket,
    order_slots,
    refusal_of,
    shipment_text,
    ticket_text,
    track,
)
from specbench.desk.people.users import Turn
from specbench.desk.phrases.formatting import address_text, money

__all__ = ["ORDER_SKILLS"]

Row = dict[str, Any]


def _status(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(("shipped", "processing"))
    if order["status"] == "shipped" and agent.chance(agent.habits.tracks):
        return agent.result(shipment_text(agent, order, track(agent, order)))
    if order["status"] == "delivered" and agent.chance(agent.habits.tracks / 4):
        track(agent, order)
    return agent.result(agent.text(order["status"], **order_slots(order)))


def _late(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(("shipped",))
    if order["status"] != "shipped":
        return agent.result(agent.text(order["status"], **order_slots(order)), good=False)
    shipment = track(agent, order)
    text = shipment_text(agent, order, shipment)
    if shipment["status"] != "delayed":
        return agent.result(text)
    if agent.chance(0.45):
        return _goodwill(agent, order, text)
    if agent.chance(agent.habits.tickets):
        tickets = agent.call("get_tickets", user_id=agent.user_id)
        known = next((row for row in tickets if row["order_id"] == order["order_id"]), None)
        if known is not None:
            return agent.result(f"{text} {ticket_text(agent, known)}")
    if not agent.confirm(f"{text} {agent.text('confirm_ticket')}"):
        return agent.result(agent.text("kept"))
    return open_ticket(agent, order, f"order {order['order_id']} is late")


def _goodwill(agent: ScriptedAgent, order: Row, text: str) -> Turn:
    """Offer a tenth of the total for the delay."""
    amount = round(order["total"] / 10, 2)
    if agent.chance(agent.habits.calculates):
        amount = agent.call("calculate", expression=f"{order['total']} * 0.1")["result"]
    if not agent.confirm(f"{text} {agent.text('offer_goodwill', price=money(amount))}"):
        return agent.result(agent.text("kept"))
    agent.write("issue_refund", order_id=order["order_id"], amount=amount, reason="late delivery")
    return agent.result(agent.text("done_goodwill", price=money(amount), id=order["order_id"]))


def _cancel(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(("processing",))
    if order["status"] != "processing":
        text = agent.text("cancelled" if order["status"] == "cancelled" else "no_cancel", **order_slots(order))
        if order["status"] == "shipped" and agent.chance(agent.habits.tracks / 2):
            text = f"{text} {shipment_text(agent, order, track(agent, order))}"
        return agent.result(text, good=False)
    if not agent.confirm(agent.text("confirm_cancel", **order_slots(order))):
        return agent.result(agent.text("kept"))
    if agent.chance(agent.habits.rereads / 2):
        agent.call("get_order", words=agent.text("narrate_again"), order_id=order["order_id"])
    agent.write("cancel_order", order_id=order["order_id"], reason=goal.slots["reason"])
    return agent.result(agent.text("done_cancel", **order_slots(order)))


def _order_address(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(("processing",))
    if order["status"] != "processing":
        return agent.result(agent.text("no_address", **order_slots(order)), good=False)
    if not agent.confirm(agent.text("confirm_address", address=address_text(goal.slots))):
        return agent.result(agent.text("kept"))
    agent.write("update_address", user_id=agent.user_id, order_id=order["order_id"], **goal.slots)
    agent.topic = {**order, "ship_to": goal.slots}
    what = f"order {order['order_id']}"
    return agent.result(agent.text("done_address", what=what, address=address_text(goal.slots)))


def _refund_amount(agent: ScriptedAgent, goal: Goal) -> Turn:
    order = agent.find_order(("delivered",))
    refusal = refusal_of(agent, order)
    if refusal:
        return agent.result(refusal, good=False)
    if len(order["items"]) > 1 and agent.chance(agent.habits.calculates):
        agent.call("calculate", expression=" + ".join(f"{item['price']}" for item in order["items"]))
    return agent.result(agent.text("refund_quote", **order_slots(order)))


#: Kind of goal -> skill.
ORDER_SKILLS: dict[str, Callable[[ScriptedAgent, Goal], Turn]] = {
    "status": _status,
    "late": _late,
    "cancel": _cancel,
    "order_address": _order_address,
    "refund_amount": _refund_amount,
}
