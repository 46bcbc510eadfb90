"""The scripted agent: how it talks, calls tools, finds customer and order.

What it does for each goal is in :mod:`specbench.desk.people.skills`.

It is stochastic: :class:`Habits` say how often it double-checks, narrates, stalls, asks or errs, and two rollouts of
one task differ as those of a sampled LLM do. It knows only what was said and what tools returned.
"""

from __future__ import annotations

import json
import random
from typing import Any

from specbench.core.types import Effect, Message, ToolCall
from specbench.desk.people.goals import order_exists
from specbench.desk.people.habits import Habits
from specbench.desk.people.users import ScriptedUser, Turn
from specbench.desk.phrases.books import read_book
from specbench.desk.phrases.formatting import address_text, date_text, list_text, money
from specbench.desk.phrases.grammar import say
from specbench.desk.world.desk import DeskError, SupportDesk

__all__ = ["Correction", "Left", "ScriptedAgent", "item_of"]

Row = dict[str, Any]

_ORDER_WORDS = ("order_id", "item", "latest")


class Left(Exception):
    """The customer ended the conversation; the argument says whether he broke it off."""


class Correction(Exception):
    """The customer named another order than before: begin the skill again."""


class ScriptedAgent:
    """One agent in one conversation.

    Parameters
    ----------
    desk
        Where its calls really run; writes change it.
    user
        The customer.
    habits
        The configuration.
    rng
        Draws wording and habits.
    system
        The system prompt.
    """

    def __init__(self, desk: SupportDesk, user: ScriptedUser, habits: Habits, rng: random.Random, system: str) -> None:
        self.desk = desk
        self.user = user
        self.habits = habits
        self.rng = rng
        self.messages = [Message("system", system)]
        self.user_id = ""
        self.orders: dict[str, Row] = {}
        self.history: list[Row] | None = None
        self.memory: dict[str, Any] = {}
        self.said: dict[str, Any] = {}
        self.hint: dict[str, Any] = {}
        self.topic: Row | None = None
        self._calls = 0

    def chance(self, p: float) -> bool:
        """Whether a habit of probability ``p`` shows now."""
        return self.rng.random() < p

    def text(self, act: str, **slots: str) -> str:
        """A paraphrase of an act."""
        return say(read_book("agent"), self.rng, act, slots)

    def hear(self, turn: Turn) -> Turn:
        """Record what the customer said and keep what it tells about the order."""
        self.messages.append(Message("user", turn.text))
        self.said |= turn.said
        hint: dict[str, Any] = {key: turn.said[key] for key in _ORDER_WORDS if key in turn.said}
        self.hint = hint if turn.goal is not None else {**self.hint, **hint}
        if turn.done:
            if self.chance(0.5):
                self.messages.append(Message("assistant", self.text("goodbye_left" if turn.left else "goodbye")))
            raise Left(turn.left)
        return turn

    def speak(self, text: str, calls: tuple[ToolCall, ...] = ()) -> None:
        """Say something, call tools, or both in one message."""
        self.messages.append(Message("assistant", text, calls))

    def ask(self, act: str, text: str, **context: Any) -> Turn:
        """Say something, hear the answer; small talk in between is answered and the question put again."""
        self.speak(text)
        turn = self.hear(self.user.answer(act, **context))
        if turn.said.get("chat"):
            self.speak(f"{self.text(turn.said['chat'])} {text}")
            turn = self.hear(self.user.answer(act, **context))
        return turn

    def confirm(self, text: str) -> bool:
        """Ask before a write, if that is the habit; whether to go ahead."""
        if not self.chance(self.habits.confirms):
            return True
        turn = self.ask("confirm", text)
        if turn.said.get("corrects"):
            raise Correction
        return not turn.said.get("no")

    def result(self, text: str, *, good: bool = True) -> Turn:
        """Give the answer to a goal, ``good`` news or not; answer side questions; return the next goal's turn."""
        if self.chance(0.4):
            text = f"{text} {self.text('anything')}"
        turn = self.ask("result", text, good=good)
        while "ask" in turn.said:
            turn = self.ask("result", self._side_answer(turn.said["ask"]), good=good)
        if turn.said.get("corrects"):
            raise Correction
        return turn

    def _side_answer(self, question: str) -> str:
        assert self.topic is not None, "side questions are about an order that was looked at"
        order = self.topic
        if self.chance(self.habits.rereads):
            order = self.topic = self.orders[order["order_id"]] = self.call("get_order", order_id=order["order_id"])
        return self.text(
            question,
            id=order["order_id"],
            total=money(order["total"]),
            placed=date_text(order["placed_on"]),
            address=address_text(order["ship_to"]),
        )

    def call(self, name: str, /, *, words: str = "", **arguments: Any) -> Any:
        """Call one tool; :class:`DeskError` when it refuses."""
        return self.calls((name, arguments), words=words)[0]

    def calls(self, *calls: tuple[str, Row], words: str = "") -> list[Any]:
        """Call tools in one message (parallel calls), and record the message and the results."""
        after_user = self.messages[-1].role == "user"
        if not words and self.chance(self.habits.narrates if after_user else self.habits.narrates / 5):
            words = self.text("narrate")
        emitted = []
        for name, arguments in calls:
            self._calls += 1
            emitted.append(ToolCall(name, arguments, id=f"call_{self._calls}"))
        self.speak(words, tuple(emitted))
        results: list[Any] = []
        failure: DeskError | None = None
        for call in emitted:
            try:
                result = self.desk.call(call.name, call.arguments)
                content, failed = json.dumps(result, separators=(",", ":")), False
                results.append(result)
            except DeskError as error:
                content, failed, failure = f"Error: {error}", True, error
            self.messages.append(Message("tool", content, tool_call_id=call.id, name=call.name, error=failed))
            if not failed and self.desk.tools[call.name].effect is Effect.WRITE:
                self.forget()
        if failure is not None:
            raise failure
        return results

    def forget(self) -> None:
        """Forget what tools have told: it may be so no longer."""
        self.orders.clear()
        self.history = None
        self.memory.clear()

    def write(self, name: str, /, **arguments: Any) -> Any:
        """Call a tool that changes something; some agents note what they did."""
        result = self.call(name, **arguments)
        if self.chance(self.habits.notes):
            self.call("note", text=f"{name.replace('_', ' ')}: {arguments.get('order_id', self.user_id)}")
        return result

    def identify(self) -> None:
        """Find the customer's account; ask until it is found."""
        while not self.user_id:
            said = self.said
            if "email" in said:
                name, arguments = "find_customer_by_email", {"email": said["email"]}
            elif "zip" in said:
                name = "find_customer_by_name_zip"
                arguments = {key: said[key] for key in ("first_name", "last_name", "zip")}
            elif "first_name" in said:
                self.ask("zip", self.text("zip", first=said["first_name"]))
                continue
            else:
                self.ask("identity", self.text("ident"))
                continue
            self.stall()
            try:
                self.user_id = self.call(name, **arguments)["user_id"]
            except DeskError:
                del said["email"]
                self.ask("fix_identity", self.text("no_email"))

    def look_around(self) -> None:
        """Read about the customer before working on the goal, as far as habits go."""
        user = {"user_id": self.user_id}
        if self.chance(self.habits.parallel * 3):
            self.memory["customer"], self.history = self.calls(("get_customer", user), ("get_order_history", user))
        elif self.chance(self.habits.profile):
            self.memory["customer"] = self.call("get_customer", **user)
        if self.chance(self.habits.tickets * 0.2):
            self.memory["tickets"] = self.call("get_tickets", **user)
        if self.history is None and "order_id" not in self.hint and self.chance(self.habits.eager_history):
            self.history = self.call("get_order_history", **user)

    def stall(self) -> None:
        """Say "one moment" as a reply of its own, if that is the habit."""
        if self.chance(self.habits.stalls):
            self.ask("wait", self.text("moment"))

    def find_order(self, statuses: tuple[str, ...]) -> Row:
        """The order the customer means, from what he said and what the account shows.

        Parameters
        ----------
        statuses
            The statuses that make sense for his goal: where the agent looks first.
        """
        self.topic = self._order_by_hint(statuses)
        return self.topic

    def _order_by_hint(self, statuses: tuple[str, ...]) -> Row:
        if "order_id" in self.hint:
            self.stall()
            return self._named_order(self.hint["order_id"])
        if not self.hint.get("latest") and self.history is None and self.chance(self.habits.asks_order):
            turn = self.ask("order", self.text("ask_order"))
            if "order_id" in turn.said:
                return self._named_order(turn.said["order_id"])
        self.stall()
        again = self.messages[-1].role == "user" and self.chance(self.habits.rereads / 3)
        if self.history is None or again:
            self.history = self.call("get_order_history", user_id=self.user_id)
        rows = self.history
        if self.hint.get("latest"):
            return self.read_order(rows[0]["order_id"])
        first = [row for row in rows if row["status"] in statuses] if self.chance(self.habits.filters) else rows
        first = first or rows
        if self.chance(self.habits.oldest_first):
            first = first[::-1]
        if "item" in self.hint:
            return self._scan([*first, *(row for row in rows if row not in first)], self.hint["item"])
        if len(rows) == 1:
            return self.read_order(rows[0]["order_id"])
        if len(first) == 1 and self.chance(0.3):
            first = rows
        shown = [f"{row['order_id']} of {date_text(row['placed_on'])} ({row['status']})" for row in rows]
        turn = self.ask("which_order", self.text("which_order", list=list_text(shown), count=str(len(rows))))
        return self._named_order(turn.said["order_id"])

    def _named_order(self, order_id: str) -> Row:
        try:
            return self.read_order(order_id)
        except DeskError:
            turn = self.ask("fix_order", self.text("no_such_order", id=order_id))
            return self.read_order(turn.said["order_id"])

    def _scan(self, rows: list[Row], item: str) -> Row:
        """Look at orders one by one until one holds the item."""
        rest = [row["order_id"] for row in rows]
        while rest:
            if len(rest) > 1 and self.chance(self.habits.parallel * 2):
                pair, rest = rest[:2], rest[2:]
                for order in self.calls(*[("get_order", {"order_id": order_id}) for order_id in pair]):
                    self.orders[order["order_id"]] = order
            else:
                pair, rest = rest[:1], rest[1:]
                self.read_order(pair[0])
            for order_id in pair:
                if item_of(self.orders[order_id], item) is not None:
                    return self.orders[order_id]
        raise AssertionError(f"no order holds {item!r}")

    def read_order(self, order_id: str) -> Row:
        """The order, from memory or by ``get_order``; a slip of the agent's hand costs one call more."""
        if order_id in self.orders and not self.chance(self.habits.rereads):
            return self.orders[order_id]
        words = ""
        if self.chance(self.habits.slips):
            wrong = order_id[:-2] + order_id[-1] + order_id[-2]
            if wrong != order_id and not order_exists(self.desk, wrong):
                try:
                    self.call("get_order", order_id=wrong)
                except DeskError:
                    words = self.text("typo") if self.chance(0.5) else ""
        self.orders[order_id] = self.call("get_order", words=words, order_id=order_id)
        return self.orders[order_id]


def item_of(order: Row, name: str) -> Row | None:
    """The item of an order with this name, or this name without the brand."""
    return next((item for item in order["items"] if item["name"].endswith(name)), None)
