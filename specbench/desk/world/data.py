"""The support desk's tables and its seeded population: customers, products, orders, tickets, preferences.

Everything is drawn from one ``random.Random(seed)``: the same seed gives the same rows on every machine.
"""

from __future__ import annotations

import random
import sqlite3
from datetime import date, timedelta

from specbench.desk.world.words import BRANDS, CARRIERS, CATALOGUE, CITIES, COLORS, FIRST_NAMES, LAST_NAMES, STATES
from specbench.desk.world.words import STREETS as STREET_NAMES

__all__ = ["RETURN_DAYS", "TODAY", "create_schema", "populate"]

#: The desk's own date. Fixed: a clock would make the data differ from day to day.
TODAY = date(2026, 3, 16)
#: Days after delivery within which an order can be returned or exchanged.
RETURN_DAYS = 30

_SCHEMA = """
CREATE TABLE customers (user_id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT UNIQUE, street TEXT,
    city TEXT, state TEXT, zip TEXT);
CREATE TABLE products (product_id TEXT PRIMARY KEY, name TEXT UNIQUE, category TEXT, price REAL,
    warranty_months INTEGER, in_stock INTEGER);
CREATE TABLE orders (order_id TEXT PRIMARY KEY, user_id TEXT REFERENCES customers, placed_on TEXT, status TEXT,
    delivered_on TEXT, refunded REAL, street TEXT, city TEXT, state TEXT, zip TEXT);
CREATE TABLE order_items (order_id TEXT REFERENCES orders, line INTEGER, product_id TEXT REFERENCES products,
    color TEXT, price REAL, state TEXT, PRIMARY KEY (order_id, line));
CREATE TABLE shipments (tracking_number TEXT PRIMARY KEY, order_id TEXT UNIQUE REFERENCES orders, carrier TEXT,
    status TEXT, last_seen TEXT, expected_on TEXT);
CREATE TABLE tickets (ticket_id TEXT PRIMARY KEY, user_id TEXT REFERENCES customers, order_id TEXT, subject TEXT,
    priority TEXT, status TEXT, opened_on TEXT, last_update TEXT);
CREATE TABLE preferences (user_id TEXT PRIMARY KEY REFERENCES customers, contact_channel TEXT, language TEXT,
    newsletter INTEGER, refund_method TEXT);
CREATE INDEX orders_by_user ON orders (user_id);
CREATE INDEX tickets_by_user ON tickets (user_id);
"""

_SUBJECTS = {
    "damaged": ("{item} arrived damaged", "{item} has a crack", "{item} does not switch on", "{item} is scratched"),
    "late": ("order {order} is late", "no tracking updates for {order}", "parcel {order} seems lost"),
    "billing": ("charged twice for {order}", "refund for {order} missing", "wrong amount on {order}"),
}
_UPDATES = {
    "open": ("waiting for the warehouse", "assigned to a specialist", "photo requested from customer", "in the queue"),
    "pending": ("carrier investigation started", "waiting for the customer", "refund sent to the bank for approval"),
    "solved": ("replacement sent", "refund confirmed", "closed after customer reply"),
}


def create_schema(connection: sqlite3.Connection) -> None:
    """Create the empty tables."""
    connection.executescript(_SCHEMA)


def populate(connection: sqlite3.Connection, *, seed: int, customers: int) -> None:
    """Fill the tables.

    Parameters
    ----------
    connection
        A database with the schema of :func:`create_schema` and no rows.
    seed
        Same seed, same rows.
    customers
        How many customers; each has one to six orders and zero to two tickets.

    Examples
    --------
    >>> connection = sqlite3.connect(":memory:")
    >>> create_schema(connection)
    >>> populate(connection, seed=7, customers=20)
    >>> connection.execute("SELECT COUNT(*) FROM customers").fetchone()
    (20,)
    >>> connection.close()
    """
    rng = random.Random(f"desk/{seed}")
    ids = _Ids(rng)
    products = _products(rng, ids)
    connection.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)", products)
    for _ in range(customers):
        _customer(connection, rng, ids, products)
    connection.commit()


