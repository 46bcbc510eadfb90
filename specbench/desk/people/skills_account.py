"""Skills about the account, and about shopping: address, tickets, preferences, products."""

from __future__ import annotations

from collections.abc import Callable

from specbench.desk.people.agent import ScriptedAgent
from specbench.desk.people.goals import Goal
from specbench.desk.people.skills_common import product_list, shipment_text, ticket_text, track
from specbench.desk.people.users import Turn
from specbench.desk.phrases.formatting import address_text, money

__all__ = ["ACCOUNT_SKILLS"]


def _account_address(agent: ScriptedAgent, goal: Goal) -> Turn:
    if "customer" not in agent.memory and agent.chance(agent.habits.profile):
        agent.memory["customer"] = agent.call("get_customer", user_id=agent.user_id)
    if not agent.confirm(agent.text("confirm_address", address=address_text(goal.slots))):
        return agent.result(agent.text("kept"))
    agent.write("update_address", user_id=agent.user_id, **goal.slots)
    return agent.result(agent.text("done_address", what="your account", address=address_text(goal.slots)))


def _ticket(agent: ScriptedAgent, goal: Goal) -> Turn:
    tickets = agent.memory.get("tickets")
    if tickets is None or agent.chance(agent.habits.rereads):
        tickets = agent.call("get_tickets", user_id=agent.user_id)
    if not tickets:
        return agent.result(agent.text("no_ticket"), good=False)
    row = tickets[0]
    if agent.chance(0.15 + agent.habits.rereads):
        order = agent.read_order(row["order_id"])
        if order["status"] == "shipped" and agent.chance(agent.habits.tracks):
            return agent.result(f"{ticket_text(agent, row)} {shipment_text(agent, order, track(agent, order))}")
    return agent.result(ticket_text(agent, row))


def _preference(agent: ScriptedAgent, goal: Goal) -> Turn:
    key, value, change = (goal.slots[name] for name in ("key", "value", "change"))
    if agent.chance(0.2 + agent.habits.preferences * 2):
        current = agent.call("get_preferences", user_id=agent.user_id)
        if current[key] == value:
            return agent.result(agent.text("same_preference", change=change))
    agent.write("update_preferences", user_id=agent.user_id, **{key: value})
    return agent.result(agent.text("done_preference", change=change))


def _shop(agent: ScriptedAgent, goal: Goal) -> Turn:
    category, limit = goal.slots["category"], goal.slots["limit"]
    rows = agent.call("search_products", category=category, max_price=limit)
    fitting = [row for row in rows if row["name"].endswith(goal.slots["noun"])]
    if not rows:
        return agent.result(agent.text("shop_none"), good=False)
    if not fitting:
        return agent.result(agent.text("shop_other", noun=goal.slots["noun"], list=product_list(rows[-3:])), good=False)
    if agent.chance(0.4):
        return agent.result(agent.text("shop_list", list=product_list(fitting)))
    if len(fitting) > 1 and agent.chance(agent.habits.parallel * 3):
        product = agent.calls(*[("get_product", {"product_id": row["product_id"]}) for row in fitting[:2]])[0]
    else:
        product = agent.call("get_product", product_id=agent.rng.choice(fitting)["product_id"])
    stock = "in stock" if product["in_stock"] else "sold out at the moment"
    months = str(product["warranty_months"])
    return agent.result(
        agent.text("shop_detail", name=product["name"], price=money(product["price"]), stock=stock, months=months)
    )


#: Kind of goal -> skill.
ACCOUNT_SKILLS: dict[str, Callable[[ScriptedAgent, Goal], Turn]] = {
    "account_address": _account_address,
    "ticket": _ticket,
    "preference": _preference,
    "shop": _shop,
}
