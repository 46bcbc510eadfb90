"""A live conversation as an object: it keeps the messages and their measured times, and runs step after step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from specbench.core.display import clipped, plural
from specbench.core.errors import ConfigError
from specbench.core.types import DecisionPoint, Message, Trace
from specbench.runtime.results import StepResult, ToolResult
from specbench.runtime.session import LiveSession
from specbench.runtime.streaming import AnswerStream
from specbench.runtime.thinking import Think

__all__ = ["Conversation", "Turn"]


class Turn(NamedTuple):
    """What the agent did with a message of the user: ``text`` is its reply, ``steps`` the way there."""

    text: str
    steps: tuple[StepResult, ...]

    def __repr__(self) -> str:
        return f"<Turn: {plural(len(self.steps), 'step')}, {plural(len(self.results), 'call')}, {clipped(self.text)!r}>"

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The results of all calls, in order."""
        return tuple(result for step in self.steps for result in step.results)

    @property
    def saved_s(self) -> float:
        """Seconds that speculation saved."""
        return sum(step.outcome.saved_s for step in self.steps)


class Conversation:
    """One conversation of an executor; :meth:`specbench.runtime.Executor.conversation` gives it.

    Parameters
    ----------
    session
        Runs its steps.
    messages
        What it begins with, such as a system message.
    agent
        Name of the agent's configuration.

    Examples
    --------
    >>> import anyio
    >>> from specbench.core.types import Effect, ToolCall, ToolSpec
    >>> from specbench.runtime import Executor, Tool
    >>> async def look(x):
    ...     return f"saw {x}"
    >>> async def think(point):  # your LLM
    ...     return "It is there." if point.messages[-1].role == "tool" else ToolCall("look", {"x": 1})
    >>> async def main():
    ...     async with Executor([Tool(ToolSpec("look", effect=Effect.READ), look)]) as executor:
    ...         conversation = executor.conversation("c1")
    ...         turn = await conversation.user("Is 1 there?", think)
    ...         return turn.text, turn.results[0].value, [message.role for message in conversation.messages]
    >>> anyio.run(main)
    ('It is there.', 'saw 1', ['user', 'assistant', 'tool', 'assistant'])
    """

    def __init__(self, session: LiveSession, messages: Iterable[Message] = (), agent: str | None = None) -> None:
        self._session, self.agent = session, agent
        self.messages = list(messages)
        self.turns: list[Turn] = []

    def __repr__(self) -> str:
        return f"Conversation({self.trace_id!r}, {len(self.messages)} messages)"

    @property
    def trace_id(self) -> str:
        """Its name."""
        return self._session.course.trace_id

    @property
    def point(self) -> DecisionPoint:
        """Where it is: what the next invocation of the LLM sees."""
        index = sum(message.role == "assistant" for message in self.messages)
        tools = self._session.place.tools.specs
        return DecisionPoint(self.trace_id, index, tuple(self.messages), tools, self.agent)

    async def user(self, text: str, think: Think, *, answer: AnswerStream | None = None, most_steps: int = 50) -> Turn:
        """The user says something: run steps, with their calls, until the agent replies.

        Parameters
        ----------
        text
            The message.
        think
            Decides, as in :meth:`specbench.runtime.Executor.run_step`.
        answer
            Where the text goes as it is written.
        most_steps
            An agent that calls tools for longer than this is going round in circles.

        Raises
        ------
        ConfigError
            When ``most_steps`` are over (what was done until then stays), while another step runs, or after the
            executor was left.
        Exception
            Whatever ``think`` raises. In the first step all is as before, and the text can be said again; later the
            messages until then stay, and :meth:`step` goes on.
        """
        if not isinstance(text, str):
            raise ConfigError(f"the user says a text; got {text!r}")
        self._session.place.check_free(self._session.course)
        before = len(self.messages)
        self.messages.append(Message("user", text))
        steps: list[StepResult] = []
        try:
            steps.append(await self.step(think, answer=answer))
        except BaseException:
            del self.messages[before:]  # nothing was done: asking again says it once
            raise
        while steps[-1].decided.calls:
            if len(steps) == most_steps:
                raise ConfigError(
                    f"conversation {self.trace_id!r}: {most_steps} steps without a reply; raise most_steps, or let "
                    "think end with a text"
                )
            steps.append(await self.step(think, answer=answer))
        turn = Turn(steps[-1].decided.text, tuple(steps))
        self.turns.append(turn)
        return turn

    async def step(self, think: Think, *, answer: AnswerStream | None = None) -> StepResult:
        """Run one step, and append what was said and what the calls gave.

        Raises
        ------
        Exception
            Whatever ``think`` raises; the messages are as before then.
        """
        step = await self._session.run(self.point, think, answer, learn=True)
        self.messages.extend(step.messages)
        return step

    def trace(self) -> Trace:
        """Return it as a trace, with measured times: ready for ``write_traces``, and for training.

        Messages after the last step (a user's whom nobody has answered) are not in it.

        Raises
        ------
        ConfigError
            Before the first step.
        """
        trace = self._session.recording.trace()
        if trace is None:
            raise ConfigError(f"conversation {self.trace_id!r} has no step yet; let the user say something first")
        return trace