class _Ids:
    """Identifiers such as ``D48213``: random, never twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def new(self, prefix: str, digits: int) -> str:
        while True:
            text = f"{prefix}{self._rng.randrange(10 ** (digits - 1), 10**digits)}"
            if text not in self._taken:
                self._taken.add(text)
                return text

    def claim(self, text: str) -> bool:
        """Whether ``text`` was free; it is taken afterwards."""
        free = text not in self._taken
        self._taken.add(text)
        return free


Product = tuple[str, str, str, float, int, int]


def _products(rng: random.Random, ids: _Ids) -> list[Product]:
    rows: list[Product] = []
    for category, (warranty, nouns) in CATALOGUE.items():
        for noun, usual in nouns.items():
            for brand in rng.sample(BRANDS, 3):
                price = int(usual * rng.uniform(0.7, 1.5)) + rng.choice((0.0, 0.49, 0.5, 0.9, 0.95, 0.99))
                stock = 0 if rng.random() < 0.15 else rng.randrange(1, 90)
                months = warranty * rng.choice((1, 1, 2))
                rows.append((ids.new("P", 4), f"{brand} {noun}", category, price, months, stock))
    return rows


def _customer(connection: sqlite3.Connection, rng: random.Random, ids: _Ids, products: list[Product]) -> None:
    user_id = ids.new("U", 5)
    while True:
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        local = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}.{first}", f"{first}{last[0]}")).lower()
        number = rng.choice(("", str(rng.randrange(2, 99)), str(rng.randrange(100, 9999))))
        email = f"{local}{number}@example.{rng.choice(('com', 'org', 'net'))}"
        if ids.claim(email):
            break
    street = f"{rng.randrange(1, 990)} {rng.choice(STREET_NAMES)}"
    address = (street, rng.choice(CITIES), rng.choice(STATES), f"{rng.randrange(1000, 99950):05d}")
    connection.execute("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (user_id, first, last, email, *address))
    connection.execute(
        "INSERT INTO preferences VALUES (?, ?, ?, ?, ?)",
        (
            user_id,
            rng.choice(("email", "email", "phone", "sms")),
            rng.choice(("English", "English", "English", "Spanish", "French", "German")),
            int(rng.random() < 0.5),
            rng.choice(("original payment", "original payment", "store credit")),
        ),
    )
    orders = [
        _order(connection, rng, ids, products, user_id, address)
        for _ in range(rng.choices(range(1, 7), (4, 6, 6, 3, 2, 1))[0])
    ]
    for _ in range(rng.choices((0, 1, 2), (5, 4, 1))[0]):
        order_id, item = rng.choice(orders)
        subject = rng.choice(_SUBJECTS[rng.choice(tuple(_SUBJECTS))]).format(item=item, order=order_id)
        status = rng.choices(tuple(_UPDATES), (4, 3, 2))[0]
        opened = TODAY - timedelta(days=rng.randrange(1, 25))
        connection.execute(
            "INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ids.new("T", 4),
                user_id,
                order_id,
                subject,
                rng.choice(("low", "normal", "normal", "high")),
                status,
                opened.isoformat(),
                rng.choice(_UPDATES[status]),
            ),
        )


def _order(
    connection: sqlite3.Connection,
    rng: random.Random,
    ids: _Ids,
    products: list[Product],
    user_id: str,
    address: tuple[str, str, str, str],
) -> tuple[str, str]:
    """Insert one order with its items and shipment; return its id and the name of its first item."""
    order_id = ids.new("D", 5)
    status = rng.choices(("processing", "shipped", "delivered", "cancelled"), (26, 26, 42, 6))[0]
    ages = {"processing": (0, 4), "shipped": (3, 9), "delivered": (5, 44), "cancelled": (4, 90)}[status]
    placed = TODAY - timedelta(days=rng.randrange(*ages))
    delivered = min(placed + timedelta(days=rng.randrange(3, 8)), TODAY) if status == "delivered" else None
    connection.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order_id,
            user_id,
            placed.isoformat(),
            status,
            delivered.isoformat() if delivered else None,
            0.0,
            *address,
        ),
    )
    chosen = rng.sample(products, rng.choices((1, 2, 3), (5, 3, 1))[0])
    for line, product in enumerate(chosen, start=1):
        connection.execute(
            "INSERT INTO order_items VALUES (?, ?, ?, ?, ?, ?)",
            (
                order_id,
                line,
                product[0],
                rng.choice(COLORS),
                product[3],
                "cancelled" if status == "cancelled" else "ok",
            ),
        )
    if status in ("shipped", "delivered"):
        carrier, prefix = rng.choice(CARRIERS)
        expected = TODAY + timedelta(days=rng.randrange(-3, 6)) if status == "shipped" else delivered
        assert expected is not None
        if status == "delivered":
            state, seen = "delivered", address[1]
        else:
            state = "delayed" if expected < TODAY else rng.choice(("in transit", "in transit", "out for delivery"))
            seen = address[1] if state == "out for delivery" else rng.choice(CITIES)
        if state == "out for delivery":
            expected = TODAY
        connection.execute(
            "INSERT INTO shipments VALUES (?, ?, ?, ?, ?, ?)",
            (ids.new(prefix, 8), order_id, carrier, state, seen, expected.isoformat()),
        )
    return order_id, chosen[0][1]
