"""Drills: training texts in which something is looked up, chosen or named again and again.

In a conversation there is one product to find in a list, or one category to know, in a thousand tokens; in a drill
there are a dozen. What takes a small model hours of conversations it learns here in minutes, as a pupil does tables. A
drill is told apart by its system prompt; no skill makes it, and its calls are never run.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from specbench.agent.desk import SupportDesk
from specbench.agent.desk_words import CATALOGUE
from specbench.agent.phrases import Book, say
from specbench.agent.scripted_goals import WISHES, sample_slots, short_name
from specbench.agent.scripted_users import with_article
from specbench.agent.settled import topic
from specbench.types import Message, ToolCall, Trace

__all__ = ["DRILL_PROMPT", "drill"]

DRILL_PROMPT = "Drill: make the call that is asked for."
_NOUNS = tuple(noun for _, nouns in CATALOGUE.values() for noun in nouns)
QUESTIONS = 16
"""Of one drill, at most."""
_ABOUT_ITEMS = ("return", "exchange", "damaged", "warranty")

Question = tuple[str, str, ToolCall]
"""What is asked, what the agent says, and its call."""


def drill(desk: SupportDesk, name: str, book: Book) -> Trace:
    """Make up a drill from what a desk holds.

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
    >>> from specbench.agent.phrases_user import SEEN
    >>> with SupportDesk(seed=7, customers=5) as desk:
    ...     trace = drill(desk, "drill/1", SEEN)
    >>> [message.role for message in trace.messages][:2], trace.messages[-1].role
    (['system', 'tool'], 'assistant')
    """
    rng = random.Random(name)
    kind = rng.choices(tuple(_KINDS), [often for often, _ in _KINDS.values()])[0]
    shown, questions = _KINDS[kind][1](desk, rng, book)
    rng.shuffle(questions)
    messages = [Message("system", DRILL_PROMPT)]
    messages += [Message("tool", json.dumps(row, separators=(",", ":"))) for row in shown]
    for asked, words, call in questions[:QUESTIONS]:
        messages += [Message("user", asked), Message("assistant", words, (call,))]
    return Trace(name, name, "micro (synthetic)", tuple(messages), {}, "desk-settled", {"goals": f"drill {kind}"})


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
        name = said(row["name"])
        call = ToolCall("get_product", {"product_id": row["product_id"]})
        words = topic(rng.choice(_ABOUT_ITEMS), item=name)
        questions.append((words, words, call))
    for order in orders:
        prices = " + ".join(f"{item['price']}" for item in order["items"])
        call = ToolCall("calculate", {"expression": prices})
        questions.append((order["order_id"], topic("refund_amount", order_id=order["order_id"]), call))
    for number, new in enumerate(rng.sample(offers, min(6, len(offers)))):
        order, item = rng.choice(items)
        name = said(item["name"])
        asked = f"The {name}. {say(book, rng, 'pick_product', {'name': new['name']})}"
        old = {"order_id": order["order_id"], "product_id": item["product_id"]}
        if number % 2:
            call = ToolCall("calculate", {"expression": f"{new['price']} - {item['price']}"})
        else:
            call = ToolCall("exchange_item", {**old, "new_product_id": new["product_id"]})
        questions.append((asked, topic("exchange", item=name, chosen=new["name"]), call))
    return shown, questions


def _orders(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """Which order comes after another in a history: where an agent goes on that looks through them."""
    histories = [desk.call("get_order_history", {"user_id": each}) for each in rng.sample(desk.user_ids(), 4)]
    questions: list[Question] = []
    for rows in histories:
        for row, following in pairwise(rows):
            item = rng.choice(_NOUNS)
            call = ToolCall("get_order", {"order_id": following["order_id"]})
            words = topic(rng.choice(_ABOUT_ITEMS), item=item)
            questions.append((f"{words} It is not in {row['order_id']}.", words, call))
    return histories, questions


def _shop(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """What belongs to which category."""
    questions: list[Question] = []
    for _ in range(QUESTIONS):
        slots = sample_slots("shop", rng)
        told = {**slots, "limit": f"${slots['limit']}", "a_noun": with_article(slots["noun"])}
        call = ToolCall("search_products", {"category": slots["category"], "max_price": slots["limit"]})
        questions.append((say(book, rng, "shop", told), topic("shop"), call))
    return [{"user_id": rng.choice(desk.user_ids())}], questions


def _settings(desk: SupportDesk, rng: random.Random, book: Book) -> tuple[list[Any], list[Question]]:
    """Which setting is meant."""
    user_id = rng.choice(desk.user_ids())
    questions: list[Question] = []
    for key, value, wish, _ in WISHES:
        call = ToolCall("update_preferences", {"user_id": user_id, key: value})
        questions.append((say(book, rng, "preference", {"wish": wish}), topic("preference"), call))
    return [{"user_id": user_id}], questions


#: kind of drill -> (how often, what makes it: results of tools to look into, and questions about them)
_KINDS: dict[str, tuple[int, Callable[[SupportDesk, random.Random, Book], tuple[list[Any], list[Question]]]]] = {
    "items": (8, _items),
    "orders": (2, _orders),
    "shop": (2, _shop),
    "settings": (1, _settings),
}
