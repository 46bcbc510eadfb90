"""Which conversation a request to an LLM belongs to: that of the block, one that it continues, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from specbench.core.types import Message, ToolSpec
from specbench.traces.recorder.talk import CURRENT, RecordedTalk

__all__ = ["Following"]

MOST_TALKS = 1_000
"""Conversations outside a ``with`` block that are remembered; the first one is forgotten first."""


class Following:
    """The conversations that requests have begun; ``begin(tools, agent)`` makes one."""

    def __init__(self, begin: Callable[[Mapping[str, ToolSpec], str | None], RecordedTalk]) -> None:
        self._begin = begin
        self._talks: list[RecordedTalk] = []

    def talk(
        self, messages: Sequence[Message], tools: Mapping[str, ToolSpec], agent: str | None = None
    ) -> RecordedTalk:
        """Return the conversation of a request, with what is new in its messages recorded.

        Parameters
        ----------
        messages, tools
            All that the request has.
        agent
            Name of the model or the agent, if known.
        """
        current = CURRENT.get()
        for talk in [current] if current is not None else self._talks[::-1]:
            if talk.follow(messages, tools):
                return talk
        talk = self._begin(tools, agent)
        talk.follow(messages)
        self._talks.append(talk)
        for old in self._talks[:-MOST_TALKS]:
            old.end()
        del self._talks[:-MOST_TALKS]
        return talk
