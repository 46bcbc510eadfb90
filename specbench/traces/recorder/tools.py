"""Tools that record themselves: their results, and the seconds that they take."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from specbench.core.errors import in_words
from specbench.core.types import Message
from specbench.traces.recorder.talk import CURRENT, RecordedTalk

__all__ = ["recorded_tool"]

Function = TypeVar("Function", bound=Callable[..., Any])


def recorded_tool(function: Function) -> Function:
    """Return the tool, recording; see :meth:`specbench.traces.recorder.Recorder.tool`."""
    name = getattr(function, "__name__", type(function).__name__)

    def told(talk: RecordedTalk, started_s: float, given: tuple[Any, Any], text: str, error: bool) -> None:
        identifier = _asked(talk, name, _by_name(function, *given))
        talk.add(Message("tool", text, (), identifier, name, error), started_s)

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def run_async(*positional: Any, **arguments: Any) -> Any:
            talk = CURRENT.get()
            if talk is None:
                return await function(*positional, **arguments)
            started_s = talk.now()
            try:
                value = await function(*positional, **arguments)
            except Exception as error:
                told(talk, started_s, (positional, arguments), f"Error: {in_words(error)}", True)
                raise
            told(talk, started_s, (positional, arguments), _text(value), False)
            return value

        return run_async  # type: ignore[return-value]

    @wraps(function)
    def run(*positional: Any, **arguments: Any) -> Any:
        talk = CURRENT.get()
        if talk is None:
            return function(*positional, **arguments)
        started_s = talk.now()
        try:
            value = function(*positional, **arguments)
        except Exception as error:
            told(talk, started_s, (positional, arguments), f"Error: {in_words(error)}", True)
            raise
        told(talk, started_s, (positional, arguments), _text(value), False)
        return value

    return run  # type: ignore[return-value]


def _by_name(function: Callable[..., Any], positional: tuple[Any, ...], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments by the name of their parameter."""
    try:
        return dict(inspect.signature(function).bind(*positional, **arguments).arguments)
    except (TypeError, ValueError):
        return arguments


def _asked(talk: RecordedTalk, name: str, arguments: dict[str, Any]) -> str | None:
    """Return the id of the call that this is: the first of that name without a result, with these arguments if any."""
    answered = {each.tool_call_id for each in talk.messages if each.role == "tool"}
    open_calls = [
        call for each in talk.messages for call in each.tool_calls if call.name == name and call.id not in answered
    ]
    same = [call for call in open_calls if dict(call.arguments) == arguments]
    return next((call.id for call in (*same, *open_calls)), None)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except Exception:
        return f"<{type(value).__name__} that cannot be shown>"
