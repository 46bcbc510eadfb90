"""A wrapper for clients that speak the OpenAI chat API: each request and its answer are recorded, with seconds.

Any object with ``chat.completions.create``, synchronous or not, streaming or not. A request belongs to the conversation
of the ``with`` block that it is made in; outside one, to the conversation that it continues, or to a new one.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from specbench.core.types import Message
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.tools import read_tools
from specbench.traces.recorder.following import Following
from specbench.traces.recorder.talk import RecordedTalk

__all__ = ["RecordingClient"]

_log = logging.getLogger("specbench.traces")


class RecordingClient:
    """Behaves like the client that it wraps; made by :meth:`Recorder.openai`."""

    def __init__(
        self, wrapped: Any, following: Following, failed: Callable[[str], None], path: tuple[str, ...] = ()
    ) -> None:
        self._wrapped, self._following, self._failed, self._path = wrapped, following, failed, path

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._wrapped, name)
        path = (*self._path, name)
        if path == ("chat", "completions", "create"):
            return self._recording(found)
        if path in (("chat",), ("chat", "completions")):
            return RecordingClient(found, self._following, self._failed, path)
        return found

    def _recording(self, create: Any) -> Any:
        def call(*positional: Any, **request: Any) -> Any:
            talk = self._begun(request)
            started_s = talk.now() if talk is not None else 0.0
            answer = create(*positional, **request)
            if talk is None:
                return answer
            if inspect.isawaitable(answer):
                return self._awaited(answer, talk, started_s, bool(request.get("stream")))
            return self._answered(answer, talk, started_s, bool(request.get("stream")))

        return call

    async def _awaited(self, answer: Any, talk: RecordedTalk, started_s: float, stream: bool) -> Any:
        return self._answered(await answer, talk, started_s, stream)

    def _answered(self, answer: Any, talk: RecordedTalk, started_s: float, stream: bool) -> Any:
        if not stream:
            _record(talk, _plain(answer), started_s)
            return answer
        return _Stream(answer, talk, started_s)

    def _begun(self, request: Mapping[str, Any]) -> RecordedTalk | None:
        """Record what the request tells that is new; returns its conversation, ``None`` where it cannot be read."""
        try:
            messages, tools = _messages(request["messages"]), read_tools(_plain(request.get("tools")))
            return self._following.talk(messages, tools, request.get("model"))
        except Exception:
            self._failed("a request could not be recorded")
            return None


class _Stream:
    """A streamed answer, handed on as it comes, and recorded when it has ended."""

    def __init__(self, chunks: Any, talk: RecordedTalk, started_s: float) -> None:
        self._chunks, self._talk, self._started_s = chunks, talk, started_s
        self._text, self._calls = "", dict[int, dict[str, str]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chunks, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            for chunk in self._chunks:
                self._take(chunk)
                yield chunk
        finally:
            self._end()

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for chunk in self._chunks:
                self._take(chunk)
                yield chunk
        finally:
            self._end()

    def _take(self, chunk: Any) -> None:
        for choice in (_plain(chunk).get("choices") or ())[:1]:
            delta = choice.get("delta") or {}
            self._text += delta.get("content") or ""
            for part in delta.get("tool_calls") or ():
                call = self._calls.setdefault(part.get("index") or 0, {"id": "", "name": "", "arguments": ""})
                function = part.get("function") or {}
                call["id"] = part.get("id") or call["id"]
                call["name"] += function.get("name") or ""
                call["arguments"] += function.get("arguments") or ""

    def _end(self) -> None:
        said: dict[str, Any] = {"role": "assistant", "content": self._text}
        if self._calls:
            said["tool_calls"] = [
                {"id": each.pop("id") or None, "type": "function", "function": each}
                for _, each in sorted(self._calls.items())
            ]
        _record(self._talk, {"choices": [{"message": said}]}, self._started_s)


def _record(talk: RecordedTalk, answer: Any, started_s: float) -> None:
    try:
        (message,) = _messages([answer["choices"][0]["message"]])
        talk.add(message, started_s)
    except Exception:
        _log.exception("an answer of conversation %r could not be recorded", talk.trace_id)


def _messages(messages: Any) -> tuple[Message, ...]:
    talk = Conversation(tags=False)
    for index, message in enumerate(messages):
        talk.add({key: each for key, each in _plain(message).items() if each is not None}, f"messages[{index}]")
    return talk.messages()


def _plain(value: Any) -> Any:
    """Return objects of the client's library as JSON values."""
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
