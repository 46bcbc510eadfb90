"""What the LLM has written so far of a call, and what that says about the predictions: early start.

The executor reads it from a streamed decision, the simulator from a timeline that somebody measured. The rules are the
same: what the written part rules out is given up, the probabilities of what still fits are divided by their sum, and a
call that is complete is started itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from specbench.core.types import Prediction, ToolCall

__all__ = ["PartialCall", "Timeline", "allows", "narrowed"]


class PartialCall(NamedTuple):
    """The first call of a decision, as far as the LLM has written it.

    Parameters
    ----------
    after_s
        Seconds since the LLM started.
    tool
        The tool's name.
    arguments
        The arguments that are complete.
    complete
        The call is whole, though the LLM may still be writing.
    """

    after_s: float
    tool: str
    arguments: Mapping[str, Any] = {}
    complete: bool = False


Timeline: TypeAlias = Callable[[str, int], Sequence[PartialCall]]
"""``(trace, decision) → its parts``, in order of time: what was written when. Empty for a reply."""


def allows(tool: str, arguments: Mapping[str, Any], call: ToolCall) -> bool:
    """Whether the call that is being written can still be ``call``.

    Examples
    --------
    >>> allows("look", {"x": 1}, ToolCall("look", {"x": 1, "y": 2})), allows("look", {"x": 1}, ToolCall("look"))
    (True, False)
    """
    if call.name != tool:
        return False
    known = {name: call.arguments[name] for name in arguments if name in call.arguments}
    return replace(call, arguments=known) == replace(call, arguments=arguments)


def narrowed(predictions: Iterable[Prediction], tool: str, arguments: Mapping[str, Any]) -> list[Prediction]:
    """Return the predictions that still fit, their probabilities divided by their sum.

    Examples
    --------
    >>> guesses = [Prediction(None, 0.6), Prediction(ToolCall("look", {"x": 1}), 0.3), Prediction(ToolCall("go"), 0.1)]
    >>> narrowed(guesses, "look", {})
    [Prediction(call=ToolCall(name='look', arguments={'x': 1}, id=None, invalid_arguments=None), p=1.0)]
    """
    fitting = [each for each in predictions if each.call is not None and allows(tool, arguments, each.call)]
    mass = sum(each.p for each in fitting)
    return [Prediction(call, p / mass) for call, p in fitting] if mass > 0 else []
