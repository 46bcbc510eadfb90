"""Puts a conversation together: merges what one LLM invocation said, links results to calls, makes times relative."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Message, Role, Timing, ToolCall
from specbench.traces.call_results import OpenCalls
from specbench.traces.conversation.events import Asked, Event, Result, Step, Text
from specbench.traces.conversation.items import item_events, plain
from specbench.traces.conversation.tags import holds_tags, listed_calls, tagged_events

__all__ = ["Conversation", "chat_messages"]


@dataclass
class _Piece:
    """A message to be. ``started`` and ``ended`` in seconds since 1970; of a result, its call's time if not given."""

    role: Role
    place: str
    started: float | None = None
    ended: float | None = None
    texts: list[str] = field(default_factory=list)
    calls: list[Asked] = field(default_factory=list)
    asked_at: list[float | None] = field(default_factory=list)
    result: Result | None = None


class Conversation:
    """A conversation in the making: items of any dialect are added in order, :meth:`messages` gives the outcome.

    Parameters
    ----------
    literals
        Repair arguments that are Python literals (``{'id': 1}``).
    tags
        Read ``<tool_call>`` tags in the text, where nothing else in the conversation is a call.
    is_error
        Tells from a result's content that the tool reported an error, where no field says so.

    Examples
    --------
    >>> talk = Conversation()
    >>> talk.add({"role": "user", "content": "hi"}, at=10.0)
    >>> talk.add({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}, at=12.0)
    >>> talk.add({"type": "function_call_output", "call_id": "c", "output": "ok"}, at=12.5)
    >>> [(message.role, message.timing) for message in talk.messages()]
    [('user', None), ('assistant', Timing(started_s=0.0, ended_s=2.0)), ('tool', Timing(started_s=2.0, ended_s=2.5))]
    """

    def __init__(
        self, *, literals: bool = False, tags: bool = True, is_error: Callable[[str], bool] | None = None
    ) -> None:
        self._literals, self._tags, self._is_error = literals, tags, is_error
        self._pieces: list[_Piece] = []
        self._last: float | None = None
        self._open = False

    def __len__(self) -> int:
        return len(self._pieces)

    def note(self, at: float | None) -> None:
        """Say that something happened that is not shown: what comes next begins no earlier."""
        self._last = at if at is not None else self._last

    def close(self) -> None:
        """Say that the LLM invocation is over: what it says next is another one."""
        self._open = False

    def add(
        self,
        item: Any,
        place: str = "",
        *,
        at: float | None = None,
        started: float | None = None,
        ended: float | None = None,
    ) -> None:
        """Add an item.

        Parameters
        ----------
        item
            A message, or an item such as a call of its own.
        place
            Its field, for errors.
        at
            When it was logged, in seconds since 1970. An LLM's invocation then lasts from the item before to this one,
            and a tool from its call to its result.
        started, ended
            When it began and ended, where the source says so itself.
        """
        role, events = item_events(item, place, self._literals)
        if role is None:
            return
        kind = str(plain(item).get("type"))
        more = kind == "message" or kind.endswith("_call") or item.get("from") == "function_call"
        self.add_events(role, events, place, at=at, started=started, ended=ended, open=more)

    def add_events(
        self,
        role: Role,
        events: Sequence[Event],
        place: str = "",
        *,
        at: float | None = None,
        started: float | None = None,
        ended: float | None = None,
        open: bool = False,
        timed: bool = True,
    ) -> None:
        """Add what one item holds.

        Parameters
        ----------
        role, events, place
            What was said by whom, and the field for errors.
        at, started, ended
            Seconds, as in :meth:`add`.
        open
            What an LLM says next belongs to the same invocation.
        timed
            ``False`` where a result's time is not its tool's (a person refused the call, or answered it).
        """
        events = _listed(role, events, place)
        if any(isinstance(event, Asked) for event in events):
            role = "assistant"
            timed = timed and ended is not None  # the item's time is not that of a result that stands beside its call
        until = ended if ended is not None else at
        began = started if started is not None else self._last if at is not None else None
        current: _Piece | None = None
        if role == "assistant" and self._open and self._pieces and self._pieces[-1].role == "assistant":
            current = self._pieces[-1]
            current.ended = until if until is not None else current.ended
        results: list[_Piece] = []
        for event in events:
            if isinstance(event, Result):
                results.append(
                    _Piece("tool", place, started if timed else None, until if timed else None, result=event)
                )
                continue
            if isinstance(event, Step) or (results and not (isinstance(event, Asked) and _joined(results[-1]))):
                self._pieces += results
                results, current = [], None
            if isinstance(event, Step):
                continue
            said: Role = event.role if isinstance(event, Text) and event.role else role
            if current is None or current.role != said:
                # A tool's message that holds other text beside its results: a user's, for the LLM.
                current = _Piece("user" if said == "tool" else said, place, began, until)
                self._pieces.append(current)
            if isinstance(event, Asked):
                current.calls.append(event)
                current.asked_at.append(until)
            else:
                current.texts.append(event.text)
        if current is None and not results and not events and role != "tool":
            self._pieces.append(_Piece(role, place, began, until))
        self._pieces += results
        self._open = open and not results
        self._last = until if until is not None else self._last

    def messages(self) -> tuple[Message, ...]:
        """Return the messages: ids are unique, results linked, times in seconds since the first.

        Raises
        ------
        TraceError
            When there are results of calls, but no call.
        """
        if self._tags and not any(piece.calls for piece in self._pieces) and any(map(_tagged, self._pieces)):
            return self._untagged().messages()
        orphan = next((each for each in self._pieces if each.result is not None and each.result.id), None)
        if orphan is not None and not any(piece.calls for piece in self._pieces):
            raise TraceError(
                "there are results of tool calls, but no call: the calls stand where they are not looked for",
                field=orphan.place or None, got=orphan.result.id if orphan.result else None,
                remedy="give the calls as tool_calls (or a part of type tool_call) of the assistant's messages, or "
                "read the file with record_to_trace=",
            )  # fmt: skip
        stamps = [time for piece in self._pieces for time in (piece.started, piece.ended) if time is not None]
        first = min(stamps, default=0.0)
        linker = _Linker()
        return tuple(self._message(piece, linker, first) for piece in self._pieces)

    def _message(self, piece: _Piece, linker: _Linker, first: float) -> Message:
        if piece.result is None:
            content = "\n".join(piece.texts)
            timing = _timing(piece.started, piece.ended, first) if piece.role == "assistant" else None
            return Message(piece.role, content, linker.open(piece.calls, piece.asked_at), timing=timing)
        result = piece.result
        call_id, name, asked_at = linker.answer(result.id, result.name)
        error = result.error or (self._is_error is not None and self._is_error(result.content))
        timing = _timing(piece.started if piece.started is not None else asked_at, piece.ended, first)
        return Message("tool", result.content, tool_call_id=call_id, name=name, error=error, timing=timing)

    def _untagged(self) -> Conversation:
        untagged = Conversation(tags=False, is_error=self._is_error)
        for piece in self._pieces:
            text = piece.result.content if piece.result is not None else "\n".join(piece.texts)
            events: list[Event] = [Text(text)] if text else []
            if piece.result is not None and not holds_tags(text):
                events = [piece.result]
            elif piece.role == "assistant" or text.lstrip().startswith("<tool_response>"):
                events = list(tagged_events(text, piece.place))
            untagged.add_events(piece.role, events, piece.place, started=piece.started, ended=piece.ended)
        return untagged


