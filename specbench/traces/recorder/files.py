"""The files of a recorder: append-only JSON Lines of schema v1, a line for what is new in a conversation."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolSpec, Trace
from specbench.traces.recorder.following import Following
from specbench.traces.recorder.talk import RecordedTalk
from specbench.traces.redact import Redactor
from specbench.traces.schema import encode_trace

__all__ = ["Recorder"]

_log = logging.getLogger("specbench.traces")
Function = TypeVar("Function", bound=Callable[..., Any])
MEBIBYTE = 1 << 20
MOST_BEHIND = 4 * MEBIBYTE
"""Bytes of a conversation that are kept while the disk takes none; a longer one is not recorded to its end."""


class Recorder:
    """Writes conversations into a folder, message by message; ``specbench.read(folder)`` reads them.

    A message is in the file when the call that records it returns: a process that is killed loses nothing of it. (A
    machine that loses power may: see ``fsync``.) Recording never fails the agent: what cannot be written is counted
    in ``errors``, and logged; a folder that takes nothing is logged once, and gets it later. Each process has files
    of its own, which only their owner may read.

    Parameters
    ----------
    folder
        Where the files go; made when it is not there.
    redactor
        Replaces what must not be written. By default keys, tokens and passwords of known shape;
        :class:`~specbench.traces.redact.Redactor` ``()`` makes pseudonyms of e-mails, names and ids too.
    max_bytes
        A file that is larger takes no new conversation: the next one begins another file.
    max_files
        Files to keep; the oldest that this recorder wrote goes first. ``None`` keeps all.
    fsync
        Wait until the disk has each line: slow, and safe against the loss of power.

    Examples
    --------
    >>> import tempfile, specbench as sb
    >>> folder = tempfile.mkdtemp()
    >>> with Recorder(folder) as recorder, recorder.talk("t", tools={"look": ToolSpec("look")}) as talk:
    ...     talk.add(Message("user", "hi, my key is sk-abcdefghijklmnop1"))
    ...     talk.add(Message("assistant", "hello"), started_s=talk.now())
    >>> (trace,) = sb.read(folder)
    >>> [message.role for message in trace.messages], "sk-abc" in trace.messages[0].content
    (['user', 'assistant'], False)
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        redactor: Redactor | None = None,
        max_bytes: int = 64 * MEBIBYTE,
        max_files: int | None = None,
        fsync: bool = False,
    ) -> None:
        if max_bytes < 1 or (max_files is not None and max_files < 1):
            raise ConfigError(f"max_bytes and max_files are counts above 0; got {max_bytes!r} and {max_files!r}")
        self.folder, self.errors = Path(folder), 0
        self._redactor = redactor if redactor is not None else Redactor(secrets_only=True)
        self._max_bytes, self._max_files, self._fsync = max_bytes, max_files, fsync
        self._lock, self._closed, self._told = Lock(), False, False
        self._file: _File | None = None
        self._written: list[Path] = []
        self._open: dict[RecordedTalk, _File | None] = {}
        self._behind: dict[RecordedTalk, bytes] = {}
        self._given_up: set[RecordedTalk] = set()
        self._named: Counter[str] = Counter()

    def talk(
        self,
        trace_id: str | None = None,
        *,
        task_id: str | None = None,
        tools: Mapping[str, ToolSpec] | None = None,
        agent: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> RecordedTalk:
        """Begin a conversation.

        Parameters
        ----------
        trace_id
            Its name; by default one that nobody else has. A second conversation of that name is another one,
            ``NAME~2``, of the same task.
        task_id
            What it is about (conversations of one task are never split between training and test); by default the
            name.
        tools
            On offer, by name.
        agent
            Name of the agent's configuration.
        metadata
            Anything else: JSON scalars.
        """
        name = trace_id or uuid4().hex
        with self._lock:
            self._named[name] += 1
            again = self._named[name]
        task_id = task_id or name
        name = name if again == 1 else f"{name}~{again}"
        trace = Trace(name, task_id or name, "recorder", (), dict(tools or {}), agent, dict(metadata or {}))
        talk = RecordedTalk(trace, lambda part, number: self._write(talk, part, number), self._end)
        with self._lock:
            self._open[talk] = None
        return talk

    def openai(self, client: Any) -> Any:
        """Return an OpenAI-compatible client that records; see :mod:`specbench.traces.recorder.openai_client`."""
        from specbench.traces.recorder.openai_client import RecordingClient

        return RecordingClient(client, self.following(), self.failed)

    def following(self) -> Following:
        """Return what finds the conversations of requests, for a wrapper of your own."""
        return Following(lambda tools, agent: self.talk(tools=tools, agent=agent))

    def failed(self, what: str) -> None:
        """Log the exception that is being handled, and count it."""
        self.errors += 1
        _log.exception(what)

    @staticmethod
    def tool(function: Function) -> Function:
        """Wrap a tool (a function, or a coroutine function): its result is recorded, with the seconds that it took.

        It belongs to the conversation whose ``with`` block it is called in; outside one it just runs. A thread pool of
        your own does not know the block: hand it over with ``contextvars.copy_context().run``.
        """
        from specbench.traces.recorder.tools import recorded_tool

        return recorded_tool(function)

    def _write(self, talk: RecordedTalk, part: Trace, number: int) -> None:
        with self._lock:
            try:
                self._redactor.learn(part)
                line = _encoded(self._redactor.replace(part), number)
                if self._closed or talk not in self._open:
                    raise ConfigError("the recorder is closed, or the conversation was ended")
                self._append(talk, line)
            except Exception:
                self.failed(f"a message of conversation {talk.trace_id!r} could not be recorded")

    def _append(self, talk: RecordedTalk, line: bytes) -> None:
        """Write a line of a conversation behind those that could not be written before."""
        waiting = self._behind.pop(talk, b"")
        lines = waiting + line
        if talk in self._given_up and line:
            self.errors, self._behind[talk] = self.errors + 1, waiting
            return
        try:
            file = self._open[talk] or self._current()
            self._open[talk] = file
            file.write(lines, self._fsync)
            self._told = False
        except OSError as error:
            self._behind[talk] = lines
            self.errors += bool(line)
            if len(lines) > MOST_BEHIND:  # it goes no further: its file is to hold a whole beginning
                self._given_up.add(talk)
            if not self._told:
                _log.error("%s cannot be written, recording waits until it can (%s)", self.folder, error)
            self._told = True

    def _current(self) -> _File:
        if self._file is None or self._file.size >= self._max_bytes:
            self.folder.mkdir(parents=True, exist_ok=True)
            stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
            self._leave(self._file, but=None)
            self._file = _File(self.folder / f"{stamp}-{os.getpid()}-{uuid4().hex[:8]}.jsonl")
            self._written.append(self._file.path)
            while self._max_files is not None and len(self._written) > self._max_files:
                self._written.pop(0).unlink(missing_ok=True)
        return self._file

    def _end(self, talk: RecordedTalk) -> None:
        with self._lock:
            self._catch_up(talk)
            self._leave(self._open.pop(talk, None), but=self._file)

    def _catch_up(self, talk: RecordedTalk) -> None:
        """Try for the last time to write what could not be written before."""
        if talk in self._behind and talk in self._open:
            self._append(talk, b"")
            self._behind.pop(talk, None)
            self._given_up.discard(talk)

    def _leave(self, file: _File | None, but: _File | None) -> None:
        """Close a file that nobody writes to any more."""
        if file is not None and file is not but and file not in self._open.values():
            file.close()

    def close(self) -> None:
        """Close the files; what comes later is not recorded."""
        with self._lock:
            for talk in list(self._behind):
                self._catch_up(talk)
            self._closed = True
            for file in {self._file, *self._open.values()} - {None}:
                file.close()  # type: ignore[union-attr]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _File:
    """A file that is only ever appended to, a whole line at once."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)

    def write(self, line: bytes, fsync: bool) -> None:
        left = line
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:  # a full disk may have taken a part of it
            os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(line)
        if fsync:
            os.fsync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _encoded(part: Trace, number: int) -> bytes:
    """Return the line of a part; arguments that are no JSON are written as text."""
    try:
        return encode_trace(part, number)
    except Exception:
        return encode_trace(replace(part, messages=tuple(map(_plain, part.messages))), number)


def _plain(message: Message) -> Message:
    calls = []
    for call in message.tool_calls:
        try:
            call.key  # noqa: B018  # JSON
            calls.append(call)
        except Exception:
            calls.append(replace(call, arguments={}, invalid_arguments=repr(call.arguments)))
    return replace(message, tool_calls=tuple(calls))
