"""The context index: what a predictor knows of one live conversation, kept up to date message by message.

Every value that occurs in the conversation is a row, with its provenance (tool and normalised JSON path, or role and
kind), its mentions, its uses as an argument, its order among siblings and the words around it. Appending a message
costs time proportional to that message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.predictors.extract import extract, find_today
from specbench.predictors.paths import walk
from specbench.types import Message, ToolCall

__all__ = ["COLUMNS", "ContextIndex", "Event", "shape_of"]

MAX_VALUE_CHARS = 120
MAX_TEXT_CHARS = 8000
MAX_PHRASES = 50
"""Values of several words with one first word that are looked for in texts; a limit against hostile results."""
MAX_JSON_CHARS = 2_000_000
NEVER = -1000
STOP_WORDS = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "have",
        "please",
        "you",
        "your",
        "can",
        "could",
        "would",
        "like",
        "want",
        "need",
        "are",
        "was",
        "from",
        "not",
        "but",
        "its",
        "it's",
        "what",
        "sure",
        "yes",
        "thanks",
        "thank",
        "order",
        "orders",
        "item",
        "items",
        "also",
        "one",
        "any",
    ]
)

COLUMNS = (
    "first", "last", "last_user", "last_assistant", "last_tool", "mentions",
    "last_use", "uses", "ordinal", "group", "group_size", "path", "offset", "shape", "longer",
)  # fmt: skip
"""Columns of :attr:`ContextIndex.table`. ``first``, ``last*`` and ``last_use`` are message numbers (NEVER if none)."""
(
    FIRST,
    LAST,
    LAST_USER,
    LAST_ASSISTANT,
    LAST_TOOL,
    MENTIONS,
    LAST_USE,
    USES,
    ORDINAL,
    GROUP,
    GROUP_SIZE,
    PATH,
    OFFSET,
    SHAPE,
    LONGER,
) = range(len(COLUMNS))
_ROLE_COLUMN = {"user": LAST_USER, "assistant": LAST_ASSISTANT, "tool": LAST_TOOL}
_PIECE = re.compile(r"#?\w[\w\-@.+]*\w|#?\w")
_WORD = re.compile(r"[a-z0-9]+")
_RUN = re.compile(r"[0-9]+|[A-Z]+(?![a-z])|[A-Z]?[a-zà-þ]+")


class Event(NamedTuple):
    """One step of the history: ``kind`` is ``user``, ``reply`` or ``call``; ``tool`` and ``error`` are the call's."""

    kind: str
    tool: str | None = None
    error: bool = False


def shape_of(text: str) -> str:
    """Return the shape of a value: what kinds of character runs it has, with the length of short ones.

    Examples
    --------
    >>> shape_of("#W2378156"), shape_of("19122"), shape_of("yusuf_rossi_9620"), shape_of("JFK"), shape_of("2024-05-20")
    ('#A9+', '99999', 'a_a_9999', 'AAA', '9999-99-99')
    >>> shape_of("Desk Lamp")
    'Aa Aa'
    """
    return _RUN.sub(_run, text[:40])


def _run(match: re.Match[str]) -> str:
    run = match[0]
    if run[0].isdigit():
        return "9" * len(run) if len(run) <= 5 else "9+"
    if run.isupper():
        return "A" * len(run) if len(run) <= 3 else "A+"
    return "Aa" if run[0].isupper() else "a"


