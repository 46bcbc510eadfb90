"""What goes into a step and what comes out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from specbench.core.errors import ConfigError, in_words
from specbench.core.ledger import Outcome
from specbench.core.types import DecisionPoint, Message, ToolCall
from specbench.speculation.partial_decision import allows

__all__ = ["Decided", "Partial", "StepResult", "ToolResult", "render"]


@dataclass(frozen=True)
class Decided:
    """What the LLM decided: calls in order (none for a reply), the text, and the tokens that it took, if known."""

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    used_tok: float | None = None

    @classmethod
    def of(cls, value: Any) -> Decided:
        """Take what a ``think`` function may return: this, a call, several calls, a text, or ``None``.

        Examples
        --------
        >>> Decided.of("Good morning.").text, Decided.of(ToolCall("look")).calls[0].name, Decided.of(None).calls
        ('Good morning.', 'look', ())
        """
        if isinstance(value, Decided):
            return value
        if value is None:
            return cls()
        if isinstance(value, str):
            return cls(text=value)
        if isinstance(value, ToolCall):
            return cls((value,))
        if isinstance(value, Sequence) and all(isinstance(each, ToolCall) for each in value):
            return cls(tuple(value))
        raise ConfigError(
            f"think returned {type(value).__name__}; it returns Decided, a ToolCall, a sequence of them, a text or None"
        )


@dataclass(frozen=True)
class Partial:
    """What is known of a decision while the LLM still writes it.

    Parameters
    ----------
    text
        New text of an answer.
    tool
        The tool's name, once it is complete.
    arguments
        The arguments that are complete.
    complete
        The call is whole, though the LLM may still be writing.
    """

    text: str = ""
    tool: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = False

    def allows(self, call: ToolCall) -> bool:
        """Whether the decision can still be ``call``.

        Examples
        --------
        >>> Partial(tool="look", arguments={"x": 1}).allows(ToolCall("look", {"x": 1, "y": 2}))
        True
        """
        if self.tool is None:
            return True
        return allows(self.tool, self.arguments, call)


@dataclass(frozen=True)
class ToolResult:
    """What a call gave: a value, or the exception that it raised.

    ``speculated`` says that it had been run ahead, ``ran`` when it started and ended, on the clock of the run
    (``None`` for what came from a cache, or did not run at all), and ``run_s`` the seconds that its run took, ahead or
    not; 0 for none. ``warm`` says that a :class:`~specbench.runtime.CacheWarmer` had it.
    """

    call: ToolCall
    value: Any = None
    error: Exception | None = None
    speculated: bool = False
    ran: tuple[float, float] | None = field(default=None, compare=False)
    run_s: float = field(default=0.0, compare=False)
    warm: bool = field(default=False, compare=False)

    @cached_property
    def text(self) -> str:
        """The result as the LLM sees it; it stays what it was when it was first asked for."""
        return render(self.value) if self.error is None else f"Error: {_said(self.error)}"

    def message(self) -> Message:
        """Return the tool message of a conversation."""
        return Message("tool", self.text, (), self.call.id, self.call.name, self.error is not None)


@dataclass(frozen=True)
class StepResult:
    """One step of an agent: the decision, the results of its calls in order, and the row of the ledger."""

    point: DecisionPoint
    decided: Decided
    results: tuple[ToolResult, ...]
    outcome: Outcome
    interrupted: bool = False

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages to append to the conversation."""
        said = Message("assistant", self.decided.text, self.decided.calls)
        return (said, *(result.message() for result in self.results))

    def next_point(self, *more: Message) -> DecisionPoint:
        """Return the decision point after this step (and ``more``, such as the user's next message)."""
        point = self.point
        return DecisionPoint(
            point.trace_id, point.index + 1, (*point.messages, *self.messages, *more), point.tools, point.agent
        )


def _said(error: Exception) -> str:
    """Return what an error says; its type too where that alone says little, or cannot be shown."""
    if isinstance(error, (ExceptionGroup, KeyError)):
        return in_words(error)
    try:
        return str(error) or in_words(error)
    except Exception:
        return in_words(error)


def render(value: Any) -> str:
    """Return a result as text: itself, JSON, or what Python shows of a value that is no JSON. Never raises.

    Examples
    --------
    >>> render({"a": 1}), render("plain"), render({(1, 2): 3})
    ('{"a": 1}', 'plain', '{(1, 2): 3}')
    """
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except Exception:
        try:
            return repr(value)
        except Exception:
            return f"<{type(value).__name__} that cannot be shown>"
