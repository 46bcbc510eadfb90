"""A scripted customer: says what he wants, answers the agent, errs, digresses, changes his mind, or leaves."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from specbench.desk.people.goals import Goal, Task
from specbench.desk.phrases.formatting import address_text
from specbench.desk.phrases.grammar import Book, say

__all__ = ["ScriptedUser", "Turn", "with_article"]

#: Intents whose wording has a form without an order (``status_none``),
#: or with the item only (``return_item``).
_WITHOUT_ORDER = {"status": "status_none", "late": "status_none", "return": "return_item"}
#: Words for an order that the customer cannot name.
_VAGUE = ("one of my orders", "an order of mine", "a recent order", "one of my recent orders")


@dataclass(frozen=True)
class Turn:
    """What the customer said: the text, and what it means to an agent who understands it.

    ``said`` may hold ``email``, ``first_name``, ``last_name``, ``zip``, ``order_id``, ``item``, ``latest``,
    ``no`` (declines), ``corrects`` (another order id than before), ``ask`` (a side question), ``chat`` (its topic),
    ``product``.
    """

    text: str
    goal: Goal | None = None
    said: dict[str, Any] = field(default_factory=dict)
    done: bool = False
    left: bool = False


class ScriptedUser:
    """One customer in one conversation.

    Parameters
    ----------
    task
        Who he is, what he wants, how he behaves.
    book
        His paraphrases by act.
    rng
        Draws wording and behaviour.
    """

    def __init__(self, task: Task, book: Book, rng: random.Random) -> None:
        self.task = task
        self._book = book
        self._rng = rng
        self._pending = list(task.goals)
        self._goal: Goal | None = None
        self._misnamed = False
        self._erred = False
        self._asked: set[str] = set()
        self._chatted = False

    def open(self) -> Turn:
        """The first message: a greeting, or the first goal with or without who he is."""
        if self.task.persona.greets:
            return Turn(self._say("greet"))
        core = self._next_goal()
        said, parts = dict(core.said), [core.text]
        if self._rng.random() < 0.7:
            parts.insert(0, self._say("open"))
        if self.task.persona.upfront:
            identity = self._identity("intro")
            parts.append(identity.text)
            said |= identity.said
        elif self._rng.random() < 0.5:
            parts.append(self._say("close"))
        return Turn(_join(parts), core.goal, said)

    def answer(self, act: str, **context: Any) -> Turn:
        """Reply to an agent's message of this act.

        Parameters
        ----------
        act
            ``intent``, ``identity``, ``zip``, ``fix_identity``, ``order``, ``fix_order``, ``which_order``, ``confirm``,
            ``product``, ``wait``, or ``result`` (the agent has answered: what next?).
        **context
            ``names`` for ``product``: the names on offer; ``good`` for ``result``: whether it is what he wanted.
        """
        if act != "result" and self._rng.random() < self.task.persona.leaves:
            return Turn(self._say("leave"), done=True, left=True)
        if act not in ("result", "wait") and not self._chatted and self._rng.random() < self.task.persona.chatty:
            self._chatted = True
            topic = self._rng.choice(("chat_bot", "chat_day", "chat_talk"))
            return Turn(self._say(topic), said={"chat": topic})
        reply: Turn = getattr(self, f"_on_{act}")(**context)
        return reply

    def _say(self, act: str, **slots: str) -> str:
        return say(self._book, self._rng, act, slots, lower=self.task.persona.lower)

    def _spell(self, order_id: str) -> str:
        return self._rng.choice((f"#{order_id}", f"#{order_id}", order_id, order_id.lower()))

    def _next_goal(self) -> Turn:
        goal = self._goal = self._pending.pop(0)
        said: dict[str, Any] = {}
        slots = {"item": goal.item} | {key: str(value) for key, value in goal.slots.items()}
        act = goal.kind
        if goal.kind == "shop":
            slots |= {"limit": f"${goal.slots['limit']}", "a_noun": with_article(goal.slots["noun"])}
        elif "street" in goal.slots:
            slots["address"] = address_text(goal.slots)
        if goal.order_id:
            act = self._refer(goal, said, slots)
        text = self._say(act, **slots)
        reason = goal.slots.get("reason", "other")
        if reason != "other":
            why = self._say(reason)
            text = f"{text} {why}" if self._rng.random() < 0.6 else f"{why} {text}"
        return Turn(text, goal, said)

    def _refer(self, goal: Goal, said: dict[str, Any], slots: dict[str, str]) -> str:
        """Put the words for the order into ``slots`` and their meaning into ``said``; return the act to say."""
        wrong = self.task.persona.wrong_order
        others = [order for order in self.task.own_orders if order != goal.order_id]
        if goal.reference == "id":
            named = goal.order_id
            # Naming another order of his own is for goals where a wrong write cannot follow from it.
            fitting = wrong == "ghost" or (others and goal.kind not in ("cancel", "order_address"))
            if wrong and not self._erred and fitting:
                named = self.task.ghost_order if wrong == "ghost" else self._rng.choice(others)
                self._misnamed = self._erred = True
            said["order_id"] = named
            slots["order"] = self._rng.choice(("order {}", "my order {}", "{}")).format(self._spell(named))
        elif goal.reference == "latest":
            said["latest"] = True
            slots["order"] = self._rng.choice(("my latest order", "my last order", "the order I made last"))
        elif goal.reference == "item" and goal.kind == "refund_amount":
            said["item"] = goal.item
            slots["order"] = self._rng.choice(("the order with the {}", "my order with the {}")).format(goal.item)
        elif goal.reference == "item" and goal.kind not in ("return", "exchange", "damaged", "warranty"):
            said["item"] = goal.item
            slots["order"] = self._rng.choice((f"the {goal.item} I ordered", f"my {goal.item}", f"the {goal.item}"))
        else:
            if goal.kind in _WITHOUT_ORDER:
                if goal.kind == "return":
                    said["item"] = goal.item
                return _WITHOUT_ORDER[goal.kind]
            slots["order"] = self._rng.choice(_VAGUE)
        if goal.kind in ("return", "exchange", "damaged", "warranty"):
            said["item"] = goal.item
        return goal.kind

    def _identity(self, way: str) -> Turn:
        """Who he is, said as an answer (``give``) or unasked (``intro``)."""
        customer, kind = self.task.customer, self.task.persona.identity
        first, last, email = (customer[key] for key in ("first_name", "last_name", "email"))
        zip_code = customer["address"]["zip"]
        if kind == "name_zip":
            said = {"first_name": first, "last_name": last, "zip": zip_code}
            return Turn(self._say(f"{way}_name_zip", first=first, last=last, zip=zip_code), said=said)
        if kind == "name_first":
            said = {"first_name": first, "last_name": last}
            return Turn(self._say(f"{way}_name", first=first, last=last), said=said)
        if kind == "bad_email":
            name, _, host = email.partition("@")
            cut = self._rng.randrange(1, len(name) - 1)
            email = f"{name[:cut]}{name[cut + 1 :]}@{host}" if self._rng.random() < 0.5 else f"{name}@mail.{host}"
        return Turn(self._say(f"{way}_email", email=email), said={"email": email})

    def _on_intent(self) -> Turn:
        return self._next_goal()

    def _on_identity(self) -> Turn:
        return self._identity("give")

    def _on_zip(self) -> Turn:
        zip_code = self.task.customer["address"]["zip"]
        return Turn(self._say("give_zip", zip=zip_code), said={"zip": zip_code})

    def _on_fix_identity(self) -> Turn:
        customer = self.task.customer
        if self._rng.random() < 0.6:
            return Turn(self._say("fix_email", email=customer["email"]), said={"email": customer["email"]})
        said = {key: customer[key] for key in ("first_name", "last_name")} | {"zip": customer["address"]["zip"]}
        text = self._say("give_name_zip", first=said["first_name"], last=said["last_name"], zip=said["zip"])
        return Turn(text, said=said)

    def _on_order(self) -> Turn:
        goal = self._current()
        if goal.reference in ("id", "latest") or self._rng.random() < 0.4:
            said = {"order_id": goal.order_id}
            return Turn(self._say("give_order", id=self._spell(goal.order_id)), said=said)
        if goal.reference == "none" and self._rng.random() < 0.5:
            return Turn(self._say("no_order"))
        return Turn(self._say("no_order_item", item=goal.item), said={"item": goal.item})

    def _on_fix_order(self) -> Turn:
        self._misnamed = False
        goal = self._current()
        return Turn(self._say("correct", id=self._spell(goal.order_id)), said={"order_id": goal.order_id})

    def _on_which_order(self) -> Turn:
        goal = self._current()
        return Turn(self._say("pick_order", id=self._spell(goal.order_id)), said={"order_id": goal.order_id})

    def _on_confirm(self) -> Turn:
        if self._misnamed:
            return self._correction()
        if self._rng.random() < self.task.persona.fickle:
            return Turn(self._say("no"), said={"no": True})
        return Turn(self._say("yes"))

    def _on_product(self, names: list[str]) -> Turn:
        name = self._rng.choice(names)
        return Turn(self._say("pick_product", name=name), said={"product": name})

    def _on_wait(self) -> Turn:
        return Turn(self._say("wait"))

    def _on_result(self, good: bool) -> Turn:
        goal = self._current()
        if self._misnamed:
            return self._correction()
        question = self._rng.choice(("total", "placed", "address"))
        about_order = goal.order_id and goal.kind in ("status", "late", "warranty", "order_address", "cancel")
        if about_order and not self._asked and self._rng.random() < self.task.persona.curious:
            self._asked.add(question)
            return Turn(self._say(f"ask_{question}"), said={"ask": question})
        if not self._pending:
            return Turn(self._say("bye" if good else "bye_flat"), done=True)
        following = self._next_goal()
        if self._rng.random() < 0.6:
            return Turn(_join([self._say("join"), following.text]), following.goal, following.said)
        return following

    def _correction(self) -> Turn:
        turn = self._on_fix_order()
        return Turn(turn.text, said={**turn.said, "corrects": True})

    def _current(self) -> Goal:
        assert self._goal is not None, "the agent answers before a goal was told"
        return self._goal


def _join(parts: list[str]) -> str:
    """Put sentences together; after a comma or a colon the next one goes on in small letters."""
    text = parts[0]
    for part in parts[1:]:
        if text[-1] in ",:" and not part.startswith(("I ", "I'")):
            part = part[0].lower() + part[1:]
        text = f"{text} {part}"
    return text


def with_article(noun: str) -> str:
    """A noun with *a* or *an*."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
