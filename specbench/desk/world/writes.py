"""The support desk's WRITE tools: each checks the desk's rules, changes rows, and returns what it did."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from specbench.desk.world.data import RETURN_DAYS, TODAY
from specbench.desk.world.reads import DeskError, Row, get_order, get_preferences, get_product, one

__all__ = [
    "cancel_order",
    "create_ticket",
    "exchange_item",
    "issue_refund",
    "return_items",
    "update_address",
    "update_preferences",
]


def cancel_order(connection: sqlite3.Connection, order_id: str, reason: str) -> Row:
    """Cancel an order that is still processing; the whole total is refunded."""
    order = get_order(connection, order_id)
    if order["status"] != "processing":
        raise DeskError(f"order is {order['status']} and cannot be cancelled")
    connection.execute(
        "UPDATE orders SET status = 'cancelled', refunded = ? WHERE order_id = ?", (order["total"], order_id)
    )
    connection.execute("UPDATE order_items SET state = 'cancelled' WHERE order_id = ?", (order_id,))
    return {"order_id": order_id, "status": "cancelled", "refund": order["total"]}


def _returnable(connection: sqlite3.Connection, order_id: str, product_ids: list[str]) -> list[Row]:
    """The items of these products, in the order asked for, if all of them may go back."""
    order = get_order(connection, order_id)
    if order["status"] != "delivered":
        raise DeskError(f"order is {order['status']}, not delivered")
    if (TODAY - date.fromisoformat(order["delivered_on"])).days > RETURN_DAYS:
        raise DeskError(f"the {RETURN_DAYS} day return period is over")
    items = {item["product_id"]: item for item in order["items"]}
    chosen = []
    for product_id in dict.fromkeys(product_ids):
        if product_id not in items:
            raise DeskError(f"product {product_id} is not part of order {order_id}")
        if "state" in items[product_id]:
            raise DeskError(f"product {product_id} is already {items[product_id]['state']}")
        chosen.append(items[product_id])
    return chosen


def return_items(connection: sqlite3.Connection, order_id: str, product_ids: list[str], refund_method: str) -> Row:
    """Register a return; the refund is the price paid for the items."""
    items = _returnable(connection, order_id, product_ids)
    amount = round(sum(item["price"] for item in items), 2)
    for item in items:
        connection.execute(
            "UPDATE order_items SET state = 'returning' WHERE order_id = ? AND product_id = ?",
            (order_id, item["product_id"]),
        )
    connection.execute("UPDATE orders SET refunded = ROUND(refunded + ?, 2) WHERE order_id = ?", (amount, order_id))
    returned = [item["product_id"] for item in items]
    return {"order_id": order_id, "returned": returned, "refund": amount, "refund_method": refund_method}


def exchange_item(connection: sqlite3.Connection, order_id: str, product_id: str, new_product_id: str) -> Row:
    """Swap an item for another product that is in stock; ``to_pay`` is negative when money goes back."""
    item = _returnable(connection, order_id, [product_id])[0]
    new = get_product(connection, new_product_id)
    if new["in_stock"] < 1:
        raise DeskError(f"product {new_product_id} is out of stock")
    connection.execute(
        "UPDATE order_items SET state = 'exchanging' WHERE order_id = ? AND product_id = ?", (order_id, product_id)
    )
    connection.execute("UPDATE products SET in_stock = in_stock - 1 WHERE product_id = ?", (new_product_id,))
    difference = round(new["price"] - item["price"], 2)
    return {"order_id": order_id, "product_id": product_id, "new_product_id": new_product_id, "to_pay": difference}


def update_address(
    connection: sqlite3.Connection,
    user_id: str,
    street: str,
    city: str,
    state: str,
    zip: str,
    order_id: str | None = None,
) -> Row:
    """Change the account's address, or, with ``order_id``, that of one order which is still processing."""
    one(connection, "customer not found", "SELECT user_id FROM customers WHERE user_id = ?", user_id)
    values = (street, city, state, zip)
    if order_id is None:
        connection.execute(
            "UPDATE customers SET street = ?, city = ?, state = ?, zip = ? WHERE user_id = ?", (*values, user_id)
        )
        return {"user_id": user_id, "updated": True}
    order = get_order(connection, order_id)
    if order["user_id"] != user_id:
        raise DeskError("order belongs to another customer")
    if order["status"] != "processing":
        raise DeskError(f"order is {order['status']}, its address cannot be changed")
    connection.execute(
        "UPDATE orders SET street = ?, city = ?, state = ?, zip = ? WHERE order_id = ?", (*values, order_id)
    )
    return {"order_id": order_id, "updated": True}


def create_ticket(
    connection: sqlite3.Connection, user_id: str, subject: str, priority: str, order_id: str | None = None
) -> Row:
    """Open a ticket; its number is the one after the highest."""
    one(connection, "customer not found", "SELECT user_id FROM customers WHERE user_id = ?", user_id)
    if order_id is not None:
        get_order(connection, order_id)
    highest = connection.execute("SELECT MAX(CAST(SUBSTR(ticket_id, 2) AS INTEGER)) FROM tickets").fetchone()[0]
    ticket_id = f"T{(highest or 999) + 1}"
    connection.execute(
        "INSERT INTO tickets VALUES (?, ?, ?, ?, ?, 'open', ?, 'in the queue')",
        (ticket_id, user_id, order_id, subject, priority, TODAY.isoformat()),
    )
    return {"ticket_id": ticket_id, "status": "open", "priority": priority}


def update_preferences(
    connection: sqlite3.Connection,
    user_id: str,
    contact_channel: str | None = None,
    language: str | None = None,
    newsletter: bool | None = None,
    refund_method: str | None = None,
) -> Row:
    """Change the preferences that are given and return all of them."""
    current = get_preferences(connection, user_id)
    given: dict[str, Any] = {
        "contact_channel": contact_channel,
        "language": language,
        "newsletter": newsletter,
        "refund_method": refund_method,
    }
    if all(value is None for value in given.values()):
        raise DeskError("nothing to change")
    new = current | {key: value for key, value in given.items() if value is not None}
    connection.execute(
        "UPDATE preferences SET contact_channel = ?, language = ?, newsletter = ?, refund_method = ? WHERE user_id = ?",
        (new["contact_channel"], new["language"], int(new["newsletter"]), new["refund_method"], user_id),
    )
    return new


def issue_refund(connection: sqlite3.Connection, order_id: str, amount: float, reason: str) -> Row:
    """Refund part of an order, never more than what was paid and not yet refunded."""
    order = get_order(connection, order_id)
    left = round(order["total"] - order.get("refunded", 0.0), 2)
    if amount > left:
        raise DeskError(f"at most {left:.2f} can be refunded")
    connection.execute("UPDATE orders SET refunded = ROUND(refunded + ?, 2) WHERE order_id = ?", (amount, order_id))
    return {"order_id": order_id, "refund": amount, "left": round(left - amount, 2)}
