"""The deterministic agent, which the micro-Llama imitates: it draws nothing at random, and it thinks aloud.

It does whatever is more likely than not, always in the same words. So its next call is a function of the conversation,
which a model of a million parameters can learn; it could not learn a random choice. Before each call it says what the
call is about, whether the item is in the order that it has just read, and what the item's number is. A small model
finds what was said one message ago; it does not find what follows from five things said in five places.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, MutableSequence, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from specbench.core.types import ToolCall
from specbench.desk.people.agent import ScriptedAgent, item_of
from specbench.desk.people.habits import Habits
from specbench.desk.people.users import ScriptedUser, Turn
from specbench.desk.world.desk import SupportDesk

__all__ = [
    "AGENT_NAME",
    "FIXED_HABITS",
    "OPENINGS",
    "TOPICS",
    "DeterministicAgent",
    "mentioned_slots",
    "numbered",
    "topic",
    "wish",
]

AGENT_NAME = "desk-settled"
"""Its name in traces. The name is older than the class; recorded traces hold it."""

FIXED_HABITS = Habits(
    profile=0.0, preferences=0.2, tickets=0.0, rereads=0.0, narrates=0.0, stalls=0.0, confirms=1.0, calculates=1.0,
    asks_order=0.0, filters=0.0, oldest_first=0.0, parallel=0.0, slips=0.0, by_tracking=0.0, tracks=1.0,
    eager_history=0.0, notes=0.0,
)  # fmt: skip
"""Its habits: each shows always or never."""

OPENINGS = {
    "status": "I'll see where it is.",
    "late": "I'll see why it is late.",
    "cancel": "I'll see about cancelling it.",
    "return": "I'll see about the return.",
    "exchange": "I'll see about the exchange.",
    "damaged": "I'm sorry that it is damaged.",
    "order_address": "I'll change where it goes.",
    "account_address": "I'll change your address.",
    "warranty": "I'll look up the warranty.",
    "refund_amount": "I'll work out the refund.",
    "ticket": "I'll look up your ticket.",
    "preference": "I'll change your settings: {}.",
    "shop": "I'll see what we have: {}.",
}
"""What it says first when it hears a goal, by kind, with the customer's wish where there is one."""

TOPICS = {
    "status": "Delivery of {}",
    "late": "Delay of {}",
    "cancel": "Cancellation of {}",
    "return": "Return of {}",
    "exchange": "Exchange of {}",
    "damaged": "Damage to {}",
    "order_address": "New address of {}",
    "account_address": "New address of the account",
    "warranty": "Warranty of {}",
    "refund_amount": "Refund of {}",
    "ticket": "Ticket",
    "preference": "Settings, {}",
    "shop": "Products, {}",
}
"""What it says before each further call for the goal, with the item or order that the customer named, or his wish."""

_CHOICES = {"exchange": " for the {}", "shop": ": the {}"}
_WISHES = {"preference": ("key", "value"), "shop": ("noun", "category")}

Item = TypeVar("Item")


class _NoChance(random.Random):
    """Not random: the first of several things, the shortest of several texts, and yes to what is likelier than not."""

    def random(self) -> float:
        return 0.42

    def choice(self, seq: Sequence[Item]) -> Item:  # type: ignore[override]
        return min(seq, key=lambda each: len(each) if isinstance(each, str) else 0)

    def shuffle(self, x: MutableSequence[Any]) -> None:
        return None


def numbered(name: str, product_id: str) -> str:
    """A product and its number.

    Examples
    --------
    >>> numbered("jump rope", "P1234")
    'jump rope (P1234)'
    """
    return f"{name} ({product_id})"


def topic(
    kind: str,
    *,
    item: str = "",
    order_id: str = "",
    latest: bool = False,
    chosen: str = "",
    missing: str = "",
    wished: str = "",
) -> str:
    """What a call is about, in words: the kind of goal, and the item or order as the customer named it, or his wish.

    Parameters
    ----------
    kind
        Of the goal; a key of :data:`TOPICS`.
    item, order_id, latest
        What the customer named: the first of them that is there.
    chosen
        The product that he or the agent chose from a list.
    missing
        The order that was just read, where the item is neither in it nor in those before.
    wished
        The setting or the product, as of :func:`wish`.

    Examples
    --------
    >>> topic("exchange", item="jump rope (P1234)", chosen="Bexley foam roller (P4321)")
    'Exchange of the jump rope (P1234) for the Bexley foam roller (P4321).'
    >>> topic("late", order_id="D48213")
    'Delay of order D48213.'
    >>> topic("warranty", item="jump rope", missing="D48213")
    'Warranty of the jump rope: not in D48213.'
    >>> topic("shop", wished="jump rope, fitness", chosen="Bexley jump rope (P4321)")
    'Products, jump rope, fitness: the Bexley jump rope (P4321).'
    """
    if wished:
        what = wished
    elif item:
        what = f"the {item}"
    elif order_id:
        what = f"order {order_id}"
    else:
        what = "the latest order" if latest else "an order"
    choice = _CHOICES[kind].format(chosen) if chosen else ""
    absent = f": not in {missing}" if missing else ""
    return f"{TOPICS[kind].format(what)}{choice}{absent}."


