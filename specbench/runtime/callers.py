"""On whose behalf a call runs: what a tool may read from context variables, such as the user who is signed in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import copy_context
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

__all__ = ["caller_of", "surroundings"]

PLAIN = frozenset({str, int, float, bool, bytes, complex, type(None), UUID, Decimal, date, datetime})
"""Types of values that name somebody or something."""
MACHINERY = frozenset(
    {
        "aiohttp", "anyio", "asgiref", "asyncio", "contextvars", "ddtrace", "elasticapm", "httpx", "langchain",
        "langchain_core", "langgraph", "langsmith", "logfire", "newrelic", "opentelemetry", "pydantic_ai",
        "pydantic_graph", "sentry_sdk", "sniffio", "specbench", "starlette", "structlog", "trio", "werkzeug",
    }
)  # fmt: skip
"""Packages that keep runs, spans and scopes in context variables: they change from step to step and name nobody."""
MACHINERY_INSIDE = ("agents.run_internal.", "agents.tracing.")
"""The same of the OpenAI Agents SDK; its name, ``agents``, is one that other packages may have."""
FLAGS = frozenset({"disable_provider_managed_retries", "disable_websocket_pre_event_retries"})
"""Context variables of the OpenAI Agents SDK that are set while a model is asked, and say nothing of the caller."""
MISSING = object()
MOST_ITEMS = 50
"""Items of a collection that is looked at."""


def surroundings() -> int:
    """Return a number that is the same only where the context variables name the same caller.

    Values count: texts, numbers, and lists, dictionaries and sets of them (who is signed in, which tenant). Objects
    count by their identity, such as a ``User`` that is set for each request. What well-known frameworks keep there
    (runs, spans, configurations) does not count, nor do functions and classes.

    Examples
    --------
    >>> from contextvars import ContextVar
    >>> user, before = ContextVar("user"), surroundings()
    >>> token = user.set("ann")
    >>> surroundings() == before
    False
    >>> user.reset(token)
    >>> surroundings() == before
    True
    """
    named = ((id(each), _named(value)) for each, value in copy_context().items() if each.name not in FLAGS)
    return hash(frozenset(each for each in named if each[1] is not MISSING))


def _named(value: Any, levels: int = 4) -> Any:
    """What a value says of the caller, in a form that can be compared; ``MISSING`` where it says nothing."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind in (dict, list, tuple, set, frozenset):
        items = value.items() if kind is dict else value
        parts = [_named(each, levels - 1) for each in items] if levels and len(value) <= MOST_ITEMS else [MISSING]
        if any(part is MISSING for part in parts):
            return MISSING
        return kind, frozenset(parts) if kind in (dict, set, frozenset) else tuple(parts)
    root = kind.__module__.partition(".")[0]
    if (
        root in MACHINERY
        or kind.__module__.startswith(MACHINERY_INSIDE)
        or root in sys.stdlib_module_names
        or isinstance(value, type)
        or callable(value)
    ):
        return MISSING
    return kind, id(value)


def caller_of(scope: Callable[[], Any]) -> str:
    """Return a text for the caller that ``scope`` names; one that it cannot name is like nobody else.

    Examples
    --------
    >>> caller_of(lambda: "ann") == caller_of(lambda: "ann")
    True
    >>> caller_of(lambda: 1 / 0) == caller_of(lambda: 1 / 0)
    False
    """
    try:
        told = repr(scope())
    except Exception:
        told = uuid4().hex
    return sha256(told.encode(errors="surrogatepass")).hexdigest()[:16]
