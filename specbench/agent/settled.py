"""The settled agent, which the micro-Llama imitates: no coin falls in it, and it thinks aloud.

It does whatever is more likely than not, always in the same words, so that its next call is a function of the
conversation: a model of a million parameters can learn that; it could not learn a coin. And it says before each call
what it is about, so that this stands close by: such a model finds what was said a message ago, and not what follows
from five things said in as many places.
"""

from __future__ import annotations

import random
from collections.abc import MutableSequence, Sequence
from typing import Any, TypeVar

from specbench.agent.desk import SupportDesk
from specbench.agent.scripted_agent import ScriptedAgent
from specbench.agent.scripted_habits import Habits
from specbench.agent.scripted_users import ScriptedUser, Turn
from specbench.types import ToolCall

__all__ = ["OPENINGS", "SETTLED", "TOPICS", "SettledAgent", "topic"]

SETTLED = Habits(
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
    "preference": "I'll change your settings.",
    "shop": "I'll see what we have.",
}
"""What it says first when it hears a goal, by kind: what it has understood."""

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
    "preference": "Settings",
    "shop": "Products",
}
"""What it says before each further call for the goal, with the item or the order that the customer named."""

Item = TypeVar("Item")


class _Settled(random.Random):
    """Not random: the first choice, and a coin that falls for whatever is more likely than not."""

    def random(self) -> float:
        return 0.42

    def choice(self, seq: Sequence[Item]) -> Item:  # type: ignore[override]
        return seq[0]

    def shuffle(self, x: MutableSequence[Any]) -> None:
        return None


def topic(kind: str, *, item: str = "", order_id: str = "", latest: bool = False, chosen: str = "") -> str:
    """What a call is about, in words: the kind of goal, and the item or order as the customer named it.

    Examples
    --------
    >>> topic("exchange", item="jump rope", chosen="Bexley foam roller")
    'Exchange of the jump rope for the Bexley foam roller.'
    >>> topic("late", order_id="D48213")
    'Delay of order D48213.'
    """
    if item:
        what = f"the {item}"
    elif order_id:
        what = f"order {order_id}"
    else:
        what = "the latest order" if latest else "an order"
    instead = f" for the {chosen}" if chosen else ""
    return f"{TOPICS[kind].format(what)}{instead}."


class SettledAgent(ScriptedAgent):
    """A scripted agent that thinks aloud, never wavers, and looks everything up anew for each goal.

    Parameters
    ----------
    desk, user, system
        As of :class:`specbench.agent.scripted_agent.ScriptedAgent`.
    """

    def __init__(self, desk: SupportDesk, user: ScriptedUser, system: str) -> None:
        super().__init__(desk, user, SETTLED, _Settled(), system)
        self._kind = self._opening = self._chosen = ""

    def hear(self, turn: Turn) -> Turn:
        """As any scripted agent, and begin anew with a new goal."""
        if turn.goal is not None:
            self.forget()
            self._kind, self._opening, self._chosen = turn.goal.kind, OPENINGS[turn.goal.kind], ""
        if "corrects" in turn.said:
            self._chosen = ""
        self._chosen = turn.said.get("product", self._chosen)
        return super().hear(turn)

    def calls(self, *calls: tuple[str, dict[str, Any]], words: str = "") -> list[Any]:
        """As any scripted agent, and say what they are about."""
        return super().calls(*calls, words=words or self._topic())

    def speak(self, text: str, calls: tuple[ToolCall, ...] = ()) -> None:
        """As any scripted agent, but say first what was understood."""
        super().speak(f"{self._opening} {text}".strip(), calls)
        self._opening = ""

    def _topic(self) -> str:
        """What the call is about; nothing where that is being said just now, or where no goal was told."""
        if self._opening or not self._kind:
            return ""
        return topic(self._kind, chosen=self._chosen, **self.hint)
