"""What was said in a live conversation, and when each message was produced: a trace in the making."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

from specbench.core.types import Message, Timing, ToolCall, Trace
from specbench.runtime.copies import own_arguments, own_call
from specbench.runtime.results import StepResult
from specbench.speculation.step import Step
from specbench.traces.recorder import Recorder

__all__ = ["Recording"]


class Recording:
    """The messages up to the last step that has ended, with the seconds that were measured.

    The LLM's are those of its invocation, a tool's those of its run (ahead or not), a user's those between the end of
    one step and the beginning of the next. Where somebody has put another message in their place they are unknown.

    Parameters
    ----------
    trace_id, task_id
        The conversation, and what it is about.
    started_s
        When it started, on the clock of the run.
    recorder
        Writes it to a file, if there is one: step by step, as long as nothing that was said before is changed.
    """

    def __init__(self, trace_id: str, task_id: str, started_s: float, recorder: Recorder | None = None) -> None:
        self.task_id, self.started_s = task_id, started_s
        self._trace_id, self._recorder = trace_id, recorder
        self._talk = None if recorder is None else recorder.talk(trace_id, task_id=task_id)
        self._last: StepResult | None = None
        self._calls: list[ToolCall] = []
        self._ended_s = 0.0
        self._marks: dict[int, Mark] = {}

    def add(self, step: Step, result: StepResult) -> None:
        """A step has ended."""
        assert step.thinking_s is not None and step.thought_s is not None and step.ended_s is not None
        at, last, marks = len(result.point.messages), self._last, self._marks
        if last is not None and at > len(last.point.messages) + 1 + len(last.results):
            marks[at - 1] = "user", result.point.messages[-1].content, self._ended_s, step.began_s
        marks[at] = "assistant", result.decided.calls, step.thinking_s, step.thought_s
        for number, each in enumerate(result.results, start=at + 1):
            if each.ran is not None:
                marks[number] = "tool", each.call.name, *each.ran
        self._last, self._ended_s = result, step.ended_s
        # What the agent does with its own from here on changes nothing: calls are copied, results are rendered.
        self._calls = [replace(each, arguments=own_arguments(each)) for each in step.calls]
        for each in result.results:
            each.text  # noqa: B018
        if self._recorder is not None:
            self._write(self._recorder)

    def _write(self, recorder: Recorder) -> None:
        trace = self.trace()
        assert trace is not None and self._talk is not None
        if not self._talk.follow(trace.messages, trace.tools):  # edited: it is another conversation from here on
            self._talk.end()
            self._talk = recorder.talk(task_id=self.task_id, tools=trace.tools, metadata={"continues": self._trace_id})
            self._talk.follow(trace.messages)

    def end(self) -> None:
        """The conversation is over."""
        if self._talk is not None:
            self._talk.end()

    def trace(self) -> Trace | None:
        """Return the conversation so far; ``None`` before its first step has ended."""
        if self._last is None:
            return None
        point = self._last.point
        said = Message("assistant", self._last.decided.text, tuple(map(own_call, self._calls)))
        messages = [*point.messages, said, *(each.message() for each in self._last.results)]
        for at, (role, what, started_s, ended_s) in self._marks.items():
            if at < len(messages) and (role, what) == (messages[at].role, _what(messages[at])):
                timing = Timing(started_s - self.started_s, ended_s - self.started_s)
                messages[at] = replace(messages[at], timing=timing)
        return Trace(point.trace_id, self.task_id, "specbench.runtime", tuple(messages), point.tools, point.agent)


Mark: TypeAlias = tuple[str, Any, float, float]
"""Role of a message, what tells it from others, start and end."""


def _what(message: Message) -> Any:
    return {"user": message.content, "assistant": message.tool_calls, "tool": message.name}.get(message.role)