def wish(kind: str, slots: Mapping[str, Any]) -> str:
    """What the customer wants to have set, or to buy; nothing for other kinds of goals.

    Examples
    --------
    >>> wish("preference", {"key": "contact_channel", "value": "phone"})
    'contact channel, phone'
    >>> wish("preference", {"key": "newsletter", "value": False})
    'newsletter, false'
    >>> wish("shop", {"noun": "jump rope", "category": "fitness", "limit": 30})
    'jump rope, fitness'
    """
    words = [slots[key] for key in _WISHES.get(kind, ())]
    said = (each.replace("_", " ") if isinstance(each, str) else json.dumps(each) for each in words if each != "")
    return ", ".join(said)


def mentioned_slots(slots: dict[str, Any], text: str) -> dict[str, Any]:
    """The slots of a goal without what the customer did not say: he may name a category and no noun.

    Examples
    --------
    >>> mentioned_slots({"noun": "kite", "category": "toys"}, "Have you got any toys?")
    {'noun': '', 'category': 'toys'}
    """
    return slots if slots.get("noun", "").lower() in text.lower() else {**slots, "noun": ""}


class DeterministicAgent(ScriptedAgent):
    """A scripted agent that thinks aloud, always decides alike, and looks everything up again for each goal.

    Parameters
    ----------
    desk, user, system
        As of :class:`specbench.desk.people.agent.ScriptedAgent`.
    """

    def __init__(self, desk: SupportDesk, user: ScriptedUser, system: str) -> None:
        super().__init__(desk, user, FIXED_HABITS, _NoChance(), system)
        self._kind = self._opening = self._chosen = self._wish = ""
        self._offers: dict[str, str] = {}

    def hear(self, turn: Turn) -> Turn:
        """As any scripted agent; with a new goal, forget what belonged to the last one."""
        if turn.goal is not None:
            self.forget()
            goal = replace(turn.goal, slots=mentioned_slots(turn.goal.slots, turn.text))
            turn = replace(turn, goal=goal)
            self._kind, self._wish, self._chosen = goal.kind, wish(goal.kind, goal.slots), ""
            self._opening = OPENINGS[goal.kind].format(self._wish)
        if "corrects" in turn.said:
            self._chosen = ""
        if "product" in turn.said:
            name = turn.said["product"]
            self._chosen = numbered(name, self._offers[name])
        return super().hear(turn)

    def calls(self, *calls: tuple[str, dict[str, Any]], words: str = "") -> list[Any]:
        """As any scripted agent, and say what they are about."""
        name, arguments = calls[0]
        if self._kind == "shop" and name == "get_product":
            offer = next(each for each, product_id in self._offers.items() if product_id == arguments["product_id"])
            self._chosen = numbered(offer, arguments["product_id"])
        results = super().calls(*calls, words=words or self._topic())
        if name == "search_products":
            self._offers = {row["name"]: row["product_id"] for row in results[0]}
        return results

    def speak(self, text: str, calls: tuple[ToolCall, ...] = ()) -> None:
        """As any scripted agent, but say first what was understood, and whether the item is in the order just read."""
        last = self.messages[-1]
        looked = last.role == "tool" and last.name == "get_order" and not last.error
        first = self._topic() if looked and not calls and "item" in self.hint else self._opening
        super().speak(f"{first} {text}".strip(), calls)
        self._opening = ""

    def _topic(self) -> str:
        """What the call is about; nothing where that is being said just now, or where no goal was told."""
        if self._opening or not self._kind:
            return ""
        hint = dict(self.hint)
        if "item" in hint and self.orders:
            found = [item_of(order, hint["item"]) for order in self.orders.values()]
            item = next((each for each in found if each is not None), None)
            if item is None:
                hint["missing"] = next(reversed(self.orders))
            else:
                hint["item"] = numbered(hint["item"], item["product_id"])
        return topic(self._kind, chosen=self._chosen, wished=self._wish, **hint)
