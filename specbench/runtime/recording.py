"""What was said in a live conversation, and when each message was produced: a trace in the making."""

from __future__ import annotations

from dataclasses import replace

from specbench.core.types import DecisionPoint, Message, Timing, Trace
from specbench.runtime.predictor_sync import same_message
from specbench.runtime.results import StepResult
from specbench.speculation.step import Step

__all__ = ["Recording"]


class Recording:
    """The messages up to the last step that has ended, with the seconds that were measured.

    The LLM's are those of its invocation, a tool's those of its run (ahead or not), a user's those between the end of
    one step and the beginning of the next. Where somebody has edited a message its seconds are unknown.

    Parameters
    ----------
    task_id
        What the conversation is about.
    started_s
        When it started, on the clock of the run.
    """

    def __init__(self, task_id: str, started_s: float) -> None:
        self.task_id, self.started_s = task_id, started_s
        self._point: DecisionPoint | None = None
        self._messages: tuple[Message, ...] = ()
        self._timed: dict[int, tuple[Message, Timing]] = {}
        self._free_s: float | None = None

    def add(self, step: Step, result: StepResult) -> None:
        """A step has ended."""
        assert step.thinking_s is not None and step.thought_s is not None and step.ended_s is not None
        before, at = result.point.messages, len(result.point.messages)
        if self._free_s is not None and at > len(self._messages) and before[-1].role == "user":
            self._note(at - 1, before[-1], self._free_s, step.began_s)
        said = result.messages
        self._note(at, said[0], step.thinking_s, step.thought_s)
        for number, tool_result in enumerate(result.results, start=1):
            if tool_result.ran is not None:
                self._note(at + number, said[number], *tool_result.ran)
        self._point, self._messages, self._free_s = result.point, (*before, *said), step.ended_s

    def _note(self, position: int, message: Message, started_s: float, ended_s: float) -> None:
        self._timed[position] = message, Timing(started_s - self.started_s, ended_s - self.started_s)

    def trace(self) -> Trace | None:
        """Return the conversation so far; ``None`` before its first step has ended."""
        point = self._point
        if point is None:
            return None
        messages = list(self._messages)
        for position, (message, timing) in self._timed.items():
            if position < len(messages) and same_message(messages[position], message):
                messages[position] = replace(messages[position], timing=timing)
        return Trace(point.trace_id, self.task_id, "specbench.runtime", tuple(messages), point.tools, point.agent)
