"""The support desk's READ and LOCAL tools: plain functions over an open connection, returning JSON values."""

from __future__ import annotations

import ast
import operator
import sqlite3
from collections.abc import Callable
from typing import Any

from specbench.core.errors import SpecbenchError

__all__ = [
    "DeskError",
    "calculate",
    "find_customer_by_email",
    "find_customer_by_name_zip",
    "get_customer",
    "get_order",
    "get_order_history",
    "get_preferences",
    "get_product",
    "get_tickets",
    "note",
    "search_products",
    "track_shipment",
]

Row = dict[str, Any]


class DeskError(SpecbenchError):
    """A tool of the support desk refused; its text is what the agent sees, after ``Error:``."""


def one(connection: sqlite3.Connection, missing: str, sql: str, *values: Any) -> Row:
    """Return the single row of a query, or raise :class:`DeskError` ``missing``."""
    row = connection.execute(sql, values).fetchone()
    if row is None:
        raise DeskError(missing)
    return dict(row)


def _many(connection: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(sql, values)]


def find_customer_by_email(connection: sqlite3.Connection, email: str) -> Row:
    """The user id of the customer with this email; upper and lower case do not matter."""
    return one(connection, "customer not found", "SELECT user_id FROM customers WHERE email = lower(?)", email)


def find_customer_by_name_zip(connection: sqlite3.Connection, first_name: str, last_name: str, zip: str) -> Row:
    """The user id of the customer of this name and zip code."""
    return one(
        connection,
        "customer not found",
        "SELECT user_id FROM customers WHERE lower(first_name) = lower(?) AND lower(last_name) = lower(?)"
        " AND zip = ? ORDER BY user_id",
        first_name,
        last_name,
        zip,
    )


def get_customer(connection: sqlite3.Connection, user_id: str) -> Row:
    """Name, email and address."""
    row = one(connection, "customer not found", "SELECT * FROM customers WHERE user_id = ?", user_id)
    address = {key: row.pop(key) for key in ("street", "city", "state", "zip")}
    return {**row, "address": address}


def get_order_history(connection: sqlite3.Connection, user_id: str) -> list[Row]:
    """All orders of a customer, newest first: id, date, status, total, number of items."""
    one(connection, "customer not found", "SELECT user_id FROM customers WHERE user_id = ?", user_id)
    return _many(
        connection,
        "SELECT order_id, placed_on, status, ROUND(SUM(price), 2) AS total, COUNT(*) AS items FROM orders"
        " JOIN order_items USING (order_id) WHERE user_id = ? GROUP BY order_id ORDER BY placed_on DESC, order_id",
        user_id,
    )


def get_order(connection: sqlite3.Connection, order_id: str) -> Row:
    """One order: status, dates, items, total, address, tracking number."""
    row = one(connection, "order not found", "SELECT * FROM orders WHERE order_id = ?", order_id)
    items = _many(
        connection,
        "SELECT name, product_id, color, order_items.price, state FROM order_items JOIN products USING (product_id)"
        " WHERE order_id = ? ORDER BY line",
        order_id,
    )
    for item in items:
        if item["state"] == "ok":
            del item["state"]
    order: Row = {
        "order_id": order_id,
        "user_id": row["user_id"],
        "status": row["status"],
        "placed_on": row["placed_on"],
        "items": items,
        "total": round(sum(item["price"] for item in items), 2),
        "ship_to": {key: row[key] for key in ("street", "city", "state", "zip")},
    }
    if row["delivered_on"]:
        order["delivered_on"] = row["delivered_on"]
    shipment = connection.execute("SELECT tracking_number FROM shipments WHERE order_id = ?", (order_id,)).fetchone()
    if shipment:
        order["tracking_number"] = shipment["tracking_number"]
    if row["refunded"]:
        order["refunded"] = row["refunded"]
    return order


def track_shipment(
    connection: sqlite3.Connection, order_id: str | None = None, tracking_number: str | None = None
) -> Row:
    """Where a parcel is, by order id or by tracking number."""
    if (order_id is None) == (tracking_number is None):
        raise DeskError("give either order_id or tracking_number")
    column = "order_id" if tracking_number is None else "tracking_number"
    value = order_id if tracking_number is None else tracking_number
    return one(connection, "shipment not found", f"SELECT * FROM shipments WHERE {column} = ?", value)


def get_product(connection: sqlite3.Connection, product_id: str) -> Row:
    """One product: name, category, price, warranty, stock."""
    return one(connection, "product not found", "SELECT * FROM products WHERE product_id = ?", product_id)


def search_products(connection: sqlite3.Connection, category: str, max_price: float | None = None) -> list[Row]:
    """The six cheapest products of a category, or the six dearest below ``max_price``; cheapest first."""
    if max_price is None:
        return _many(
            connection,
            "SELECT name, product_id, price FROM products WHERE category = ? ORDER BY price, product_id LIMIT 6",
            category,
        )
    rows = _many(
        connection,
        "SELECT name, product_id, price FROM products WHERE category = ? AND price <= ?"
        " ORDER BY price DESC, product_id LIMIT 6",
        category,
        max_price,
    )
    return rows[::-1]


def get_tickets(connection: sqlite3.Connection, user_id: str) -> list[Row]:
    """A customer's tickets, newest first."""
    one(connection, "customer not found", "SELECT user_id FROM customers WHERE user_id = ?", user_id)
    return _many(
        connection,
        "SELECT ticket_id, order_id, subject, priority, status, opened_on, last_update FROM tickets"
        " WHERE user_id = ? ORDER BY opened_on DESC, ticket_id",
        user_id,
    )


def get_preferences(connection: sqlite3.Connection, user_id: str) -> Row:
    """Contact channel, language, newsletter, refund method."""
    row = one(connection, "customer not found", "SELECT * FROM preferences WHERE user_id = ?", user_id)
    return {**row, "newsletter": bool(row["newsletter"])}


_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def calculate(connection: sqlite3.Connection, expression: str) -> Row:
    """Evaluate sums, differences, products and quotients of numbers; nothing else is understood.

    Examples
    --------
    >>> calculate(None, "2 * (19.99 + 5.01)")
    {'result': 50.0}
    """
    try:
        return {"result": round(_value(ast.parse(expression, mode="eval").body), 2)}
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        raise DeskError("cannot calculate this expression") from None


def _value(node: ast.AST) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    raise ValueError(node)


def note(connection: sqlite3.Connection, text: str) -> Row:
    """Take a note; nothing is stored."""
    return {"noted": True}
