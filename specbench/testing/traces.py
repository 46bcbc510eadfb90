"""Small synthetic traces for tests: a shop whose agent looks up a customer, the customer's orders, and acts.

Deterministic: the same numbers give the same traces, on every machine. They are neither trivial (orders differ in
number, users change their minds) nor meant to be realistic; for that there is the support desk.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec, Trace

__all__ = ["make_points", "make_tools", "make_trace", "make_traces", "odd_trace"]

_FIRST = ("ann", "bo", "chen", "dora", "emil", "fay", "gus", "hana")
_LAST = ("lee", "moss", "novak", "ortiz", "petit", "quinn")
_ITEMS = ("Desk Lamp", "Water Bottle", "Wool Blanket", "Bookshelf", "Garden Hose")


def make_tools() -> dict[str, ToolSpec]:
    """Return the tools of the shop: four that read, one that writes, one that computes.

    Examples
    --------
    >>> sorted(name for name, spec in make_tools().items() if spec.effect is Effect.READ)
    ['find_user', 'get_order', 'get_user', 'list_products']
    """
    entries = (
        ("find_user", "Find a customer by e-mail", ("email",), Effect.READ),
        ("get_user", "Details of a customer, with the orders", ("user_id",), Effect.READ),
        ("get_order", "Details of an order", ("order_id",), Effect.READ),
        ("list_products", "All products in stock", (), Effect.READ),
        ("cancel_order", "Cancel an order", ("order_id", "reason"), Effect.WRITE),
        ("calculate", "Compute an expression", ("expression",), Effect.LOCAL),
    )
    return {
        name: ToolSpec(
            name,
            text,
            {"type": "object", "properties": {p: {"type": "string"} for p in parameters}, "required": list(parameters)},
            effect,
        )
        for name, text, parameters, effect in entries
    }


def make_traces(count: int = 24, *, seed: int = 0) -> list[Trace]:
    """Return ``count`` conversations, two of each task.

    Examples
    --------
    >>> traces = make_traces(4)
    >>> [trace.task_id for trace in traces]
    ['task_0', 'task_0', 'task_1', 'task_1']
    >>> make_traces(4)[2] == traces[2]
    True
    """
    return [make_trace(number, seed=seed) for number in range(count)]


def make_trace(number: int = 0, *, seed: int = 0) -> Trace:
    """Return conversation ``number`` of the shop."""
    random = Random(f"{seed}|{number}")
    shop = _Shop(random)
    first, last = random.choice(_FIRST), random.choice(_LAST)
    email, user = f"{first}.{last}{random.randrange(100)}@example.com", f"{first}_{last}_{random.randrange(1000, 9999)}"
    orders = [f"#W{random.randrange(1_000_000, 9_999_999)}" for _ in range(random.choice((1, 2, 2, 3)))]
    shop.say("system", "You work at a shop. The current time is 2024-05-15 15:00:00.")
    wish = random.choice(("where is my parcel", "I want to cancel an order", "what do you sell"))
    shop.say("user", f"Hello, {wish}? My e-mail is {email}.")
    shop.call("find_user", {"email": email}, user)
    if wish == "what do you sell":
        shop.call("list_products", {}, [{"name": item, "price": 10 + at} for at, item in enumerate(_ITEMS)])
        shop.say("assistant", f"We have {_ITEMS[0]} and more. Anything else?")
        shop.say("user", random.choice(("Then show me my orders", "My last order, please")))
    shop.call("get_user", {"user_id": user}, {"name": f"{first} {last}".title(), "orders": orders})
    for order in orders:
        items = [{"name": random.choice(_ITEMS), "price": random.randrange(5, 90)}]
        shop.call("get_order", {"order_id": order}, {"order_id": order, "status": "pending", "items": items})
    shop.say("assistant", f"I found {len(orders)} orders. Which one do you mean?")
    chosen = random.choice(orders)
    shop.say("user", random.choice((f"Cancel {chosen}, I no longer need it", f"What did {chosen} cost?", "Never mind")))
    said = shop.messages[-1].content
    if said.startswith("Cancel"):
        shop.call("cancel_order", {"order_id": chosen, "reason": "no longer needed"}, {"status": "cancelled"})
    elif said.startswith("What"):
        shop.call("calculate", {"expression": "10 + 20"}, "30")
    shop.say("assistant", "Done. Good bye!")
    return Trace(f"shop_{seed}_{number}", f"task_{number // 2}", "testing", tuple(shop.messages), make_tools(), "shop")


def odd_trace() -> Trace:
    """Return a conversation with everything that recorded agents really do wrong.

    Parallel calls, arguments that are no JSON, a tool that is not declared, a result that is missing, one that answers
    nothing, an error, an empty reply, nested and null arguments, and an assistant who speaks first and last.

    Examples
    --------
    >>> sum(len(message.tool_calls) for message in odd_trace().messages)
    7
    """
    shop = _Shop(Random(0))
    shop.say("assistant", "Welcome!")
    shop.say("user", "")
    broken = ToolCall("get_order", {}, id="bad", invalid_arguments='{"order_id": ')
    both = (ToolCall("get_order", {"order_id": "#W1"}, id="one"), ToolCall("get_order", {"order_id": "#W2"}, id="two"))
    shop.messages += [
        Message("assistant", tool_calls=(broken,)),
        Message("tool", "arguments are not JSON", tool_call_id="bad", name="get_order", error=True),
        Message("assistant", "Let me look at both.", tool_calls=both),
        Message("tool", '{"order_id": "#W2", "items": [null, [], {}]}', tool_call_id="two", name="get_order"),
        Message("tool", "{}", tool_call_id="nobody", name="get_order"),
        Message("assistant", tool_calls=(ToolCall("undeclared", {"a": {"b": [1, None]}, "c": None}),)),
        Message("assistant", tool_calls=(ToolCall("list_products"), ToolCall("get_order", {"order_id": ["#W1", 2]}))),
        Message("tool", "no such tool", error=True),
        Message("user", "Zażółć gęślą jaźń 🙂 \u2028 #W1"),
        Message("assistant", tool_calls=(ToolCall("find_user", {"email": 7.0, "": True}),)),
        Message("assistant"),
    ]
    return Trace("odd", "odd", "testing", tuple(shop.messages), make_tools())


def make_points(traces: list[Trace] | None = None) -> list[DecisionPoint]:
    """Return every decision point of ``traces``; by default those of four conversations and the odd one."""
    chosen = traces if traces is not None else [*make_traces(4), odd_trace()]
    return [decision.point for trace in chosen for decision in trace.decisions()]


class _Shop:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.messages: list[Message] = []

    def say(self, role: Any, text: str) -> None:
        self.messages.append(Message(role, text))

    def call(self, tool: str, arguments: dict[str, Any], result: Any) -> None:
        identifier = f"call_{len(self.messages)}"
        content = result if isinstance(result, str) else json.dumps(result)
        self.messages += [
            Message("assistant", tool_calls=(ToolCall(tool, arguments, id=identifier),)),
            Message("tool", content, tool_call_id=identifier, name=tool),
        ]
