"""What a conversation is made of before it is put together: texts, calls, results, and the bounds between steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from specbench.core.types import Role

__all__ = ["Asked", "Event", "Result", "Step", "Text"]


class Text(NamedTuple):
    """Something said; ``role`` where a part says who said it, else the message does."""

    text: str
    role: Role | None = None


class Asked(NamedTuple):
    """A call that an LLM made; ``invalid`` is its text where it was no JSON object."""

    name: str
    arguments: Mapping[str, Any]
    id: str | None = None
    invalid: str | None = None


class Result(NamedTuple):
    """What a tool gave back. ``joined``: it stands in one part with its call, so the next call may be parallel."""

    content: str
    id: str | None = None
    name: str | None = None
    error: bool = False
    joined: bool = False


class Step(NamedTuple):
    """Another invocation of the LLM begins within the message."""


Event: TypeAlias = Text | Asked | Result | Step
