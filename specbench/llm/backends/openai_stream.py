"""The chunks of a server's answer as events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from specbench.core.canonical import canonical
from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.backends.openai_deltas import CallDeltas
from specbench.llm.base import End, Event, LLMError, StopReason, TextDelta, Usage
from specbench.llm.parsing import StreamParser

__all__ = ["ChunkReader", "joined_calls"]

_REASONS: dict[str, StopReason] = {"length": "length", "max_tokens": "length", "content_filter": "content_filter"}


class ChunkReader:
    """Reads the chunks of one answer.

    Servers differ, and what they send is not checked by anybody: a field may be missing, ``null`` or of another type.

    Parameters
    ----------
    tools
        The tools on offer.
    """

    def __init__(self, tools: Mapping[str, ToolSpec]) -> None:
        self._text, self._calls = StreamParser(tools), CallDeltas(tools)
        self._structured = False
        self._refused = False
        self._reasoning: list[str] = []
        self._told: tuple[int, int, int] | None = None
        self._reasoning_tok = 0
        self.tok = 0
        self.finished: str | None = None

    def read(self, chunk: Any) -> list[Event]:
        """The events of a chunk, or of a whole answer that is no stream.

        Raises
        ------
        LLMError
            When it is the server's report of an error.
        TypeError
            When it is no chunk of an answer.
        """
        if isinstance(chunk, (list, str, int, float, bool)) or chunk is None:
            raise TypeError(f"a chunk is {type(chunk).__name__}, not an object")
        self._refuse_error(chunk)
        self._count(get(chunk, "usage"))
        choices = get(chunk, "choices")
        if not isinstance(choices, list) or not choices:
            return []
        # Others answer the same request again, which nobody has asked for.
        choice = next((each for each in choices if get(each, "index") in (0, None)), None)
        if choice is None:
            return []
        self._refuse_error(choice)
        self.finished = get(choice, "finish_reason") or self.finished
        delta = get(choice, "delta") or get(choice, "message")
        return [] if delta is None else self._events(delta)

    def _events(self, delta: Any) -> list[Event]:
        text, thought = _text_of(get(delta, "content"))
        refusal = get(delta, "refusal")
        if isinstance(refusal, str) and refusal:
            self._refused, text = True, text + refusal
        for name in ("reasoning_content", "reasoning"):
            said = get(delta, name)
            if isinstance(said, str) and said:
                thought += said
                break
        calls = get(delta, "tool_calls")
        pieces = [(get(each, "index"), get(each, "id"), get(each, "function")) for each in calls or ()]
        legacy = get(delta, "function_call")
        pieces += [(0, None, legacy)] if legacy else []
        if not (text or thought or pieces):
            return []
        self.tok += 1
        self._reasoning_tok += bool(thought and not text and not pieces)
        self._reasoning += [thought] if thought else []
        self._structured = self._structured or bool(pieces)
        events = self._text.feed(text, self.tok) if text else []
        if self._structured:
            events = [event for event in events if isinstance(event, TextDelta)]
        for place, (index, own, function) in enumerate(pieces):
            own = own if isinstance(own, str) else None
            name = get(function, "name")
            events += self._calls.feed(
                index if isinstance(index, int) else None,
                own,
                name if isinstance(name, str) else None,
                get(function, "arguments"),
                self.tok,
                place,
            )
        return events

    def _refuse_error(self, part: Any) -> None:
        error = get(part, "error")
        bare = get(part, "choices") is None and get(part, "delta") is None and isinstance(get(part, "message"), str)
        if error or bare or get(part, "object") == "error":
            told = get(error, "message") or (error if isinstance(error, str) else get(part, "message"))
            raise LLMError(f"the server reported an error: {str(told or error)[:200]}; see its log")

    def _count(self, usage: Any) -> None:
        if usage is None:
            return
        details = get(usage, "completion_tokens_details")
        counts = (
            get(usage, "prompt_tokens"),
            get(usage, "completion_tokens"),
            get(details, "reasoning_tokens") or get(usage, "reasoning_tokens"),
        )
        prompt, completion, reasoning = (each if isinstance(each, int) else 0 for each in counts)
        self._told = (prompt, completion, reasoning)

    def usage(self, prefill_s: float, decode_s: float, *, over: bool) -> Usage:
        """What it has cost so far; without the server's own count, a chunk counts as a token."""
        prompt, completion, reasoning = self._told or (0, 0, 0)
        return Usage(
            prompt_tok=prompt,
            completion_tok=completion or self.tok,
            prefill_s=prefill_s,
            decode_s=decode_s,
            cancelled=not over,
            reasoning_tok=reasoning or self._reasoning_tok,
        )

    def close(self) -> tuple[list[Event], End]:
        """The last events, and the end (without its usage)."""
        rest, parsed = self._text.close(self.tok)
        if self._structured:
            rest = [event for event in rest if isinstance(event, TextDelta)]
        reason: StopReason = "refusal" if self._refused else _REASONS.get(str(self.finished), "stop")
        calls = joined_calls(self._calls.close(), parsed.calls)
        left = self._calls.nameless()
        rest += [TextDelta(left, self.tok)] if left else []
        return rest, End(parsed.text + left, calls, reason, Usage(), "".join(self._reasoning))


def get(part: Any, name: str) -> Any:
    """A field of what a server sent; ``None`` where there is none."""
    return part.get(name) if isinstance(part, Mapping) else getattr(part, name, None)


def _text_of(content: Any) -> tuple[str, str]:
    """The text of a message's content, and its reasoning; another part leaves its type in brackets."""
    if content is None or isinstance(content, str):
        return content or "", ""
    said, thought = "", ""
    for part in content if isinstance(content, list) else [content]:
        kind = get(part, "type")
        if isinstance(part, str):
            said += part
        elif kind in ("text", "output_text", "refusal"):
            said += str(get(part, "text") or get(part, "refusal") or "")
        elif kind in ("thinking", "reasoning"):
            inside = get(part, "thinking") or get(part, "text") or ""
            thought += _text_of(inside)[0]
        else:
            said += f"[{kind}]"
    return said, thought


def joined_calls(structured: tuple[ToolCall, ...], in_text: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
    """The calls of a message: those that came as structure, and those of the text that are none of them.

    Some servers read the calls out of the text and leave them there too. They are the same where name and arguments
    are, whether a value came as text or as what it spells.

    Examples
    --------
    >>> one, same = ToolCall("pay", {"eur": 5}, "c1"), ToolCall("pay", {"eur": "5"})
    >>> [call.id for call in joined_calls((one,), (same, ToolCall("pay", {"eur": 6})))]
    ['c1', None]
    """
    known = Counter(map(_loosely, structured))
    more = []
    for call in in_text:
        key = _loosely(call)
        if known[key] > 0:
            known[key] -= 1
        else:
            more.append(call)
    return (*structured, *more)


def _loosely(call: ToolCall) -> str:
    return f"{call.name} {canonical(_as_texts(call.arguments))} {'' if call.invalid_arguments is None else 'invalid'}"


def _as_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_texts(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_texts(each) for each in value]
    return value if isinstance(value, str) else canonical(value)
