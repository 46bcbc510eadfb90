"""What other middlewares of an agent may refuse: a guess must not get round them.

A guess runs before anybody has called the tool, so whoever wraps tool calls, or looks at them when the model has made
them, has not been asked. Asking would not do: a gate may count, write a log or wait for a human. So what is behind one
is not speculated, unless ``allow`` says which calls the gates let through.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from specbench.core.extras import named_extras

with named_extras():
    from langchain.agents.middleware import (
        AgentMiddleware,
        HumanInTheLoopMiddleware,
        LLMToolEmulator,
        ToolCallLimitMiddleware,
    )

__all__ = ["EVERY_TOOL", "Gate", "gates_among", "names_of", "siblings_of"]

EVERY_TOOL: frozenset[str] = frozenset({"*"})
_TOOL_HOOKS = ("wrap_tool_call", "awrap_tool_call", "after_model", "aafter_model")
_MODEL_HOOKS = ("wrap_model_call", "awrap_model_call")
_FRAMES = 4


@dataclass(frozen=True)
class Gate:
    """A middleware that may refuse calls, and of which tools."""

    name: str
    tools: frozenset[str]

    def guards(self, tool: str) -> bool:
        """Whether it may refuse a call of this tool."""
        return self.tools == EVERY_TOOL or tool in self.tools


def gates_among(middlewares: Sequence[Any], own: Any) -> list[Gate]:
    """The gates among the middlewares of an agent.

    Of LangChain's own: a human in the loop guards the tools that it interrupts, a call limit the tool that it counts,
    an emulator all of them; the others (retries, fallbacks, summaries, …) refuse no call. Of anybody else's:
    each that wraps tool calls or looks at them after the model, and each that stands between ``own`` and the model and
    wraps its call, as it may take tools off the offer unseen. (Those before ``own`` are seen.)

    Parameters
    ----------
    middlewares
        As ``create_agent`` has them, the outermost first.
    own
        The one that speculates.
    """
    found = []
    inner = False
    for each in middlewares:
        if each is own:
            inner = True
            continue
        guarded = _guarded(each, inner=inner)
        if guarded:
            found.append(Gate(type(each).__name__, guarded))
    return found


def _guarded(middleware: Any, *, inner: bool) -> frozenset[str]:
    kind = type(middleware)
    if kind is HumanInTheLoopMiddleware:
        return frozenset(middleware.interrupt_on)
    if kind is ToolCallLimitMiddleware:
        return EVERY_TOOL if middleware.tool_name is None else frozenset({middleware.tool_name})
    if kind is LLMToolEmulator:
        return EVERY_TOOL
    if kind.__module__.startswith("langchain.agents.middleware."):
        return frozenset()
    hooks = (*_TOOL_HOOKS, *(_MODEL_HOOKS if inner else ()))
    overridden = any(getattr(kind, hook, None) is not getattr(AgentMiddleware, hook, None) for hook in hooks)
    return EVERY_TOOL if overridden else frozenset()


def siblings_of(middleware: Any) -> tuple[Any, ...] | None:
    """The middlewares of the agent that is just being made with this one; ``None`` where none is.

    ``create_agent`` tells a middleware nothing of the others, but asks each for its ``tools``, with the list at hand.
    """
    frame = inspect.currentframe()
    for _ in range(_FRAMES):
        frame = None if frame is None else frame.f_back
        if frame is None:
            return None
        listed = frame.f_locals.get("middleware")
        if isinstance(listed, (list, tuple)) and any(each is middleware for each in listed):
            return tuple(listed)
    return None


def names_of(tools: Iterable[Any]) -> frozenset[str]:
    """Names of the tools on offer, as LangChain has them: tools, or dictionaries of a provider."""
    found = set()
    for tool in tools:
        if isinstance(tool, dict):
            named = tool.get("function", tool)
            found.add(str(named.get("name", "")) if isinstance(named, dict) else "")
        else:
            found.add(str(getattr(tool, "name", "")))
    return frozenset(found)
