"""A journal of staged writes: what a crash left behind is undone, or finished, at the next start.

One JSON object a line, written through to the disk before the step that it announces. A token that was begun and not
committed is rolled back; one whose commit had begun is committed again (rolled forward), if it is still there. An entry
that a crash or a full disk has torn announces nothing: what it stands for was not begun.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from specbench.core.errors import ConfigError, SpecbenchError
from specbench.core.files import atomic_file
from specbench.core.types import ToolCall
from specbench.runtime.invocation import ask

try:
    import fcntl
except ImportError:  # Windows: there, two executors on one file go unnoticed
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from specbench.runtime.tools import Toolbox

__all__ = ["Journal"]

_HEAD = b'{"event": '


class Journal:
    """Notes the life of every staged write.

    Parameters
    ----------
    path
        The file; ``None`` keeps nothing, for tools whose staging ends with the process (an open transaction).

    Examples
    --------
    >>> journal = Journal(None)
    >>> len(journal.begin("cancel", ToolCall("cancel", {"id": 7})))
    32
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        self.recovered: list[tuple[str, str, str]] = []
        self._open: set[str] = set()
        self._held: IO[bytes] | None = None

    def begin(self, tool: str, call: ToolCall) -> str:
        """Note that a write is about to be staged; returns its token."""
        token = secrets.token_hex(16)
        self._write({"event": "begin", "token": token, "tool": tool})
        self._open.add(token)
        return token

    def commit(self, token: str) -> None:
        """Note that a staged write is about to become real."""
        self._write({"event": "commit", "token": token})

    def undo(self, token: str) -> None:
        """Note that it must not become real any more, though its commit had begun."""
        self._write({"event": "undo", "token": token})

    def done(self, token: str) -> None:
        """Note that it is real, or undone. The file is emptied when nothing is open."""
        self._open.discard(token)
        if self._open or self.path is None:
            self._write({"event": "done", "token": token})
        else:
            self._replace([])

    async def recover(self, tools: Toolbox) -> None:
        """Finish what an earlier process left behind; ``recovered`` then lists (token, tool, what was done).

        Where the system has file locks, the file is this journal's until :meth:`release`.

        Raises
        ------
        ConfigError
            When the file is no journal, is another one's at present, or names a tool that is not there: nothing is
            lost, it stays as it is.
        """
        self._lock()
        try:
            await self._recover(tools)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Leave the file to others."""
        if self._held is not None and fcntl is not None:
            fcntl.flock(self._held, fcntl.LOCK_UN)  # a process that was forked meanwhile has it open, too
            self._held.close()
            self._held = None

    def _lock(self) -> None:
        if self.path is None or fcntl is None:
            return
        try:
            held = self.path.with_name(self.path.name + ".lock").open("wb")
        except OSError as error:
            raise ConfigError(
                f"{self.path}: no journal can be kept there ({error.strerror}); name another file"
            ) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise ConfigError(
                f"{self.path} is the journal of another executor that runs; each needs a file of its own"
            ) from None
        self._held = held

    async def _recover(self, tools: Toolbox) -> None:
        for token, (tool, committing) in self._left().items():
            staging = tools[tool].staging if tool in tools else None
            if staging is None:
                raise ConfigError(
                    f"{self.path}: a staged write of {tool!r} was left behind by a crash, and no tool of that name "
                    "with a staging pair is given now; bring it, so that it can be undone"
                )
            if committing and await ask(tools[tool], staging.commit, token, []):
                done = "committed"
            else:
                await ask(tools[tool], staging.rollback, token, [])
                done = "rolled back"
            self.recovered.append((token, tool, done))
            self._write({"event": "done", "token": token})
        if self.path is not None and self.path.exists():
            self._replace([])

    def _left(self) -> dict[str, tuple[str, bool]]:
        if self.path is None or not self.path.exists():
            return {}
        left: dict[str, tuple[str, bool]] = {}
        content, whole = self.path.read_bytes(), []
        for number, line in enumerate(content.split(b"\n"), start=1):
            try:
                text, record = _entry(line)
                if record is None:
                    continue
                whole.append(text + b"\n")
                event, token = record["event"], record["token"]
                if event == "begin":
                    left[token] = (record["tool"], False)
                elif event in ("commit", "undo"):
                    left[token] = (left[token][0], event == "commit")
                elif event == "done":
                    left.pop(token, None)
                else:
                    raise ValueError(event)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise ConfigError(
                    f"{self.path}, line {number}: no entry of a journal that specbench wrote ({error}); got "
                    f"{line[:80]!r}. Name another file, or move this one away once you know what it is"
                ) from None
        if content != b"".join(whole):
            self._replace(whole)
        return left

    def _write(self, record: dict[str, Any]) -> None:
        if self.path is None:
            return
        try:
            with self.path.open("ab") as file:
                file.write(json.dumps(record).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SpecbenchError(
                f"{self.path}: the journal cannot be written ({error.strerror}); nothing was staged"
            ) from error

    def _replace(self, lines: list[bytes]) -> None:
        assert self.path is not None
        with (
            atomic_file(
                self.path, lambda why: SpecbenchError(f"{self.path}: the journal cannot be written ({why})")
            ) as temporary,
            temporary.open("wb") as file,
        ):
            file.writelines(lines)


def _entry(line: bytes) -> tuple[bytes, dict[str, str] | None]:
    """Return the last entry of a line, as text and read, without what is torn before it; ``None`` if it is torn."""
    start = max(0, line.rfind(_HEAD))
    torn, text = line[:start], line[start:]
    if not _may_be_torn(torn):
        raise ValueError("it begins otherwise")
    try:
        record = json.loads(text)
    except ValueError:
        if _may_be_torn(text):
            return text, None
        raise
    if not isinstance(record, dict) or not all(isinstance(each, str) for each in record.values()):
        raise TypeError("it is no object of texts")
    return text, record


def _may_be_torn(part: bytes) -> bool:
    """Whether an entry begins so; a machine that went down may leave zeros."""
    part = part.rstrip(b"\0")
    return part[: len(_HEAD)] == _HEAD[: len(part)]
