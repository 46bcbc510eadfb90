"""What a proxy sees of a conversation: calls and results, in order, with measured seconds.

The user's messages and the LLM's replies do not pass through a proxy. A decision is the calls that were made before the
first result of them was given; the think time before it goes from the last result to its first call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from specbench.core.types import Message, Timing, ToolCall
from specbench.traces.recorder import RecordedTalk

__all__ = ["LONGEST_THINK_S", "MOST_CHARACTERS", "Talk", "text_of"]

LONGEST_THINK_S = 120.0
"""A pause that is longer is no thinking: a person has been asked, or was away. It is recorded without a time."""
MOST_CHARACTERS = 200_000
"""Of a result, in what predictors see and recorders write; the client gets all of it."""


class Talk:
    """The conversation so far.

    Parameters
    ----------
    begin
        Begins the recording, when there is something to record; ``None`` keeps it in memory alone.
    clock
        Tells seconds.

    Examples
    --------
    >>> talk = Talk()
    >>> call = ToolCall("look", {"x": 1}, id="1")
    >>> talk.called(call)
    >>> talk.answered(call, "saw 1", ran_s=0.5)
    >>> [(message.role, message.content) for message in talk.messages]
    [('assistant', ''), ('tool', 'saw 1')]
    """

    def __init__(
        self, begin: Callable[[], RecordedTalk] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.messages: list[Message] = []
        self._begin = begin
        self._record: RecordedTalk | None = None
        self._clock, self._began_s = clock, clock()
        self._asked: list[ToolCall] = []
        self._asked_s = 0.0
        self._answered_s: float | None = None

    def now(self) -> float:
        """Return the seconds since it began."""
        return self._clock() - self._began_s

    def called(self, call: ToolCall) -> None:
        """The client asks for a call."""
        if not self._asked:
            self._asked_s = self.now()
        self._asked.append(call)

    def answered(self, call: ToolCall, text: str, ran_s: float | None, *, error: bool = False) -> None:
        """The client has got the result of a call.

        Parameters
        ----------
        call
            Of :meth:`called`.
        text
            What it says.
        ran_s
            Seconds that the server took, ahead of the call or not; ``None`` where it has not run to its end.
        error
            The server reported an error.
        """
        now = self.now()
        new = [self._decision()] if any(each is call for each in self._asked) else []
        timing = None if ran_s is None else Timing(now - ran_s, now)
        if len(text) > MOST_CHARACTERS:
            left = len(text) - MOST_CHARACTERS
            text = f"{text[:MOST_CHARACTERS]}\n[specbench: {left:,} more characters are left out here]"
        self._add([*new, Message("tool", text, (), call.id, call.name, error, timing)])
        self._answered_s = now

    def _decision(self) -> Message:
        """The calls so far are one decision: what comes now was decided later."""
        since_s, calls = self._answered_s, tuple(self._asked)
        self._asked = []
        short = since_s is not None and since_s <= self._asked_s <= since_s + LONGEST_THINK_S
        timing = Timing(since_s, self._asked_s) if short and since_s is not None else None
        return Message("assistant", "", calls, timing=timing)

    def _add(self, messages: list[Message]) -> None:
        self.messages += messages
        if self._record is None and self._begin is not None:
            self._record = self._begin()
        if self._record is not None:
            self._record.add_all(messages)

    def end(self) -> None:
        """It is over."""
        if self._record is not None:
            self._record.end()


def text_of(message: Mapping[str, Any]) -> tuple[str, bool]:
    """Return what the answer to a call says, as an LLM reads it, and whether it is an error.

    Parameters
    ----------
    message
        The JSON-RPC answer.

    Examples
    --------
    >>> text_of({"result": {"content": [{"type": "text", "text": "hi"}, {"type": "image", "data": ""}]}})
    ('hi\\n[image]', False)
    >>> text_of({"error": {"code": -32602, "message": "no such tool"}})
    ('no such tool', True)
    """
    error = message.get("error")
    if isinstance(error, dict):
        return str(error.get("message", "")), True
    result = message.get("result")
    if not isinstance(result, dict):
        return json.dumps(result), False
    content = result.get("content")
    texts = [_part(part) for part in content] if isinstance(content, list) else []
    if not texts and "structuredContent" in result:
        texts = [json.dumps(result["structuredContent"], ensure_ascii=False)]
    return "\n".join(texts), result.get("isError") is True


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return str(part)
    inner = part.get("resource")
    for holder in (part, inner if isinstance(inner, dict) else {}):
        if isinstance(holder.get("text"), str):
            return str(holder["text"])
    if isinstance(part.get("uri"), str):
        return str(part["uri"])
    return f"[{part.get('type', 'part')}]"
