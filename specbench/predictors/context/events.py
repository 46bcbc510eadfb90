"""The steps of a conversation, and what an agent notes down for itself in one."""

from __future__ import annotations

from typing import NamedTuple

from specbench.core.types import Message

__all__ = ["Event", "notes"]

PROSE = 5
"""Spaces from which an argument is a text and no value."""


def notes(message: Message) -> str:
    """Return the texts among the arguments of a message's calls: what an agent writes down for itself.

    Examples
    --------
    >>> from specbench.core.types import ToolCall
    >>> call = ToolCall("think", {"thought": "The order is pending, so I can cancel it", "priority": "high"})
    >>> notes(Message("assistant", "One moment.", (call,)))
    'The order is pending, so I can cancel it'
    """
    values = (value for call in message.tool_calls for value in call.arguments.values())
    return "\n".join(value for value in values if isinstance(value, str) and value.count(" ") >= PROSE)


class Event(NamedTuple):
    """One step of the history: ``kind`` is ``user``, ``reply`` or ``call``; ``tool`` and ``error`` are the call's."""

    kind: str
    tool: str | None = None
    error: bool = False
