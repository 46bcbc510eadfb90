"""Decision points that do not exist yet: after what a step has decided, or will have decided if a guess is right."""

from __future__ import annotations

from specbench.core.errors import in_words
from specbench.core.types import DecisionPoint, Message
from specbench.runtime.copies import own_call
from specbench.runtime.results import ToolResult
from specbench.speculation import Launch
from specbench.speculation.step import Step

__all__ = ["point_after", "supposed_point"]


def point_after(step: Step, *messages: Message) -> DecisionPoint:
    """Return the point after a step, when ``messages`` have been added to those that it saw."""
    point: DecisionPoint = step.work.point
    return DecisionPoint(point.trace_id, point.index + 1, (*point.messages, *messages), point.tools, point.agent)


def supposed_point(step: Step, launch: Launch) -> DecisionPoint | None:
    """Return the point after a step, if the launch is what the LLM decides; ``None`` where its result has no text."""
    try:
        call = own_call(launch.call)
        return point_after(step, Message("assistant", "", (call,)), ToolResult(call, launch.work.value).message())
    except Exception as error:
        step.reason = f"running ahead raised {in_words(error)}"
        return None
