"""Exercises: training texts in which something is looked up, chosen or named again and again.

A conversation of a thousand tokens has one product to find in a list, or one category to know; an exercise of that
length has a dozen. A small model learns here in minutes what would take it hours of conversations. The system prompt
marks a text as an exercise. Exercises follow no customer's goal, and their calls are never run.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import islice, pairwise
from typing import Any

from specbench.core.types import Message, ToolCall, Trace
from specbench.desk.people.agent import item_of
from specbench.desk.people.deterministic_agent import AGENT_NAME, mentioned_slots, numbered, topic, wish
from specbench.desk.people.goals import WISHES, sample_slots, short_name
from specbench.desk.people.users import with_article
from specbench.desk.phrases.grammar import Book, say
from specbench.desk.world.desk import SupportDesk
from specbench.desk.world.words import CATALOGUE

__all__ = ["EXERCISE_PROMPT", "exercise"]

EXERCISE_PROMPT = "Drill: make the call that is asked for."
"""The system prompt of an exercise. The shipped model was trained with these words."""
_NOUNS = tuple(noun for _, nouns in CATALOGUE.values() for noun in nouns)
QUESTIONS = 16
"""Questions of one exercise, at most."""
ORDERS = 8
"""Orders that one exercise looks into, at most."""
WISHED = 3
"""Kinds of products that a customer asks for in one list, at most."""
_ABOUT_ITEMS = ("return", "exchange", "damaged", "warranty")

Question = tuple[tuple[Message, ...], str, ToolCall]
"""What is asked, what the agent says, and its call."""


def exercise(desk: SupportDesk, name: str, book: Book) -> Trace:
    """Make up an exercise from what a desk holds.

    Parameters
    ----------
    desk
        Where orders and products come from; nothing is changed.
    name
        The id of the trace; everything is drawn from it.
    book
        The customers' paraphrases.

    Examples
    --------
    >>> from specbench.desk.phrases.books import read_book
    >>> with SupportDesk(seed=7, customers=5) as desk:
    ...     trace = exercise(desk, "drill/1", read_book("customer"))
    >>> [message.role for message in trace.messages][:2], trace.messages[-1].role
    (['system', 'tool'], 'assistant')
    """
    rng = random.Random(name)
    kind = rng.choices(tuple(_KINDS), [often for often, _ in _KINDS.values()])[0]
    shown, questions = _KINDS[kind][1](desk, rng, book)
    rng.shuffle(questions)
    messages = [Message("system", EXERCISE_PROMPT)]
    messages += [_shown(row) for row in shown]
    for asked, words, call in questions[:QUESTIONS]:
        messages += [*asked, Message("assistant", words, (call,))]
    return Trace(name, name, "micro (synthetic)", tuple(messages), {}, AGENT_NAME, {"goals": f"drill {kind}"})


def _shown(result: Any) -> Message:
    return Message("tool", json.dumps(result, separators=(",", ":")))


def _said(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


def _items(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """An order or two and a list of products or two; each is asked for once, and exchanges and sums of some."""
    orders = []
    for user_id in rng.sample(desk.user_ids(), rng.choice((1, 1, 2))):
        history = desk.call("get_order_history", {"user_id": user_id})
        order_id = max(history, key=lambda row: (row["items"], rng.random()))["order_id"]
        orders.append(desk.call("get_order", {"order_id": order_id}))
    categories = rng.sample(tuple(CATALOGUE), rng.choice((1, 1, 2)))
    lists = [desk.call("search_products", {"category": category}) for category in categories]
    shown = [*orders, *lists]
    rng.shuffle(shown)
    items = [(order, item) for order in orders for item in order["items"]]
    offers = [row for rows in lists for row in rows]
    names = [row["name"] for row in (*offers, *(item for _, item in items))]

    def said(name: str) -> str:
        short = short_name(name)
        alone = sum(each.endswith(short) for each in names) == 1
        return short if alone and rng.random() < 0.5 else name

    questions: list[Question] = []
    for row in (*offers, *(item for _, item in items)):
        name, kind = said(row["name"]), rng.choice(_ABOUT_ITEMS)
        call = ToolCall("get_product", {"product_id": row["product_id"]})
        words = topic(kind, item=numbered(name, row["product_id"]))
        questions.append((_said(topic(kind, item=name)), words, call))
    for category, rows in zip(categories, lists, strict=True):
        for noun in rng.sample(tuple(CATALOGUE[category][1]), WISHED):
            row = next((each for each in rows if each["name"].endswith(noun)), None)
            if row is not None:
                wished = wish("shop", {"noun": noun, "category": category})
                call = ToolCall("get_product", {"product_id": row["product_id"]})
                words = topic("shop", wished=wished, chosen=numbered(row["name"], row["product_id"]))
                questions.append((_said(topic("shop", wished=wished)), words, call))
    for order in orders:
        prices = " + ".join(f"{item['price']}" for item in order["items"])
        call = ToolCall("calculate", {"expression": prices})
        questions.append((_said(order["order_id"]), topic("refund_amount", order_id=order["order_id"]), call))
    for number, new in enumerate(rng.sample(offers, min(6, len(offers)))):
        order, item = rng.choice(items)
        name = said(item["name"])
        asked = f"The {name}. {say(book, rng, 'pick_product', {'name': new['name']})}"
        old = {"order_id": order["order_id"], "product_id": item["product_id"]}
        if number % 2:
            call = ToolCall("calculate", {"expression": f"{new['price']} - {item['price']}"})
        else:
            call = ToolCall("exchange_item", {**old, "new_product_id": new["product_id"]})
        chosen = numbered(new["name"], new["product_id"])
        words = topic("exchange", item=numbered(name, item["product_id"]), chosen=chosen)
        questions.append((_said(asked), words, call))
    return shown, questions


def _orders(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """Whether an item is in an order, and which order comes after it in a history: how an agent looks through them."""
    users = rng.sample(desk.user_ids(), min(len(desk.user_ids()), 10))
    several = (desk.call("get_order_history", {"user_id": each}) for each in users)
    histories = list(islice((rows for rows in several if len(rows) > 1), 3))
    pairs = [pair for rows in histories for pair in pairwise(rows)]
    questions: list[Question] = []
    for row, following in rng.sample(pairs, min(len(pairs), ORDERS)):
        order = desk.call("get_order", {"order_id": row["order_id"]})
        kind, name = rng.choice(("exchange", "warranty")), rng.choice(order["items"])["name"]
        if rng.random() < 0.5:
            name = f"{name.partition(' ')[0]} {rng.choice(_NOUNS)}"
        if rng.random() < 0.5:
            name = short_name(name)
        asked = (*_said(topic(kind, item=name)), _shown(order))
        item = item_of(order, name)
        if item is None:
            call = ToolCall("get_order", {"order_id": following["order_id"]})
            questions.append((asked, topic(kind, item=name, missing=row["order_id"]), call))
        else:
            call = ToolCall("get_product", {"product_id": item["product_id"]})
            questions.append((asked, topic(kind, item=numbered(name, item["product_id"])), call))
    return histories, questions


def _shop(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """What belongs to which category."""
    questions: list[Question] = []
    for _ in range(QUESTIONS):
        slots = sample_slots("shop", rng)
        told = {**slots, "limit": f"${slots['limit']}", "a_noun": with_article(slots["noun"])}
        text = say(book, rng, "shop", told)
        call = ToolCall("search_products", {"category": slots["category"], "max_price": slots["limit"]})
        questions.append((_said(text), topic("shop", wished=wish("shop", mentioned_slots(slots, text))), call))
    return [{"user_id": rng.choice(desk.user_ids())}], questions


def _settings(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """Which setting is meant."""
    user_id = rng.choice(desk.user_ids())
    questions: list[Question] = []
    for key, value, wanted, _ in WISHES:
        call = ToolCall("update_preferences", {"user_id": user_id, key: value})
        words = topic("preference", wished=wish("preference", {"key": key, "value": value}))
        questions.append((_said(say(book, rng, "preference", {"wish": wanted})), words, call))
    return [{"user_id": user_id}], questions


#: kind of exercise -> (how often, what makes it: results of tools to look into, and questions about them)
_KINDS: dict[str, tuple[int, Callable[[SupportDesk, random.Random, Book], tuple[list[Any], list[Question]]]]] = {
    "items": (8, _items),
    "orders": (6, _orders),
    "shop": (3, _shop),
    "settings": (1, _settings),
}
