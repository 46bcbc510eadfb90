"""The context index: what a predictor knows of one live conversation, kept up to date message by message.

Every value that occurs in the conversation is a row, with its provenance (tool and normalised JSON path, or role and
kind), its mentions, its uses as an argument, its order among siblings and the words around it. Appending a message
costs time proportional to that message.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from specbench.core.text import name_words, stem, words
from specbench.core.types import Message, ToolCall
from specbench.predictors.context.events import Event, notes
from specbench.predictors.context.extraction import extract
from specbench.predictors.context.language import Language
from specbench.predictors.context.results import ResultTable
from specbench.predictors.context.spans import spans_in
from specbench.predictors.context.values import (
    ARGUMENT,
    LAST,
    LAST_ASSISTANT,
    LAST_USE,
    LAST_USER,
    MENTIONS,
    NEVER,
    OFFSET,
    USES,
    same_id,
    text_of,
)  # fmt: skip

__all__ = ["ARGUMENT_PATH", "ContextIndex"]

MAX_VALUE_CHARS = 120
MAX_TEXT_CHARS = 8000
MAX_STATED = 60
"""Values stated by the user that may still be waiting for a call, the latest ones."""
_STATED = frozenset(["name", "number", "date", "time", "id", "email", "quoted"])
MAX_DAYS = 12
"""Dates of results that "the day after" may refer to, the latest ones."""
SPAN = "user:span"
"""Path of the runs of words that the user has said."""
SAID_ID = "user:id"
"""Path of the identifiers that the user has named."""
ARGUMENT_PATH = "argument:"
"""What the paths of arguments begin with."""
_ROLE_COLUMN = {"user": LAST_USER, "assistant": LAST_ASSISTANT}


class ContextIndex(ResultTable):
    """The state of one conversation.

    Parameters
    ----------
    today
        The day that relative dates refer to, if no system message states it.
    prefixes
        What identifiers begin with, by the number of digits that follow: a number that the user gives is filed as such
        an identifier, too.
    folders
        Where relative paths have begun in other conversations.
    filler
        Words with which no run of words begins or ends: those that many conversations have.
    language
        What people speak; English, where nothing is said.

    Attributes
    ----------
    events : list of Event
        The history.
    calls : list of ToolCall
        Every call so far; ``call_counts`` counts equal ones by key.
    agent_said, agent_noted : str
        All that the agent has written in its latest message, and its :func:`notes` alone, which often say what comes
        next.
    now_words, now_stems : frozenset of str
        Words and word pairs of the latest user message, and the stems of its words.
    user_stems : set of str
        Stems of all words of the user.
    said_names : dict of frozenset of str
        Words of each name of several words that the user has said: the keys, the latest last.
    respelt : set of int
        Rows that stand at :data:`SAID_ID` only as tools would spell what the user has named.
    last_text : dict
        The latest text of ``user``, ``assistant``, ``tool`` and ``system``.

    Examples
    --------
    >>> index = ContextIndex()
    >>> index.append(Message("user", "Where is order #W12?"))
    >>> index.texts[index.rows_by_path["user:id"][0]]
    '#W12'
    """

    def __init__(
        self,
        today: date | None = None,
        prefixes: Mapping[int, Sequence[str]] = MappingProxyType({}),
        folders: Sequence[str] = (),
        filler: Container[str] = (),
        language: Language | None = None,
    ) -> None:
        super().__init__(folders, language)
        self.filler = filler
        self.today, self.prefixes = today, prefixes
        self.events: list[Event] = []
        self.calls: list[ToolCall] = []
        self.call_counts: dict[str, int] = {}
        self.tool_counts: dict[str, int] = {}
        self.last_text: dict[str, str] = {"user": "", "assistant": "", "tool": "", "system": ""}
        self.last_tool: str | None = None
        self.last_role: str | None = None
        self.recent_words: list[list[str]] = []
        self.recent_at: list[int] = []
        self.last_user_at = self.last_assistant_at = NEVER
        self.last_assistant_words: frozenset[str] = frozenset()
        self.asked_now: frozenset[str] = frozenset()
        self.now_words: frozenset[str] = frozenset()
        self.now_stems: frozenset[str] = frozenset()
        self.user_stems: set[str] = set()
        self.agent_said = self.agent_noted = ""
        self.version = self.text_version = 0
        self.said_names: dict[frozenset[str], None] = {}
        self._stated: dict[int, None] = {}
        self.respelt: set[int] = set()
        self._unplaced: tuple[int, frozenset[str]] = 0, frozenset()
        self._pending: list[ToolCall] = []

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
            self.today = self.language.today(message.content) or self.today
            self._take_folders(message.content, at)
            return
        self.last_role = message.role
        if message.content or not message.tool_calls:
            self.last_text[message.role] = message.content
        if message.role == "tool":
            self._result(message, at)
            return
        noted = notes(message)
        said = f"{message.content}\n{noted}".strip()[:MAX_TEXT_CHARS] if noted else message.content[:MAX_TEXT_CHARS]
        self._mention_text(said, message.role, at)
        if len(message.content) > MAX_TEXT_CHARS:
            self.read_text(message.content[MAX_TEXT_CHARS:], message.role, at, _ROLE_COLUMN[message.role])
        self.text_version += bool(said) or message.role == "user"
        if message.role == "user":
            self.events.append(Event("user"))
            said_words = words(message.content[:MAX_TEXT_CHARS])
            self._name_groups(said_words, self.language.stop_words)
            self.user_words.update(dict.fromkeys(said_words, at))
            self.recent_words.append([*said_words, *(f"{a} {b}" for a, b in pairwise(said_words))])
            self.now_words, self.now_stems = frozenset(self.recent_words[-1]), frozenset(map(stem, said_words))
            self.user_stems |= self.now_stems
            self.recent_at.append(at)
            del self.recent_words[:-3], self.recent_at[:-3]
            self.last_user_at = at
            return
        self.agent_said, self.agent_noted = said, noted
        if message.content:
            self.last_assistant_words = frozenset(words(message.content[:MAX_TEXT_CHARS]))
            self.last_assistant_at = at
            self.asked_now = frozenset(map(stem, self.last_assistant_words))
        self._pending = list(message.tool_calls)
        if not message.tool_calls:
            self.events.append(Event("reply"))
        for call in message.tool_calls:
            self.events.append(Event("call", call.name))
            self.calls.append(call)
            self.call_counts[call.key] = self.call_counts.get(call.key, 0) + 1
            self.tool_counts[call.name] = self.tool_counts.get(call.name, 0) + 1
            self.last_tool = call.name
            for name, value in call.arguments.items():
                self._use(call.name, name, value, at)

    def _use(self, tool: str, parameter: str, value: Any, at: int) -> None:
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict) or item is None:
                continue
            text = text_of(item)
            if isinstance(item, str) and "/" in text and len(text) <= MAX_VALUE_CHARS:
                self._take_path(text, at)
            if isinstance(item, str) and (" " in text or "\n" in text):
                self.read_text(text, f"{tool}({parameter})", at, LAST_ASSISTANT)
            if len(text) > MAX_VALUE_CHARS:
                continue
            path = f"{ARGUMENT_PATH}{parameter}"
            row = self._add(item, path, at)
            record = self._table[row]
            record[LAST_USE], record[ARGUMENT] = at, self._path_ids[path]
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
            self.read_text(message.content, f"{tool}!", at)
            return
        self.read_result(message.content, tool, at)

    def _mention_text(self, text: str, role: str, at: int) -> None:
        if not text:
            return
        seen: dict[int, int] = {}
        spans: list[tuple[int, int, int]] = []
        known = list(self._days)[-MAX_DAYS:] if role == "user" else ()
        for found in extract(text, self.today, known, self.language):
            if len(found.text) > MAX_VALUE_CHARS:
                continue
            row = self._add(found.text, f"{role}:{found.kind}", at)
            seen[row] = found.start
            if found.kind == "path":
                self._take_path(found.text, at)
            if role == "user" and (found.kind in _STATED or (found.kind == "word" and found.before)):
                self._stated.pop(row, None)
                self._stated[row] = None
            # "San" in "San Jose": names that stand inside a longer name are told apart from whole ones.
            end = found.start + len(found.text)
            if found.kind in ("word", "name"):
                spans.append((found.start, end, row))
            if role == "user":
                if found.kind == "name" and " " in found.text:
                    self._say_name(found.text)
                # What the agent had just asked for tells which parameter a bare answer fills.
                self.asked[row] = self.asked_now
                self.touched.append(row)
                if found.kind == "id":
                    self.respelt.discard(row)
                digits = same_id(found.text) or ""
                for prefix in self.prefixes.get(len(digits), ()) if digits else ():
                    self._spell(prefix + digits, at)
            if found.before:
                if role == "user" and "user" not in self.before[row]:
                    self.rows_with_before.append(row)
                self.before[row][role] = found.before
                self.touched.append(row)
        if role == "user":
            self._take_spans(text, seen, at)
        self._mark_parts(text, spans)
        for row, start in self._known_in(text):
            seen.setdefault(row, start)
        for row, start in list(seen.items()):
            for other in self._spelt_otherwise(row):
                seen.setdefault(other, start)
                if role == "user":
                    self.before[other], self.asked[other] = dict(self.before[row]), self.asked[row]
                    self.touched.append(other)
        for row, start in seen.items():
            record = self._table[row]
            record[_ROLE_COLUMN[role]] = record[LAST] = at
            record[MENTIONS] += 1
            record[OFFSET] = start

    def _take_spans(self, text: str, seen: dict[int, int], at: int) -> None:
        """Take in the runs of words that are no values of any other kind; ``seen`` is told where they start."""
        for span in spans_in(text, self.filler):
            known = self._row_of.get(span.text)
            if known in seen:
                continue
            row = self._add(span.text, SPAN, at)
            seen[row] = span.start
            if "user" not in self.before[row]:
                self.rows_with_before.append(row)
            self.before[row]["user"], self.asked[row] = span.around, self.asked_now
            self.touched.append(row)

    def _spell(self, text: str, at: int) -> None:
        """Take in another spelling of an identifier that the user has named."""
        row = self._row_of.get(text)
        if row is None or self._path_ids.get(SAID_ID, -1) not in self.row_paths[row]:
            row = self._add(text, SAID_ID, at)
            self.respelt.add(row)

    def found_at(self, value: Any) -> tuple[int | None, list[str]]:
        """Return the row of a value and the paths at which it really stands: not where tools would spell it so."""
        row = self.row(value)
        if row is None:
            return None, []
        paths = [self.path_names[path] for path in self.row_paths[row]]
        if row in self.respelt:
            paths.remove(SAID_ID)
        return (row if paths else None), paths

    def paths_with_values(self) -> list[str]:
        """Return the paths at which some value really stands; see :meth:`found_at`."""
        if not self.respelt or not self.respelt.issuperset(self.rows_by_path[SAID_ID]):
            return self.path_names
        return [path for path in self.path_names if path != SAID_ID]

    def _say_name(self, name: str) -> None:
        """Take down the words of a name of several words; of many names, the latest."""
        parts = frozenset().union(*(name_words(part.lower()) for part in name.split() if part[0].isupper()))
        self.said_names.pop(parts, None)
        self.said_names[parts] = None
        if len(self.said_names) > MAX_STATED:
            del self.said_names[next(iter(self.said_names))]

    def unplaced(self) -> frozenset[str]:
        """Return the values that the user has stated and that no call has used since: names, numbers, days, ids.

        Of a name of several words the parts are among them: which of them is meant is open.
        """
        if self._unplaced[0] != self.version:
            rows = list(self._stated)[-MAX_STATED:]
            table = self.table[rows]
            free = (table[:, LAST_USE] < table[:, LAST_USER]).tolist()
            texts = (self.texts[row] for row, each in zip(rows, free, strict=True) if each)
            self._unplaced = self.version, frozenset(texts)
        return self._unplaced[1]

    def extend(self, messages: Iterable[Message]) -> ContextIndex:
        """Take in several messages; returns itself."""
        for message in messages:
            self.append(message)
        return self
