"""Skills about one item of an order: return, exchange, damage, warranty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from specbench.desk.people.agent import ScriptedAgent, item_of
from specbench.desk.people.goals import Goal
from specbench.desk.people.skills_common import open_ticket, product_list, refusal_of, ticket_text
from specbench.desk.people.users import Turn
from specbench.desk.phrases.formatting import date_text, money
from specbench.desk.world.desk import DeskError

__all__ = ["ITEM_SKILLS"]

Row = dict[str, Any]


def _order_with_item(agent: ScriptedAgent, goal: Goal, statuses: tuple[str, ...]) -> tuple[Row, Row]:
    order = agent.find_order(statuses)
    item = item_of(order, goal.item)
    while item is None:
        agent.ask("fix_order", agent.text("not_in_order", id=order["order_id"], item=goal.item))
        order = agent.find_order(statuses)
        item = item_of(order, goal.item)
    return order, item


def _return(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered",))
    refusal = refusal_of(agent, order)
    if refusal:
        return agent.result(refusal, good=False)
    method = "original payment"
    if agent.chance(0.2 + agent.habits.preferences * 2):
        method = agent.call("get_preferences", user_id=agent.user_id)["refund_method"]
    words = "as store credit" if method == "store credit" else "to the original payment method"
    slots = {"id": order["order_id"], "item": item["name"], "price": money(item["price"]), "method": words}
    if not agent.confirm(agent.text("confirm_return", **slots)):
        return agent.result(agent.text("kept"))
    agent.write("return_items", order_id=order["order_id"], product_ids=[item["product_id"]], refund_method=method)
    return agent.result(agent.text("done_return", **slots))


def _exchange(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered",))
    refusal = refusal_of(agent, order)
    if refusal:
        return agent.result(refusal, good=False)
    category = agent.call("get_product", product_id=item["product_id"])["category"]
    offers = [row for row in _search(agent, category, item["price"]) if row["product_id"] != item["product_id"]][-3:]
    if not offers:
        return agent.result(agent.text("shop_none"), good=False)
    turn = agent.ask(
        "product",
        agent.text("options", item=item["name"], category=category, list=product_list(offers)),
        names=[row["name"] for row in offers],
    )
    chosen = next(row for row in offers if row["name"] == turn.said["product"])
    slots = {"item": item["name"], "name": chosen["name"], "price": money(chosen["price"])}
    if agent.chance(0.4 + agent.habits.rereads):
        product = agent.call("get_product", product_id=chosen["product_id"])
        if product["in_stock"] < 1:
            return agent.result(agent.text("no_stock", **slots), good=False)
    if agent.chance(agent.habits.calculates):
        agent.call("calculate", expression=f"{chosen['price']} - {item['price']}")
    if not agent.confirm(agent.text("confirm_exchange", **slots)):
        return agent.result(agent.text("kept"))
    try:
        done = agent.write(
            "exchange_item",
            order_id=order["order_id"],
            product_id=item["product_id"],
            new_product_id=chosen["product_id"],
        )
    except DeskError:
        return agent.result(agent.text("no_stock", **slots), good=False)
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


def _damaged(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered",))
    if agent.chance(agent.habits.tickets):
        tickets = agent.call("get_tickets", user_id=agent.user_id)
        known = next((row for row in tickets if item["name"] in row["subject"]), None)
        if known is not None:
            return agent.result(ticket_text(agent, known))
    if agent.chance(agent.habits.rereads):
        agent.call("get_product", product_id=item["product_id"])
    if agent.chance(0.5):
        if not agent.confirm(agent.text("confirm_ticket")):
            return agent.result(agent.text("kept"))
        return open_ticket(agent, order, f"{item['name']} arrived damaged")
    slots = {"item": item["name"], "price": money(item["price"])}
    if not agent.confirm(agent.text("offer_refund", **slots)):
        return agent.result(agent.text("kept"))
    agent.write("issue_refund", order_id=order["order_id"], amount=item["price"], reason=f"{item['name']} damaged")
    return agent.result(agent.text("done_refund", **slots))


def _warranty(agent: ScriptedAgent, goal: Goal) -> Turn:
    order, item = _order_with_item(agent, goal, ("delivered", "shipped"))
    product = agent.call("get_product", product_id=item["product_id"])
    months = str(product["warranty_months"])
    return agent.result(agent.text("warranty", name=item["name"], months=months, placed=date_text(order["placed_on"])))


#: Kind of goal -> skill.
ITEM_SKILLS: dict[str, Callable[[ScriptedAgent, Goal], Turn]] = {
    "return": _return,
    "exchange": _exchange,
    "damaged": _damaged,
    "warranty": _warranty,
}
