"""The support desk's tool declarations (name, description, JSON schema, effect) and the check of arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specbench.core.types import Effect, ToolSpec
from specbench.desk.world.words import CATALOGUE

__all__ = ["TOOLS", "argument_problem"]


def _spec(name: str, description: str, effect: Effect, optional: tuple[str, ...] = (), **properties: Any) -> ToolSpec:
    """A spec whose parameters are all required, except those named in ``optional``."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }
    return ToolSpec(name, description, parameters, effect)


def _choice(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _text(longest: int, **more: Any) -> dict[str, Any]:
    """Text of so many characters at most; a model under strict decoding ends it there (specbench.llm.strict)."""
    return {"type": "string", "maxLength": longest, **more}


_WORD = _text(40)
_ORDER = _text(40, description="Such as D48213")
_LINE = _text(80)
_PRODUCTS: dict[str, Any] = {"type": "array", "items": _WORD, "minItems": 1, "maxItems": 10}
_AMOUNT: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}

_READ = (
    _spec("find_customer_by_email", "Find a customer's user id by email.", Effect.READ, email=_LINE),
    _spec(
        "find_customer_by_name_zip",
        "Find a customer's user id by name and zip code.",
        Effect.READ,
        first_name=_WORD,
        last_name=_WORD,
        zip=_WORD,
    ),
    _spec("get_customer", "Name, email and address of a customer.", Effect.READ, user_id=_WORD),
    _spec("get_order_history", "A customer's orders, newest first, without items.", Effect.READ, user_id=_WORD),
    _spec("get_order", "One order with its items and address.", Effect.READ, order_id=_ORDER),
    _spec(
        "track_shipment",
        "Where a parcel is. Give one of the two.",
        Effect.READ,
        ("order_id", "tracking_number"),
        order_id=_ORDER,
        tracking_number=_WORD,
    ),
    _spec("get_product", "Price, stock and warranty of a product.", Effect.READ, product_id=_WORD),
    _spec(
        "search_products",
        "Products of a category, cheapest first.",
        Effect.READ,
        ("max_price",),
        category=_choice(*CATALOGUE),
        max_price=_AMOUNT,
    ),
    _spec("get_tickets", "A customer's support tickets.", Effect.READ, user_id=_WORD),
    _spec("get_preferences", "Contact channel, language, refund method.", Effect.READ, user_id=_WORD),
)
_WRITE = (
    _spec(
        "cancel_order",
        "Cancel an order that is still processing.",
        Effect.WRITE,
        order_id=_ORDER,
        reason=_choice("no longer needed", "ordered by mistake", "too slow", "found cheaper", "other"),
    ),
    _spec(
        "return_items",
        "Register the return of delivered items.",
        Effect.WRITE,
        order_id=_ORDER,
        product_ids=_PRODUCTS,
        refund_method=_choice("original payment", "store credit"),
    ),
    _spec(
        "exchange_item",
        "Swap a delivered item for another product.",
        Effect.WRITE,
        order_id=_ORDER,
        product_id=_WORD,
        new_product_id=_WORD,
    ),
    _spec(
        "update_address",
        "Change the account's address, or that of one order.",
        Effect.WRITE,
        ("order_id",),
        user_id=_WORD,
        street=_LINE,
        city=_WORD,
        state=_WORD,
        zip=_WORD,
        order_id=_ORDER,
    ),
    _spec(
        "create_ticket",
        "Open a support ticket.",
        Effect.WRITE,
        ("order_id",),
        user_id=_WORD,
        subject=_LINE,
        priority=_choice("low", "normal", "high"),
        order_id=_ORDER,
    ),
    _spec(
        "update_preferences",
        "Change one or more preferences.",
        Effect.WRITE,
        ("contact_channel", "language", "newsletter", "refund_method"),
        user_id=_WORD,
        contact_channel=_choice("email", "phone", "sms"),
        language=_choice("English", "Spanish", "French", "German"),
        newsletter={"type": "boolean"},
        refund_method=_choice("original payment", "store credit"),
    ),
    _spec("issue_refund", "Refund part of an order.", Effect.WRITE, order_id=_ORDER, amount=_AMOUNT, reason=_LINE),
)
_LOCAL = (
    _spec("calculate", "Arithmetic with + - * / and brackets.", Effect.LOCAL, expression=_LINE),
    _spec("note", "Write yourself a note.", Effect.LOCAL, text=_LINE),
)

#: Every tool by its name.
TOOLS: Mapping[str, ToolSpec] = {spec.name: spec for spec in (*_READ, *_WRITE, *_LOCAL)}


def _is(kind: str, value: Any) -> bool:
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool, "array": list}[kind])


def argument_problem(spec: ToolSpec, arguments: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the arguments of a call, or ``None`` when they fit the tool's schema.

    It knows the part of JSON schema that :data:`TOOLS` uses.

    Examples
    --------
    >>> argument_problem(TOOLS["get_order"], {"order_id": "D48213"})
    >>> argument_problem(TOOLS["get_order"], {})
    "missing argument 'order_id'"
    >>> argument_problem(TOOLS["search_products"], {"category": "cars"})[:40]
    "argument 'category' must be one of light"
    """
    for key in sorted(spec.required):
        if key not in arguments:
            return f"missing argument '{key}'"
    for key, value in sorted(arguments.items()):
        schema = spec.properties.get(key)
        if schema is None:
            return f"unknown argument '{key}'"
        kind = schema["type"]
        if not _is(kind, value):
            return f"argument '{key}' must be a {kind}"
        if "enum" in schema and value not in schema["enum"]:
            return f"argument '{key}' must be one of {', '.join(schema['enum'])}"
        if kind == "number" and not value > 0:
            return f"argument '{key}' must be above zero"
        if kind == "string" and len(value) > schema.get("maxLength", len(value)):
            return f"argument '{key}' must have at most {schema['maxLength']} characters"
        if kind == "array":
            if not value or not all(isinstance(item, str) for item in value):
                return f"argument '{key}' must be a list of one or more strings"
            if len(value) > schema["maxItems"]:
                return f"argument '{key}' must have at most {schema['maxItems']} items"
            if any(len(item) > schema["items"]["maxLength"] for item in value):
                return f"argument '{key}' must be of strings of at most {schema['items']['maxLength']} characters"
    return None