class ContextIndex:
    """The state of one conversation.

    Parameters
    ----------
    today
        The day that relative dates refer to, if no system message states it.

    Attributes
    ----------
    events : list of Event
        The history.
    calls : list of ToolCall
        Every call so far; ``call_counts`` counts equal ones by key.
    table : ndarray of int32, shape (rows, len(COLUMNS))
        The values; ``texts[row]`` and ``values[row]`` are the value as text and as it came.
    last_text : dict
        The latest text of ``user``, ``assistant``, ``tool`` and ``system``.

    Examples
    --------
    >>> index = ContextIndex()
    >>> index.append(Message("user", "Where is order #W12?"))
    >>> index.texts[index.rows_by_path["user:id"][0]]
    '#W12'
    """

    def __init__(self, today: date | None = None) -> None:
        self.today = today
        self.events: list[Event] = []
        self.calls: list[ToolCall] = []
        self.call_counts: dict[str, int] = {}
        self.call_messages: list[int] = []
        self.tool_counts: dict[str, int] = {}
        self.last_text: dict[str, str] = {"user": "", "assistant": "", "tool": "", "system": ""}
        self.last_tool: str | None = None
        self.last_role: str | None = None
        self.user_words: dict[str, int] = {}
        self.recent_words: list[list[str]] = []
        self.last_user_at = NEVER
        self.last_assistant_words: frozenset[str] = frozenset()
        self.asked_now: frozenset[str] = frozenset()
        self.version = 0
        self.text_version = 0
        self.texts: list[str] = []
        self.values: list[Any] = []
        self.before: list[dict[str, tuple[str, ...]]] = []
        self.asked: list[frozenset[str]] = []
        self.rows_with_before: list[int] = []
        self.used_by: dict[tuple[str, str], dict[int, int]] = {}
        self.row_paths: list[list[int]] = []
        self.rows_by_path: dict[str, list[int]] = {}
        self.path_names: list[str] = []
        self.group_words: list[frozenset[str]] = [frozenset()]
        self.named_now: list[float] = [0.0]
        self.named_ever: list[float] = [0.0]
        self.named_at: list[float] = [1.0]
        self._groups_of: dict[str, list[int]] = {}
        self._now_words: dict[str, int] = {}
        self.shape_names: list[str] = []
        self._path_ids: dict[str, int] = {}
        self._shape_ids: dict[str, int] = {}
        self._row_of: dict[str, int] = {}
        self._by_lower: dict[str, int] = {}
        self._phrases: dict[str, set[str]] = {}
        self._pending: list[ToolCall] = []
        self._table: npt.NDArray[np.int32] = np.zeros((64, len(COLUMNS)), np.int32)

    @property
    def table(self) -> npt.NDArray[np.int32]:
        """The rows filled so far; a view."""
        return self._table[: len(self.texts)]

    @property
    def now(self) -> int:
        """Number of messages so far."""
        return self.version

    def append(self, message: Message) -> None:
        """Take in the next message."""
        at = self.version
        self.version += 1
        if message.role == "system":
            self.last_text["system"] = message.content
            self.today = find_today(message.content) or self.today
            return
        self.last_role = message.role
        if message.content or not message.tool_calls:
            self.last_text[message.role] = message.content
        if message.role == "tool":
            self._result(message, at)
            return
        self._mention_text(message.content[:MAX_TEXT_CHARS], message.role, at)
        self.text_version += bool(message.content)
        if message.role == "user":
            self.events.append(Event("user"))
            words = _WORD.findall(message.content[:MAX_TEXT_CHARS].lower())
            self._name_groups(words)
            for word in words:
                self.user_words[word] = at
            self.recent_words.append([*words, *(f"{a} {b}" for a, b in pairwise(words))])
            del self.recent_words[:-3]
            self.last_user_at = at
            return
        if message.content:
            self.last_assistant_words = frozenset(_WORD.findall(message.content[:MAX_TEXT_CHARS].lower()))
            self.asked_now = frozenset(word[:5] for word in self.last_assistant_words)
        self._pending = list(message.tool_calls)
        if not message.tool_calls:
            self.events.append(Event("reply"))
        for call in message.tool_calls:
            self.events.append(Event("call", call.name))
            self.calls.append(call)
            self.call_messages.append(at)
            self.call_counts[call.key] = self.call_counts.get(call.key, 0) + 1
            self.tool_counts[call.name] = self.tool_counts.get(call.name, 0) + 1
            self.last_tool = call.name
            for name, value in call.arguments.items():
                self._use(call.name, name, value, at)

    def rows(self, path: str) -> list[int]:
        """Return the rows that occurred at ``path``, oldest first."""
        return self.rows_by_path.get(path, [])

    def row(self, value: Any) -> int | None:
        """Return the row of a value, if it has occurred."""
        return self._row_of.get(_text(value))

    def used_rows(self, tool: str, parameter: str) -> dict[int, int]:
        """Return the rows that have filled this parameter, with the message number of the last time."""
        return self.used_by.get((tool, parameter), {})

    def _use(self, tool: str, parameter: str, value: Any, at: int) -> None:
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict) or item is None:
                continue
            text = _text(item)
            if len(text) > MAX_VALUE_CHARS:
                continue
            row = self._add(item, f"argument:{parameter}", at)
            record = self._table[row]
            record[LAST_USE] = at
            record[USES] += 1
            self.used_by.setdefault((tool, parameter), {})[row] = at

    def _result(self, message: Message, at: int) -> None:
        call = None
        for position, pending in enumerate(self._pending):
            if message.tool_call_id is None or pending.id is None or pending.id == message.tool_call_id:
                call = self._pending.pop(position)
                break
        tool = message.name or (call.name if call else "unknown")
        if message.error:
            for position in range(len(self.events) - 1, -1, -1):
                if self.events[position].kind == "call" and self.events[position].tool == tool:
                    self.events[position] = Event("call", tool, error=True)
                    break
            return
        content = message.content
        try:
            document = json.loads(content) if len(content) <= MAX_JSON_CHARS else content
        except (ValueError, RecursionError):
            document = content
        if isinstance(document, str):
            if 0 < len(document) <= MAX_VALUE_CHARS and "\n" not in document and document.count(" ") <= 4:
                self._add_tool(document, f"{tool}.$", at, 0, 0)
            else:
                self._mention_text(document[:MAX_TEXT_CHARS], "tool", at)
            return
        leaves, words = walk(document)
        base = len(self.group_words)
        for each in words:
            self._add_group(each)
        sizes: dict[str, int] = {}
        for leaf in leaves:
            sizes[leaf.path] = leaf.ordinal + 1
        for leaf in leaves:
            if isinstance(leaf.value, str) and len(leaf.value) > MAX_VALUE_CHARS:
                continue
            row = self._add_tool(leaf.value, tool + leaf.path, at, base + leaf.group, leaf.ordinal)
            if sizes[leaf.path] > self._table[row, GROUP_SIZE]:
                self._table[row, GROUP_SIZE] = sizes[leaf.path]

    def _name_groups(self, words: list[str]) -> None:
        """Count, for every group of sibling values, the words of it that the user has just said, and ever said."""
        for word in self._now_words:
            for group in self._groups_of.get(word, ()):
                self.named_now[group], self.named_at[group] = 0.0, 1.0
        self._now_words = {}
        for position, word in enumerate(words):
            if len(word) > 2 and word not in STOP_WORDS:
                self._now_words.setdefault(word, position)
        for word, position in self._now_words.items():
            new = word not in self.user_words
            for group in self._groups_of.get(word, ()):
                self.named_now[group] += 1
                self.named_at[group] = min(self.named_at[group], position / 60)
                self.named_ever[group] += new

    def _add_group(self, words: frozenset[str]) -> None:
        group = len(self.group_words)
        self.group_words.append(words)
        now = [word for word in words if word in self._now_words]
        self.named_now.append(float(len(now)))
        self.named_at.append(min((self._now_words[word] / 60 for word in now), default=1.0))
        self.named_ever.append(float(sum(word in self.user_words for word in words)))
        for word in words:
            self._groups_of.setdefault(word, []).append(group)

    def _add_tool(self, value: Any, path: str, at: int, group: int, ordinal: int) -> int:
        row = self._add(value, path, at, group, ordinal)
        record = self._table[row]
        record[LAST_TOOL] = record[LAST] = at
        record[GROUP] = group
        if "[]" in path or ".*" in path or record[GROUP_SIZE] <= 1:
            # The place in a list stays, also when the value comes back in a result of its own.
            record[ORDINAL], record[PATH] = ordinal, self._path_ids[path]
        return row

    def _mention_text(self, text: str, role: str, at: int) -> None:
        if not text:
            return
        column = _ROLE_COLUMN[role]
        seen: dict[int, int] = {}
        spans: list[tuple[int, int, int]] = []
        for found in extract(text, self.today):
            if len(found.text) > MAX_VALUE_CHARS:
                continue
            row = self._add(found.text, f"{role}:{found.kind}", at)
            seen[row] = found.start
            # "San" in "San Jose": names that stand inside a longer name are told apart from whole ones.
            end = found.start + len(found.text)
            if found.kind in ("word", "name"):
                spans.append((found.start, end, row))
            if role == "user":
                # What the agent had just asked for tells which parameter a bare answer fills.
                self.asked[row] = self.asked_now
            if found.before:
                if role == "user" and "user" not in self.before[row]:
                    self.rows_with_before.append(row)
                self.before[row][role] = found.before
        self._mark_parts(text, spans)
        lower = text.lower()
        for match in _PIECE.finditer(lower):
            piece = match[0].rstrip(".-@+")
            known = self._by_lower.get(piece)
            if known is not None and known not in seen:
                seen[known] = match.start()
            for phrase in sorted(self._phrases.get(piece, ())):
                if lower.startswith(phrase, match.start()):
                    seen.setdefault(self._by_lower[phrase], match.start())
        for row, start in seen.items():
            record = self._table[row]
            record[column] = record[LAST] = at
            record[MENTIONS] += 1
            record[OFFSET] = start

    def _mark_parts(self, text: str, spans: list[tuple[int, int, int]]) -> None:
        """Mark the names (start, end, row) that stand inside a longer name, and those that explain the name before."""
        ends = {end for _, end, _ in spans}
        reach, longest = 0, (-1, -1)
        for start, end, row in sorted(spans, key=lambda span: (span[0], -span[1])):
            inside = end <= reach and (start, end) != longest
            # "Paris, France": the second name explains the first.
            self._table[row, LONGER] = inside or (start - 2 in ends and text[start - 2 : start] == ", ")
            if end > reach:
                reach, longest = end, (start, end)

    def _add(self, value: Any, path: str, at: int, group: int = 0, ordinal: int = 0) -> int:
        text = _text(value)
        row = self._row_of.get(text)
        if row is None:
            row = len(self.texts)
            if row == len(self._table):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._row_of[text] = row
            self.texts.append(text)
            self.values.append(value)
            self.before.append({})
            self.asked.append(frozenset())
            self.row_paths.append([])
            shape = shape_of(text)
            if shape not in self._shape_ids:
                self._shape_ids[shape] = len(self.shape_names)
                self.shape_names.append(shape)
            self._table[row] = (
                at,
                at,
                NEVER,
                NEVER,
                NEVER,
                0,
                NEVER,
                0,
                ordinal,
                group,
                1,
                0,
                0,
                self._shape_ids[shape],
                0,
            )
            lower = text.lower()
            self._by_lower.setdefault(lower, row)
            head = _PIECE.match(lower)
            if head and head[0] != lower:
                phrases = self._phrases.setdefault(head[0].rstrip(".-@+"), set())
                if len(phrases) < MAX_PHRASES:
                    phrases.add(lower)
        if path not in self._path_ids:
            self._path_ids[path] = len(self.path_names)
            self.path_names.append(path)
            self.rows_by_path[path] = []
        identifier = self._path_ids[path]
        if identifier not in self.row_paths[row]:
            self.row_paths[row].append(identifier)
            self.rows_by_path[path].append(row)
            if len(self.row_paths[row]) == 1:
                self._table[row, PATH] = identifier
        return row

    def extend(self, messages: Iterable[Message]) -> ContextIndex:
        """Take in several messages; returns itself."""
        for message in messages:
            self.append(message)
        return self


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