def _listed(role: Role, events: Sequence[Event], place: str) -> Sequence[Event]:
    """Read a text that is nothing but a JSON list of calls as the calls, where there are no others."""
    if role in ("assistant", "tool") and len(events) == 1:
        text = events[0].text if isinstance(events[0], Text) else ""
        text = events[0].content if isinstance(events[0], Result) else text
        return listed_calls(text, place) or events
    return events


def _joined(piece: _Piece) -> bool:
    return piece.result is not None and piece.result.joined


def _tagged(piece: _Piece) -> bool:
    return piece.role in ("assistant", "tool") and any(map(holds_tags, piece.texts))


def _timing(started: float | None, ended: float | None, first: float) -> Timing | None:
    if started is None or ended is None or ended < started:
        return None
    return Timing(round(started - first, 6), round(ended - first, 6))


class _Linker:
    """Gives each call an id of its own, and each result the call that it answers."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._asked_at: dict[str, float | None] = {}
        self._count = 0
        self._messages = 0
        self._open = OpenCalls()

    def open(self, calls: Sequence[Asked], times: Iterable[float | None]) -> tuple[ToolCall, ...]:
        given = {call.id for call in calls}
        opened: list[ToolCall] = []
        for call, time in zip(calls, times, strict=True):
            identifier = call.id
            while identifier is None or identifier in self._used:
                self._count += 1
                identifier = f"call-{self._count}"
                if identifier in given:
                    identifier = None
            self._used.add(identifier)
            self._asked_at[identifier] = time
            opened.append(ToolCall(call.name, call.arguments, identifier, call.invalid))
        self._messages += 1
        self._open.ask(self._messages, opened, [call.id for call in calls])
        return tuple(opened)

    def answer(self, given: str | None, name: str | None) -> tuple[str | None, str | None, float | None]:
        asked = self._open.answer(given, name)
        if asked is None and given:  # some give the tool's name for an id, or other ids than the call's
            asked = self._open.answer(None, given) or (self._open.answer(None, name) if name else None)
        if asked is None:
            return given, name, None
        identifier = asked.call.id or ""
        return identifier, name if name is not None else asked.call.name, self._asked_at.get(identifier)


def chat_messages(
    raw: Any,
    *,
    field: str = "messages",
    python_literals: bool = False,
    is_error: Callable[[str], bool] | None = None,
) -> tuple[Message, ...]:
    """Convert a list of messages in any dialect.

    ``developer`` becomes ``system``, ``function`` becomes ``tool``. Text parts are joined by newlines; an image leaves
    its type in brackets (``[image_url]``); thinking is left out. Every call has an id of its own within the
    conversation: where the source gives none, or the same one again, it is ``call-1``, ``call-2``, ... Each result is
    linked to the call that it answers (:mod:`specbench.traces.call_results`): by its id, else to the first open call of
    the same name, else to the first open call.

    Parameters
    ----------
    raw
        The list as it was parsed from JSON.
    field
        Its name in error messages.
    python_literals, is_error
        See :class:`Conversation`.

    Raises
    ------
    TraceError
        When a message is malformed, or holds something that is not understood; names the field.

    Examples
    --------
    >>> chat_messages([{"role": "assistant", "content": None, "tool_calls": [
    ...     {"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": '{"id": 7}'}}]},
    ...     {"role": "tool", "tool_call_id": "c1", "content": "shipped"}])[1]
    Message(role='tool', content='shipped', tool_calls=(), tool_call_id='c1', name='get_order', ...)
    """
    if not isinstance(raw, list):
        raise TraceError("the messages are not a list", field=field, got=raw, remedy="give a list of chat messages")
    talk = Conversation(literals=python_literals, is_error=is_error)
    for index, item in enumerate(raw):
        talk.add(item, f"{field}[{index}]")
    return talk.messages()
